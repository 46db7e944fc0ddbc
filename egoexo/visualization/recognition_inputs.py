"""What a network of action recognition sees of a sample, as one segment of a figure."""

from collections.abc import Mapping, Sequence

import numpy as np

from egoexo.structures import ClipViews, EgoExoDataSample
from egoexo.visualization.action_strip import ActionStrip
from egoexo.visualization.recognition import TASKS, multi_hot_words, segment_note
from egoexo.visualization.recognition_pictures import clip_places, network_pictures
from egoexo.visualization.sample_visualizer import field_array

__all__ = ['input_strip']

_BOXES = {'gt_hand_boxes': (240, 120, 30), 'gt_object_boxes': (40, 110, 240)}


def input_strip(inputs: Mapping[str, object], sample: EgoExoDataSample, names: Mapping[str, Sequence[str]],
                partner_names: Mapping[str, Sequence[str]] | None = None, number: int = 8,
                channel_order: str = 'bgr') -> ActionStrip:
    """Frames after every crop, flip and shift of colours, labels, and the boxes of interaction maps.

    Args:
        inputs (Mapping[str, object]): What the loader sends of a sample: fields of
            :class:`egoexo.structures.ClipViews`, or such a dict for each of the streams ``ego`` and ``tpv``.
        sample (EgoExoDataSample): With its labels.
        names (Mapping[str, Sequence[str]]): Class names by task.
        partner_names (Mapping[str, Sequence[str]] | None): Those of the third-person clips, where they are others.
        number (int): Frames that are shown; with T / alpha those of the slow pathway.
        channel_order (str): Of the stored frames.

    Returns:
        ActionStrip: Of a test, the clip in the middle of the segment and of the picture.
    """
    streams = inputs if 'frames' not in inputs else {'ego': inputs}
    meta, view = sample.metainfo, str(sample.metainfo.get('view') or 'ego')
    pictures, note = _clip_pictures(streams['ego'], number, channel_order)
    _draw_boxes(pictures, sample, int(streams['ego']['views'].shape[1]), number)
    targets = {task: field_array(sample, f'gt_{task}_targets') for task in TASKS[:2]}
    partner = {task: field_array(sample, f'gt_tpv_{task}_targets') for task in TASKS[:2]}
    return ActionStrip(
        str(meta.get('sample_id') or ''), pictures,
        truth={task: int(sample.get(f'gt_{task}_label')) for task in TASKS if f'gt_{task}_label' in sample},
        narration=str(meta.get('narration') or ''), note=', '.join(filter(None, (segment_note(meta), note))), view=view,
        labels=multi_hot_words(targets, names),
        partner_pictures=_clip_pictures(streams['tpv'], number, channel_order)[0] if 'tpv' in streams else (),
        partner_narration=str(meta.get('tpv_narration') or ''),
        partner_truth=multi_hot_words(partner, partner_names or {}))


def _clip_pictures(fields: Mapping[str, object], number: int, channel_order: str) -> tuple[list[np.ndarray], str]:
    """Frames of one clip, and which it is."""
    views = ClipViews(**fields)
    num_crops = len(views.crops)
    chosen = len(views.views) // 2 * num_crops + num_crops // 2
    swapped = {'bgr': 'rgb', 'rgb': 'bgr'}[channel_order]
    order = swapped if views.swap_channels else channel_order
    pictures = network_pictures(views.make(chosen, chosen + 1)[0], number, order, views.mean, views.std)
    size = f'{views.clip_len} x {views.crop_size} x {views.crop_size}'
    return pictures, f'clip {chosen + 1} of {len(views)}, {size}' if len(views) > 1 else size


def _draw_boxes(pictures: Sequence[np.ndarray], sample: EgoExoDataSample, clip_len: int, number: int) -> None:
    """Outline hands and touched objects in the frames that they were found in."""
    for field, color in _BOXES.items():
        boxes = field_array(sample, field)
        if boxes is None or not len(boxes):
            continue
        for picture, place in zip(pictures, clip_places(clip_len, number), strict=True):
            side = picture.shape[0]
            for box in boxes[boxes[:, 5].astype(int) == place]:
                _outline(picture, np.clip(np.round(box[:4] * side), 0, side - 1).astype(int).tolist(), color)


def _outline(picture: np.ndarray, corners: Sequence[int], color: tuple[int, int, int]) -> None:
    left, top, right, bottom = corners
    width = max(picture.shape[0] // 60, 1)
    for rows in (slice(top, top + width), slice(max(bottom - width + 1, 0), bottom + 1)):
        picture[rows, left:right + 1] = color
    for columns in (slice(left, left + width), slice(max(right - width + 1, 0), right + 1)):
        picture[top:bottom + 1, columns] = color
