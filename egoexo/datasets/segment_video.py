"""Segments of Ego2Exo as clips of the videos of their takes."""

import os
from collections.abc import Callable, Mapping, Sequence

from mmengine.dataset import Compose
from mmengine.logging import print_log

from egoexo.datasets.base import SampleReport
from egoexo.datasets.segment import SegmentDataset
from egoexo.datasets.video_reader import VideoReader
from egoexo.errors import VideoError
from egoexo.formats.ego2exo import Segment
from egoexo.registry import DATASETS, TRANSFORMS

__all__ = ['NO_LENGTH', 'SegmentVideoDataset']

#: Segments that end where they begin; the official video loader leaves them out, the one of features does not.
NO_LENGTH = (1908762465, 128702527, 3023277400)


@DATASETS.register_module()
class SegmentVideoDataset(SegmentDataset):
    """Frames of the segments, decoded when they are asked for.

    Args:
        view (str): ``'ego'`` or ``'exo'``.
        pipeline (Sequence[dict]): Transforms, ``LoadSegmentFrames`` to ``PackFrames``.
        data_prefix (Mapping, optional): Folder ``videos``, in which the paths of the list begin; ``data_root`` itself
            unless told otherwise.
        exclude_segments (Sequence[int]): Ids of segments to leave out, counted; officially those without length.
        check_files (bool): Look for the video of every take when the list is made. Defaults to True.
        **kwargs: See :class:`SegmentDataset`.

    Raises:
        DataError: If videos are missing, all of them in one report (``on_bad='skip'``: left out, counted).
    """

    HOW_TO_GET = 'data/README.md says where the videos come from.'
    reads_batches = False

    def __init__(self, view: str, pipeline: Sequence[dict | Callable] = (),
                 data_prefix: Mapping[str, str] | None = None, exclude_segments: Sequence[int] = NO_LENGTH,
                 check_files: bool = True, **kwargs: object) -> None:
        self.exclude_segments = frozenset(map(str, exclude_segments))
        self.check_files = check_files
        self._looked_at: dict[tuple[str, bool], tuple[list[str], dict[str, int]]] = {}
        super().__init__(view, data_prefix=dict(data_prefix or dict(videos='')), **kwargs)
        self.pipeline = Compose([TRANSFORMS.build(step) if isinstance(step, dict) else step for step in pipeline])

    def describe(self, segment: Segment) -> dict[str, object]:
        """Adds ``video_path``.

        Args:
            segment (egoexo.formats.ego2exo.Segment): Row of the file.
        """
        return dict(video_path=os.path.join(self.data_prefix.get('videos', ''), segment.video_file))

    def list_samples(self) -> list[dict]:
        """See :meth:`SegmentDataset.list_samples`; leaves out what ``exclude_segments`` names."""
        items = super().list_samples()
        kept = [item for item in items if item['sample_id'] not in self.exclude_segments]
        if len(kept) < len(items):
            print_log(f'{self.subset}: {len(items) - len(kept)} of {len(items)} segments excluded by id '
                      '(exclude_segments)', 'current')
        return kept

    def inspect_sample(self, info: Mapping[str, object], full: bool = False) -> SampleReport:
        """Look at the video of a segment, each file once.

        Args:
            info (Mapping[str, object]): One item of the data list.
            full (bool): Open it and see whether it lasts until the segment begins.

        Returns:
            SampleReport: With the fact ``frames`` of the video, if opened.
        """
        key = info['video_path'], full
        if key not in self._looked_at:
            self._looked_at[key] = self._look_at(*key)
        problems, facts = self._looked_at[key]
        if 'milliseconds' in facts and 1000 * info['start_sec'] >= facts['milliseconds']:
            problems = [*problems, f'its video ends after {facts["milliseconds"] / 1000:g} s, before the segment']
        return SampleReport(info['sample_id'], list(problems), dict(facts))

    def _look_at(self, path: str, full: bool) -> tuple[list[str], dict[str, int]]:
        """Problems and facts of one file."""
        if not full:
            return ([f'no file {path}'] if self.check_files and not os.path.isfile(path) else []), {}
        try:
            with VideoReader(path) as video:
                return [], dict(frames=video.num_frames, milliseconds=int(1000 * video.num_frames / video.fps))
        except VideoError as error:
            return [str(error)], {}

    def read_inputs(self, indices: Sequence[int]) -> list:
        """Clips of some segments, as the pipeline makes them.

        Args:
            indices (Sequence[int]): Positions in the list.
        """
        return [self[index]['inputs'] for index in indices]

    def __getitems__(self, indices: Sequence[int]) -> list[dict]:
        """Read samples one by one.

        Args:
            indices (Sequence[int]): Positions, perhaps with seeds.
        """
        return [self[index] for index in indices]
