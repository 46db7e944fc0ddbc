"""Class scores of a clip: of the coming action, or of several coming steps."""

import torch
from mmengine.model import BaseModule
from torch import nn

from egoexo.errors import AnnotationError, ConfigError, explain
from egoexo.models.clip.frame_embedding import draw_released_weights
from egoexo.registry import MODELS
from egoexo.structures import EgoExoDataSample

__all__ = ['ClipHead']

_BASELINES = ('video', 'tsn', 'frame')


@MODELS.register_module()
class ClipHead(BaseModule):
    """Linear classifiers with their losses and predictions.

    Args:
        num_classes (int): C.
        loss (list[dict]): Loss modules, each called with logits and the stacked ``target_field`` of the samples and
            reported under its ``loss_name``.
        horizon (int): Z, coming steps; 1 (default) for the coming action, logits (N, C), more for planning,
            logits (N, Z, C).
        baseline (str): ``'video'`` classifies the clip feature; ``'frame'`` every frame, each with the label of its
            clip; ``'tsn'`` the same and averages the logits of a clip before the loss.
        num_classifiers (int): 2 for the ensemble methods.
        in_channels (int): H of the clips; filled in by :class:`ClipModel`, like the next two.
        frame_channels (int, optional): F of the frames; None leaves the frame classifier out.
        shared (bool): False gives target clips classifiers of their own.
    """

    def __init__(self, num_classes: int, loss: list[dict], horizon: int = 1, baseline: str = 'video',
                 num_classifiers: int = 1, in_channels: int = 256, frame_channels: int | None = 512,
                 shared: bool = True) -> None:
        super().__init__()
        if not isinstance(num_classes, int) or num_classes < 1:
            raise ConfigError(explain(
                'model.head.num_classes', 'the number of classes', repr(num_classes),
                'Write it into the config, e.g. 31 nouns, 19 verbs or 27 steps; load a config that says \'dataset\' '
                'with load_config, which counts the classes of the data.'))
        if baseline not in _BASELINES or horizon < 1:
            raise ConfigError(explain('model.head', f'baseline in {_BASELINES} and horizon >= 1',
                                      f'{baseline=}, {horizon=}', 'Correct them.'))
        if num_classifiers not in (1, 2) or (num_classifiers == 2 and (baseline != 'video' or not shared)):
            raise ConfigError(explain(
                'model.head.num_classifiers', "1, or 2 with baseline='video' and layers shared by the domains",
                f'{num_classifiers}, {baseline=}, {shared=}', 'Correct model.head.'))
        self.num_classes = num_classes
        self.horizon = horizon
        self.baseline = baseline
        self.losses = nn.ModuleList(MODELS.build(item) for item in loss)
        names = [module.loss_name for module in self.losses]
        if len(set(names)) != len(names):
            raise ConfigError(f'ClipHead: each loss may be listed once, got {names}. Merge them in model.head.loss.')
        self.frame_classifier = self.target_classifier = self.target_frame_classifier = None
        used = baseline == 'video'
        self.classifiers = nn.ModuleList(self._classifier(in_channels, used) for _ in range(num_classifiers))
        if frame_channels is not None:
            self.frame_classifier = self._classifier(frame_channels, not used)
        elif not used:
            raise ConfigError(explain('model.head.frame_channels', f"a number, because of {baseline=}", 'None',
                                      'Leave it out.'))
        if not shared:
            self.target_classifier = self._classifier(in_channels, used)
            if frame_channels is not None:
                self.target_frame_classifier = self._classifier(frame_channels, not used)

    def _classifier(self, channels: int, used: bool) -> nn.Linear:
        """A classifier that the baseline uses, or one that only released checkpoints have."""
        return draw_released_weights(nn.Linear(channels, self.num_classes * self.horizon)).requires_grad_(used)

    def forward(self, video: torch.Tensor, frames: torch.Tensor, domain: str = 'source') -> tuple[torch.Tensor, ...]:
        """Score the clips of one domain, or of both where nothing differs between them.

        Args:
            video (torch.Tensor): Clip features, shape (N, H).
            frames (torch.Tensor): Frame features, shape (N, T, F).
            domain (str): ``'target'`` takes the classifiers of the target domain, if it has its own.

        Returns:
            tuple[torch.Tensor, ...]: Logits of each classifier, (N, Z C); (N, T, Z C) for ``baseline='frame'``.
        """
        own = domain == 'target' and self.target_classifier is not None
        if self.baseline == 'video':
            return tuple(layer(video) for layer in ([self.target_classifier] if own else self.classifiers))
        logits = (self.target_frame_classifier if own else self.frame_classifier)(frames)
        return (logits if self.baseline == 'frame' else logits.mean(1),)

    def split_steps(self, logits: torch.Tensor) -> torch.Tensor:
        """Separate the coming steps: (..., Z C) -> (..., Z, C), or nothing for a horizon of 1."""
        return logits if self.horizon == 1 else logits.unflatten(-1, (self.horizon, self.num_classes))

    def first_step(self, logits: torch.Tensor) -> torch.Tensor:
        """Logits of the coming action, or of the first coming step: (R, Z C) -> (R, C)."""
        return logits[:, :self.num_classes]

    def class_of(self, data_samples: list[EgoExoDataSample]) -> torch.Tensor:
        """One class per sample, for methods that need it.

        Args:
            data_samples (list[EgoExoDataSample]): N samples with the target field of the first loss.

        Returns:
            torch.Tensor: Lowest class of the coming action, or class of the first coming step; -1 for none. (N,) int64.
        """
        targets = torch.stack([getattr(sample, self.losses[0].target_field) for sample in data_samples])
        if not targets.is_floating_point():
            return targets[:, 0]
        return torch.where(targets.sum(1) > 0, targets.argmax(1), -1)

    def loss(self, logits: torch.Tensor, data_samples: list[EgoExoDataSample], suffix: str = '',
             ) -> dict[str, torch.Tensor]:
        """Compute each loss.

        Args:
            logits (torch.Tensor): Of one classifier, as returned by :meth:`forward`.
            data_samples (list[EgoExoDataSample]): N samples with the target field of each loss.
            suffix (str): Appended to the names.

        Returns:
            dict[str, torch.Tensor]: One float32 scalar per loss module.

        Raises:
            AnnotationError: If the labels are not of the size of the head.
        """
        logits = self.split_steps(logits.float())  # half precision ends here
        repeats = logits.shape[1] if self.baseline == 'frame' else 1
        losses = {}
        for module in self.losses:
            targets = torch.stack([getattr(sample, module.target_field) for sample in data_samples]).to(logits.device)
            self._check_targets(targets, module.target_field, data_samples)
            if self.baseline == 'frame':
                targets = targets.repeat_interleave(repeats, 0)
            losses[module.loss_name + suffix] = module(logits.flatten(0, 1) if self.baseline == 'frame' else logits,
                                                       targets)
        return losses

    def _check_targets(self, targets: torch.Tensor, field: str, data_samples: list[EgoExoDataSample]) -> None:
        length, largest = targets.shape[-1], -1 if targets.is_floating_point() else int(targets.max())
        expected = self.num_classes if targets.is_floating_point() else self.horizon
        if length != expected or largest >= self.num_classes:
            raise AnnotationError(explain(
                f"{field} of {data_samples[0].get('sample_id', 'the batch')}",
                f'{expected} numbers and class ids below num_classes={self.num_classes}',
                f'{length} numbers' + (f' and class id {largest}' if largest >= 0 else ''),
                'Correct model.head.num_classes or horizon, or the class file of the dataset.'))

    def predict(self, logits: torch.Tensor, data_samples: list[EgoExoDataSample] | None = None,
                ) -> list[EgoExoDataSample]:
        """Attach the logits to copies of the samples.

        Args:
            logits (torch.Tensor): Of one classifier, as returned by :meth:`forward`; those of the frames of a clip
                are averaged.
            data_samples (list[EgoExoDataSample], optional): N samples, left as they are; empty ones when None.

        Returns:
            list[EgoExoDataSample]: Meta information and ground truth as given, and ``pred_class_logits`` (C,) or
            ``pred_future_logits`` (Z, C), float32 on CPU.
        """
        logits = logits.detach().float()
        logits = self.split_steps(logits.mean(1) if self.baseline == 'frame' else logits).cpu()
        field = 'pred_class_logits' if self.horizon == 1 else 'pred_future_logits'
        filled = []
        for row, sample in zip(logits, data_samples or [EgoExoDataSample() for _ in logits], strict=True):
            copied = sample.new()
            setattr(copied, field, row)
            filled.append(copied)
        return filled
