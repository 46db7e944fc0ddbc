"""From pixels to three hand-made descriptors per frame: colour, colour of what moves, rhythm.

Nothing here is learned and nothing knows the view. T: frames, side 48 pixels, 20 colours.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import cv2
import numpy as np
import torch
from scipy.ndimage import gaussian_filter1d
from torch.nn.functional import embedding_bag

from egoexo.errors import VideoError

__all__ = ['Descriptors', 'describe', 'gaze_boxes', 'shrink']

SIDE = 48  # pixels of the square every frame is resized to
CELLS = 12  # colour is first summed in 12 x 12 cells of 4 x 4 pixels; grids and centre weights are sums of cells
NUM_COLORS = 20
CHUNK = 64  # frames pooled at once; stays in the processor's cache
MOTION_FLOOR = 6.0  # grey levels below this are compression noise
EMPTY_MOTION = 60.0  # summed motion of a still picture; keeps its histogram near zero instead of noise


@dataclass(frozen=True)
class Descriptors:
    """Descriptors of one video.

    Args:
        color (np.ndarray): (T, 460) float32, global, centre-weighted, 2 x 2 and 4 x 4 colour histograms.
        moving (np.ndarray): (T, 100) float32, colour histograms of moving pixels, whole frame and quadrants.
        rhythm (np.ndarray): (T, 68) float32, log energy of four temporal bands, whole frame and 4 x 4 cells.
    """

    color: np.ndarray
    moving: np.ndarray
    rhythm: np.ndarray


def gaze_boxes(gaze: np.ndarray, num_frames: int, fps: float, size: tuple[int, int], gaze_fps: float = 30.0,
               ratio: float = 0.5) -> np.ndarray:
    """Square window round the gaze point of each frame, moved inside the picture.

    Frames without valid gaze keep the last valid point, or the picture's centre before the first one.

    Args:
        gaze (np.ndarray): (N, 3), x/W, y/H and validity at ``gaze_fps``.
        num_frames (int): Frames of the video, T.
        fps (float): Frames per second of the video.
        size (tuple[int, int]): (W, H) in pixels.
        gaze_fps (float): Gaze samples per second.
        ratio (float): Side of the window over the shorter side of the picture.

    Returns:
        np.ndarray: (T, 3) int64, left column, top row and side of the window in pixels.
    """
    row = np.minimum(np.rint(np.arange(num_frames) / fps * gaze_fps).astype(int), len(gaze) - 1)
    valid = gaze[row, 2] > 0
    last = np.maximum.accumulate(np.where(valid, np.arange(num_frames), -1))
    point = np.where((last >= 0)[:, None], gaze[row[np.maximum(last, 0)], :2], 0.5)
    side = round(ratio * min(size))
    corner = np.rint(point * size - side / 2).astype(np.int64)
    corner = np.clip(corner, 0, np.array(size) - side)
    return np.concatenate([corner, np.full((num_frames, 1), side)], axis=1)


def shrink(blocks: Iterable[np.ndarray], boxes: Sequence[np.ndarray | None] = (None,)) -> list[np.ndarray]:
    """Resize each frame, or a window of it, to 48 x 48 by area averaging; one pass serves several crops.

    Args:
        blocks (Iterable[np.ndarray]): Blocks of decoded frames, each (n, H, W, 3) uint8 BGR.
        boxes (Sequence[np.ndarray | None]): Per wanted crop, ``None`` for the whole frame or the (T, 3) windows of
            :func:`gaze_boxes`.

    Returns:
        list[np.ndarray]: Per crop (T, 48, 48, 3) uint8.

    Raises:
        VideoError: The video has no frame, or another number of frames than a crop has windows.
    """
    small: list[list[np.ndarray]] = [[] for _ in boxes]
    for block in blocks:
        for frame in block:
            for windows, resized in zip(boxes, small, strict=True):
                if windows is not None:
                    x, y, side = windows[min(len(resized), len(windows) - 1)]
                    image = frame[y : y + side, x : x + side]
                else:
                    image = frame
                resized.append(cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA))
    for windows, resized in zip(boxes, small, strict=True):
        expected = len(resized) if windows is None else len(windows)
        if not resized or len(resized) != expected:
            found = f'decoded {len(resized)} frames'
            raise VideoError(f'{found}, expected {expected or "at least 1"} (one per gaze window); remake it.')
    return [np.stack(resized) for resized in small]


def describe(small: np.ndarray, fps: float) -> Descriptors:
    """Describe the frames of one video.

    Args:
        small (np.ndarray): (T, 48, 48, 3) uint8 BGR frames of :func:`shrink`.
        fps (float): Frames per second; temporal widths are given at 25 fps and scale with it.

    Returns:
        Descriptors: Three descriptors per frame.
    """
    scale = fps / 25.0
    cells, motion, weight, grey = _pool(small)
    return Descriptors(_color(cells), _moving(motion, weight, scale), _rhythm(grey, scale))


def low_pass(signal: np.ndarray, sd: float) -> np.ndarray:
    """Gaussian low-pass along the first axis, ends repeated.

    Args:
        signal (np.ndarray): (T, ...) float32.
        sd (float): Standard deviation in frames.

    Returns:
        np.ndarray: Same shape, float32.
    """
    return gaussian_filter1d(signal, sd, axis=0, mode='nearest', truncate=3.0)


def _pool(small: np.ndarray) -> tuple[np.ndarray, ...]:
    """Spatial sums per frame: colour cells (T,144,20), moving colour (T,4,20) and weight (T,4), grey (T,8,8)."""
    num_frames = len(small)
    cells = np.empty((num_frames, CELLS * CELLS, NUM_COLORS), np.float32)
    motion = np.empty((num_frames, 4, NUM_COLORS), np.float32)
    weight = np.empty((num_frames, 4), np.float32)
    grid = np.empty((num_frames, 64), np.float32)
    grey = cv2.cvtColor(small.reshape(-1, SIDE, 3), cv2.COLOR_BGR2GRAY).reshape(num_frames, SIDE, SIDE)
    changes = _changes(grey)
    for start in range(0, num_frames, CHUNK):
        part = slice(start, min(start + CHUNK, num_frames))
        codes = _color_codes(small[part])
        cells[part] = _sum_colors(codes, CELLS)
        # The larger of the changes from the last and to the next frame, less what compression alone changes.
        moved = np.maximum(changes[part], changes[part.start + 1 : part.stop + 1]).astype(np.float32)
        moved = np.maximum(moved - MOTION_FLOOR, 0)
        motion[part] = _sum_colors(codes, 2, moved)
        weight[part] = _sum_squares(moved, 2)
        grid[part] = _sum_squares(grey[part].astype(np.float32), 8) / 36
    return cells, motion, weight, grid.reshape(num_frames, 8, 8)


def _color_codes(small: np.ndarray) -> np.ndarray:
    """Four bits per channel packed into one number below 4096, shape (n, 48, 48) int32."""
    blue, green, red = cv2.split(small.reshape(-1, SIDE, 3))
    codes = (blue & 240).astype(np.int32) << 4
    codes |= green & 240 | red >> 4
    return codes.reshape(-1, SIDE, SIDE)


def _sum_squares(values: np.ndarray, grid: int) -> np.ndarray:
    """Sums of (n, 48, 48) float32 in ``grid`` x ``grid`` squares, (n, grid * grid)."""
    square = (np.arange(SIDE) * grid // SIDE)[:, None] * grid + np.arange(SIDE) * grid // SIDE
    return (torch.from_numpy(values).reshape(-1, SIDE * SIDE) @ torch.eye(grid * grid)[square.reshape(-1)]).numpy()


def _sum_colors(codes: np.ndarray, grid: int, weights: np.ndarray | None = None) -> np.ndarray:
    """Sum (weighted) soft colour assignments in ``grid`` x ``grid`` squares, (n, grid * grid, 20)."""
    def bags(values: np.ndarray) -> torch.Tensor:
        side = SIDE // grid
        squares = values.reshape(-1, grid, side, grid, side).swapaxes(2, 3)
        return torch.from_numpy(np.ascontiguousarray(squares).reshape(-1, side * side))

    per_pixel = None if weights is None else bags(weights)
    sums = embedding_bag(bags(codes), _color_table(), mode='sum', per_sample_weights=per_pixel)
    return sums.numpy().reshape(-1, grid * grid, NUM_COLORS)


def _changes(grey: np.ndarray) -> np.ndarray:
    """Absolute change before each frame and after the last one, (T + 1, 48, 48) uint8; 0 at both ends."""
    changes = np.zeros((len(grey) + 1, *grey.shape[1:]), np.uint8)
    if len(grey) > 1:
        changes[1:-1] = cv2.absdiff(grey[1:], grey[:-1])
    return changes


def _color(cells: np.ndarray) -> np.ndarray:
    """Square roots of normalised histograms: global, two centre weightings, 2 x 2, 4 x 4; less their mean."""
    num_frames = len(cells)
    pooled = torch.matmul(_spatial_weights(), torch.from_numpy(cells)).numpy()  # (T, 23, 20)
    gains = np.repeat(np.array([2, 2, 0.45, 0.25], np.float32), [1, 2, 4, 16])
    color = (gains[:, None] * np.sqrt(pooled)).reshape(num_frames, -1)
    return color - color.mean(axis=1, keepdims=True)


def _moving(motion: np.ndarray, weight: np.ndarray, scale: float) -> np.ndarray:
    """Square roots of the colour histograms of moving pixels, 20 of the frame and 4 x 20 of its quadrants."""
    motion, weight = low_pass(motion, 5 * scale), low_pass(weight, 5 * scale)
    whole = np.sqrt(motion.sum(axis=1) / (weight.sum(axis=1, keepdims=True) + EMPTY_MOTION))
    quadrants = np.sqrt(motion / (weight[..., None] + EMPTY_MOTION)).reshape(len(motion), -1)
    return np.concatenate([2.4 * whole, quadrants], axis=1)


def _rhythm(grey: np.ndarray, scale: float) -> np.ndarray:
    """Energy of grey values in four temporal bands (sd 0-1, 1-2, 2-4, 4-9 frames), (T, 4 + 4 * 16)."""
    levels = [grey] + [low_pass(grey, sd * scale) for sd in (1, 2, 4, 9)]
    bands = np.stack([fine - coarse for fine, coarse in pairwise(levels)], axis=1)
    energy = bands.reshape(len(grey), 4, 4, 2, 4, 2) ** 2
    energy = low_pass(energy.mean(axis=(3, 5)), 6 * scale)
    cells = np.log1p(4 * np.sqrt(energy)).reshape(len(grey), 64)
    whole = np.log1p(4 * np.sqrt(energy.mean(axis=(2, 3))))
    return np.concatenate([whole, 0.35 * cells], axis=1)


@cache
def _color_table() -> torch.Tensor:
    """Soft assignment of the 4096 colour codes to 12 strong hues, 4 weak hues and 4 greys, (4096, 20)."""
    strong = [(hue, 200, 200) for hue in range(0, 180, 15)]
    weak = [(hue, 90, 190) for hue in (15, 45, 105, 150)]
    hues = cv2.cvtColor(np.array([strong + weak], np.uint8), cv2.COLOR_HSV2BGR)[0]
    prototypes = np.concatenate([hues, np.repeat([[20], [90], [160], [235]], 3, axis=1)]).astype(np.float64)
    code = np.arange(4096)
    color = np.stack([code >> 8, code >> 4 & 15, code & 15], axis=1) * 16 + 8
    squared = ((color[:, None] - prototypes) ** 2).sum(axis=2)
    # The nearest prototype is subtracted first: far colours would otherwise be 0 / 0.
    soft = np.exp(-(squared - squared.min(axis=1, keepdims=True)) / (2 * 38.0**2))
    return torch.from_numpy((soft / soft.sum(axis=1, keepdims=True)).astype(np.float32))


@cache
def _spatial_weights() -> torch.Tensor:
    """Weights of the 144 cells in 23 histograms, each normalised to sum 1 over pixels, (23, 144)."""
    axis = (np.arange(CELLS) + 0.5) / CELLS
    y, x = (grid.reshape(-1) for grid in np.meshgrid(axis, axis, indexing='ij'))
    distance = (x - 0.5) ** 2 + (y - 0.5) ** 2
    rows = [np.ones(CELLS * CELLS)] + [np.exp(-distance / (2 * sd**2)) for sd in (0.10, 0.22)]
    for count in (2, 4):
        square = (y * count).astype(int) * count + (x * count).astype(int)
        rows += [square == index for index in range(count * count)]
    weights = np.array(rows, np.float64)
    pixels_per_cell = (SIDE / CELLS) ** 2
    return torch.from_numpy((weights / (weights.sum(axis=1, keepdims=True) * pixels_per_cell)).astype(np.float32))
