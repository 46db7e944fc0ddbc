"""Which frames of a whole video the network sees."""

import random

import numpy as np
from mmcv.transforms import BaseTransform

from egoexo.datasets.video_reader import VideoReader
from egoexo.errors import ConfigError, explain
from egoexo.registry import TRANSFORMS

__all__ = ['SampleVideoClips', 'video_clip_frames']

_MODES = ('train', 'val', 'test')


def video_clip_frames(start: float, span: float, clip_len: int, num_frames: int) -> np.ndarray:
    """Frames of a clip of a certain time, whatever the rate of the video.

    Args:
        start (float): Where the clip begins, in frames; rounded down.
        span (float): Its length in frames.
        clip_len (int): Frames of the clip, T, spread over it from its first to its last one and rounded down.
        num_frames (int): Frames of the video; its last one stands in for those behind.

    Returns:
        np.ndarray: int64, (T,).
    """
    steps = np.linspace(0, max(span - 1, 0), clip_len).astype(np.int64)
    return np.minimum(int(start) + steps, num_frames - 1)


@TRANSFORMS.register_module()
class SampleVideoClips(BaseTransform):
    """Choose clips of a video that has one label, as PySlowFast does for Kinetics.

    A clip covers ``clip_len * frame_interval / target_fps`` seconds. Opens the video and leaves it open for
    :class:`LoadClipFrames`, which comes next.

    Required Keys:
        - video_path (str)

    Added Keys:
        - video (VideoReader): Open.
        - views (np.ndarray): Frame numbers from 0, int64, (V, T).

    Args:
        clip_len (int): T. Defaults to 32.
        frame_interval (int): From one frame to the next at the target rate. Defaults to 2.
        mode (str): ``'train'`` (default): one clip, drawn with :mod:`random`; ``'test'``: view v of V begins after
            v / V of the room that the clip leaves, so that the end of the video is not reached, as released; ``'val'``:
            one clip in the middle (the released loader draws one at random there too).
        num_views (int): V of the test. Defaults to 10.
        target_fps (float): Frames per second that the interval counts in. Defaults to 30.
        backend (str): Of :class:`VideoReader`.

    Raises:
        ConfigError: If an argument is out of range.
    """

    def __init__(self, clip_len: int = 32, frame_interval: int = 2, mode: str = 'train', num_views: int = 10,
                 target_fps: float = 30.0, backend: str = 'pyav') -> None:
        if mode not in _MODES:
            raise ConfigError(explain('SampleVideoClips, mode', ' or '.join(map(repr, _MODES)), repr(mode),
                                      'Choose one of them.'))
        for name, value in (('clip_len', clip_len), ('frame_interval', frame_interval), ('num_views', num_views)):
            if value < 1:
                raise ConfigError(explain(f'SampleVideoClips, {name}', 'at least 1', value, 'Correct it.'))
        if not target_fps > 0:
            raise ConfigError(explain('SampleVideoClips, target_fps', 'above 0', target_fps, 'Correct it.'))
        self.clip_len, self.frame_interval, self.mode, self.num_views = clip_len, frame_interval, mode, num_views
        self.target_fps, self.backend = target_fps, backend

    def transform(self, results: dict) -> dict:
        """Add ``video`` and ``views``.

        Args:
            results (dict): See the class.

        Returns:
            dict: The same.

        Raises:
            VideoError: If the video cannot be opened.
        """
        video = VideoReader(results['video_path'], self.backend)
        span = self.clip_len * self.frame_interval / self.target_fps * video.fps
        room = max(video.num_frames - span, 0)
        if self.mode == 'train':
            starts = [random.uniform(0, room)]
        elif self.mode == 'val':
            starts = [room / 2]
        else:
            starts = [room * view / self.num_views for view in range(self.num_views)]
        views = [video_clip_frames(start, span, self.clip_len, video.num_frames) for start in starts]
        results.update(video=video, views=np.stack(views))
        return results
