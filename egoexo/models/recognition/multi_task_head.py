"""One linear classifier per task over the pooled features of all pathways."""

from collections.abc import Mapping, Sequence

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn import functional as F

from egoexo.errors import ConfigError, explain
from egoexo.registry import MODELS

__all__ = ['MultiTaskHead']


@MODELS.register_module()
class MultiTaskHead(BaseModule):
    """Pools each pathway, puts them one after the other and scores the classes of each task.

    A clip larger than the window is scored at several positions, and the probabilities of the positions are averaged,
    not their features: the published numbers of Ego-Exo are made so, those of SUM-L with one position for all sizes.
    Letters: N clips, C classes, P pathways. Source: ``MultiTaskHead`` of Ego-Exo, Li et al., CVPR 2021.

    Args:
        num_classes (Mapping[str, int]): Classes by task, e.g. ``dict(verb=97, noun=300)``. The classifiers are called
            ``fc_<task>``.
        in_channels (Sequence[int]): Channels of the pathways, slow first.
        pool (str): ``'global'`` or ``'window'``.
        window (int): Height and width of a window in pixels of the features, crop of the training // 32; it has all
            frames and moves by 1. Read for ``pool='window'`` only. Defaults to 7.
        dropout (float): Share of the pooled channels dropped in training. Defaults to 0.5.
        activation (str): ``'softmax'`` for one class per clip, ``'sigmoid'`` for several.
        init_cfg (dict, optional): By default the weights are drawn with a deviation of 0.01, as in PySlowFast.

    Raises:
        ConfigError: If an argument is none of these, or a class count is no positive number.

    Examples:
        >>> head = MODELS.build(dict(type='MultiTaskHead', num_classes=dict(verb=3, noun=5), in_channels=(8, 2)))
        >>> features = torch.zeros(4, 8, 2, 7, 7), torch.zeros(4, 2, 8, 7, 7)
        >>> {task: tuple(logits.shape) for task, logits in head(features).items()}
        {'verb': (4, 3), 'noun': (4, 5)}
    """

    def __init__(self, num_classes: Mapping[str, int], in_channels: Sequence[int] = (2048, 256), pool: str = 'global',
                 window: int = 7, dropout: float = 0.5, activation: str = 'softmax',
                 init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg or dict(type='Normal', layer='Linear', std=0.01))
        if pool not in ('global', 'window') or activation not in ('softmax', 'sigmoid'):
            raise ConfigError(explain('MultiTaskHead', "pool='global' or 'window', activation='softmax' or 'sigmoid'",
                                      f'{pool=}, {activation=}', 'Correct model.cls_head.'))
        for task, count in num_classes.items():
            if not isinstance(count, int) or count < 1:
                raise ConfigError(explain(f'MultiTaskHead, num_classes.{task}', 'the number of classes', repr(count),
                                          'Write it into model.cls_head.num_classes, e.g. dict(verb=97, noun=300).'))
        self.num_classes: dict[str, int] = dict(num_classes)
        self.in_channels, self.pool, self.window = tuple(in_channels), pool, window
        self.dropout, self.activation = dropout, activation
        for task, count in self.num_classes.items():
            self.add_module(f'fc_{task}', nn.Linear(sum(self.in_channels), count))

    def forward(self, features: Sequence[Tensor] | Tensor) -> dict[str, Tensor]:
        """Logits, averaged over the positions.

        Args:
            features (Sequence[Tensor] | Tensor): Of each pathway, (N, channels, T, h, w), slow first; a tensor of a
                network with one pathway.

        Returns:
            dict[str, Tensor]: float32 (N, C) by task.

        Raises:
            ConfigError: If the features are not what the head takes.
        """
        return {task: logits.mean((1, 2)) for task, logits in self._score_positions(features).items()}

    def scores(self, features: Sequence[Tensor] | Tensor, kind: str = 'prob') -> dict[str, Tensor]:
        """Scores of clips for a prediction.

        Args:
            features (Sequence[Tensor] | Tensor): As for :meth:`forward`.
            kind (str): ``'prob'``: probabilities, averaged over the positions; ``'logit'``: as :meth:`forward`.

        Returns:
            dict[str, Tensor]: float32 (N, C) by task.

        Raises:
            ConfigError: If the features are not what the head takes.
        """
        if kind == 'logit':
            return self(features)
        return {task: (logits.softmax(-1) if self.activation == 'softmax' else logits.sigmoid()).mean((1, 2))
                for task, logits in self._score_positions(features).items()}

    def _score_positions(self, features: Sequence[Tensor] | Tensor) -> dict[str, Tensor]:
        """float32 logits by task, (N, rows, columns, C); half precision ends here."""
        pooled = F.dropout(self._pool(features), self.dropout, self.training)
        return {task: getattr(self, f'fc_{task}')(pooled).float() for task in self.num_classes}

    def _pool(self, features: Sequence[Tensor] | Tensor) -> Tensor:
        """(N, rows, columns, sum of channels)."""
        pathways = [features] if isinstance(features, Tensor) else list(features)
        found = tuple(pathway.shape[1] for pathway in pathways)
        if found != self.in_channels:
            raise ConfigError(explain('MultiTaskHead, features', f'pathways of {self.in_channels} channels', found,
                                      'Set model.cls_head.in_channels to out_channels of the backbone.'))
        if self.pool == 'global':
            pooled = [F.adaptive_avg_pool3d(pathway, 1) for pathway in pathways]
        else:
            size = min(min(pathway.shape[3:]) for pathway in pathways)
            if size < self.window:
                raise ConfigError(explain(
                    'MultiTaskHead, features', f'at least window={self.window} pixels', size,
                    f'Give clips of at least {32 * self.window} pixels, or set model.cls_head.window to their size '
                    "// 32, or model.cls_head.pool='global'."))
            pooled = [F.avg_pool3d(pathway, (pathway.shape[2], self.window, self.window), stride=1)
                      for pathway in pathways]
        return torch.cat(pooled, dim=1).squeeze(2).permute(0, 2, 3, 1)
