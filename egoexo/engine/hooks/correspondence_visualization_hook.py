"""Pictures of some objects and of some whole tracks of every list, drawn while a model is validated or tested."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

import torch

from egoexo.engine.hooks.visualization_hook import SequenceVisualizationHook
from egoexo.registry import HOOKS
from egoexo.structures import EgoExoDataSample

__all__ = ['CorrespondenceVisualizationHook']

_FIELDS = ('pred_target_mask', 'pred_confidence')
_SPARE = 2  # frames are thinned when there are so many times more than are drawn


@dataclass
class _Track:
    """Frames of one object in two cameras that are spread over those seen so far."""

    every: int = 1
    seen: int = 0
    samples: list[EgoExoDataSample] = field(default_factory=list)

    def add(self, sample: EgoExoDataSample, wanted: int) -> None:
        """Keep a frame if its turn has come; with too many, every other one is let go."""
        if self.seen % self.every == 0:
            self.samples.append(_small(sample))
        self.seen += 1
        if len(self.samples) >= _SPARE * wanted:
            self.samples = self.samples[::2]
            self.every *= 2

    def spread(self, wanted: int) -> list[EgoExoDataSample]:
        """As many frames as wanted, at even distances."""
        if len(self.samples) <= wanted:
            return self.samples
        last = len(self.samples) - 1
        return [self.samples[round(place * last / (wanted - 1))] for place in range(wanted)]


def _small(sample: EgoExoDataSample) -> EgoExoDataSample:
    """Meta information and prediction alone, on the CPU."""
    return EgoExoDataSample(metainfo=sample.metainfo, **{
        name: sample.get(name).to('cpu', copy=True) for name in _FIELDS
        if isinstance(sample.get(name), torch.Tensor)})


@HOOKS.register_module()
class CorrespondenceVisualizationHook(SequenceVisualizationHook):
    """Draw some objects of each list, and some of them over time.

    Tests go through a take frame by frame, so the frames of a track come apart from each other; they are collected by
    track and thinned as they come, so that few are held and those drawn are spread over the whole track. Objects are
    taken from different takes as far as there are.

    Files: ``<work_dir>/<out_dir>/<split>.png`` (objects) and ``<split>_tracks.png`` (strips over time) after a test,
    with ``_epoch_<n>`` or ``_iter_<n>`` behind the split after a validation. On several processes the main one draws
    from its own share of the list.

    Args:
        num_samples (int): Objects per list (``ego2exo_val``, ...).
        num_tracks (int): Strips per list; 0 draws none.
        num_frames (int): Frames of a strip.
        draw_test (bool): Draw after a test.
        draw_val (bool): Draw after each validation; off by default.
        by_epoch (bool): Name the validation figures by epoch, else by iteration.
        out_dir (str): Folder below the work directory.
        visualizer (dict): Config of the drawer, built on first use.

    Raises:
        ValueError: If a number is too small.
    """

    drawn = 'Pictures of %d pairs'

    def __init__(self, num_samples: int = 4, num_tracks: int = 1, num_frames: int = 6, draw_test: bool = True,
                 draw_val: bool = False, by_epoch: bool = True, out_dir: str = 'vis_data/correspondence',
                 visualizer: dict | None = None) -> None:
        if num_samples < 1 or num_tracks < 0 or num_frames < 2:
            raise ValueError('CorrespondenceVisualizationHook: expected num_samples of at least 1, num_tracks of at '
                             f'least 0 and num_frames of at least 2, got {num_samples}, {num_tracks} and {num_frames}; '
                             'switch the pictures off with draw_test=False.')
        super().__init__(num_samples, draw_test, draw_val, by_epoch, out_dir,
                         visualizer or {'type': 'CorrespondenceVisualizer'})
        self.num_tracks, self.num_frames = num_tracks, num_frames
        self._objects: dict[str, dict[str, dict[tuple, EgoExoDataSample]]] = defaultdict(lambda: defaultdict(dict))
        self._tracks: dict[str, dict[tuple, _Track]] = defaultdict(dict)

    def _forget(self) -> None:
        self._objects.clear()
        self._tracks.clear()

    def _keep(self, samples: Sequence[EgoExoDataSample]) -> None:
        for sample in samples:
            meta = sample.metainfo
            subset, take = str(meta.get('subset', 'all')), str(meta.get('uid', ''))
            key = (take, *(meta.get(name) for name in ('object_name', 'query_camera', 'target_camera')))
            self._keep_object(self._objects[subset], take, key, sample)
            tracks = self._tracks[subset]
            if key in tracks or (len(tracks) < self.num_tracks and _shows_object(sample)
                                 and all(other[:2] != key[:2] for other in tracks)):
                tracks.setdefault(key, _Track()).add(sample, self.num_frames)

    def _keep_object(self, takes: dict[str, dict[tuple, EgoExoDataSample]], take: str, key: tuple,
                     sample: EgoExoDataSample) -> None:
        """The first frame of a track in which there is something to find, else its first frame."""
        if take not in takes and len(takes) >= self.num_videos:
            return
        objects = takes[take]
        wanted = len(objects) < self.num_videos if key not in objects else (
            _shows_object(sample) and not _shows_object(objects[key]))
        if wanted:
            objects[key] = _small(sample)

    def _figures(self) -> dict[str, list[EgoExoDataSample]]:
        figures: dict[str, list[EgoExoDataSample]] = defaultdict(list)
        for subset, takes in self._objects.items():
            lines = zip_longest(*(objects.values() for objects in takes.values()))  # one of every take comes first
            chosen = [sample for line in lines for sample in line if sample is not None]
            figures[subset.rsplit('_', 1)[-1]] += chosen[:self.num_videos]
        for subset, tracks in self._tracks.items():
            frames = [sample for track in tracks.values() if len(track.samples) > 1
                      for sample in track.spread(self.num_frames)]
            if frames:
                figures[f'{subset.rsplit("_", 1)[-1]}_tracks'] += frames
        return figures


def _shows_object(sample: EgoExoDataSample) -> bool:
    return sample.metainfo.get('target_rle') is not None
