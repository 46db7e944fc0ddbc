"""Videos whose frames show their number, and an extractor that reads it."""

from pathlib import Path

import numpy as np
import torch

from egoexo.mini.video import write_mp4
from egoexo.models.extractors import FeatureExtractor
from egoexo.registry import MODELS
from tests.datasets.conftest import BLOCK, NUM_BITS, number_shown, picture


def write_video(path: Path, num_frames: int, fps: float = 25.0) -> Path:
    """Frame ``i`` shows ``i``."""
    frames = np.stack([picture(number)[..., ::-1] for number in range(num_frames)])
    write_mp4(path, [frames], fps, (BLOCK * NUM_BITS, 64))
    return path


@MODELS.register_module(force=True)
class NumberExtractor(FeatureExtractor):
    """A row is the numbers shown in the frames of its clip."""

    def __init__(self, clip_len: int = 1, frame_interval: int = 1, factor: float = 1.0) -> None:
        super().__init__(clip_len, frame_interval, (64, BLOCK * NUM_BITS))
        self.factor = torch.nn.Parameter(torch.tensor(factor))
        self.num_pictures, self.batches = 0, []
        self.dim, self.source = clip_len, dict(extractor='NumberExtractor', factor=factor)

    def transform_frame(self, frame: np.ndarray) -> np.ndarray:
        self.num_pictures += 1
        return frame

    def encode(self, clips: torch.Tensor) -> torch.Tensor:
        self.batches.append(len(clips))
        return torch.tensor([[number_shown(frame) for frame in clip] for clip in clips.numpy()]) * self.factor
