"""XSegTx: finds the object of a mask in another view (the spatial baseline of Ego-Exo4D's relations)."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from mmengine.model import BaseModel
from torch import Tensor, nn
from torch.nn import functional as F

from egoexo.errors import ConfigError, explain
from egoexo.evaluation.functional.correspondence_resize import unpad_window
from egoexo.models.correspondence.backbone_weights import load_backbone_weights
from egoexo.registry import MODELS
from egoexo.structures import EgoExoDataSample

__all__ = ['XSegTx']

_EPS = 1e-7  # the released maps are kept this far from 0 and 1


@MODELS.register_module()
class XSegTx(BaseModel):
    """Two pictures and a mask in, the mask in the other picture and whether the object is visible there out.

    A frozen backbone sees both pictures and the mask as a picture of three equal channels, not normalised; every
    distinct picture of a batch once. Source: Grauman et al., "Ego-Exo4D", CVPR 2024, and the released code
    (``ego-exo4d-relation``, ``SegSwap``). Letters: U distinct pictures, N pairs, S side of the pictures in pixels.

    Args:
        backbone (dict): Registered type that gives a map (N, C, S / stride, S / stride); of several the last.
        encoder (dict): :class:`CrossViewEncoder`.
        decoder (dict): :class:`MaskDecoder`.
        visibility_head (dict): :class:`VisibilityHead`.
        loss (dict, optional): :class:`PairMaskLoss` by default.
        backbone_checkpoint (str | Path, optional): Weights of the backbone: MoCo v2, a ResNet with torchvision's names,
            or a checkpoint of XSegTx, official or ours. None keeps random ones, which is said aloud.
        freeze_backbone (bool): Evaluate the backbone without gradients and with its stored statistics. Defaults to
            True.
        hide_query (bool): Attend to the query view only where the mask is. The released networks have the input for
            it, which the released training leaves empty. Defaults to False.
        threshold (float): Pixels with a higher probability make the mask. Defaults to 0.5.
        data_preprocessor (dict, optional): :class:`PairDataPreprocessor` by default.
        init_cfg (dict, optional): MMEngine initialisation.

    """

    def __init__(self, backbone: dict, encoder: dict, decoder: dict, visibility_head: dict, loss: dict | None = None,
                 backbone_checkpoint: str | Path | None = None, freeze_backbone: bool = True,
                 hide_query: bool = False, threshold: float = 0.5,
                 data_preprocessor: dict | None = None, init_cfg: dict | None = None) -> None:
        # Built here, because BaseModel looks in MMEngine's own registry unless a default scope is set.
        super().__init__(MODELS.build(data_preprocessor or dict(type='PairDataPreprocessor')), init_cfg)
        self.backbone: nn.Module = MODELS.build(backbone)
        self.encoder: nn.Module = MODELS.build(encoder)
        self.decoder: nn.Module = MODELS.build(decoder)
        self.visibility_head: nn.Module = MODELS.build(visibility_head)
        self.loss_function: nn.Module = MODELS.build(loss or dict(type='PairMaskLoss'))
        self.freeze_backbone, self.hide_query, self.threshold = freeze_backbone, hide_query, threshold
        self.backbone_checkpoint = backbone_checkpoint
        if freeze_backbone:
            self.backbone.requires_grad_(False)
            self.backbone.eval()

    def init_weights(self) -> None:
        """Fill the backbone from ``backbone_checkpoint``; the rest keeps PyTorch's initial values, as released.

        Raises:
            CheckpointError: If the file is none that the backbone can start from; lists what does not fit.
        """
        super().init_weights()
        load_backbone_weights(self.backbone, self.backbone_checkpoint)

    def train(self, mode: bool = True) -> 'XSegTx':
        """Switch between training and evaluation; a frozen backbone stays in evaluation."""
        super().train(mode)
        if self.freeze_backbone:
            self.backbone.eval()
        return self

    def forward(self, inputs: Mapping[str, Tensor], data_samples: Sequence[EgoExoDataSample] | None = None,
                mode: str = 'tensor') -> dict[str, Tensor] | list[EgoExoDataSample] | tuple[Tensor, Tensor, Tensor]:
        """Run on a preprocessed batch.

        Args:
            inputs (Mapping[str, Tensor]): ``images`` (U, 3, S, S) normalised; ``query`` and ``target`` (N,) indices
                into them; ``query_mask`` (N, 1, S, S) of 0 and 1; ``hidden_tokens`` (N, h, w) bool or None.
            data_samples (Sequence[EgoExoDataSample], optional): N of them; ``gt_target_mask`` and ``gt_visible`` for
                ``'loss'``.
            mode (str): ``'loss'``, ``'predict'`` or ``'tensor'``.

        Returns:
            dict[str, Tensor]: Losses and accuracies.
            list[EgoExoDataSample]: With ``pred_target_mask`` and ``pred_confidence``.
            tuple[Tensor, Tensor, Tensor]: Query and target map (N, 1, S, S) and visibility (N,), probabilities.

        Raises:
            ConfigError: If the mode is unknown.
        """
        if mode == 'loss':
            return self.loss(inputs, data_samples)
        if mode == 'predict':
            return self.predict(inputs, data_samples)
        if mode != 'tensor':
            raise ConfigError(explain('XSegTx, mode', "'loss', 'predict' or 'tensor'", repr(mode), 'Choose one.'))
        query, target = self.encode(inputs)
        maps = [self.decoder(feature).sigmoid().clamp(_EPS, 1 - _EPS) for feature in (query, target)]
        return *maps, self.visibility_head(target).sigmoid()

    def extract_maps(self, pictures: Tensor) -> Tensor:
        """Backbone, then unit length over the channels.

        Args:
            pictures (Tensor): (N, 3, S, S).

        Returns:
            Tensor: (N, C, h, w), float32.
        """
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.freeze_backbone):
            # Maps of one large picture fit the caches of a processor, those of several do not (a third slower).
            one_by_one = self.freeze_backbone and pictures.device.type == 'cpu'
            maps = [self.backbone(part) for part in pictures.split(1 if one_by_one else len(pictures))]
            maps = torch.cat([part[-1] if isinstance(part, tuple | list) else part for part in maps])
            return F.normalize(maps.float(), dim=1)

    def encode(self, inputs: Mapping[str, Tensor], with_query: bool = True) -> tuple[Tensor | None, Tensor]:
        """Backbone and encoder.

        Args:
            inputs (Mapping[str, Tensor]): See :meth:`forward`.
            with_query (bool): Also give the query view's map. Defaults to True.

        Returns:
            tuple[Tensor | None, Tensor]: See :meth:`CrossViewEncoder.forward`.

        Raises:
            ConfigError: If the decoder does not undo the stride of the backbone.
        """
        images, mask = inputs['images'], inputs['query_mask']
        maps = self.extract_maps(torch.cat([images, mask.to(images.dtype).expand(-1, 3, -1, -1)]))
        if maps.shape[-1] * self.decoder.stride != images.shape[-1]:
            raise ConfigError(explain(
                'XSegTx, decoder', f'maps as wide as the pictures, {images.shape[-1]} pixels',
                f'{maps.shape[-1]} tokens times {self.decoder.stride} pixels', "Set decoder.scale to a quarter of the "
                "backbone's stride, and take pictures whose side is a multiple of that stride."))
        return self.encoder(maps[:len(images)], inputs['query'], inputs['target'], maps[len(images):],
                            inputs.get('hidden_tokens'), self._hidden_query(mask, maps.shape[-2:]), with_query)

    def _hidden_query(self, mask: Tensor, size: torch.Size) -> Tensor | None:
        """(N, h, w), True for tokens without a pixel of the mask; an empty mask hides nothing."""
        if not self.hide_query:
            return None
        empty = F.adaptive_max_pool2d(mask.float(), size)[:, 0] <= 0
        return empty & ~empty.flatten(1).all(1)[:, None, None]

    def loss(self, inputs: Mapping[str, Tensor], data_samples: Sequence[EgoExoDataSample]) -> dict[str, Tensor]:
        """Losses of a batch.

        Args:
            inputs (Mapping[str, Tensor]): See :meth:`forward`.
            data_samples (Sequence[EgoExoDataSample]): With ``gt_target_mask`` (S, S) and ``gt_visible`` ().

        Returns:
            dict[str, Tensor]: See :class:`PairMaskLoss`.
        """
        maps = self(inputs, mode='tensor')
        device = maps[0].device
        target = torch.stack([sample.gt_target_mask for sample in data_samples]).to(device)
        visible = torch.stack([sample.gt_visible for sample in data_samples]).to(device)
        return self.loss_function(*maps, inputs['query_mask'], target[:, None], visible)

    def predict(self, inputs: Mapping[str, Tensor],
                data_samples: Sequence[EgoExoDataSample]) -> list[EgoExoDataSample]:
        """Masks and confidences of a batch.

        Args:
            inputs (Mapping[str, Tensor]): See :meth:`forward`; nothing is hidden from attention.
            data_samples (Sequence[EgoExoDataSample]): With ``target_size``, (H, W) of the stored target picture, whose
                padding is cut off.

        Returns:
            list[EgoExoDataSample]: The same samples with ``pred_target_mask`` and ``pred_confidence``.
        """
        _, target = self.encode({**inputs, 'hidden_tokens': None}, with_query=False)
        masks = self.decoder(target).sigmoid()[:, 0] > self.threshold
        confidences = self.visibility_head(target).sigmoid()
        for sample, mask, confidence in zip(data_samples, masks, confidences, strict=True):
            rows, columns = unpad_window(mask.shape[-1], sample.target_size)
            sample.pred_target_mask = mask[rows, columns]
            sample.pred_confidence = confidence
        return list(data_samples)
