"""Feature files of the mini world: fixed random projections of descriptors of the decoded pixels.

They stand in for CLIP, I3D, Omnivore and VideoMAE: same dimensions, rates and files, no learned weight, no view flag.
"""

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
import torch

from egoexo.errors import FeatureError
from egoexo.mini.descriptors import Descriptors, describe, low_pass, shrink

__all__ = ['FEATURES', 'extract', 'project', 'recipe', 'segment_features']

CALIBRATION = Path(__file__).with_name('calibration.npz')
FEATURES = {'clip': 768, 'i3d': 1024, 'omnivore': 1536}  # name -> dimension
# Rhythm is computed from grey levels 0..255 and varies ten times as much as colour. At 0.5 it lifts the view-specific
# exo score and leaves co-training nothing to win; at 0 the skill of an action is harder to see.
RHYTHM_GAIN = 0.2
_SEEDS = {'clip': 1, 'i3d': 2, 'omnivore': 3, 'segment': 4}


def extract(
    blocks: Iterable[np.ndarray],
    fps: float,
    boxes: np.ndarray | None = None,
    names: tuple[str, ...] = ('clip', 'i3d'),
) -> dict[str, np.ndarray]:
    """Features of one video from its decoded frames and nothing else.

    Args:
        blocks (Iterable[np.ndarray]): Blocks of frames, each (n, H, W, 3) uint8 BGR, T frames in all.
        fps (float): Frames per second.
        boxes (np.ndarray, optional): (T, 3) crop windows of :func:`~egoexo.mini.descriptors.gaze_boxes`.
        names (tuple[str, ...]): Keys of :data:`FEATURES`.

    Returns:
        dict[str, np.ndarray]: Name -> (rows, dim) float32; see :func:`recipe` for the time of each row.
    """
    (small,) = shrink(blocks, (boxes,))
    descriptors = describe(small, fps)
    return {name: project(descriptors, fps, name) for name in names}


def project(descriptors: Descriptors, fps: float, name: str, whiten: bool = True) -> np.ndarray:
    """One feature from the descriptors of a video.

    Args:
        descriptors (Descriptors): Of T frames.
        fps (float): Frames per second.
        name (str): ``'clip'`` (5 rows per second), ``'i3d'`` (one row per frame) or ``'omnivore'`` (one row per
            window of 32 frames at 30 fps).
        whiten (bool): Standardise each dimension with the shipped calibration; off only to calibrate.

    Returns:
        np.ndarray: (rows, dim) float32.

    Raises:
        FeatureError: ``name`` is unknown.
    """
    if name not in FEATURES:
        raise FeatureError(f'feature {name!r} is unknown; expected one of {", ".join(FEATURES)}.')
    gain, rows = _inputs(descriptors, fps, name)
    matrix = _matrix(_SEEDS[name], rows.shape[1], FEATURES[name])
    values = torch.tanh(gain * (torch.from_numpy(rows) @ matrix)).numpy()
    if whiten:
        mean, sd = _calibration(name)
        values = (0.4 / sd) * (values - mean)
    return values


def segment_features(i3d: np.ndarray, start: int, stop: int, num_segments: int = 10, dim: int = 1024) -> np.ndarray:
    """Clip feature of the skill benchmark: means over equal segments, in place of VideoMAE.

    Args:
        i3d (np.ndarray): (T, 1024) I3D-like features of the video.
        start (int): First frame of the clip.
        stop (int): Frame after its last; cut to T.
        num_segments (int): Rows of the result; short clips repeat frames.
        dim (int): 1024 keeps the features, another number projects them.

    Returns:
        np.ndarray: (num_segments, dim) float32.

    Raises:
        FeatureError: The clip is empty.
    """
    stop = min(stop, len(i3d))
    if not 0 <= start < stop:
        raise FeatureError(f'clip [{start}, {stop}) is empty; expected a start inside the {len(i3d)} feature rows.')
    edges = np.linspace(start, stop, num_segments + 1)
    first = np.minimum(edges[:-1].astype(int), stop - 1)
    last = np.maximum(np.ceil(edges[1:]).astype(int), first + 1)
    total = np.concatenate([np.zeros((1, i3d.shape[1])), np.cumsum(i3d[start:stop], axis=0, dtype=np.float64)])
    means = (total[last - start] - total[first - start]) / (last - first)[:, None]
    means = means.astype(np.float32)
    return means if dim == i3d.shape[1] else means @ _matrix(_SEEDS['segment'], i3d.shape[1], dim).numpy()


