"""Which frames of a segment the network sees."""

from mmcv.transforms import BaseTransform

from egoexo.errors import ConfigError, DataError, explain
from egoexo.registry import TRANSFORMS
from egoexo.utils.clip_geometry import clip_starts, draw_start, view_frames

__all__ = ['SampleClips']

_MODES = ('train', 'val', 'test')


@TRANSFORMS.register_module()
class SampleClips(BaseTransform):
    """Choose clips of frames at a constant interval, as the released EPIC-Kitchens loaders do (PySlowFast, Ego-Exo).

    A segment shorter than a clip repeats its first and last frame.

    Required Keys:
        - start_frame, stop_frame (int): First and last frame of the segment.

    Added Keys:
        - views (np.ndarray): Frame numbers, int64, (V, T).

    Args:
        clip_len (int): T. Defaults to 32.
        frame_interval (int): From one frame to the next. Defaults to 2.
        mode (str): ``'train'`` (default): one clip, drawn with :mod:`random`; ``'test'``: ``num_views`` clips spread
            evenly; ``'val'``: of those the one with number ``num_views // 2``, slightly behind the middle.
        num_views (int): V of the test. Defaults to 10.

    Raises:
        ConfigError: If an argument is out of range.

    Examples:
        >>> SampleClips(clip_len=4, mode='val')(dict(start_frame=11, stop_frame=12))['views']
        array([[11, 12, 12, 12]])
    """

    def __init__(self, clip_len: int = 32, frame_interval: int = 2, mode: str = 'train', num_views: int = 10) -> None:
        if mode not in _MODES:
            raise ConfigError(explain('SampleClips, mode', ' or '.join(map(repr, _MODES)), repr(mode),
                                      'Choose one of them.'))
        for name, value in (('clip_len', clip_len), ('frame_interval', frame_interval), ('num_views', num_views)):
            if value < 1:
                raise ConfigError(explain(f'SampleClips, {name}', 'at least 1', value, 'Correct it in the pipeline.'))
        self.clip_len, self.frame_interval, self.mode, self.num_views = clip_len, frame_interval, mode, num_views

    def transform(self, results: dict) -> dict:
        """Add ``views``.

        Args:
            results (dict): See the class.

        Returns:
            dict: The same.

        Raises:
            DataError: If the segment has no frame.
        """
        first, num_frames = results['start_frame'], results['stop_frame'] - results['start_frame'] + 1
        if num_frames < 1:
            raise DataError(explain(f"segment {results.get('sample_id')!r}", 'a stop frame not before the start frame',
                                    f"{first} to {results['stop_frame']}", 'Correct the annotation.'))
        span = (self.clip_len - 1) * self.frame_interval + 1
        if self.mode == 'train':
            starts = [draw_start(num_frames, span)]
        else:
            starts = clip_starts(num_frames, span, self.num_views)
            if self.mode == 'val':
                starts = [starts[self.num_views // 2]]
        results['views'] = view_frames(starts, first, num_frames, self.clip_len, self.frame_interval)
        return results
