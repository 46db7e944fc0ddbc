"""Pictures of segment classification across domains: the likeliest classes of each segment against the true one."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from scipy.special import softmax

from egoexo.evaluation.functional.transfer import class_ranks
from egoexo.registry import VISUALIZERS
from egoexo.structures import EgoExoDataSample
from egoexo.visualization.class_ranking import ClassRanking, draw_class_rankings
from egoexo.visualization.sample_visualizer import SampleVisualizer, clip_note, field_array

__all__ = ['TransferVisualizer', 'rank_segment']


def rank_segment(meta: Mapping[str, object], logits: np.ndarray | None, label: int | None) -> ClassRanking:
    """One panel of a figure.

    Args:
        meta (Mapping[str, object]): Meta information of a segment; ``text`` in it is shown.
        logits (np.ndarray | None): Predicted, (C,).
        label (int | None): True class.

    Returns:
        ClassRanking: With the rank of the true class where both are known.
    """
    name, note = clip_note(meta)
    rank = ''
    if logits is not None and label is not None:
        place = class_ranks(logits[None], np.array([label]))[0]
        rank = 'right' if place == 1 else f'rank {place} of {logits.size}'
    probabilities = None if logits is None else softmax(logits.astype(np.float64))
    return ClassRanking(name, str(meta.get('view') or ''), probabilities, None if label is None else [label], note,
                        str(meta.get('text') or ''), rank)


@VISUALIZERS.register_module()
class TransferVisualizer(SampleVisualizer):
    """Draws the likeliest classes of a segment as bars, marks the true one, and shows its text where it is known.

    The class names come from ``dataset_meta['classes']``, which MMEngine's loops set. Probabilities are the softmax
    over the classes, with which the models are trained.

    Args:
        name (str): Name of the instance, see MMEngine's ``ManagerMixin``.
        top (int): Classes per segment; 5 is the size of the larger set that is scored.
        dpi (int): Resolution of the pictures.
        **kwargs: To :class:`mmengine.visualization.Visualizer` (``vis_backends``, ``save_dir``).

    Examples:
        >>> import torch
        >>> visualizer = TransferVisualizer(name='segments', top=2)
        >>> visualizer.dataset_meta = dict(classes=('Clean up', 'Serve', 'Cook'))
        >>> sample = EgoExoDataSample(metainfo=dict(sample_id='3236900573', uid='c0b7d130-2004', view='exo'))
        >>> sample.gt_label = torch.tensor(1)
        >>> sample.pred_class_logits = torch.tensor([0.3, 2.0, 0.1])
        >>> visualizer.add_datasample('exo_val', data_sample=sample, out_file='segments.png')
    """

    drawn_fields = ('gt_label', 'pred_class_logits')

    def __init__(self, name: str = 'visualizer', top: int = 5, dpi: int = 200, **kwargs: object) -> None:
        super().__init__(name, dpi, **kwargs)
        self.top = top

    def draw(self, data_samples: EgoExoDataSample | Sequence[EgoExoDataSample], *, draw_gt: bool = True,
             draw_pred: bool = True, title: str = '') -> Figure:
        """Draw one figure.

        Args:
            data_samples (EgoExoDataSample | Sequence[EgoExoDataSample]): With ``gt_label`` () or ``pred_class_logits``
                (C,) or both, and the meta keys of a segment; ``text`` among them is shown.
            draw_gt (bool): Mark the true class.
            draw_pred (bool): Draw the prediction. Without it the true class is named.
            title (str): Head line.

        Returns:
            matplotlib.figure.Figure: One panel per sample, ego before exo.

        Raises:
            ValueError: If a sample has nothing to draw.
        """
        samples = [data_samples] if isinstance(data_samples, EgoExoDataSample) else list(data_samples)
        rows = [self._as_row(sample, draw_gt, draw_pred) for sample in samples]
        sizes = [*(len(row.probabilities) for row in rows if row.probabilities is not None),
                 *(label + 1 for row in rows for label in row.truth or ())]
        return draw_class_rankings(rows, self._class_names(max(sizes, default=0)), title=title, top=self.top)

    def _as_row(self, sample: EgoExoDataSample, draw_gt: bool, draw_pred: bool) -> ClassRanking:
        label = field_array(sample, 'gt_label', draw_gt)
        logits = field_array(sample, 'pred_class_logits', draw_pred)
        self._require_content(sample, {'gt_label': label, 'pred_class_logits': logits})
        return rank_segment(sample.metainfo, logits, None if label is None else int(label))
