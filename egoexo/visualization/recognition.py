"""Pictures of action recognition: a strip of the clip, its narration, the likeliest verbs and nouns."""

import re
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from scipy.special import softmax

from egoexo.formats.epic_actions import frame_rate
from egoexo.registry import VISUALIZERS
from egoexo.structures import EgoExoDataSample
from egoexo.visualization.action_strip import ActionStrip, draw_action_strips
from egoexo.visualization.recognition_pictures import read_segment_pictures, stored_pictures
from egoexo.visualization.sample_visualizer import SampleVisualizer, field_array

__all__ = ['TASKS', 'RecognitionVisualizer', 'as_probabilities', 'make_strip', 'multi_hot_words', 'segment_note',
           'segment_times', 'task_names']

#: Tasks that are drawn, in this order, where there are predictions or labels.
TASKS = ('verb', 'noun', 'action')
_EPIC_VIDEO = re.compile(r'P\d+_\d+')


def as_probabilities(scores: np.ndarray) -> np.ndarray:
    """Share of each class: sums of probabilities are divided by their total, anything else goes through a softmax.

    Args:
        scores (np.ndarray): Sums over the clips of a segment, (C,).

    Returns:
        np.ndarray: float64, (C,), adding up to 1.

    Examples:
        >>> as_probabilities(np.array([20.0, 10.0])).tolist()
        [0.6666666666666666, 0.3333333333333333]
    """
    scores = np.asarray(scores, dtype=np.float64)
    total = scores.sum()
    return scores / total if (scores >= 0).all() and total > 0 else softmax(scores)


def task_names(classes: Mapping[str, Sequence[str]] | Sequence[str] | None) -> dict[str, Sequence[str]]:
    """Class names by task.

    Args:
        classes (Mapping[str, Sequence[str]] | Sequence[str] | None): ``dataset_meta['classes']``; a plain list is that
            of the only task of Kinetics, ``action``.
    """
    if isinstance(classes, Mapping):
        return dict(classes)
    return {'action': list(classes)} if classes else {}


def segment_times(meta: Mapping[str, object]) -> tuple[float, float] | None:
    """Begin and end of a segment in seconds; None where they are not known.

    Args:
        meta (Mapping[str, object]): ``start_frame``, ``stop_frame``, and ``frame_rate``, without which the rate of
            EPIC-Kitchens is that of the video's id, ``uid``.

    Examples:
        >>> segment_times(dict(uid='P01_101', start_frame=51, stop_frame=150))
        (1.0, 3.0)
    """
    start, stop = meta.get('start_frame'), meta.get('stop_frame')
    rate = meta.get('frame_rate') or (frame_rate(str(meta['uid'])) if _EPIC_VIDEO.fullmatch(
        str(meta.get('uid') or '')) else None)
    return None if start is None or stop is None or not rate else ((int(start) - 1) / rate, int(stop) / rate)


def segment_note(meta: Mapping[str, object]) -> str:
    """List, video and times of a segment in words.

    Args:
        meta (Mapping[str, object]): Meta information of a sample.

    Examples:
        >>> segment_note(dict(subset='val', uid='P01_101', start_frame=51, stop_frame=150))
        'val, P01_101, 1.0 to 3.0 s'
    """
    parts = [str(meta[name]) for name in ('subset', 'uid') if meta.get(name)]
    times = segment_times(meta)
    if times is not None:
        parts.append(f'{times[0]:.1f} to {times[1]:.1f} s')
    return ', '.join(parts)


def multi_hot_words(targets: Mapping[str, np.ndarray | None], names: Mapping[str, Sequence[str]]) -> str:
    """Classes of a third-person clip in words.

    Args:
        targets (Mapping[str, np.ndarray | None]): 1 for each class by task, (C,).
        names (Mapping[str, Sequence[str]]): Names by task; numbers without.

    Examples:
        >>> multi_hot_words({'verb': np.array([0, 1]), 'noun': None}, {'verb': ['get', 'put']})
        'verb: put'
    """
    words = []
    for task, values in targets.items():
        known = names.get(task, ())
        found = [str(known[index]) if index < len(known) else f'class {index}'
                 for index in (np.flatnonzero(values).tolist() if values is not None else ())]
        if found:
            words.append(f'{task}: {", ".join(found)}')
    return '   '.join(words)


def make_strip(meta: Mapping[str, object], scores: Mapping[str, np.ndarray], truth: Mapping[str, int],
               pictures: Sequence[np.ndarray] | None = None, num_pictures: int = 8) -> ActionStrip:
    """One segment of a figure.

    Args:
        meta (Mapping[str, object]): Meta information of a sample, or the item of a list; of a pair with
            ``tpv_narration`` and ``tpv_pictures`` (RGB).
        scores (Mapping[str, np.ndarray]): Predicted, by task, (C,).
        truth (Mapping[str, int]): True class by task.
        pictures (Sequence[np.ndarray] | None): RGB; ``None`` reads them from the files that ``meta`` names.
        num_pictures (int): How many are read.

    Returns:
        ActionStrip: Without pictures, and saying so, if the files cannot be read.
    """
    pictures = read_segment_pictures(meta, num_pictures) if pictures is None else list(pictures)
    note = segment_note(meta)
    if not pictures:
        note = ', '.join(filter(None, (note, 'frames not readable')))
    return ActionStrip(str(meta.get('sample_id') or ''), pictures,
                       {task: as_probabilities(values) for task, values in scores.items()}, dict(truth),
                       str(meta.get('narration') or ''), note, partner_pictures=list(meta.get('tpv_pictures') or ()),
                       partner_narration=str(meta.get('tpv_narration') or ''))


