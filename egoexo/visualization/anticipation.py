"""Pictures of action anticipation: the likeliest classes of each data sample, the true ones marked."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from scipy.special import softmax

from egoexo.registry import VISUALIZERS
from egoexo.structures import EgoExoDataSample
from egoexo.visualization.class_ranking import ClassRanking, draw_class_rankings
from egoexo.visualization.sample_visualizer import SampleVisualizer, clip_note, field_array

__all__ = ['AnticipationVisualizer']


@VISUALIZERS.register_module()
class AnticipationVisualizer(SampleVisualizer):
    """Draws the likeliest classes of the coming action as bars and marks the true ones.

    The class names come from ``dataset_meta['classes']``, which MMEngine's loops set. Probabilities are the softmax
    over the classes, with which the models are trained.

    Args:
        name (str): Name of the instance, see MMEngine's ``ManagerMixin``.
        top (int): Classes per sample; 5 is the size of the set that is scored.
        dpi (int): Resolution of the pictures.
        **kwargs: To :class:`mmengine.visualization.Visualizer` (``vis_backends``, ``save_dir``).

    Examples:
        >>> import torch
        >>> visualizer = AnticipationVisualizer(name='actions', top=2)
        >>> visualizer.dataset_meta = dict(classes=('cut', 'take', 'wash'))
        >>> sample = EgoExoDataSample(metainfo=dict(sample_id='2c23b45a|70.3|72', view='ego', subset='ego_val'))
        >>> sample.gt_class_targets = torch.tensor([0.0, 1.0, 0.0])
        >>> sample.pred_class_logits = torch.tensor([0.3, 2.0, 0.1])
        >>> visualizer.add_datasample('ego_val', data_sample=sample, out_file='actions.png')
    """

    drawn_fields = ('gt_class_targets', 'pred_class_logits')

    def __init__(self, name: str = 'visualizer', top: int = 5, dpi: int = 200, **kwargs: object) -> None:
        super().__init__(name, dpi, **kwargs)
        self.top = top

    def draw(self, data_samples: EgoExoDataSample | Sequence[EgoExoDataSample], *, draw_gt: bool = True,
             draw_pred: bool = True, title: str = '') -> Figure:
        """Draw one figure.

        Args:
            data_samples (EgoExoDataSample | Sequence[EgoExoDataSample]): With ``gt_class_targets`` (C,) or
                ``pred_class_logits`` (C,) or both, and the meta keys of a clip.
            draw_gt (bool): Mark the true classes.
            draw_pred (bool): Draw the prediction. Without it the true classes are listed.
            title (str): Head line.

        Returns:
            matplotlib.figure.Figure: One panel per sample, ego before exo.

        Raises:
            ValueError: If a sample has nothing to draw.
        """
        samples = [data_samples] if isinstance(data_samples, EgoExoDataSample) else list(data_samples)
        rows = [self._as_row(sample, draw_gt, draw_pred) for sample in samples]
        sizes = [len(values) for sample in samples for name in self.drawn_fields
                 if (values := field_array(sample, name)) is not None]
        return draw_class_rankings(rows, self._class_names(max(sizes, default=0)), title=title, top=self.top)

    def _as_row(self, sample: EgoExoDataSample, draw_gt: bool, draw_pred: bool) -> ClassRanking:
        targets = field_array(sample, 'gt_class_targets', draw_gt)
        logits = field_array(sample, 'pred_class_logits', draw_pred)
        self._require_content(sample, {'gt_class_targets': targets, 'pred_class_logits': logits})
        name, note = clip_note(sample.metainfo)
        return ClassRanking(name, str(sample.metainfo.get('view', '')), None if logits is None else softmax(logits),
                            None if targets is None else np.flatnonzero(targets).tolist(), note)
