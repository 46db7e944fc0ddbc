"""Vectors of an egocentric and of a third-person clip in the space of sentences."""

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn import functional as F

from egoexo.errors import AnnotationError, explain
from egoexo.registry import MODELS
from egoexo.structures import EgoExoDataSample

__all__ = ['TextContrastHead']


@MODELS.register_module()
class TextContrastHead(BaseModule):
    """One linear layer per view, from the means of all pathways to vectors of the length of a text embedding.

    Letters: N clips, D numbers per text. Source: the contrastive head of SUM-L, Wang et al., ICCV 2023.

    Args:
        in_channels (Sequence[int]): Channels of the pathways of both backbones, slow first.
        dim (int): D, 384 for the language model of the paper.
        init_cfg (dict, optional): By default the weights are drawn with a deviation of 0.01, as in PySlowFast.

    Examples:
        >>> head = MODELS.build(dict(type='TextContrastHead', in_channels=(8, 2), dim=4))
        >>> features = torch.rand(3, 8, 2, 7, 7), torch.rand(3, 2, 8, 7, 7)
        >>> [vectors.shape for vectors in head(features, features)]
        [torch.Size([3, 4]), torch.Size([3, 4])]
    """

    def __init__(self, in_channels: Sequence[int] = (2048, 256), dim: int = 384, init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg or dict(type='Normal', layer='Linear', std=0.01))
        self.dim = dim
        self.ego_proj = nn.Linear(sum(in_channels), dim)
        self.tpv_proj = nn.Linear(sum(in_channels), dim)

    def forward(self, ego_features: Sequence[Tensor], tpv_features: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Project both views.

        Args:
            ego_features (Sequence[Tensor]): Of each pathway, (N, channels, T, h, w), slow first.
            tpv_features (Sequence[Tensor]): The same of the third-person view.

        Returns:
            tuple[Tensor, Tensor]: Of the ego and of the third-person view, float32 (N, D), rows of length 1.
        """
        return self._project(ego_features, self.ego_proj), self._project(tpv_features, self.tpv_proj)

    @staticmethod
    def _project(features: Sequence[Tensor], layer: nn.Linear) -> Tensor:
        with torch.autocast(features[0].device.type, enabled=False):
            pooled = torch.cat([pathway.float().mean((2, 3, 4)) for pathway in features], dim=1)
            return F.normalize(layer(F.normalize(pooled, dim=1)), dim=1)

    def gather_texts(self, data_samples: Sequence[EgoExoDataSample], device: torch.device) -> tuple[Tensor, Tensor]:
        """Embeddings of the narrations of a batch.

        Args:
            data_samples (Sequence[EgoExoDataSample]): N samples with ``gt_text_embedding`` and
                ``gt_tpv_text_embedding``.
            device (torch.device): Where to put them.

        Returns:
            tuple[Tensor, Tensor]: Of the ego and of the third-person view, float32 (N, D), rows of length 1.

        Raises:
            AnnotationError: If a sample has none, or one of another length.
        """
        found = []
        for field in ('gt_text_embedding', 'gt_tpv_text_embedding'):
            rows = [getattr(sample, field, None) for sample in data_samples]
            for sample, row in zip(data_samples, rows, strict=True):
                if row is None or len(row) != self.dim:
                    raise AnnotationError(explain(
                        f'{field} of {sample.get("sample_id", "a sample of the batch")}', f'{self.dim} numbers',
                        'none' if row is None else len(row), 'Train on SemanticPairDataset, and give '
                        'model.contrast_head.dim the length of the rows of its embeddings.'))
            found.append(F.normalize(torch.stack(rows).to(device, non_blocking=True), dim=1))
        return found[0], found[1]
