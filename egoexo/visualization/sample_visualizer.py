"""Base of the visualizers that draw several data samples into one figure."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from mmengine.dist import master_only
from mmengine.visualization import Visualizer

from egoexo.structures import EgoExoDataSample

__all__ = ['SampleVisualizer', 'clip_note', 'field_array']


class SampleVisualizer(Visualizer):
    """A visualizer whose :meth:`draw` makes a matplotlib figure of data samples.

    Args:
        name (str): Name of the instance, see MMEngine's ``ManagerMixin``.
        dpi (int): Resolution of the pictures.
        **kwargs: To :class:`mmengine.visualization.Visualizer` (``vis_backends``, ``save_dir``).

    Attributes:
        drawn_fields (tuple[str, ...]): Fields of a data sample that :meth:`draw` looks at.
    """

    drawn_fields: tuple[str, ...] = ()

    def __init__(self, name: str = 'visualizer', dpi: int = 200, **kwargs: object) -> None:
        super().__init__(name, **kwargs)
        self.picture_dpi = dpi

    @abstractmethod
    def draw(self, data_samples: EgoExoDataSample | Sequence[EgoExoDataSample], *, draw_gt: bool = True,
             draw_pred: bool = True, title: str = '') -> Figure:
        """Draw one figure of all samples."""

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
            raise ValueError(f"add_datasample('{name}') needs a data sample with {' or '.join(self.drawn_fields)}, got "
                             'None.')
        figure = self.draw(data_sample, draw_gt=draw_gt, draw_pred=draw_pred, title=name)
        if show:
            self.show(_as_image(figure, self.picture_dpi), win_name=name, wait_time=wait_time)
        if out_file is None:
            self.add_image(name, _as_image(figure, self.picture_dpi), step)
            return
        Path(out_file).parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(out_file, dpi=self.picture_dpi)

    def _class_names(self, num_classes: int) -> Sequence[str]:
        """Names of the data set, else numbers."""
        names = (self.dataset_meta or {}).get('classes')
        return names or [f'class {index}' for index in range(num_classes)]

    def _require_content(self, sample: EgoExoDataSample, found: Mapping[str, object]) -> None:
        """Refuse a sample of which nothing is left to draw."""
        if all(value is None for value in found.values()):
            raise ValueError(f"sample '{sample.metainfo.get('sample_id')}' has neither {' nor '.join(found)} to draw; "
                             f'it holds {", ".join(sorted(sample.keys())) or "no field"}.')


def field_array(sample: EgoExoDataSample, name: str, wanted: bool = True) -> np.ndarray | None:
    """A tensor field as an array.

    Args:
        sample (EgoExoDataSample): One sample.
        name (str): Field.
        wanted (bool): False leaves it out.

    Returns:
        np.ndarray | None: A copy on the CPU; None without the field.
    """
    if not wanted or name not in sample:
        return None
    value = sample.get(name)
    return value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else np.asarray(value)


def clip_note(meta: Mapping[str, object]) -> tuple[str, str]:
    """How a figure calls a clip: short name and note.

    Args:
        meta (Mapping[str, object]): Meta information of a clip sample.

    Returns:
        tuple[str, str]: First block of the video's uid, and list and time.

    Examples:
        >>> clip_note(dict(uid='bee95524-ac78', subset='ego_val', start_sec=67.3, end_sec=69.3))
        ('bee95524', 'ego_val, 67.3 to 69.3 s')
    """
    uid = str(meta.get('uid') or meta.get('sample_id') or '')
    parts = [str(meta['subset'])] if meta.get('subset') else []
    if meta.get('has_context') is False:
        parts.append('no context')
    elif meta.get('start_sec') is not None and meta.get('end_sec') is not None:
        parts.append(f'{meta["start_sec"]:.1f} to {meta["end_sec"]:.1f} s')
    return uid.split('-')[0], ', '.join(parts)


def _as_image(figure: Figure, dpi: int) -> np.ndarray:
    """Render to RGB, uint8 (H, W, 3)."""
    figure.set_dpi(dpi)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
