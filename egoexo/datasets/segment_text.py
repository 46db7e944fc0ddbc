"""Segments of Ego2Exo as the sentences that describe them."""

import logging
from collections.abc import Mapping, Sequence

from mmengine.logging import print_log

from egoexo.datasets.base import SampleReport
from egoexo.datasets.segment import SegmentDataset
from egoexo.formats.ego2exo import Segment
from egoexo.registry import DATASETS

__all__ = ['SegmentTextDataset']


@DATASETS.register_module()
class SegmentTextDataset(SegmentDataset):
    """Narrations of the segments, all annotators glued together as published; looks at no feature.

    ``inputs`` of a sample is a str, of a batch a list of str. The official validation lists have no text: what a text
    classifier is scored on is the training list of the other view.

    Args:
        **kwargs: See :class:`SegmentDataset`.
    """

    def describe(self, segment: Segment) -> dict[str, object]:
        """Adds ``text``.

        Args:
            segment (egoexo.formats.ego2exo.Segment): Row of the file.
        """
        return dict(text=segment.text)

    def announce(self, reports: Sequence[SampleReport]) -> None:
        """Say what the list holds, and how many texts are blank.

        Args:
            reports (Sequence[SampleReport]): Of the usable segments.
        """
        super().announce(reports)
        blank = sum(report.facts['characters'] == 0 for report in reports)
        if blank:
            print_log(f'{self.subset}: {blank} of {len(reports)} texts are blank; nothing can be read from them.',
                      'current', logging.WARNING)

    def inspect_sample(self, info: Mapping[str, object], full: bool = False) -> SampleReport:
        """Look at one text; a blank one counts as usable.

        Args:
            info (Mapping[str, object]): One item of the data list.
            full (bool): Makes no difference.

        Returns:
            SampleReport: Fact ``characters``.
        """
        return SampleReport(info['sample_id'], facts=dict(characters=len(info['text'].strip())))

    def read_inputs(self, items: Sequence[Mapping[str, object]]) -> list[str]:
        """Texts.

        Args:
            items (Sequence[Mapping[str, object]]): Of the data list, N of them.

        Returns:
            list[str]: N texts.
        """
        return [item['text'] for item in items]
