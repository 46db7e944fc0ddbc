"""The families of official checkpoints we convert: one row per family."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch

from egoexo.checkpoints import (
    anticipation,
    anticipation_layout,
    correspondence,
    correspondence_layout,
    lemma,
    moco,
    resnet,
    resnet_layout,
    segmentation,
    slowfast,
    slowfast_layout,
    suml,
    suml_layout,
    transfer,
    transfer_layout,
)
from egoexo.checkpoints.anticipation_layout import AnticipationLayout, PlanningLayout
from egoexo.checkpoints.correspondence_layout import CorrespondenceLayout
from egoexo.checkpoints.official_state import Shapes
from egoexo.checkpoints.resnet_layout import ResNetLayout
from egoexo.checkpoints.segmentation_layout import (
    SegmentationLayout,
    check_official,
    guess_layout,
    official_shapes,
)
from egoexo.checkpoints.slowfast_layout import LemmaLayout, SlowFastLayout
from egoexo.checkpoints.suml_layout import SumlLayout
from egoexo.checkpoints.transfer_layout import TransferLayout

__all__ = ['FAMILIES', 'Family']


Layout = SegmentationLayout | AnticipationLayout | TransferLayout | ResNetLayout | CorrespondenceLayout | SlowFastLayout


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
        from_official (Callable): (container, required sizes or None) -> our state dict; takes ``switches`` by name.
        to_official (Callable): (our state dict, required sizes or None) -> official state dict.
        container (Callable): Official state dict -> content of an official file.
        left_out (Mapping[str, str]): Entries of an official file that hold further weights, which are not converted;
            what each is.
        is_aside (Callable): Official key -> whether such files have it, or may have it, and it is not converted.
        switches (Mapping[str, str]): Names of further arguments of ``from_official`` that are on or off, off by
            default, and what on means.
    """

    name: str
    source: str
    our_key: Callable[[str], str | None]
    official_key: Callable[[str], str | None]
    layout: type
    guess: Callable[[Shapes], Layout]
    shapes: Callable[[Layout], Shapes]
    check: Callable[[Shapes, Layout], None]
    from_official: Callable[..., Mapping[str, torch.Tensor]]
    to_official: Callable[[Mapping[str, torch.Tensor], Mapping[str, int] | None], Mapping[str, torch.Tensor]]
    container: Callable[[Mapping[str, torch.Tensor]], Mapping[str, object]] = lambda state: state
    left_out: Mapping[str, str] = field(default_factory=dict)
    is_aside: Callable[[str], bool] = lambda key: False
    switches: Mapping[str, str] = field(default_factory=dict)


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
    'transfer': Family(
        name='transfer', source='LaGTran_ICML2024 (classifiers of Ego2Exo and GeoNet)',
        our_key=transfer.our_key, official_key=transfer.official_key, layout=TransferLayout,
        guess=transfer_layout.guess_layout, shapes=transfer_layout.official_shapes,
        check=transfer_layout.check_official, from_official=transfer.from_official,
        to_official=transfer.to_official, container=transfer.official_container, left_out=transfer.LEFT_OUT),
    # Before the benchmark that uses them, so that a backbone alone is called one.
    'resnet': Family(
        name='resnet', source='torchvision (ResNet-50, of which the correspondence model has the part up to layer3)',
        our_key=resnet.our_key, official_key=resnet.official_key, layout=ResNetLayout,
        guess=resnet_layout.guess_layout, shapes=resnet_layout.official_shapes, check=resnet_layout.check_official,
        from_official=resnet.from_official, to_official=resnet.to_official, container=resnet.official_container,
        is_aside=resnet.is_aside),
    'moco': Family(
        name='moco', source='MoCo (moco_v2_800ep_pretrain.pth.tar; the part up to layer3)',
        our_key=moco.our_key, official_key=moco.official_key, layout=ResNetLayout, guess=moco.guess_layout,
        shapes=moco.official_shapes, check=moco.check_official, from_official=moco.from_official,
        to_official=moco.to_official, container=moco.official_container, is_aside=moco.is_aside),
    'correspondence': Family(
        name='correspondence', source='ego-exo4d-relation, correspondence/SegSwap (XSegTx)',
        our_key=correspondence.our_key, official_key=correspondence.official_key, layout=CorrespondenceLayout,
        guess=correspondence_layout.guess_layout, shapes=correspondence_layout.official_shapes,
        check=correspondence_layout.check_official, from_official=correspondence.from_official,
        to_official=correspondence.to_official, container=correspondence.official_container,
        left_out=correspondence.LEFT_OUT),
    # Before the two that have it as a part, so that a SlowFast alone is called one.
    'slowfast': Family(
        name='slowfast', source='PySlowFast and Ego-Exo (SlowFast R50 and R101 on EPIC-KITCHENS, and its pre-training)',
        our_key=slowfast.our_key, official_key=slowfast.official_key, layout=SlowFastLayout,
        guess=slowfast_layout.guess_layout, shapes=slowfast_layout.official_shapes,
        check=slowfast_layout.check_official, from_official=slowfast.from_official, to_official=slowfast.to_official,
        container=slowfast.official_container),
    'suml': Family(
        name='suml', source='SUM-L (ego stream, and the third-person stream of its training)',
        our_key=suml.our_key, official_key=suml.official_key, layout=SumlLayout, guess=suml_layout.guess_layout,
        shapes=suml_layout.official_shapes, check=suml_layout.check_official, from_official=suml.from_official,
        to_official=suml.to_official, container=suml.official_container, switches=suml.SWITCHES),
    'lemma': Family(
        name='lemma', source='SUM-L (the third-person teacher trained on LEMMA)',
        our_key=lemma.our_key, official_key=lemma.official_key, layout=LemmaLayout, guess=lemma.guess_layout,
        shapes=slowfast_layout.official_shapes, check=slowfast_layout.check_official,
        from_official=lemma.from_official, to_official=lemma.to_official, container=slowfast.official_container),
}