@VISUALIZERS.register_module()
class RecognitionVisualizer(SampleVisualizer):
    """Draws segments as strips of frames with their narration, and the likeliest verbs and nouns as bars.

    Frames are taken from the meta entry ``pictures`` (RGB), which the visualisation hook fills in, else read from the
    files that the meta information names; a third-person clip, the entries ``tpv_pictures`` and ``tpv_narration``, is
    drawn below. Class names come from ``dataset_meta['classes']``, a dict by task. Scores that are sums of
    probabilities over the clips are divided by their total.

    Args:
        name (str): Name of the instance, see MMEngine's ``ManagerMixin``.
        top (int): Classes per task; 5 is the size of the larger set that is scored.
        num_pictures (int): Frames of a strip.
        dpi (int): Resolution of the pictures.
        **kwargs: To :class:`mmengine.visualization.Visualizer` (``vis_backends``, ``save_dir``).

    Examples:
        >>> import torch
        >>> visualizer = RecognitionVisualizer(name='strips', top=2)
        >>> visualizer.dataset_meta = dict(classes=dict(verb=['take', 'put', 'wash'], noun=['plate', 'cup']))
        >>> sample = EgoExoDataSample(metainfo=dict(sample_id='P01_101_7', subset='val', narration='put down cup'))
        >>> sample.gt_verb_label, sample.gt_noun_label = torch.tensor(1), torch.tensor(1)
        >>> sample.pred_verb_scores = torch.tensor([3.0, 26.0, 1.0])
        >>> sample.pred_noun_scores = torch.tensor([20.0, 10.0])
        >>> visualizer.add_datasample('val', data_sample=sample, out_file='strips.png')
    """

    drawn_fields = (*(f'pred_{task}_scores' for task in TASKS), *(f'gt_{task}_label' for task in TASKS))

    def __init__(self, name: str = 'visualizer', top: int = 5, num_pictures: int = 8, dpi: int = 200,
                 **kwargs: object) -> None:
        super().__init__(name, dpi, **kwargs)
        self.top, self.num_pictures = top, num_pictures

    @staticmethod
    def pictures_of(clip: object, meta: Mapping[str, object], number: int) -> list[np.ndarray]:
        """Pictures of a sample out of what the model is given, see :func:`stored_pictures`.

        Args:
            clip (object): Views of a clip, or their fields.
            meta (Mapping[str, object]): Meta information of the sample; ``channel_order`` in it, BGR without.
            number (int): At most so many.
        """
        return stored_pictures(clip, number, str(meta.get('channel_order') or 'bgr'))

    def draw(self, data_samples: EgoExoDataSample | Sequence[EgoExoDataSample], *, draw_gt: bool = True,
             draw_pred: bool = True, title: str = '') -> Figure:
        """Draw one figure.

        Args:
            data_samples (EgoExoDataSample | Sequence[EgoExoDataSample]): With ``pred_<task>_scores`` (C,) or
                ``gt_<task>_label`` () or both, and the meta keys of a segment.
            draw_gt (bool): Name the true classes, and judge the prediction.
            draw_pred (bool): Draw the prediction.
            title (str): Head line.

        Returns:
            matplotlib.figure.Figure: One strip per sample, in the order given.

        Raises:
            ValueError: If a sample has nothing to draw.
        """
        samples = [data_samples] if isinstance(data_samples, EgoExoDataSample) else list(data_samples)
        strips = [self._as_strip(sample, draw_gt, draw_pred) for sample in samples]
        names = task_names((self.dataset_meta or {}).get('classes'))
        return draw_action_strips(strips, names, title=title, top=self.top)

    def _as_strip(self, sample: EgoExoDataSample, draw_gt: bool, draw_pred: bool) -> ActionStrip:
        scores = {task: field_array(sample, f'pred_{task}_scores', draw_pred) for task in TASKS}
        labels = {task: field_array(sample, f'gt_{task}_label', draw_gt) for task in TASKS}
        self._require_content(sample, {f'pred_{task}_scores': value for task, value in scores.items()}
                              | {f'gt_{task}_label': value for task, value in labels.items()})
        return make_strip(sample.metainfo, {task: value for task, value in scores.items() if value is not None},
                          {task: int(value) for task, value in labels.items() if value is not None},
                          sample.metainfo.get('pictures'), self.num_pictures)
