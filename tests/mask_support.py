"""Random masks, and correspondence computed on whole pictures: slow, plain, and written apart from the package."""

import math

import numpy as np

from egoexo.evaluation.protocols.correspondence import CorrespondenceProtocol, get_protocols
from egoexo.formats.rle import encode_mask

TAKES, FRAMES = ('take-a', 'take-b'), range(0, 240, 30)


def official(**rules: object) -> CorrespondenceProtocol:
    """The official protocol with some rules changed."""
    return get_protocols('official', **rules)[0]


def random_mask(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Empty, full, one pixel, noise, a box, or ellipses that may leave the picture or be cut out of it."""
    kind, mask = rng.integers(0, 9), np.zeros((height, width), bool)
    if kind == 1:
        mask[:] = True
    elif kind == 2:
        mask[rng.integers(height), rng.integers(width)] = True
    elif kind == 3:
        mask = rng.random((height, width)) < rng.random()
    elif kind == 4:
        (top, bottom), (left, right) = (sorted(rng.integers(0, side + 1, 2)) for side in (height, width))
        mask[top:bottom, left:right] = True
    elif kind > 4:
        rows, columns = np.ogrid[:height, :width]
        for _ in range(rng.integers(1, 4)):
            row, column = rng.integers(-5, height + 5), rng.integers(-5, width + 5)
            tall, wide = rng.integers(1, max(2, height // 2)), rng.integers(1, max(2, width // 2))
            mask |= ((rows - row) / tall)**2 + ((columns - column) / wide)**2 <= 1
        mask ^= kind == 8
    return mask


def slow_boundary(mask: np.ndarray) -> np.ndarray:
    """Pixel by pixel."""
    height, width = mask.shape
    out = np.zeros_like(mask)
    for row in range(height):
        for column in range(width):
            neighbours = [(row, column + 1), (row + 1, column), (row + 1, column + 1)]
            if row == height - 1:
                neighbours = neighbours[:1]
            elif column == width - 1:
                neighbours = neighbours[1:2]
            out[row, column] = any(mask[place] != mask[row, column] for place in neighbours
                                   if place[0] < height and place[1] < width)
    return out


def slow_contour(predicted: np.ndarray, target: np.ndarray, radius: int | None = None) -> float:
    """Share of boundary pixels with one of the other mask near, from all distances."""
    radius = math.ceil(0.008 * np.linalg.norm(target.shape)) if radius is None else radius
    points = [np.argwhere(slow_boundary(mask)) for mask in (predicted, target)]
    if not all(map(len, points)):
        return float(len(points[0]) == len(points[1]))
    near = ((points[0][:, None] - points[1][None])**2).sum(axis=2) <= radius**2
    precision, recall = near.any(axis=1).sum() / len(points[0]), near.any(axis=0).sum() / len(points[1])
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def write_truth_and_predictions(size: tuple[int, int] = (90, 160)) -> tuple[dict, dict]:
    """Content of a ground-truth file and of a submission: two takes, a cup, a knife without predictions to match it,
    and a spoon that no ego camera sees. Predictions are the true masks, moved by one pixel."""
    rng = np.random.default_rng(0)
    annotations, results = {}, {'ego-exo': {}, 'exo-ego': {}}
    for uid in TAKES:
        masks = {name: {camera: {} for camera in cameras} for name, cameras in (
            ('cup_0', ('aria01_214-1', 'cam01')), ('a/knife_1', ('cam02', 'aria01_214-1')), ('spoon_2', ('cam01',)))}
        for cameras in masks.values():
            for camera, frames in cameras.items():
                for frame in FRAMES:
                    if frame % 90 or camera.startswith('aria'):
                        mask = np.zeros(size if camera.startswith('cam') else (96, 96), bool)
                        top, left = rng.integers(2, 50, 2)
                        mask[top:top + 30, left:left + 25] = True
                        frames[str(frame)] = encode_mask(mask)
        annotations[uid] = {'masks': masks, 'subsample_idx': [*FRAMES], 'annotated_frames': {
            name: {camera: [*FRAMES][:-1] for camera in cameras} for name, cameras in masks.items()}}
        for setting, content in results.items():
            content[uid] = {'masks': predict(masks, setting == 'ego-exo'), 'subsample_idx': [*FRAMES]}
    return ({'version': 'xx', 'challenge': 'xx', 'annotations': annotations},
            {setting: {'version': 'xx', 'challenge': 'xx', 'results': content} for setting, content in results.items()})


def predict(masks: dict, from_ego: bool) -> dict:
    """A prediction for every query frame."""
    from egoexo.evaluation.functional.correspondence_resize import evaluation_shape, nearest_resize
    from egoexo.formats.rle import decode_rle

    predictions: dict = {}
    for name, cameras in masks.items():
        predictions[name] = {}
        for exo in (camera for camera in cameras if camera.startswith('cam') and len(cameras) > 1):
            query, target = ('aria01_214-1', exo) if from_ego else (exo, 'aria01_214-1')
            size = (90, 160) if from_ego else (96, 96)
            shape, frames = evaluation_shape(*size), {}
            for frame in cameras[query]:
                mask = decode_rle(cameras[target][frame]) if frame in cameras[target] else np.zeros(size, np.uint8)
                moved = np.roll(nearest_resize(mask, shape), 1, axis=1)
                frames[frame] = {'pred_mask': encode_mask(moved), 'confidence': 0.9 if mask.any() else 0.2}
            predictions[name][f'{query}_{target}'] = frames
    return predictions
