"""What each benchmark adds to a report; runs of any other kind get the chapters that need no knowledge of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from egoexo.visualization.report_anticipation import anticipation_cards, anticipation_sections, read_anticipation
from egoexo.visualization.report_compare_clips import (
    anticipation_comparison,
    anticipation_comparison_cards,
    planning_comparison,
    planning_comparison_cards,
    transfer_comparison,
    transfer_comparison_cards,
)
from egoexo.visualization.report_compare_correspondence import (
    correspondence_comparison,
    correspondence_comparison_cards,
)
from egoexo.visualization.report_compare_recognition import recognition_comparison, recognition_comparison_cards
from egoexo.visualization.report_compare_segmentation import segmentation_comparison, segmentation_comparison_cards
from egoexo.visualization.report_correspondence import (
    correspondence_cards,
    correspondence_sections,
    read_correspondence,
)
from egoexo.visualization.report_inputs import input_parts
from egoexo.visualization.report_metrics import compare_metric_parts, generic_sections
from egoexo.visualization.report_parts import Card, Heading, Note, Section
from egoexo.visualization.report_planning import planning_cards, planning_sections, read_planning
from egoexo.visualization.report_recognition import read_recognition, recognition_cards, recognition_sections
from egoexo.visualization.report_run import Run
from egoexo.visualization.report_scores import split_metrics
from egoexo.visualization.report_segmentation import (
    ReadFrames,
    read_segmentation,
    segmentation_cards,
    segmentation_sections,
)
from egoexo.visualization.report_transfer import read_transfer, transfer_cards, transfer_sections

__all__ = ['BENCHMARKS', 'GENERIC', 'BenchmarkReport', 'benchmark_of']


@dataclass(frozen=True)
class BenchmarkReport:
    """What a benchmark adds to the page. Its results are computed once and handed to the other functions.

    Args:
        title (str): Name for readers.
        metrics (tuple[str, ...]): Types of its metric in configs, by which a run is recognised.
        read (Callable[[Run], Any]): Results of a run.
        cards (Callable[[Run, Any], list[Card]]): Numbers of the head.
        sections (Callable[[Run, Any, ReadFrames | None], list[Section]]): Chapters of one run.
        compare_cards (Callable[[Sequence[Any], Sequence[Heading]], list[Card]]): Numbers of the head of a comparison.
        compare (Callable[[Sequence[Run], Sequence[Any], Sequence[Heading], ReadFrames | None], list[Section]]):
            Chapters of a comparison.
        curve_names (tuple[str, ...]): Ends of the validation keys that are drawn as curves; empty for all.
    """

    title: str
    metrics: tuple[str, ...]
    read: Callable[[Run], Any]
    cards: Callable[[Run, Any], list[Card]]
    sections: Callable[[Run, Any, ReadFrames | None], list[Section]]
    compare_cards: Callable[[Sequence[Any], Sequence[Heading]], list[Card]]
    compare: Callable[[Sequence[Run], Sequence[Any], Sequence[Heading], ReadFrames | None], list[Section]]
    curve_names: tuple[str, ...] = ()


def _generic_sections(run: Run, results: None, read_frames: ReadFrames | None = None) -> list[Section]:
    return [*generic_sections(run), Section('Inputs and what was left out', list(input_parts(run)))]


def _generic_comparison(runs: Sequence[Run], results: Sequence[None], headings: Sequence[Heading],
                        read_frames: ReadFrames | None = None) -> list[Section]:
    parts = list(compare_metric_parts([run.metrics for run in runs], headings, 'All metrics'))
    return [Section('Scores', parts or [Note('No metrics were found for any run.', 'warning')])]


#: For runs that no row of :data:`BENCHMARKS` knows.
GENERIC = BenchmarkReport('Run', (), lambda run: None, lambda run, results: [], _generic_sections,
                          lambda results, headings: [], _generic_comparison)

#: By the benchmark's name; a new benchmark adds one row.
BENCHMARKS: dict[str, BenchmarkReport] = {
    'segmentation': BenchmarkReport(
        'Cross-view temporal action segmentation', ('SegmentationMetric',), read_segmentation, segmentation_cards,
        segmentation_sections, segmentation_comparison_cards, segmentation_comparison, ('F1@50', 'Avg')),
    'anticipation': BenchmarkReport(
        'Cross-view action anticipation', ('AnticipationMetric',), read_anticipation, anticipation_cards,
        anticipation_sections, anticipation_comparison_cards, anticipation_comparison, ('macro_recall@5', 'mAP')),
    'planning': BenchmarkReport(
        'Cross-view action planning', ('PlanningMetric',), read_planning, planning_cards, planning_sections,
        planning_comparison_cards, planning_comparison, ('1-AUED', 'ED@1')),
    'transfer': BenchmarkReport(
        'Language-guided transfer between views', ('TransferMetric',), read_transfer, transfer_cards, transfer_sections,
        transfer_comparison_cards, transfer_comparison, ('top1', 'mean_class_acc')),
    'correspondence': BenchmarkReport(
        'Object correspondence between views', ('CorrespondenceMetric',), read_correspondence, correspondence_cards,
        correspondence_sections, correspondence_comparison_cards, correspondence_comparison,
        ('iou', 'visibility_acc')),
    'recognition': BenchmarkReport(
        'Egocentric action recognition', ('RecognitionMetric',), read_recognition, recognition_cards,
        recognition_sections, recognition_comparison_cards, recognition_comparison,
        ('all_verb_accuracy_at_1', 'all_noun_accuracy_at_1', 'all_action_accuracy_at_1')),
}


def benchmark_of(run: Run) -> BenchmarkReport:
    """Benchmark of a run: that of its test metric, else of the names of its scores.

    Args:
        run (Run): What was read from the work directory.

    Returns:
        BenchmarkReport: :data:`GENERIC` when it is of none.
    """
    stated = (run.config or {}).get('test_evaluator') or (run.config or {}).get('val_evaluator') or ()
    kinds = {str(item.get('type', '')).rpartition('.')[2] for item in (stated if isinstance(stated, list) else [stated])
             if hasattr(item, 'get')}
    for kind in BENCHMARKS.values():
        if kinds.intersection(kind.metrics):
            return kind
    return BENCHMARKS['segmentation'] if not kinds and split_metrics(run.metrics) else GENERIC
