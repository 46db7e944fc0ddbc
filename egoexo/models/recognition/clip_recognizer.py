"""Classes of short video clips: a backbone, a head with several tasks, and what is learnt beside them."""

from collections.abc import Mapping, Sequence

import torch
from mmengine.model import BaseModel
from torch import Tensor, nn

from egoexo.errors import ConfigError, explain
from egoexo.models.recognition.initial_weights import load_initial_weights
from egoexo.models.recognition.task_targets import gather_labels, gather_vectors
from egoexo.registry import MODELS
from egoexo.structures import ClipViews, EgoExoDataSample

__all__ = ['ClipRecognizer']

_DEFAULT_LOSSES = {'softmax': 'LabelCrossEntropy', 'sigmoid': 'MultiHotCrossEntropy'}


@MODELS.register_module()
class ClipRecognizer(BaseModel):
    """Clips in, scores of the classes of each task out, added up over the clips of a sample.

    Letters: N samples, T frames, S side of the clips in pixels, C classes. Sources: Feichtenhofer et al., "SlowFast",
    ICCV 2019; Li et al., "Ego-Exo", CVPR 2021.

    Args:
        backbone (dict): :class:`SlowFast`, or any registered type whose features are (N, channels, T, h, w), of one
            pathway or of several.
        cls_head (dict): :class:`MultiTaskHead`; ``in_channels`` is filled in where the backbone has ``out_channels``.
        auxiliary_head (dict, optional): :class:`InteractionMapHead`, for training only; ``in_channels`` likewise.
        losses (Mapping[str, dict], optional): Loss by task. Tasks that are not listed have cross entropy:
            :class:`LabelCrossEntropy` for a head with softmax, :class:`MultiHotCrossEntropy` for one with sigmoid.
        views_per_forward (int): Clips of a sample that go through the network together in a test. Defaults to 10.
        ensemble (str): ``'sum'`` or ``'max'`` of the scores of the clips of a sample.
        scores (str): ``'prob'``: probabilities, as published; or ``'logit'``.
        memory_format (str, optional): ``'channels_last_3d'`` lays clips and weights out as recent GPUs want them in
            half precision.
        initial_weights (Mapping[str, str], optional): Files to start from, see :func:`load_initial_weights`.
        data_preprocessor (dict, optional): :class:`ClipDataPreprocessor` by default.
        init_cfg (dict, optional): MMEngine initialisation.

    Raises:
        ConfigError: If an argument is none of these.

    Examples:
        >>> model = MODELS.build(dict(
        ...     type='ClipRecognizer', backbone=dict(type='SlowFast', depth=18, base_channels=16),
        ...     cls_head=dict(type='MultiTaskHead', num_classes=dict(verb=97, noun=300))))
        >>> {task: tuple(logits.shape) for task, logits in model(torch.zeros(2, 3, 8, 64, 64)).items()}
        {'verb': (2, 97), 'noun': (2, 300)}
    """

    def __init__(self, backbone: dict, cls_head: dict, auxiliary_head: dict | None = None,
                 losses: Mapping[str, dict] | None = None, views_per_forward: int = 10, ensemble: str = 'sum',
                 scores: str = 'prob', memory_format: str | None = None,
                 initial_weights: Mapping[str, str] | None = None, data_preprocessor: dict | None = None,
                 init_cfg: dict | None = None) -> None:
        # Built here, because BaseModel looks in MMEngine's own registry unless a default scope is set.
        super().__init__(MODELS.build(data_preprocessor or dict(type='ClipDataPreprocessor')), init_cfg)
        if (ensemble not in ('sum', 'max') or scores not in ('prob', 'logit')
                or memory_format not in (None, 'channels_last_3d') or views_per_forward < 1):
            raise ConfigError(explain(
                type(self).__name__, "ensemble='sum' or 'max', scores='prob' or 'logit', memory_format=None or "
                "'channels_last_3d', views_per_forward of at least 1",
                f'{ensemble=}, {scores=}, {memory_format=}, {views_per_forward=}', 'Correct the model.'))
        self.views_per_forward, self.ensemble, self.score_kind = views_per_forward, ensemble, scores
        self.initial_weights = dict(initial_weights or {})
        self.memory_format = memory_format and getattr(torch, memory_format)
        self.backbone: nn.Module = self.build_backbone(backbone)
        channels = getattr(self.backbone, 'out_channels', None)
        self.cls_head: nn.Module = MODELS.build(with_channels(cls_head, channels))
        self.auxiliary_head: nn.Module | None = None
        if auxiliary_head is not None:
            self.auxiliary_head = MODELS.build(with_channels(auxiliary_head, channels and channels[0]))
        unknown = set(losses or {}) - set(self.cls_head.num_classes)
        if unknown:
            raise ConfigError(explain('model.losses', f'tasks of the head, {", ".join(self.cls_head.num_classes)}',
                                      ', '.join(sorted(unknown)), 'Correct model.losses or cls_head.num_classes.'))
        default = dict(type=_DEFAULT_LOSSES[self.cls_head.activation])
        self.task_losses = nn.ModuleDict({task: MODELS.build((losses or {}).get(task, default))
                                          for task in self.cls_head.num_classes})

    def build_backbone(self, config: dict) -> nn.Module:
        """Build a backbone, its weights in the chosen memory format.

        Args:
            config (dict): Registered type with its arguments.

        Returns:
            nn.Module: The backbone.
        """
        backbone = MODELS.build(config)
        return backbone if self.memory_format is None else backbone.to(memory_format=self.memory_format)

    def init_weights(self) -> None:
        """Draw the weights, then fill in those of ``initial_weights``.

        Raises:
            CheckpointError: If a file is none that the model can start from.
        """
        super().init_weights()
        if self.initial_weights:
            load_initial_weights(self, **self.initial_weights)

    def forward(self, inputs: Tensor | Sequence[ClipViews], data_samples: Sequence[EgoExoDataSample] | None = None,
                mode: str = 'tensor') -> dict[str, Tensor] | list[EgoExoDataSample]:
        """Run on a preprocessed batch.

        Args:
            inputs (Tensor | Sequence[ClipViews]): One clip of each sample, (N, 3, T, S, S), or all clips of each one.
            data_samples (Sequence[EgoExoDataSample], optional): N of them; for ``'loss'`` with the targets of every
                task.
            mode (str): ``'loss'``, ``'predict'`` or ``'tensor'``.

        Returns:
            dict[str, Tensor]: Losses and accuracies, or for ``'tensor'`` the logits (clips, C) by task.
            list[EgoExoDataSample]: With ``pred_<task>_scores``.

        Raises:
            ConfigError: If the mode is unknown.
        """
        if mode == 'loss':
            return self.loss(inputs, data_samples)
        if mode == 'predict':
            return self.predict(inputs, data_samples)
        if mode != 'tensor':
            raise ConfigError(explain(f'{type(self).__name__}, mode', "'loss', 'predict' or 'tensor'", repr(mode),
                                      'Choose one.'))
        clips = inputs if isinstance(inputs, Tensor) else torch.cat([views.make() for views in inputs])
        return self.cls_head(self.extract(clips))

    def extract(self, clips: Tensor, backbone: nn.Module | None = None) -> tuple[Tensor, ...]:
        """Features of the last stage.

        Args:
            clips (Tensor): (N, 3, T, S, S).
            backbone (nn.Module, optional): Another backbone than the model's own.

        Returns:
            tuple[Tensor, ...]: Of each pathway, (N, channels, T', h, w), slow first.
        """
        if self.memory_format is not None:
            clips = clips.contiguous(memory_format=self.memory_format)
        features = (backbone or self.backbone)(clips)
        return (features,) if isinstance(features, Tensor) else tuple(features)

    def extract_features(self, clips: Tensor) -> Tensor:
        """One vector per clip: means of the slow and of the fast features.

        Args:
            clips (Tensor): (N, 3, T, S, S).

        Returns:
            Tensor: float32 (N, channels), 2304 of them for SlowFast.
        """
        return torch.cat([pathway.float().mean((2, 3, 4)) for pathway in self.extract(clips)], dim=1)

    def loss(self, inputs: Tensor, data_samples: Sequence[EgoExoDataSample]) -> dict[str, Tensor]:
        """Losses of a batch.

        Args:
            inputs (Tensor): One clip of each sample, (N, 3, T, S, S).
            data_samples (Sequence[EgoExoDataSample]): With the targets of every task.

        Returns:
            dict[str, Tensor]: ``loss_<task>``, or ``loss_<task>_score`` for the scores of a teacher; what the auxiliary
            head adds; ``acc_<task>``, the share of clips whose best class is the true one.

        Raises:
            AnnotationError: If a target is missing or does not fit the classes of the head.
            ConfigError: If a sample has several clips.
        """
        if not isinstance(inputs, Tensor):
            raise ConfigError(explain(f'{type(self).__name__}, training', 'one clip of each sample', 'several',
                                      "Use SampleClips(mode='train') and one crop in the training pipeline."))
        targets = self.gather_targets(data_samples, inputs.device)  # first: a wrong label ends before the network runs
        features = self.extract(inputs)
        losses = self.compute_task_losses(self.cls_head(features), targets)
        if self.auxiliary_head is not None:
            losses |= self.auxiliary_head.loss(features, data_samples)
        return losses

    @torch.compiler.disable
    def gather_targets(self, data_samples: Sequence[EgoExoDataSample],
                       device: torch.device) -> dict[str, tuple[Tensor, ...]]:
        """Targets of each task, followed by the weights of the clips where its loss has some.

        Args:
            data_samples (Sequence[EgoExoDataSample]): N samples.
            device (torch.device): Where to put them.

        Returns:
            dict[str, tuple[Tensor, ...]]: By task, what its loss takes after the logits.

        Raises:
            AnnotationError: If a target is missing or does not fit the classes of the head.
        """
        targets = {}
        for task, loss in self.task_losses.items():
            count = self.cls_head.num_classes[task]
            if loss.target_kind == 'label':
                found = [gather_labels(data_samples, task, count)]
            else:
                found = [gather_vectors(data_samples, f'gt_{task}_{loss.target_kind}', count)]
            if getattr(loss, 'weight_field', None):
                found.append(gather_vectors(data_samples, loss.weight_field, 2))
            targets[task] = tuple(item.to(device, non_blocking=True) for item in found)
        return targets

    def compute_task_losses(self, logits: Mapping[str, Tensor],
                            targets: Mapping[str, tuple[Tensor, ...]]) -> dict[str, Tensor]:
        """Losses and accuracies of the tasks.

        Args:
            logits (Mapping[str, Tensor]): (N, C) by task.
            targets (Mapping[str, tuple[Tensor, ...]]): As :meth:`gather_targets` returns them.

        Returns:
            dict[str, Tensor]: See :meth:`loss`.
        """
        losses = {}
        for task, loss in self.task_losses.items():
            losses[f'loss_{task}{loss.name_suffix}'] = loss(logits[task], *targets[task])
            if loss.target_kind == 'label':
                losses[f'acc_{task}'] = (logits[task].argmax(-1) == targets[task][0]).float().mean()
        return losses

    def predict(self, inputs: Tensor | Sequence[ClipViews],
                data_samples: Sequence[EgoExoDataSample] | None = None) -> list[EgoExoDataSample]:
        """Scores of a batch.

        Args:
            inputs (Tensor | Sequence[ClipViews]): See :meth:`forward`.
            data_samples (Sequence[EgoExoDataSample], optional): N of them, left as they are; empty ones when None.

        Returns:
            list[EgoExoDataSample]: Meta information and ground truth as given, and ``pred_<task>_scores`` (C,) of each
            task, float32 on the CPU.
        """
        if isinstance(inputs, Tensor):
            rows = self._score(inputs)
        else:
            parts = [self._score_views(views) for views in inputs]
            rows = {task: torch.stack([part[task] for part in parts]) for task in self.cls_head.num_classes}
        rows = {task: scores.detach().cpu() for task, scores in rows.items()}
        filled = []
        count = len(next(iter(rows.values())))
        samples = data_samples or [EgoExoDataSample() for _ in range(count)]
        for row, sample in zip(range(count), samples, strict=True):
            copied = sample.new()
            for task, scores in rows.items():
                setattr(copied, f'pred_{task}_scores', scores[row])
            filled.append(copied)
        return filled

    def _score(self, clips: Tensor) -> dict[str, Tensor]:
        """float32 scores (clips, C) by task."""
        return self.cls_head.scores(self.extract(clips), self.score_kind)

    def _score_views(self, views: ClipViews) -> dict[str, Tensor]:
        """Scores (C,) of all clips of a sample together."""
        total: dict[str, Tensor] = {}
        for start in range(0, len(views), self.views_per_forward):
            clips = _make(views, start, min(start + self.views_per_forward, len(views)))
            for task, scores in self._score(clips).items():
                part = scores.sum(0) if self.ensemble == 'sum' else scores.amax(0)
                if task not in total:
                    total[task] = part
                else:
                    total[task] = total[task] + part if self.ensemble == 'sum' else torch.maximum(total[task], part)
        return total


@torch.compiler.disable
def _make(views: ClipViews, first: int, stop: int) -> Tensor:
    """Clips of a sample; outside of compiled code, because the sizes of the frames change."""
    return views.make(first, stop)


def with_channels(config: dict, channels: object) -> dict:
    """Fill in the channels of a head where neither the config nor the backbone leaves them open.

    Args:
        config (dict): Of a head.
        channels (object): Of the backbone; None where it does not say.

    Returns:
        dict: The config, with ``in_channels`` if they are known; what the config says comes first.
    """
    return config if channels is None else {'in_channels': channels, **config}
