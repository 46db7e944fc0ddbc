"""Temporal action segmentation of untrimmed feature sequences."""

from typing import NamedTuple

import torch

from egoexo.models.adaptation.domain_level import DomainLevel
from egoexo.models.adaptation.domain_model import DomainModel, DomainPass
from egoexo.models.backbones.mstcn import StageOutput, step_softmax
from egoexo.registry import MODELS
from egoexo.structures import EgoExoDataSample

__all__ = ['DomainOutputs', 'Segmentor']


class DomainOutputs(NamedTuple):
    """Everything the released model returns for a source and a target batch, under its names and in its order.

    Args:
        pred_source (torch.Tensor): Logits of all stages, shape (N, G, C, S); likewise ``pred_target``.
        prob_source (torch.Tensor): Their softmax over the classes; likewise ``prob_target``.
        feat_source (torch.Tensor): Stage features, shape (N, G, F, S); likewise ``feat_target``.
        pred_target (torch.Tensor): See ``pred_source``.
        prob_target (torch.Tensor): See ``prob_source``.
        feat_target (torch.Tensor): See ``feat_source``.
        pred_d (torch.Tensor): See :class:`egoexo.models.adaptation.DomainLogits`, as the next three.
        pred_d_video (torch.Tensor): Video domain logits.
        label_d (torch.Tensor): Frame domain labels.
        label_d_video (torch.Tensor): Video domain labels.
        pred_source_2 (torch.Tensor): Logits of the last classifier, the second one of ensemble methods.
        prob_source_2 (torch.Tensor): Their softmax.
        pred_target_2 (torch.Tensor): As ``pred_source_2``.
        prob_target_2 (torch.Tensor): As ``prob_source_2``.
    """

    pred_source: torch.Tensor
    prob_source: torch.Tensor
    feat_source: torch.Tensor
    pred_target: torch.Tensor
    prob_target: torch.Tensor
    feat_target: torch.Tensor
    pred_d: torch.Tensor
    pred_d_video: torch.Tensor
    label_d: torch.Tensor
    label_d_video: torch.Tensor
    pred_source_2: torch.Tensor
    prob_source_2: torch.Tensor
    pred_target_2: torch.Tensor
    prob_target_2: torch.Tensor


class _Stacked(NamedTuple):
    """Stage outputs of one domain with the stages in dimension 1."""

    features: torch.Tensor
    logits: tuple[torch.Tensor, ...]
    probs: tuple[torch.Tensor, ...]


def _stack(outputs: list[StageOutput]) -> _Stacked:
    per_classifier = list(zip(*(output.logits for output in outputs), strict=True))
    return _Stacked(
        features=torch.stack([output.features.float() for output in outputs], 1),
        logits=tuple(torch.stack([item.float() for item in stages], 1) for stages in per_classifier),
        probs=tuple(torch.stack([step_softmax(item) for item in stages], 1) for stages in per_classifier))


