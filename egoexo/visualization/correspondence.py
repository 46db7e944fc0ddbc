"""Pictures of correspondence between views: an object's given mask, the predicted and the true one, or its track."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from PIL import Image, UnidentifiedImageError

from egoexo.errors import AnnotationError, DataError
from egoexo.evaluation.functional.correspondence import iou
from egoexo.evaluation.functional.correspondence_resize import evaluation_shape, nearest_resize
from egoexo.files import check_file
from egoexo.formats.rle import decode_rle
from egoexo.registry import VISUALIZERS
from egoexo.structures import EgoExoDataSample
from egoexo.visualization.mask_pair import MaskPair, draw_mask_pairs
from egoexo.visualization.mask_strip import draw_mask_strips
from egoexo.visualization.sample_visualizer import SampleVisualizer, field_array

__all__ = ['CorrespondenceVisualizer', 'make_pair', 'track_key']

_LAYOUTS = ('auto', 'pairs', 'strips')
_FORMATS = ('JPEG', 'PNG')
_MAX_PIXELS, _GREY, _MISSING_SIZE = 2**26, 225, (480, 480)


def track_key(meta: Mapping[str, object]) -> tuple[str, ...]:
    """What the frames of one track have in common.

    Args:
        meta (Mapping[str, object]): Meta information of a sample.

    Returns:
        tuple[str, ...]: List, take, object and both cameras.
    """
    return tuple(str(meta.get(name, '')) for name in ('subset', 'uid', 'object_name', 'query_camera', 'target_camera'))


def make_pair(meta: Mapping[str, object], pred_mask: np.ndarray | None = None, confidence: float | None = None,
              draw_gt: bool = True) -> MaskPair:
    """One item of a list as a figure shows it; a picture that cannot be read is grey, and the note says so.

    Args:
        meta (Mapping[str, object]): Meta information of a sample: ``query_path``, ``target_path``, ``query_rle``,
            ``target_rle``, names; ``is_annotated`` and ``is_negative`` where they are known.
        pred_mask (np.ndarray | None): Predicted, without padding, (h, w).
        confidence (float | None): Predicted probability that the object is visible.
        draw_gt (bool): With the true mask and whether the object is visible.

    Returns:
        MaskPair: With the IoU where there are both masks, at the size of the official evaluation, to which a
        prediction of another size is brought by its nearest pixels.
    """
    truth = _decode(meta.get('target_rle')) if draw_gt else None
    visible = None  # nobody looked for it
    if draw_gt and (truth is not None or meta.get('is_annotated') or (
            meta.get('is_annotated') is None and meta.get('is_negative'))):
        visible = truth is not None
    images, notes = [], []
    for view in ('query', 'target'):
        image = _read_image(meta.get(f'{view}_path'))
        if image is None:
            image = np.full((*_known_size(meta, view), 3), _GREY, np.uint8)
            notes.append(f'{view} picture not readable')
        images.append(image)
    parts = [str(meta.get('uid') or '').split('-')[0], *notes]
    return MaskPair(
        *images, query_mask=_decode(meta.get('query_rle')), target_mask=truth, pred_mask=pred_mask, visible=visible,
        confidence=confidence, iou=None if truth is None or pred_mask is None else _score(truth, pred_mask),
        object_name=str(meta.get('object_name') or ''), direction=str(meta.get('view') or ''),
        query_camera=str(meta.get('query_camera') or ''), target_camera=str(meta.get('target_camera') or ''),
        frame=str(meta.get('frame', '')), note=', '.join(filter(None, parts)))


def _decode(rle: object) -> np.ndarray | None:
    """Pixels of a mask; None without one, or for a damaged one: a picture must not end a test."""
    try:
        return None if rle is None else decode_rle(rle)
    except AnnotationError:
        return None


def _known_size(meta: Mapping[str, object], view: str) -> tuple[int, int]:
    size = meta.get(f'{view}_size')
    if size is None and isinstance(meta.get(f'{view}_rle'), Mapping):
        size = meta[f'{view}_rle'].get('size')
    return (int(size[0]), int(size[1])) if size is not None else _MISSING_SIZE


def _read_image(path: object) -> np.ndarray | None:
    """RGB, uint8 (H, W, 3); None for a file that is missing, damaged or too large."""
    try:
        check_file(str(path), DataError, 'a picture')
        with Image.open(str(path), formats=_FORMATS) as picture:
            if picture.width * picture.height > _MAX_PIXELS:
                return None
            return np.array(picture.convert('RGB'))
    except (DataError, OSError, ValueError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError):
        return None


def _score(truth: np.ndarray, pred_mask: np.ndarray) -> float:
    """IoU at the size of the official evaluation."""
    shape = evaluation_shape(*truth.shape)
    pred_mask = pred_mask if pred_mask.shape == shape else nearest_resize(pred_mask, shape)
    return float(iou(nearest_resize(truth, shape), pred_mask))


@VISUALIZERS.register_module()
class CorrespondenceVisualizer(SampleVisualizer):
    """Draws the given mask of an object in one view, and the predicted and the true mask in the other.

    Pictures and true masks are found by the meta information of a sample. Several frames of one track become a strip
    over time, in which each frame is marked with the visibility decision.

    Args:
        name (str): Name of the instance, see MMEngine's ``ManagerMixin``.
        layout (str): ``'pairs'``: one item each; ``'strips'``: one strip per track; ``'auto'``: strips as soon as a
            track comes with several frames.
        dpi (int): Resolution of the pictures.
        **kwargs: To :class:`mmengine.visualization.Visualizer` (``vis_backends``, ``save_dir``).

    Raises:
        ValueError: If the layout is unknown.

    Examples:
        >>> import torch
        >>> visualizer = CorrespondenceVisualizer(name='pairs')
        >>> sample = EgoExoDataSample(metainfo=dict(object_name='knife_0', view='ego2exo', query_path='60.jpg'))
        >>> sample.pred_target_mask = torch.zeros(270, 480, dtype=torch.bool)
        >>> sample.pred_confidence = torch.tensor(0.07)
        >>> visualizer.add_datasample('val', data_sample=sample, out_file='pair.png')
    """

    drawn_fields = ('pred_target_mask', 'pred_confidence')

    def __init__(self, name: str = 'visualizer', layout: str = 'auto', dpi: int = 200, **kwargs: object) -> None:
        if layout not in _LAYOUTS:
            raise ValueError(f"CorrespondenceVisualizer: layout must be one of {', '.join(_LAYOUTS)}, got '{layout}'.")
        super().__init__(name, dpi, **kwargs)
        self.layout = layout

    def draw(self, data_samples: EgoExoDataSample | Sequence[EgoExoDataSample], *, draw_gt: bool = True,
             draw_pred: bool = True, title: str = '') -> Figure:
        """Draw one figure.

        Args:
            data_samples (EgoExoDataSample | Sequence[EgoExoDataSample]): With the meta keys of an item, and
                ``pred_target_mask`` (h, w) and ``pred_confidence`` () where they are predicted.
            draw_gt (bool): Draw the true mask, and judge the answers.
            draw_pred (bool): Draw the prediction.
            title (str): Head line.

        Returns:
            matplotlib.figure.Figure: Ego as query before exo as query, else in the order given.

        Raises:
            ValueError: If there is no sample.
        """
        samples = [data_samples] if isinstance(data_samples, EgoExoDataSample) else list(data_samples)
        samples.sort(key=lambda sample: str(sample.metainfo.get('view', '')))
        tracks: dict[tuple[str, ...], list[MaskPair]] = defaultdict(list)
        for sample in samples:
            confidence = field_array(sample, 'pred_confidence', draw_pred)
            tracks[track_key(sample.metainfo)].append(make_pair(
                sample.metainfo, field_array(sample, 'pred_target_mask', draw_pred),
                None if confidence is None else float(confidence), draw_gt))
        if self.layout == 'pairs' or (self.layout == 'auto' and all(len(track) == 1 for track in tracks.values())):
            return draw_mask_pairs([pair for track in tracks.values() for pair in track], title=title)
        return draw_mask_strips([sorted(track, key=_time) for track in tracks.values()], title=title)


def _time(pair: MaskPair) -> tuple[float, str]:
    """Frames are numbers, written as text."""
    return (float(pair.frame), '') if pair.frame.isdigit() else (float('inf'), pair.frame)
