"""Read the frames of clips, each once."""

import os
from collections.abc import Sequence

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from egoexo.datasets.frame_file import read_frame
from egoexo.datasets.frame_folder import frame_folder
from egoexo.datasets.video_reader import VideoReader
from egoexo.errors import ConfigError, DataError, explain
from egoexo.registry import TRANSFORMS

__all__ = ['LoadClipFrames']

_ORDERS = ('bgr', 'rgb')


@TRANSFORMS.register_module()
class LoadClipFrames(BaseTransform):
    """Read the distinct frames of all views of a sample, from a folder of pictures, a list of them or a video file.

    Frame number n of a segment, counted from 1 at the rate of the extracted frames, is the picture on screen
    (n - 1) / rate seconds after the begin of a video file.

    Required Keys:
        - views (np.ndarray): Frame numbers, int64, (V, T); with ``frame_paths`` places in it, and optional: one view of
          all of them is meant without it.
        - one of frame_pattern (str): a path with ``{frame}``; frame_paths (list[str]): a path per frame; video_path
          (str), with frame_rate (float, optional): frames per second by which ``views`` counts. Without it
          ``views`` are numbers in the file, from 0.
        - on_missing_frame (str, optional): ``'nearest'``: of a frame without a file the nearest one that has one stands
          in; else it is an error.

    Added Keys:
        - frames (np.ndarray): uint8, (U, H, W, 3), each read once.
        - view_rows (np.ndarray): Rows of ``frames`` that each view shows, int64, (V, T).
        - frame_shape (tuple[int, int]): Height and width of the frames as stored.
        - channel_order (str): As given.
        - num_replaced (int): Frames of which a neighbour stands in.

    Args:
        channel_order (str): ``'bgr'`` (default), on which the published EPIC-Kitchens models see the world, or
            ``'rgb'``.
        backend (str): Of :class:`VideoReader`.

    Raises:
        ConfigError: If the order is unknown.
    """

    def __init__(self, channel_order: str = 'bgr', backend: str = 'pyav') -> None:
        if channel_order not in _ORDERS:
            raise ConfigError(explain('LoadClipFrames, channel_order', ' or '.join(map(repr, _ORDERS)),
                                      repr(channel_order), 'Choose one of them.'))
        self.channel_order, self.backend = channel_order, backend

    def transform(self, results: dict) -> dict:
        """Read the frames.

        Args:
            results (dict): See the class.

        Returns:
            dict: The same.

        Raises:
            DataError: If a frame is missing, damaged or of another size than the first.
            VideoError: If the video cannot be decoded.
            ConfigError: If the sample says nothing of where its frames are.
        """
        results['num_replaced'] = 0
        if results.get('frame_paths') is not None:
            frames, rows = self._from_paths(results)
        elif results.get('frame_pattern') is not None:
            frames, rows = self._from_folder(results)
        elif results.get('video_path') is not None:
            frames, rows = self._from_video(results)
        else:
            raise ConfigError(explain(f"LoadClipFrames, sample {results.get('sample_id')!r}", 'frame_pattern, '
                                      'frame_paths or video_path', f"only {', '.join(sorted(results))}",
                                      'Name data_prefix.frames or data_prefix.videos in the data set.'))
        results.update(frames=frames, view_rows=rows, frame_shape=frames.shape[1:3], channel_order=self.channel_order)
        return results

    def _from_folder(self, results: dict) -> tuple[np.ndarray, np.ndarray]:
        pattern = results['frame_pattern']
        numbers, rows = _distinct(results['views'])
        if results.get('on_missing_frame') == 'nearest':
            folder = frame_folder(pattern)
            present = [folder.nearest(number) for number in numbers.tolist()]
            if present[0] is not None:
                results['num_replaced'] = int((np.array(present) != numbers).sum())
                numbers, places = _distinct(np.array(present, dtype=np.int64))
                rows = places[rows]
        paths = [pattern.format(frame=number) for number in numbers.tolist()]
        try:
            return self._read(paths), rows
        except DataError as error:
            if not isinstance(error.__cause__, FileNotFoundError):
                raise
            missing = [path for path in paths if not os.path.exists(path)] or paths
            segment = f"{results.get('sample_id')}, frames {results.get('start_frame')} to {results.get('stop_frame')}"
            raise DataError(explain(
                f'segment {segment}', 'a file of each frame', f'none of {len(missing)}, first {missing[0]}',
                "Extract the frames of this video again; or set on_missing_frame='nearest' in the data set, which "
                'takes the nearest frame that is there.')) from error

    def _from_paths(self, results: dict) -> tuple[np.ndarray, np.ndarray]:
        paths = list(results['frame_paths'])
        views = results.get('views')
        views = np.arange(len(paths))[None] if views is None else np.asarray(views)
        outside = views[(views < 0) | (views >= len(paths))]
        if not paths or outside.size:
            raise DataError(explain(f"sample {results.get('sample_id')!r}, views", f'places in {len(paths)} paths',
                                    outside[:5].tolist(), 'Correct the list that the sample comes from.'))
        first_place = {path: place for place, path in reversed(list(enumerate(paths)))}
        same = np.array([first_place[path] for path in paths])
        numbers, rows = _distinct(same[views])
        return self._read([paths[number] for number in numbers.tolist()]), rows

    def _from_video(self, results: dict) -> tuple[np.ndarray, np.ndarray]:
        video = results.pop('video', None) or VideoReader(results['video_path'], self.backend)
        with video:
            numbers, rows = _distinct(results['views'])
            rate = results.get('frame_rate')
            if rate is not None:
                numbers, places = _distinct(video.frames_at((numbers - 1) / rate))
                rows = places[rows]
            frames = video.get_batch(numbers)
        return (frames if self.channel_order == 'rgb' else frames[..., ::-1]), rows

    def _read(self, paths: Sequence[str]) -> np.ndarray:
        first = read_frame(paths[0])
        frames = np.empty((len(paths), *first.shape), dtype=np.uint8)
        for place, path in enumerate(paths):
            picture = read_frame(path) if place else first
            if picture.shape != first.shape:
                raise DataError(explain(path, f'{first.shape[0]} x {first.shape[1]} pixels, as in {paths[0]}',
                                        f'{picture.shape[0]} x {picture.shape[1]}',
                                        'Extract all frames of this video again in one size.'))
            if self.channel_order == 'rgb':
                cv2.cvtColor(picture, cv2.COLOR_BGR2RGB, dst=frames[place])
            else:
                frames[place] = picture
        return frames


def _distinct(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distinct numbers in order, and for each given one its place among them, in the given shape."""
    values, places = np.unique(numbers, return_inverse=True)
    return values, places.reshape(np.shape(numbers)).astype(np.int64)
