"""The families of official checkpoints we convert: one row per family."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch

from egoexo.checkpoints import anticipation, anticipation_layout, segmentation
from egoexo.checkpoints.anticipation_layout import AnticipationLayout, PlanningLayout
from egoexo.checkpoints.official_state import Shapes
from egoexo.checkpoints.segmentation_layout import (
    SegmentationLayout,
    check_official,
    guess_layout,
    official_shapes,
)

__all__ = ['FAMILIES', 'Family']


Layout = SegmentationLayout | AnticipationLayout


@dataclass(frozen=True)
class Family:
    """How to recognise and convert the checkpoints of one official code base.

    Args:
        name (str): Benchmark name of the design, the word of the command line.
        source (str): Whose code wrote the files.
        our_key (Callable): Official key -> ours, None when unknown.
        official_key (Callable): Our key -> official, None when unknown.
        layout (type): Dataclass of the model's sizes and options.
        guess (Callable): Official shapes -> layout.
        shapes (Callable): Layout -> official shapes in order.
        check (Callable): (official shapes, layout) -> None, or CheckpointError with the list of differences.
        from_official (Callable): (container, required sizes or None) -> our state dict.
        to_official (Callable): (our state dict, required sizes or None) -> official state dict.
        container (Callable): Official state dict -> content of an official file.
    """

    name: str
    source: str
    our_key: Callable[[str], str | None]
    official_key: Callable[[str], str | None]
    layout: type
    guess: Callable[[Shapes], Layout]
    shapes: Callable[[Layout], Shapes]
    check: Callable[[Shapes, Layout], None]
    from_official: Callable[[Mapping[str, object], Mapping[str, int] | None], Mapping[str, torch.Tensor]]
    to_official: Callable[[Mapping[str, torch.Tensor], Mapping[str, int] | None], Mapping[str, torch.Tensor]]
    container: Callable[[Mapping[str, torch.Tensor]], Mapping[str, object]] = lambda state: state


_CLIP = 'EgoExoLearn action_anticipation_planning_benchmark (TA3N)'

FAMILIES: dict[str, Family] = {
    'segmentation': Family(
        name='segmentation', source='EgoExoLearn temporal_action_segmentation_benchmark (SSTDA, MS-TCN)',
        our_key=segmentation.our_key, official_key=segmentation.official_key, layout=SegmentationLayout,
        guess=guess_layout, shapes=official_shapes, check=check_official,
        from_official=segmentation.from_official, to_official=segmentation.to_official),
    'anticipation': Family(
        name='anticipation', source=f'{_CLIP}, anticipation',
        our_key=anticipation.our_key, official_key=anticipation.official_key, layout=AnticipationLayout,
        guess=anticipation_layout.guess_layout, shapes=anticipation_layout.official_shapes,
        check=anticipation_layout.check_official, from_official=anticipation.from_official,
        to_official=anticipation.to_official, container=anticipation.official_container),
    'planning': Family(
        name='planning', source=f'{_CLIP}, planning',
        our_key=anticipation.our_key, official_key=anticipation.official_key, layout=PlanningLayout,
        guess=anticipation_layout.guess_planning_layout, shapes=anticipation_layout.official_shapes,
        check=anticipation_layout.check_official, from_official=anticipation.planning_from_official,
        to_official=anticipation.planning_to_official, container=anticipation.official_container),
}
