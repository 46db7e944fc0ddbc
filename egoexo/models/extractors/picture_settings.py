"""What ``preprocessor_config.json`` of a Hugging Face folder asks to be done with a picture."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from egoexo.errors import ConfigError

__all__ = ['PictureSettings']

#: Switches that change the picture in a way not done here. ``do_convert_rgb`` is nothing: frames are RGB.
_UNSUPPORTED = ('do_pad', 'do_flip_channel_order', 'do_reduce_labels', 'do_thumbnail', 'do_align_long_axis',
                'do_image_splitting', 'crop_pct')
_FILES = ('preprocessor_config.json', 'processor_config.json', 'video_preprocessor_config.json')


@dataclass(frozen=True)
class PictureSettings:
    """Resize, centre crop, scale, normalise.

    Args:
        file (str): File of the folder they come from.
        shortest_edge (int, optional): The shorter side is resized to this; else ``size`` is used.
        size (tuple[int, int], optional): Height and width that the picture is resized to; None does not resize.
        crop_size (tuple[int, int], optional): Height and width cut from the centre; None does not crop.
        resample (int): Filter of pillow: 0 nearest, 1 lanczos, 2 bilinear, 3 bicubic.
        scale (float): Grey levels are multiplied by this.
        mean (tuple[float, float, float]): Subtracted after scaling.
        std (tuple[float, float, float]): Divided by after that.
    """

    file: str
    shortest_edge: int | None
    size: tuple[int, int] | None
    crop_size: tuple[int, int] | None
    resample: int
    scale: float
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @classmethod
    def read(cls, folder: Path) -> 'PictureSettings':
        """Read the settings of a folder.

        Args:
            folder (Path): Folder as ``save_pretrained`` writes it.

        Returns:
            PictureSettings: Checked.

        Raises:
            ConfigError: If there is no such file, or it asks for something that is not done here.
        """
        path = next((folder / name for name in _FILES if (folder / name).is_file()), None)
        if path is None:
            raise ConfigError(f'{folder} has no {_FILES[0]}, so the size and the normalisation of its pictures are '
                              'unknown. Save it with the image processor of the model.')
        try:
            values = json.loads(path.read_text(encoding='utf-8'))
            values = values.get('image_processor', values)
            return cls._from_dict(values, path)
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            if isinstance(error, ConfigError):
                raise
            raise ConfigError(f'{path} cannot be used ({type(error).__name__}: {error}); expected the settings of an '
                              'image processor.') from error

    @classmethod
    def _from_dict(cls, values: Mapping, path: Path) -> 'PictureSettings':
        asked = [key for key in _UNSUPPORTED if values.get(key)]
        if asked:
            raise ConfigError(f'{path} asks for {", ".join(asked)}, which is not supported. Write the picture that you '
                              'want with size, crop_size, image_mean and image_std.')
        crops = bool(values.get('do_center_crop'))
        crop = _size(values['crop_size'], path)[1] if crops else None
        # A bare number is a square where nothing is cropped (ViT) and a shorter side where something is (CLIP).
        edge, size = _size(values['size'], path, as_edge=crops) if values.get('do_resize', True) else (None, None)
        if crop is None and size is None:
            raise ConfigError(f'{path} fixes no picture size: it has neither size with height and width nor crop_size. '
                              'Clips of one batch must have one size; add a crop_size and do_center_crop.')
        whole = (edge, edge) if edge else size or crop
        if crop is not None and (whole[0] < crop[0] or whole[1] < crop[1]):
            raise ConfigError(f'{path}: crop_size {crop} does not fit into size {edge or size}.')
        rescale, normalize = values.get('do_rescale', True), values.get('do_normalize', True)
        return cls(path.name, edge, size, crop, int(values.get('resample', 2)),
                   float(values.get('rescale_factor', 1 / 255)) if rescale else 1.0,
                   tuple(map(float, values['image_mean'])) if normalize else (0.0,) * 3,
                   tuple(map(float, values['image_std'])) if normalize else (1.0,) * 3)

    @property
    def input_size(self) -> tuple[int, int]:
        """Height and width of the picture that the network sees."""
        return self.crop_size or self.size

    @property
    def crop(self) -> str:
        """Part of the picture that the network sees, for the recipe."""
        if self.crop_size is None:
            return 'full'
        cut = 'x'.join(map(str, self.crop_size))
        return f'center_{cut}_of_{self.shortest_edge or "x".join(map(str, self.size or ("frame",)))}'

    def transform(self, frame: np.ndarray) -> np.ndarray:
        """Resize and crop.

        Args:
            frame (np.ndarray): RGB, uint8, (H, W, 3).

        Returns:
            np.ndarray: RGB, uint8, ``(*input_size, 3)``.

        Raises:
            ConfigError: If an unresized frame is smaller than the crop.
        """
        target = self._target(frame.shape[0], frame.shape[1])
        if target != frame.shape[:2]:
            frame = np.asarray(Image.fromarray(frame).resize(target[::-1], resample=self.resample))
        if self.crop_size is None:
            return frame
        (height, width), (crop_height, crop_width) = frame.shape[:2], self.crop_size
        if height < crop_height or width < crop_width:
            raise ConfigError(f'a frame of {height}x{width} is smaller than crop_size {self.crop_size} of {self.file}.')
        top, left = (height - crop_height) // 2, (width - crop_width) // 2
        return frame[top:top + crop_height, left:left + crop_width]

    def _target(self, height: int, width: int) -> tuple[int, int]:
        if self.shortest_edge is None:
            return self.size or (height, width)
        longer = int(self.shortest_edge * max(height, width) / min(height, width))
        return (self.shortest_edge, longer) if height <= width else (longer, self.shortest_edge)


def _size(value: int | Mapping, path: Path, as_edge: bool = False) -> tuple[int | None, tuple[int, int] | None]:
    """Shortest edge, or height and width."""
    if isinstance(value, int):
        return (value, None) if as_edge else (None, (value, value))
    if 'shortest_edge' in value:
        if value.get('longest_edge'):
            raise ConfigError(f'{path}: size with longest_edge is not supported; give shortest_edge and a crop_size.')
        return int(value['shortest_edge']), None
    return None, (int(value['height']), int(value['width']))
