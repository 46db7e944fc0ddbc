"""Boxes of hands and touched objects in the frames that the network sees."""

from collections.abc import Sequence

import numpy as np
from mmcv.transforms import BaseTransform

from egoexo.datasets.recent_cache import RecentCache
from egoexo.errors import AnnotationError, ConfigError, explain
from egoexo.formats.interaction_maps import read_interaction_boxes
from egoexo.registry import TRANSFORMS
from egoexo.utils.clip_boxes import crop_boxes, gather_boxes

__all__ = ['LoadInteractionBoxes']


@TRANSFORMS.register_module()
class LoadInteractionBoxes(BaseTransform):
    """Take the detections of the frames of a clip and let them follow its resizing, crop and mirror (Ego-Exo).

    Stands behind the transform that places the crop, before :class:`ResizeClipUint8`. The detections of a video are
    indexed with the frame number as it stands in the annotation, as in the released file.

    Required Keys:
        - interaction_map (str): File with the detections of the video.
        - views (np.ndarray): Frame numbers, int64, (1, T).
        - frame_shape (tuple[int, int]), short_side, crop_size (int), crops (np.ndarray), flip (bool)

    Added Keys:
        - hand_boxes, object_boxes (np.ndarray): x1, y1, x2, y2 from 0 to 1, score and frame of the clip, float32,
          (n, 6).

    Args:
        compat_alias (bool): Put all boxes of a frame that repeats at its last repetition, as the released file does.
            Defaults to False: one place each.
        cache_bytes (int): Memory for detections once read, per worker; a video of half an hour takes 5 MB, reading it
            again two seconds. Defaults to 1 GiB.
    """

    def __init__(self, compat_alias: bool = False, cache_bytes: int = 2**30) -> None:
        self.compat_alias = compat_alias
        self._cache = RecentCache(cache_bytes)

    def transform(self, results: dict) -> dict:
        """Add the boxes.

        Args:
            results (dict): See the class.

        Returns:
            dict: The same.

        Raises:
            AnnotationError: If the file is missing, malformed, or ends before a frame.
            ConfigError: If the sample has several clips, or no interaction map.
        """
        where = f"LoadInteractionBoxes, sample {results.get('sample_id')!r}"
        if results.get('interaction_map') is None:
            raise ConfigError(explain(where, 'interaction_map', 'none', 'Set interaction_maps in the data set.'))
        if len(results['views']) != 1 or len(results['crops']) != 1 or results['short_side'] is None:
            raise ConfigError(explain(
                where, 'one clip, not yet resized', f"{len(results['views'])} views, {len(results['crops'])} crops",
                'Leave it out of tests, and put it before ResizeClipUint8.'))
        frames = results['views'][0].tolist()
        found = self._detections(results['interaction_map'])
        if max(frames) >= len(found[0]):
            raise AnnotationError(explain(
                results['interaction_map'], f'detections up to frame {max(frames)}', f'{len(found[0])} entries',
                'Make the file again from all frames of the video.'))
        for key, column in (('object_boxes', 0), ('hand_boxes', 1)):
            boxes = gather_boxes([found[column][frame] for frame in frames], frames, self.compat_alias)
            boxes = crop_boxes(boxes, results['frame_shape'], results['short_side'], results['crops'][0],
                               results['crop_size'], results['flip'])
            boxes[:, :4] /= results['crop_size']
            results[key] = boxes.astype(np.float32)
        return results

    def _detections(self, path: str) -> tuple['_FrameBoxes', '_FrameBoxes']:
        """Objects and hands of a video."""
        found = self._cache.get(path)
        if found is None:
            frames = read_interaction_boxes(path)
            found = tuple(_FrameBoxes([pair[column] for pair in frames]) for column in range(2))
            self._cache.put(path, found, sum(boxes.num_bytes for boxes in found))
        return found


class _FrameBoxes:
    """Boxes of each frame of a video in two arrays, a tenth of the memory of an array per frame."""

    def __init__(self, frames: Sequence[np.ndarray | None]) -> None:
        self._ends = np.cumsum([0 if boxes is None else len(boxes) for boxes in frames])
        parts = [boxes[:, :5] for boxes in frames if boxes is not None]
        self._rows = np.concatenate([np.empty((0, 5), dtype=np.float32), *parts], dtype=np.float32)

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, frame: int) -> np.ndarray:
        return self._rows[self._ends[frame - 1] if frame else 0:self._ends[frame]]

    @property
    def num_bytes(self) -> int:
        """Memory that they take."""
        return self._rows.nbytes + self._ends.nbytes
