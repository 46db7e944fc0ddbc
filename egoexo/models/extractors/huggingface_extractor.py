"""Features of a Hugging Face vision model that lies in a local folder."""

from pathlib import Path

import numpy as np
import torch

from egoexo.checkpoints.loading import sha256_of
from egoexo.errors import ConfigError
from egoexo.models.extractors.feature_extractor import FeatureExtractor
from egoexo.models.extractors.huggingface_vision import POOLINGS, import_transformers, load_vision_model, pooled_row
from egoexo.models.extractors.picture_settings import PictureSettings
from egoexo.registry import MODELS

__all__ = ['HuggingFaceExtractor']


@MODELS.register_module()
class HuggingFaceExtractor(FeatureExtractor):
    """One row per picture, or per clip for video models, from a folder as ``save_pretrained`` writes it.

    Nothing is fetched and no code of the folder runs: ``config.json``, ``*.safetensors`` and
    ``preprocessor_config.json`` are read as data. Size, crop, scale, mean and standard deviation of the latter are
    applied here with pillow, so no torchvision is needed. A model with ``get_image_features`` (CLIP, SigLIP) gives its
    projected picture embedding whatever ``pooling`` says.

    Args:
        folder (str | Path): Local folder of the model.
        pooling (str): ``'cls'`` (first token), ``'mean'`` (over all tokens, or over the picture for a convolutional
            model) or ``'pooler'`` (``pooler_output``).
        frame_interval (int): Video frames from one frame of a clip to the next; video models only.

    Raises:
        ConfigError: If transformers is not installed, the folder is no such folder, or ``pooling`` does not fit it.
        CheckpointError: If the weights do not cover the model.

    Examples:
        ``dict(type='HuggingFaceExtractor', folder='dinov2-small')`` gives rows of 384 numbers, one per frame.
    """

    def __init__(self, folder: str | Path, pooling: str = 'cls', frame_interval: int = 1) -> None:
        if pooling not in POOLINGS:
            raise ConfigError(f"HuggingFaceExtractor: pooling='{pooling}' is unknown; choose 'cls', 'mean' or "
                              "'pooler'.")
        folder = Path(folder)
        if not (folder / 'config.json').is_file():
            raise ConfigError(f'HuggingFaceExtractor: {folder} holds no config.json; expected a local folder as '
                              'save_pretrained writes it. Nothing is downloaded here.')
        settings = PictureSettings.read(folder)
        model = load_vision_model(import_transformers('HuggingFaceExtractor'), folder, pooling)
        config = model.config
        clip_len = getattr(config, 'num_frames', None) or getattr(config, 'frames_per_clip', None) or 1
        super().__init__(clip_len, frame_interval, settings.input_size)
        self.settings, self.pooling, self.model = settings, pooling, model
        self.register_buffer('mean', torch.tensor(settings.mean).view(3, 1, 1), persistent=False)
        self.register_buffer('std', torch.tensor(settings.std).view(3, 1, 1), persistent=False)
        files = ['config.json', settings.file, *sorted(path.name for path in folder.glob('*.safetensors'))]
        self.source = dict(extractor=type(self).__name__, backbone=config.model_type, folder=folder.resolve().name,
                           pooling=pooling, frame_interval=frame_interval,
                           sha256={name: sha256_of(folder / name) for name in files})
        self.eval()
        with torch.no_grad():
            self.dim = self.encode(torch.zeros(1, clip_len, *self.input_size, 3, dtype=torch.uint8)).shape[1]

    @property
    def crop(self) -> str:
        """Part of the picture that the network sees."""
        return self.settings.crop

    def transform_frame(self, frame: np.ndarray) -> np.ndarray:
        """Resize and crop as the folder says.

        Args:
            frame (np.ndarray): RGB, uint8, (H, W, 3).

        Returns:
            np.ndarray: RGB, uint8, ``(*input_size, 3)``.
        """
        return self.settings.transform(frame)

    def encode(self, clips: torch.Tensor) -> torch.Tensor:
        """Normalise, run the model, take the row.

        Args:
            clips (torch.Tensor): RGB, uint8, (N, T, h, w, 3).

        Returns:
            torch.Tensor: float32, (N, D).

        Raises:
            ConfigError: If the model has no output of the kind that ``pooling`` names.
        """
        inputs = clips.permute(0, 1, 4, 2, 3).float().mul(self.settings.scale).sub(self.mean).div(self.std)
        if self.clip_len == 1:
            inputs = inputs[:, 0]
        if hasattr(self.model, 'get_image_features'):
            rows = self.model.get_image_features(pixel_values=inputs)
            return (rows if isinstance(rows, torch.Tensor) else rows.pooler_output).float()
        outputs = self.model(**{self.model.main_input_name: inputs}, return_dict=True)
        return pooled_row(outputs, self.pooling, type(self).__name__, self.model.config.model_type).float()