def recipe(name: str, crop: str = 'full', dtype: str = 'float32') -> dict[str, object]:
    """What a reader must know about a feature folder; written beside the files as ``recipe.json``.

    Args:
        name (str): Key of :data:`FEATURES`.
        crop (str): ``'full'`` or ``'gaze_50'``, a square window of half the frame side round the gaze point.
        dtype (str): Type of the stored numbers.

    Returns:
        dict[str, object]: Backbone, rows per second, window and stride in frames, time of the first row, crop, dtype,
        dimension.
    """
    # A row stands for the centre of its window: row r of the 5-fps feature sees frame 5 r + 2 of 25 per second.
    rates = {'clip': (5.0, 5, 5, 2 / 25), 'i3d': (25.0, 1, 1, 0.0), 'omnivore': (30 / 16, 32, 16, 15.5 / 30)}
    feature_fps, window, stride, first_row_sec = rates[name]
    return {
        'backbone': f'mini-{name}',
        'feature_fps': feature_fps,
        'window': window,
        'stride': stride,
        'first_row_sec': first_row_sec,
        'crop': crop,
        'dtype': dtype,
        'dim': FEATURES[name],
    }


def write_recipe(folder: Path, name: str, crop: str, dtype: str) -> None:
    """Write ``recipe.json`` into a feature folder.

    Args:
        folder (Path): Existing folder.
        name (str): Key of :data:`FEATURES`.
        crop (str): As in :func:`recipe`.
        dtype (str): As in :func:`recipe`.
    """
    (folder / 'recipe.json').write_text(json.dumps(recipe(name, crop, dtype), indent=2) + '\n', encoding='utf-8')


def _inputs(d: Descriptors, fps: float, name: str) -> tuple[float, np.ndarray]:
    """Gain before the squashing function and the projected rows of one feature."""
    if name == 'clip':
        chunk = max(round(fps / 5), 1)
        num_rows = -(-len(d.color) // chunk)
        return 3.0, d.color[np.minimum(np.arange(num_rows) * chunk + chunk // 2, len(d.color) - 1)]
    if name == 'i3d':
        return 2.5, np.concatenate([low_pass(d.color, 3 * fps / 25), d.moving, RHYTHM_GAIN * d.rhythm], axis=1)
    return 2.5, _window_inputs(d, fps)


def _window_inputs(d: Descriptors, fps: float) -> np.ndarray:
    """Means (and spread of colour) over windows of 32, stride 16 frames at 30 fps; the last is flush with the end."""
    width, stride = max(round(32 * fps / 30), 1), max(round(16 * fps / 30), 1)
    num_frames = len(d.color)
    starts = np.unique(np.append(np.arange(0, max(num_frames - width, 0) + 1, stride), max(num_frames - width, 0)))
    rhythm = RHYTHM_GAIN * d.rhythm
    windows = [slice(start, start + width) for start in starts]
    rows = [
        np.concatenate([d.color[w].mean(0), 2 * d.color[w].std(0), d.moving[w].mean(0), rhythm[w].mean(0)])
        for w in windows
    ]
    return np.stack(rows)


@cache
def _matrix(seed: int, rows: int, columns: int) -> torch.Tensor:
    """Fixed Gaussian projection with entries N(0, 1) / sqrt(rows)."""
    entries = np.random.default_rng(seed).standard_normal((rows, columns)) / np.sqrt(rows)
    return torch.from_numpy(entries.astype(np.float32))


@cache
def _calibration(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation per dimension on the calibration world."""
    if not CALIBRATION.is_file():
        raise FeatureError(f'{CALIBRATION} is missing; restore it or run `python tools/data/make_mini.py --calibrate`.')
    with np.load(CALIBRATION) as constants:
        return constants[f'{name}_mean'], constants[f'{name}_sd']
