"""Predicted masks of pairs of views as small rows, and the predictions of a take made of them."""

from collections.abc import Iterable
from typing import NamedTuple

from egoexo.errors import PredictionError, explain
from egoexo.formats.correspondence_pairs import iter_tracks
from egoexo.formats.correspondence_results import pair_key
from egoexo.formats.correspondence_take import TakeAnnotation
from egoexo.formats.rle import Rle, encode_mask
from egoexo.structures import EgoExoDataSample

__all__ = ['PairPrediction', 'describe_pair', 'take_results']

_FIELDS = ('subset', 'uid', 'object_name', 'query_camera', 'target_camera', 'frame')


class PairPrediction(NamedTuple):
    """Prediction of one pair of pictures.

    Args:
        subset (str): List it is from, e.g. ``'ego2exo_val'``.
        take_uid (str): Official uid of the take.
        object_name (str): Object.
        query_camera (str): Where its mask is given.
        target_camera (str): Where it is looked for.
        frame (str): Number of the frame.
        mask (Rle): Predicted mask, padding removed.
        confidence (float): That the object is visible in the target view, from 0 to 1.
    """

    subset: str
    take_uid: str
    object_name: str
    query_camera: str
    target_camera: str
    frame: str
    mask: Rle
    confidence: float

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What tells it from others of its take: object, query camera, target camera, frame."""
        return self.object_name, self.query_camera, self.target_camera, self.frame


def describe_pair(sample: EgoExoDataSample) -> PairPrediction:
    """Reduce a predicted sample to its row.

    Args:
        sample (EgoExoDataSample): With ``pred_target_mask`` (h, w), ``pred_confidence`` () and the meta information
            ``subset``, ``uid``, ``object_name``, ``query_camera``, ``target_camera`` and ``frame``.

    Raises:
        PredictionError: If one of them is absent.
    """
    mask, confidence = sample.get('pred_target_mask'), sample.get('pred_confidence')
    places = [sample.get(name) for name in _FIELDS]
    absent = [name for name, value in zip((*_FIELDS, 'pred_target_mask', 'pred_confidence'),
                                          (*places, mask, confidence), strict=True) if value is None]
    if absent:
        raise PredictionError(explain(
            f'sample {sample.get("subset")}/{sample.get("sample_id")}', 'pred_target_mask, pred_confidence and the '
            f'meta information {", ".join(_FIELDS)}', f'no {", ".join(absent)}',
            'Check that model and data set are of the benchmark correspondence.'))
    return PairPrediction(*places, encode_mask(mask.cpu().numpy()), float(confidence))


def take_results(take: TakeAnnotation, direction: str, predictions: Iterable[PairPrediction]) -> dict:
    """Predictions of a take as an official file holds them, in official order.

    An object without a camera in one of the views gets an empty entry, as officially.

    Args:
        take (TakeAnnotation): The take.
        direction (str): ``'ego2exo'`` or ``'exo2ego'``.
        predictions (Iterable[PairPrediction]): Those of this take, in any order.

    Returns:
        dict: ``masks`` by object, pair of cameras and frame, and ``subsample_idx``.

    Raises:
        PredictionError: If a prediction belongs to no track of the take.
    """
    found = {prediction.key: prediction for prediction in predictions}
    masks: dict[str, dict[str, dict[str, dict]]] = {name: {} for name in take.masks}
    for name, query, target, frames in iter_tracks(take, direction):
        rows = {frame: found.pop((name, query, target, frame), None) for frame in frames}
        masks[name][pair_key(query, target)] = {
            frame: {'pred_mask': row.mask, 'confidence': row.confidence}
            for frame, row in rows.items() if row is not None}
    if found:
        raise PredictionError(explain(
            f'take {take.take_uid}, {direction}', 'predictions for the tracks of its annotation',
            f'{len(found)} others, first {"//".join(next(iter(found)))}', 'Predict with the annotations that the '
            'predictions are written for.'))
    return {'masks': masks, 'subsample_idx': list(take.subsample_idx)}
