"""Pictures of action planning: data samples drawn as strips of coming steps."""

from collections.abc import Sequence

from matplotlib.figure import Figure
from scipy.special import softmax

from egoexo.registry import VISUALIZERS
from egoexo.structures import EgoExoDataSample
from egoexo.visualization.future_steps import FutureSteps, draw_future_steps
from egoexo.visualization.sample_visualizer import SampleVisualizer, clip_note, field_array

__all__ = ['PlanningVisualizer']


@VISUALIZERS.register_module()
class PlanningVisualizer(SampleVisualizer):
    """Draws the predicted coming steps of data samples with their probabilities, below the true ones.

    The class names come from ``dataset_meta['classes']``, which MMEngine's loops set. Steps already done
    (``gt_past_steps``) are shown where a sample has them.

    Args:
        name (str): Name of the instance, see MMEngine's ``ManagerMixin``.
        top (int): Likeliest classes that are shown of each step.
        dpi (int): Resolution of the pictures.
        **kwargs: To :class:`mmengine.visualization.Visualizer` (``vis_backends``, ``save_dir``).

    Examples:
        >>> import torch
        >>> visualizer = PlanningVisualizer(name='plans')
        >>> visualizer.dataset_meta = dict(classes=('Prepare tomato', 'Cut tomato'))
        >>> sample = EgoExoDataSample(metainfo=dict(sample_id='2c23b45a|58', view='ego', subset='ego_val'))
        >>> sample.gt_future_steps = torch.tensor([0, 1, 1])
        >>> sample.pred_future_logits = torch.tensor([[2.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
        >>> visualizer.add_datasample('ego_val', data_sample=sample, out_file='plans.png')
    """

    drawn_fields = ('gt_future_steps', 'gt_past_steps', 'pred_future_logits')

    def __init__(self, name: str = 'visualizer', top: int = 3, dpi: int = 200, **kwargs: object) -> None:
        super().__init__(name, dpi, **kwargs)
        self.top = top

    def draw(self, data_samples: EgoExoDataSample | Sequence[EgoExoDataSample], *, draw_gt: bool = True,
             draw_pred: bool = True, title: str = '') -> Figure:
        """Draw one figure.

        Args:
            data_samples (EgoExoDataSample | Sequence[EgoExoDataSample]): With ``gt_future_steps`` (Z,) or
                ``pred_future_logits`` (Z, C) or both, and the meta keys of a clip.
            draw_gt (bool): Draw the truth. A sample without one shows its prediction alone.
            draw_pred (bool): Draw the prediction.
            title (str): Head line.

        Returns:
            matplotlib.figure.Figure: One block per sample, ego above exo.

        Raises:
            ValueError: If a sample has nothing to draw or truth and prediction differ in length.
        """
        samples = [data_samples] if isinstance(data_samples, EgoExoDataSample) else list(data_samples)
        rows = [self._as_row(sample, draw_gt, draw_pred) for sample in samples]
        widths = [row.probabilities.shape[-1] if row.probabilities is not None else 1 + int(max(row.truth))
                  for row in rows]
        return draw_future_steps(rows, self._class_names(max(widths, default=0)), title=title, top=self.top)

    def _as_row(self, sample: EgoExoDataSample, draw_gt: bool, draw_pred: bool) -> FutureSteps:
        truth = field_array(sample, 'gt_future_steps', draw_gt)
        logits = field_array(sample, 'pred_future_logits', draw_pred)
        self._require_content(sample, {'gt_future_steps': truth, 'pred_future_logits': logits})
        past = field_array(sample, 'gt_past_steps', draw_gt)
        name, note = clip_note(sample.metainfo)
        return FutureSteps(name, str(sample.metainfo.get('view', '')), truth,
                           None if logits is None else softmax(logits, axis=1), () if past is None else past.tolist(),
                           note)