def _rows(sequences: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Real steps of (N, F, S) sequences as float32 rows (R, F), video after video."""
    return sequences.transpose(1, 2)[mask].float()


@MODELS.register_module()
class Segmentor(DomainModel):
    """A temporal backbone, a frame head and, beside them, domain heads.

    The heads of ``adaptation`` are computed only where an objective reads them: training and testing on one domain
    cost one pass over one batch. A video is predicted alike in any batch.

    Args:
        backbone (dict): Temporal network that returns a list of ``StageOutput``, e.g. ``MultiStageTCN``.
        head (dict): Losses and predictions, e.g. ``FrameHead``.
        adaptation (dict, optional): ``DomainHeads``; released checkpoints contain its parameters.
        input_norm (dict, optional): ``DomainBatchNorm`` of the features, for AdaBN.
        **kwargs: See :class:`DomainModel`.

    Examples:
        >>> model = MODELS.build(dict(
        ...     type='Segmentor',
        ...     data_preprocessor=dict(type='SequenceDataPreprocessor'),
        ...     backbone=dict(type='MultiStageTCN'),
        ...     head=dict(type='FrameHead', num_classes=28, loss=[dict(type='StageCrossEntropy')]),
        ...     adaptation=dict(type='DomainHeads')))
        >>> sum(parameter.numel() for parameter in model.parameters())
        743218
    """

    def __init__(self, backbone: dict, head: dict, adaptation: dict | None = None, input_norm: dict | None = None,
                 **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.input_norm = None if input_norm is None else MODELS.build(input_norm)
        self.backbone = MODELS.build(backbone)
        self.head = MODELS.build(head)
        self.adaptation = None if adaptation is None else MODELS.build(adaptation)

    def run_batch(self, inputs: torch.Tensor, mask: torch.Tensor, data_samples: list[EgoExoDataSample] | None,
                  mode: str) -> torch.Tensor | dict[str, torch.Tensor] | list[EgoExoDataSample]:
        """Run a batch of one domain.

        Args:
            inputs (torch.Tensor): Features, shape (N, D, S).
            mask (torch.Tensor): True on real steps, shape (N, S).
            data_samples (list[EgoExoDataSample], optional): N samples.
            mode (str): ``'tensor'``, ``'loss'`` or ``'predict'``.

        Returns:
            torch.Tensor | dict | list: Logits of all stages, shape (N, G, C, S); named losses; filled samples.
        """
        if mode == 'predict':
            # The released test has batches of one, which hold no padding. In a larger one it must not leak either.
            outputs = self._stages(inputs, mask, mask_padding=len(inputs) > 1)
            return self.head.predict(outputs, mask, data_samples)
        outputs = self._stages(inputs, mask)
        if mode == 'loss':
            return self.head.loss(outputs, mask, data_samples)
        return torch.stack([output.logits[0] for output in outputs], 1)

    def _stages(self, inputs: torch.Tensor, mask: torch.Tensor, reverse: float | None = None,
                **kwargs: object) -> list[StageOutput]:
        if self.input_norm is not None:
            inputs = self.input_norm(inputs, mask)
        return self.backbone(inputs, mask, reverse, **kwargs)

    def run_domains(self, source: dict, target: dict) -> DomainPass:
        """Run a pair of batches; see :class:`DomainModel`.

        Args:
            source (dict): ``inputs``, ``mask`` and ``data_samples`` of the labelled domain.
            target (dict): The same of the other domain.

        Returns:
            DomainPass: Losses of the source, and a level per stage.
        """
        outputs = []
        for name, batch in (('source', source), ('target', target)):
            with self.domain(name), torch.set_grad_enabled(name == 'source' or self.has_objectives):
                outputs.append(self._stages(batch['inputs'], batch['mask']))
        losses = self.head.loss(outputs[0], source['mask'], source['data_samples'])
        return DomainPass(losses, self._levels(outputs, source, target) if self.has_objectives else {})

    def run_reversed(self, source: dict, target: dict) -> dict[str, DomainLevel]:
        """Run the target once more with reversed gradients; see :class:`DomainModel`.

        Args:
            source (dict): Not used.
            target (dict): ``inputs`` and ``mask`` of the other domain.

        Returns:
            dict[str, DomainLevel]: A level per stage, with entries of the target alone.
        """
        with self.domain('target'):
            stages = self._stages(target['inputs'], target['mask'], self.adaptation.reverse_weight(self.progress))
        levels = {}
        for number, stage in enumerate(stages, 1):
            features, *logits = (_rows(item, target['mask']) for item in (stage.features, *stage.logits))
            levels[f'stage{number}'] = DomainLevel(
                (features[:0], features), *((item[:0], item) for item in (logits[0], logits[-1])))
        return levels

    def _levels(self, outputs: list[list[StageOutput]], source: dict, target: dict) -> dict[str, DomainLevel]:
        """What the objectives compare, for each stage."""
        masks = (source['mask'], target['mask'])
        judged = self._judge(outputs, masks)
        labels = self.head.gather_labels(source['mask'], source['data_samples'])[source['mask']]
        levels = {}
        for index, stages in enumerate(zip(*outputs, strict=True)):
            features, first, last = (
                tuple(_rows(item, mask) for item, mask in zip(pair, masks, strict=True))
                for pair in zip(*((stage.features, stage.logits[0], stage.logits[-1]) for stage in stages),
                                strict=True))
            levels[f'stage{index + 1}'] = DomainLevel(
                features, first, last if len(stages[0].logits) > 1 else None, labels=labels,
                centroids=self.adaptation.centroids[index] if len(self.adaptation.centroids) else None,
                **{name: value[:, index] for name, value in judged.items()})
        return levels

    def _judge(self, outputs: list[list[StageOutput]], masks: tuple[torch.Tensor, torch.Tensor],
               ) -> dict[str, torch.Tensor]:
        """Entries of the levels that domain heads fill, stages in dimension 1; none that no objective reads."""
        heads = self.adaptation
        sequences = heads.read_by('sequence_logits') and heads.judges_sequences
        if not (sequences or heads.read_by('domain_logits')):
            return {}
        stacked = [_stack(item) for item in outputs]
        found = heads(tuple(item.features for item in stacked), tuple(item.probs[0] for item in stacked), masks,
                      heads.beta(self.progress))
        judged = dict(domain_logits=found.pred_d.float())
        if sequences:
            judged |= dict(sequence_logits=found.pred_d_video.float(), sequence_labels=found.label_d_video)
        return judged

    def forward_domains(self, source: torch.Tensor, target: torch.Tensor, source_mask: torch.Tensor | None = None,
                        target_mask: torch.Tensor | None = None, beta: tuple[float, float] = (0.0, 0.0),
                        reverse: bool = False) -> DomainOutputs:
        """Run a source and a target batch through the shared weights and the domain heads.

        Args:
            source (torch.Tensor): Labelled domain, shape (N, D, S).
            target (torch.Tensor): Other domain, shape (N', D, S').
            source_mask (torch.Tensor, optional): True on real steps, shape (N, S).
            target_mask (torch.Tensor, optional): True on real steps, shape (N', S').
            beta (tuple[float, float]): Gradient reversal weights of the frame and the video discriminators.
            reverse (bool): Reverse the gradient in front of the classifiers with ``beta[0]`` (second pass of the
                ensemble methods); values do not change.

        Returns:
            DomainOutputs: The 14 outputs of the released model.

        Raises:
            ValueError: If the model was built without ``adaptation``.
        """
        if self.adaptation is None:
            raise ValueError("Segmentor.forward_domains needs model.adaptation, e.g. dict(type='DomainHeads').")
        masks = (self._full_mask(source) if source_mask is None else source_mask,
                 self._full_mask(target) if target_mask is None else target_mask)
        stacked = [_stack(self._stages(inputs, mask, beta[0] if reverse else None))
                   for inputs, mask in zip((source, target), masks, strict=True)]
        domain = self.adaptation(tuple(item.features for item in stacked), tuple(item.probs[0] for item in stacked),
                                 masks, beta)
        first, second = stacked
        return DomainOutputs(
            first.logits[0], first.probs[0], first.features, second.logits[0], second.probs[0], second.features,
            domain.pred_d, domain.pred_d_video, domain.label_d, domain.label_d_video,
            first.logits[-1], first.probs[-1], second.logits[-1], second.probs[-1])
