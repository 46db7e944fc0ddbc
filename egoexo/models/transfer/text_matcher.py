"""What the makers of pseudo-labels that learn nothing by gradients have in common."""

from abc import abstractmethod
from collections.abc import Sequence

import torch
from mmengine.model import BaseModel
from torch.nn import functional as F

from egoexo.errors import ConfigError, explain
from egoexo.models.transfer.text_encoder import TextEncoder
from egoexo.registry import MODELS
from egoexo.structures import EgoExoDataSample

__all__ = ['TextMatcher']


class TextMatcher(BaseModel):
    """Compares sentences by the cosine of their embeddings, for ``CountingLoop`` and ``FitEncoderHook``.

    The hook shows all source texts, their classes and the class names; the loop writes the checkpoint; what was taken
    in are parameters, which no optimizer touches, of fixed shape.

    Args:
        encoder (dict): ``HFTextEncoder`` or another encoder of text, frozen.
        num_classes (int): C.
        data_preprocessor (dict, optional): ``VectorDataPreprocessor`` when None.
        init_cfg (dict, optional): MMEngine initialisation.

    Raises:
        ConfigError: If the encoder is none of text, or is trainable.
    """

    def __init__(self, encoder: dict, num_classes: int, data_preprocessor: dict | None = None,
                 init_cfg: dict | None = None) -> None:
        # Built here, because BaseModel looks in MMEngine's own registry unless a default scope is set.
        super().__init__(MODELS.build(data_preprocessor or dict(type='VectorDataPreprocessor')), init_cfg)
        self.encoder = MODELS.build(encoder)
        self.num_classes = num_classes
        if not isinstance(self.encoder, TextEncoder) or any(item.requires_grad for item in self.encoder.parameters()):
            raise ConfigError(explain(f'{type(self).__name__}, encoder', 'a frozen encoder of text',
                                      f'{type(self.encoder).__name__}, trainable' if isinstance(
                                          self.encoder, TextEncoder) else type(self.encoder).__name__,
                                      "Take dict(type='HFTextEncoder')."))
        self._seen = 0

    @abstractmethod
    def fit_texts(self, texts: Sequence[str], labels: Sequence[int] = (), classes: Sequence[str] = ()) -> None:
        """Take in the source; called by ``FitEncoderHook``.

        Args:
            texts (Sequence[str]): All source texts.
            labels (Sequence[int]): Their class ids.
            classes (Sequence[str]): Name of each class.
        """

    @abstractmethod
    def scores(self, texts: Sequence[str]) -> torch.Tensor:
        """Compare.

        Args:
            texts (Sequence[str]): N sentences.

        Returns:
            torch.Tensor: float32, (N, C); the largest one wins.
        """

    @property
    @abstractmethod
    def fitted(self) -> bool:
        """Whether :meth:`fit_texts` was called, by this process or the one that wrote the checkpoint."""

    def prepare(self, texts: Sequence[str]) -> None:
        """Let the encoder work ahead.

        Args:
            texts (Sequence[str]): Any number.
        """
        self.encoder.prepare(texts)

    def observe(self, data_samples: Sequence[EgoExoDataSample]) -> int:
        """Count samples; what matters of them came through :meth:`fit_texts`.

        Args:
            data_samples (Sequence[EgoExoDataSample]): Of the training lists.

        Returns:
            int: Samples seen so far by this process.
        """
        self._seen += len(data_samples)
        return self._seen

    def finish(self) -> int:
        """End the pass.

        Returns:
            int: Samples seen by this process.

        Raises:
            ConfigError: If the source was never taken in.
        """
        self._require_fitted()
        seen, self._seen = self._seen, 0
        return seen

    def forward(self, inputs: Sequence[str], data_samples: list[EgoExoDataSample] | None = None,
                mode: str = 'tensor') -> torch.Tensor | list[EgoExoDataSample]:
        """Compare a batch.

        Args:
            inputs (Sequence[str]): N sentences.
            data_samples (list[EgoExoDataSample], optional): N samples, left as they are.
            mode (str): ``'tensor'`` or ``'predict'``.

        Returns:
            torch.Tensor | list[EgoExoDataSample]: Scores (N, C); samples with ``pred_class_logits``.

        Raises:
            ConfigError: If the source was never taken in, or a loss is asked for.
        """
        if mode == 'loss':
            raise ConfigError(explain('train_cfg.type', f"'CountingLoop', as {type(self).__name__} learns nothing by "
                                      'gradients', 'a loop that asks for a loss',
                                      "Set train_cfg = dict(_delete_=True, type='CountingLoop')."))
        self._require_fitted()
        scores = self.scores(list(inputs)).detach()
        if mode == 'tensor':
            return scores
        filled = []
        for row, sample in zip(scores.float().cpu(), data_samples, strict=True):
            copied = sample.new()
            copied.pred_class_logits = row
            filled.append(copied)
        return filled

    def embed(self, texts: Sequence[str]) -> torch.Tensor:
        """Embeddings of length 1.

        Args:
            texts (Sequence[str]): N sentences.

        Returns:
            torch.Tensor: float32, (N, D).
        """
        return F.normalize(self.encoder(texts), dim=1)

    def _require_fitted(self) -> None:
        if not self.fitted:
            raise ConfigError(explain(type(self).__name__, 'class names and source texts, or a checkpoint that holds '
                                      'them', 'neither', "Add dict(type='FitEncoderHook') to custom_hooks."))
