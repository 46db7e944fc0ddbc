"""Feature rows of whole videos from an extractor of clips, with memory that does not grow with the video."""

import contextlib
import copy
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config

from egoexo.apis.config import find_config
from egoexo.apis.timed_video import TimedVideo
from egoexo.errors import ConfigError
from egoexo.models.extractors.feature_extractor import FeatureExtractor
from egoexo.registry import MODELS

__all__ = ['ClipFeatures', 'build_extractor', 'load_extractor_config', 'no_advance']


def no_advance(num_frames: int) -> None:
    """Take note of decoded frames nowhere."""


def load_extractor_config(config: str | Path, checkpoint: str | Path | None = None) -> dict:
    """Extractor of a config file.

    Args:
        config (str | Path): File, or short name such as ``'extraction/slowfast_r50'``.
        checkpoint (str | Path, optional): Takes the place of ``extractor.checkpoint``.

    Returns:
        dict: The config's ``extractor``.

    Raises:
        ConfigError: If there is no such file or it has no ``extractor``.
    """
    path = Path(config) if Path(config).is_file() else find_config(str(config))
    try:
        extractor = Config.fromfile(path).get('extractor')
    except (SyntaxError, FileNotFoundError, KeyError, AttributeError, NameError, TypeError) as error:
        raise ConfigError(f'Config {path} cannot be read ({type(error).__name__}): {error}') from error
    if not isinstance(extractor, Mapping) or 'type' not in extractor:
        raise ConfigError(f"Config {path} has no extractor = dict(type=...), which extraction needs. See "
                          'configs/extraction for examples.')
    return dict(extractor.to_dict()) | ({} if checkpoint is None else dict(checkpoint=str(checkpoint)))


def build_extractor(config: Mapping, device: str | torch.device = 'cpu') -> FeatureExtractor:
    """Extractor of a config; random weights are the same ones in every process.

    Args:
        config (Mapping): ``dict(type='BackboneExtractor', ...)``.
        device (str | torch.device): Where it runs.

    Returns:
        FeatureExtractor: In evaluation mode.

    Raises:
        ConfigError: If the config names something that is no extractor or an impossible option.
        CheckpointError: If the weights do not fit.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        try:
            extractor = MODELS.build(copy.deepcopy(dict(config)))
        except TypeError as error:
            raise ConfigError(f"extractor type='{config.get('type')}' cannot be built: {error}") from error
    if not isinstance(extractor, FeatureExtractor):
        raise ConfigError(f"extractor type='{config.get('type')}' is no FeatureExtractor; see configs/extraction.")
    return extractor.to(device).eval()


class ClipFeatures:
    """Rows of whole videos: each frame is decoded and resized once, clips are cut from what is kept of them.

    Args:
        config (Mapping): Extractor, ``dict(type='BackboneExtractor', ...)``.
        batch_size (int): Clips per forward pass.
        amp (bool): Compute in bfloat16 (float16 on a GPU without it); the recipe says so.
        device (str | torch.device): Where the network runs.

    Raises:
        ConfigError: If the config is wrong or ``batch_size`` is less than 1.
    """

    def __init__(self, config: Mapping, batch_size: int = 8, amp: bool = False,
                 device: str | torch.device = 'cpu') -> None:
        if batch_size < 1:
            raise ConfigError(f'batch size {batch_size}: expected at least 1 clip.')
        self.device = torch.device(device)
        self.extractor = build_extractor(config, self.device)
        self.batch_size = batch_size
        self.amp_dtype = None
        if amp:
            half = self.device.type == 'cuda' and not torch.cuda.is_bf16_supported()
            self.amp_dtype = torch.float16 if half else torch.bfloat16

    def recipe(self, video_fps: float, stride: int) -> dict[str, object]:
        """What the rows mean; see :meth:`FeatureExtractor.recipe`."""
        facts = self.extractor.recipe(video_fps, stride)
        if self.amp_dtype is not None:
            facts['source'] = facts['source'] | dict(amp=str(self.amp_dtype).removeprefix('torch.'))
        return facts

    @torch.inference_mode()
    def rows(self, video: TimedVideo, stride: int, advance: Callable[[int], None] = no_advance) -> np.ndarray:
        """Rows of one video.

        Args:
            video (TimedVideo): Open.
            stride (int): Frames from one row to the next.
            advance (Callable[[int], None]): Told the number of frames after each decoded block.

        Returns:
            np.ndarray: float32, (ceil(frames / stride), D).

        Raises:
            VideoError: If a frame cannot be decoded.
        """
        rows = np.empty((-(-len(video) // stride), self.extractor.dim), dtype=np.float32)
        done, batch = 0, []
        for clip in self._clips(video, stride, advance):
            batch.append(clip)
            if len(batch) == self.batch_size or done + len(batch) == len(rows):
                rows[done:done + len(batch)] = self._encode(np.stack(batch))
                done, batch = done + len(batch), []
        return rows

    def _clips(self, video: TimedVideo, stride: int, advance: Callable[[int], None]) -> Iterator[np.ndarray]:
        """Transformed clips (T, h, w, 3) in the order of their rows."""
        wanted = self.extractor.clip_frames(np.arange(-(-len(video) // stride)), stride, len(video))
        needed = np.zeros(len(video), dtype=bool)
        needed[wanted] = True
        kept: dict[int, np.ndarray] = {}
        row = 0
        for start, frames in video.blocks():
            stop = start + len(frames)
            for number in (start + np.flatnonzero(needed[start:stop])).tolist():
                # A copy, because a view would keep the whole block.
                kept[number] = np.array(self.extractor.transform_frame(frames[number - start]))
            advance(len(frames))
            while row < len(wanted) and wanted[row, -1] < stop:
                yield np.stack([kept[number] for number in wanted[row].tolist()])
                row += 1
            oldest = wanted[row, 0] if row < len(wanted) else stop
            kept = {number: frame for number, frame in kept.items() if number >= oldest}

    def _encode(self, clips: np.ndarray) -> np.ndarray:
        mixed = contextlib.nullcontext() if self.amp_dtype is None else \
            torch.autocast(self.device.type, dtype=self.amp_dtype)
        with mixed:
            return self.extractor.encode(torch.from_numpy(clips).to(self.device)).float().cpu().numpy()
