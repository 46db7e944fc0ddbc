"""The interface of networks that turn clips of video into feature rows, and where the clip of each row lies."""

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from egoexo.errors import ConfigError

__all__ = ['FeatureExtractor']


class FeatureExtractor(nn.Module):
    """A network with its own pre-processing: pictures as decoded in, one row per clip out.

    Row ``r`` stands for the frames ``[r * stride, (r + 1) * stride)`` of the video, and its clip is centred on their
    middle, to half a frame. A clip that reaches beyond the video repeats its first or last frame there.

    A subclass sets ``dim`` and ``source`` and defines :meth:`transform_frame` and :meth:`encode`.

    Args:
        clip_len (int): Frames per clip, T.
        frame_interval (int): Video frames from one frame of a clip to the next.
        input_size (tuple[int, int]): Height and width of the pictures that the network sees.

    Attributes:
        dim (int): Numbers per row, D.
        source (dict): What identifies the network and its weights, as plain JSON values.
    """

    dim: int
    source: dict[str, object]

    def __init__(self, clip_len: int, frame_interval: int, input_size: tuple[int, int]) -> None:
        super().__init__()
        for name, value in dict(clip_len=clip_len, frame_interval=frame_interval).items():
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ConfigError(f'{type(self).__name__}: {name} must be a whole number >= 1, found {value!r}.')
        self.clip_len, self.frame_interval = clip_len, frame_interval
        self.input_size = tuple(input_size)

    @property
    def span(self) -> int:
        """Video frames from the first to the last one of a clip, both included."""
        return (self.clip_len - 1) * self.frame_interval + 1

    @property
    def crop(self) -> str:
        """Part of the picture that the network sees, for the recipe."""
        return 'full'

    @abstractmethod
    def transform_frame(self, frame: np.ndarray) -> np.ndarray:
        """Resize and crop one picture; numbers stay grey levels.

        Args:
            frame (np.ndarray): RGB, uint8, (H, W, 3).

        Returns:
            np.ndarray: RGB, uint8, (h, w, 3) with (h, w) = ``input_size``.
        """

    @abstractmethod
    def encode(self, clips: torch.Tensor) -> torch.Tensor:
        """Rows of transformed clips.

        Args:
            clips (torch.Tensor): RGB, uint8, (N, T, h, w, 3), on the device of the network.

        Returns:
            torch.Tensor: float32, (N, D).
        """

    def forward(self, frames: np.ndarray | torch.Tensor) -> torch.Tensor:
        """Rows of clips as decoded.

        Args:
            frames (np.ndarray | torch.Tensor): RGB, uint8, (N, T, H, W, 3).

        Returns:
            torch.Tensor: float32, (N, D).

        Raises:
            ConfigError: If the frames have another type or shape.
        """
        frames = np.asarray(frames)
        if frames.dtype != np.uint8 or frames.ndim != 5 or frames.shape[1] != self.clip_len or frames.shape[4] != 3:
            raise ConfigError(f'{type(self).__name__}: expected RGB frames uint8 (N, {self.clip_len}, H, W, 3), found '
                              f'{frames.dtype} {frames.shape}.')
        clips = np.stack([[self.transform_frame(frame) for frame in clip] for clip in frames])
        return self.encode(torch.from_numpy(clips).to(next(self.parameters()).device))

    def first_frame(self, stride: int) -> int:
        """Frame number at which the clip of row 0 begins; negative when it begins before the video.

        Args:
            stride (int): Video frames from one row to the next.

        Returns:
            int: The number that centres the clip on the frames of its row; of two equally good ones the later.
        """
        return -((self.span - stride) // 2)

    def clip_frames(self, rows: Sequence[int] | np.ndarray, stride: int, num_frames: int) -> np.ndarray:
        """Frame numbers of the clips of some rows.

        Args:
            rows (Sequence[int]): Row numbers, (n,).
            stride (int): Video frames from one row to the next.
            num_frames (int): Frames of the video.

        Returns:
            np.ndarray: int64, (n, T), inside the video.
        """
        steps = self.first_frame(stride) + self.frame_interval * np.arange(self.clip_len)
        return (np.asarray(rows, dtype=np.int64)[:, None] * stride + steps).clip(0, num_frames - 1)

    def recipe(self, video_fps: float, stride: int) -> dict[str, object]:
        """What the rows mean; the keys of ``egoexo.datasets.recipe.FeatureRecipe`` except ``dtype``.

        Args:
            video_fps (float): Frames per second of the video.
            stride (int): Video frames from one row to the next.

        Returns:
            dict[str, object]: ``first_row_sec`` is the time of the centre of the first clip.
        """
        centre = self.first_frame(stride) + (self.span - 1) / 2
        return dict(backbone=str(self.source.get('backbone', type(self).__name__)), feature_fps=video_fps / stride,
                    window=self.span, stride=stride, first_row_sec=centre / video_fps, crop=self.crop, dim=self.dim,
                    source=self.source)
