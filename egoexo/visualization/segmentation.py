"""Pictures of temporal action segmentation: data samples drawn as timelines."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from mmengine.dist import master_only
from mmengine.visualization import Visualizer

from egoexo.registry import VISUALIZERS
from egoexo.structures import EgoExoDataSample
from egoexo.visualization.timeline import TimelineVideo, draw_timeline

__all__ = ['SegmentationVisualizer', 'TimelineVideo', 'draw_timeline']

_DEFAULT_FPS = 25.0  # of the official labels


@VISUALIZERS.register_module()
class SegmentationVisualizer(Visualizer):
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

    def __init__(self, name: str = 'visualizer', fps: float | None = None, dpi: int = 200, **kwargs: object) -> None:
        super().__init__(name, **kwargs)
        self.fps, self.picture_dpi = fps, dpi

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
        return draw_timeline(videos, self._class_names(videos), fps=fps, title=title)

    @master_only
    def add_datasample(self, name: str, image: np.ndarray | None = None,
                       data_sample: EgoExoDataSample | Sequence[EgoExoDataSample] | None = None, draw_gt: bool = True,
                       draw_pred: bool = True, show: bool = False, wait_time: float = 0, step: int = 0,
                       out_file: str | Path | None = None) -> None:
        """Draw samples and write the figure to a file, or hand it to the backends as a picture.

        Args:
            name (str): Key of the picture in the backends and head line of the figure.
            image (np.ndarray | None): Not used; part of MMEngine's signature.
            data_sample (EgoExoDataSample | Sequence[EgoExoDataSample] | None): What to draw.
            draw_gt (bool): See :meth:`draw`.
            draw_pred (bool): See :meth:`draw`.
            show (bool): Open a window.
            wait_time (float): Seconds the window stays; 0 waits for a key.
            step (int): Step at which backends file the picture.
            out_file (str | Path | None): ``.png``, ``.pdf`` or ``.svg``; its folder is made. ``None`` uses the
                backends.

        Raises:
            ValueError: If ``data_sample`` is None or has nothing to draw.
        """
        if data_sample is None:
            raise ValueError(f"add_datasample('{name}') needs a data sample with frame labels, got None.")
        figure = self.draw(data_sample, draw_gt=draw_gt, draw_pred=draw_pred, title=name)
        if show:
            self.show(_as_image(figure, self.picture_dpi), win_name=name, wait_time=wait_time)
        if out_file is None:
            self.add_image(name, _as_image(figure, self.picture_dpi), step)
            return
        Path(out_file).parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(out_file, dpi=self.picture_dpi)

    def _class_names(self, videos: Sequence[TimelineVideo]) -> Sequence[str]:
        names = (self.dataset_meta or {}).get('classes')
        if names:
            return names
        labels = [part for video in videos for part in (video.truth, video.prediction) if part is not None]
        return [f'class {index}' for index in range(1 + max(int(part.max()) for part in labels))]


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


def _as_image(figure: Figure, dpi: int) -> np.ndarray:
    """Render to RGB, uint8 (H, W, 3)."""
    figure.set_dpi(dpi)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
