"""Read some frames of a part of a video."""

import numpy as np
from mmcv.transforms import BaseTransform

from egoexo.datasets.video_reader import VideoReader
from egoexo.errors import VideoError, explain
from egoexo.registry import TRANSFORMS

__all__ = ['LoadSegmentFrames', 'segment_bounds', 'segment_frame_ids']


def segment_frame_ids(start_frame: int, end_frame: int, num_segments: int, jitter: bool = False,
                      rng: np.random.RandomState | None = None) -> list[int]:
    """One frame of each of equally long parts, as the official video loader chooses them.

    Part ``i`` runs from ``round(i * length)`` to ``round((i + 1) * length)``, both included, behind the first frame;
    halves go to the even neighbour.

    Args:
        start_frame (int): First frame.
        end_frame (int): The frame behind the last one.
        num_segments (int): Parts.
        jitter (bool): A frame drawn from the part, for training; else its middle.
        rng (np.random.RandomState, optional): Where the draws come from; numpy's global generator when None.

    Returns:
        list[int]: ``num_segments`` frame numbers, not decreasing.

    Examples:
        >>> segment_frame_ids(0, 17, 4)
        [2, 6, 10, 14]
    """
    length = (end_frame - start_frame - 1) / num_segments
    ends = np.round(length * np.arange(num_segments + 1)).astype(np.int64) + start_frame
    first, last = ends[:-1].tolist(), np.minimum(ends[1:], end_frame).tolist()
    if not jitter:
        return [(low + high) // 2 for low, high in zip(first, last, strict=True)]
    draw = (rng or np.random).randint
    return [int(draw(low, high + 1)) for low, high in zip(first, last, strict=True)]


def segment_bounds(start_sec: float, end_sec: float, fps: float, num_frames: int, least: int) -> tuple[int, int]:
    """Frames of a part of a video, as the official video loader counts them.

    Args:
        start_sec (float): Begin in seconds.
        end_sec (float): End in seconds; one behind the video means its end.
        fps (float): Average rate of the file.
        num_frames (int): Frames of the file.
        least (int): Frames that a shorter part is extended to, as far as the file goes.

    Returns:
        tuple[int, int]: First frame and the one behind the last; an empty range behind the video.

    Examples:
        >>> segment_bounds(1.0, 2.0, 30.0, 900, 8), segment_bounds(29.9, 31.0, 30.0, 900, 8)
        ((30, 60), (897, 900))
    """
    first = round(start_sec * fps)
    if start_sec * fps < num_frames:
        first = min(first, num_frames - 1)  # not rounded past the last frame
    length = max(int((min(end_sec, num_frames / fps) - start_sec) * fps), least)
    return first, min(first + length, num_frames)


@TRANSFORMS.register_module()
class LoadSegmentFrames(BaseTransform):
    """Decode the frames of a segment that the network sees.

    Required Keys:
        - video_path (str)
        - start_sec, end_sec (float)

    Added Keys:
        - frames (np.ndarray): RGB, uint8, (T, H, W, 3).
        - frame_ids (list[int]): Their numbers in the file.

    Args:
        num_frames (int): T. Defaults to 8.
        jitter (bool): Draw the frames at random, for training. Defaults to False.
        backend (str): Of :class:`VideoReader`.
    """

    def __init__(self, num_frames: int = 8, jitter: bool = False, backend: str = 'pyav') -> None:
        self.num_frames, self.jitter, self.backend = num_frames, jitter, backend

    def transform(self, results: dict) -> dict:
        """Add ``frames`` and ``frame_ids``.

        Args:
            results (dict): See the class.

        Returns:
            dict: The same.

        Raises:
            VideoError: If the video cannot be decoded or ends before the segment.
        """
        with VideoReader(results['video_path'], self.backend) as video:
            start, end = results['start_sec'], results['end_sec']
            first, stop = segment_bounds(start, end, video.fps, video.num_frames, self.num_frames)
            if stop <= first:
                raise VideoError(explain(
                    results['video_path'], f'frames of {start:g} to {end:g} s', f'{video.num_frames} frames, '
                    f'{video.num_frames / video.fps:.1f} s', 'Fetch the video again, or leave the segment out.'))
            results['frame_ids'] = segment_frame_ids(first, stop, self.num_frames, self.jitter)
            results['frames'] = video.get_batch(results['frame_ids'])
        return results
