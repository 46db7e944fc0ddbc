"""Pictures of temporal action segmentation: data samples drawn as timelines."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from egoexo.registry import VISUALIZERS
from egoexo.structures import EgoExoDataSample
from egoexo.visualization.sample_visualizer import SampleVisualizer
from egoexo.visualization.timeline import TimelineVideo, draw_timeline

__all__ = ['SegmentationVisualizer', 'TimelineVideo', 'draw_timeline']

_DEFAULT_FPS = 25.0  # of the official labels


@VISUALIZERS.register_module()
class SegmentationVisualizer(SampleVisualizer):
    """Draws data samples of untrimmed videos as timelines, truth against prediction.

    The class names come from ``dataset_meta['classes']``, which MMEngine's loops set; without them ids are named
    ``class 3``.

    Args:
        name (str): Name of the instance, see MMEngine's ``ManagerMixin``.
        fps (float, optional): Labels per second; None takes ``dataset_meta['label_fps']``, or 25 where there is none.
        dpi (int): Resolution of the pictures.
        **kwargs: To :class:`mmengine.visualization.Visualizer` (``vis_backends``, ``save_dir``).

    Examples:
        >>> import torch
        >>> visualizer = SegmentationVisualizer()
        >>> visualizer.dataset_meta = dict(classes=('background', 'Cut tomato'))
        >>> sample = EgoExoDataSample(metainfo=dict(sample_id='2c23b45a', view='ego', subset='ego_val'))
        >>> sample.gt_frame_labels = torch.tensor([0, 0, 1, 1, 1])
        >>> sample.pred_frame_labels = torch.tensor([0, 1, 1, 1, 1])
        >>> visualizer.add_datasample('ego_val', data_sample=sample, out_file='ego_val.png')
    """

    drawn_fields = ('gt_frame_labels', 'pred_frame_labels')

    def __init__(self, name: str = 'visualizer', fps: float | None = None, dpi: int = 200, **kwargs: object) -> None:
        super().__init__(name, dpi, **kwargs)
        self.fps = fps

    def draw(self, data_samples: EgoExoDataSample | Sequence[EgoExoDataSample], *, draw_gt: bool = True,
             draw_pred: bool = True, title: str = '') -> Figure:
        """Draw one figure.

        Args:
            data_samples (EgoExoDataSample | Sequence[EgoExoDataSample]): With ``gt_frame_labels`` (G,) or
                ``pred_frame_labels`` (P,) or both, and the meta keys ``sample_id`` and ``view``.
            draw_gt (bool): Draw the truth. A sample without one shows its prediction alone.
            draw_pred (bool): Draw the prediction.
            title (str): Head line.

        Returns:
            matplotlib.figure.Figure: One row per sample, ego above exo.

        Raises:
            ValueError: If a sample has nothing to draw or its prediction is shorter than its truth.
        """
        samples = [data_samples] if isinstance(data_samples, EgoExoDataSample) else list(data_samples)
        videos = [_as_video(sample, draw_gt, draw_pred) for sample in samples]
        fps = self.fps or (self.dataset_meta or {}).get('label_fps') or _DEFAULT_FPS
        labels = [part for video in videos for part in (video.truth, video.prediction) if part is not None]
        names = self._class_names(1 + max(int(part.max()) for part in labels))
        return draw_timeline(videos, names, fps=fps, title=title)


def _as_video(sample: EgoExoDataSample, draw_gt: bool, draw_pred: bool) -> TimelineVideo:
    """Row of the figure for one sample."""
    meta = sample.metainfo
    truth = sample.gt_frame_labels.numpy(force=True) if draw_gt and 'gt_frame_labels' in sample else None
    prediction = sample.pred_frame_labels.numpy(force=True) if draw_pred and 'pred_frame_labels' in sample else None
    if truth is None and prediction is None:
        raise ValueError(f"sample '{meta.get('sample_id')}' has neither gt_frame_labels nor pred_frame_labels to draw; "
                         f'it holds {", ".join(sorted(sample.keys())) or "no field"}.')
    note = ', '.join(str(meta[key]) for key in ('subset', 'task') if meta.get(key))
    return TimelineVideo(str(meta.get('sample_id', '')), str(meta.get('view', '')), truth, prediction, note)
