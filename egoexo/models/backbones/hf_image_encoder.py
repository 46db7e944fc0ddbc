"""Vision models of Hugging Face as trainable encoders of pictures."""

from collections.abc import Mapping
from pathlib import Path

import torch

from egoexo.errors import ConfigError, explain
from egoexo.models.extractors.huggingface_vision import POOLINGS, import_transformers, load_vision_model, pooled_row
from egoexo.registry import MODELS

__all__ = ['HFImageEncoder']


@MODELS.register_module()
class HFImageEncoder(torch.nn.Module):
    """Feature of a picture by a model that transformers knows, such as ViT-B/16: (N, D).

    Weights are read from safetensors, no code of a folder or of the hub runs. Pictures come normalised
    (``PictureDataPreprocessor``) and in the size of the model. For features on disk see ``HuggingFaceExtractor``.

    Args:
        name (str | Path | Mapping): A folder as ``save_pretrained`` writes it; an id of the hub, such as
            ``'google/vit-base-patch16-224'``, fetched once; or a config, ``dict(model_type='vit', hidden_size=192)``,
            of a model that begins with random weights.
        pooling (str): ``'cls'`` (first token, default), ``'mean'`` (over all tokens, or over the picture for a
            convolutional model) or ``'pooler'`` (``pooler_output``).

    Raises:
        ConfigError: If transformers is not installed, the config is none of its models, or ``pooling`` is unknown.
        CheckpointError: If there is no such model, or its weights do not cover it.

    Examples:
        >>> encoder = HFImageEncoder(dict(model_type='vit', hidden_size=24, num_hidden_layers=1, num_attention_heads=2,
        ...                               intermediate_size=48, image_size=32, patch_size=16))
        >>> encoder(torch.zeros(2, 3, 32, 32)).shape
        torch.Size([2, 24])
    """

    def __init__(self, name: str | Path | Mapping[str, object], pooling: str = 'cls') -> None:
        super().__init__()
        if pooling not in POOLINGS:
            raise ConfigError(explain('HFImageEncoder, pooling', f'one of {POOLINGS}', repr(pooling),
                                      'Choose one of them.'))
        transformers = import_transformers('HFImageEncoder')
        self.pooling = pooling
        if isinstance(name, Mapping):
            try:
                config = transformers.AutoConfig.for_model(**name)
                self.model = transformers.AutoModel.from_config(config)
            except (TypeError, ValueError, KeyError) as error:
                raise ConfigError(explain('HFImageEncoder, name', "dict(model_type='vit', ...) of a vision model",
                                          f'{dict(name)} ({str(error).strip().splitlines()[0][:200]})',
                                          'Correct it in the config.')) from error
        else:
            self.model = load_vision_model(transformers, name, pooling)
        if pooling != 'pooler' and isinstance(getattr(self.model, 'pooler', None), torch.nn.Module):
            self.model.pooler = None  # never used, and parameters without a gradient stop distributed training

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Encode pictures.

        Args:
            pictures (torch.Tensor): Normalised RGB, (N, 3, H, W).

        Returns:
            torch.Tensor: (N, D).

        Raises:
            ConfigError: If the pictures have another size than the model wants.
        """
        try:
            outputs = self.model(pixel_values=pictures, return_dict=True)
        except ValueError as error:  # how transformers complains about the size
            raise ConfigError(explain('HFImageEncoder, inputs', 'pictures of the size of the model',
                                      f'{tuple(pictures.shape)} ({error})',
                                      'Change the crop in the pipeline.')) from error
        return pooled_row(outputs, self.pooling, type(self).__name__, self.model.config.model_type)
