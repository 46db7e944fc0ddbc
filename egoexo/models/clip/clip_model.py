"""Scores of short clips of features: action anticipation and action planning."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch.nn import functional as F

from egoexo.errors import ConfigError, explain
from egoexo.models.adaptation.domain_attention import domain_attention
from egoexo.models.adaptation.domain_level import DomainLevel
from egoexo.models.adaptation.domain_model import DomainModel, DomainPass
from egoexo.models.adaptation.gradient_reversal import reverse_gradient
from egoexo.models.clip.general_attention import GeneralAttention
from egoexo.registry import MODELS
from egoexo.structures import EgoExoDataSample

__all__ = ['PLACES', 'ClipModel', 'ClipOutputs']

#: Where a clip network tells the domains apart.
PLACES = frozenset(('relation', 'video', 'frame'))


class ClipOutputs(NamedTuple):
    """What the network makes of N clips of T frames.

    Args:
        layers (tuple[torch.Tensor, ...]): Frames after each embedding layer, the last one last, (N, T, F).
        relations (torch.Tensor, optional): Before the attention, (N, R, H); None for encoders without relations.
        attention (torch.Tensor, optional): Weights of relations or frames, (N, R) or (N, T).
        video (torch.Tensor): Clip features before dropout, (N, H).
        logits (tuple[torch.Tensor, ...]): Of each classifier, (N, Z C), or (N, T, Z C) of frames.
        judged (dict[str, torch.Tensor]): Domain logits by place: ``'relation'`` (N, R, 2), ``'video'`` (N, 2),
            ``'frame'`` (N, T, 2); only those that were asked for or that the attention needs.
    """

    layers: tuple[torch.Tensor, ...]
    relations: torch.Tensor | None
    attention: torch.Tensor | None
    video: torch.Tensor
    logits: tuple[torch.Tensor, ...]
    judged: dict[str, torch.Tensor]

    def split(self, count: int) -> tuple['ClipOutputs', 'ClipOutputs']:
        """Cut behind the first ``count`` clips."""
        return self._map(lambda item: item[:count]), self._map(lambda item: item[count:])

    def _map(self, cut: object) -> 'ClipOutputs':
        def optional(item: torch.Tensor | None) -> torch.Tensor | None:
            return None if item is None else cut(item)

        return ClipOutputs(tuple(map(cut, self.layers)), optional(self.relations), optional(self.attention),
                           cut(self.video), tuple(map(cut, self.logits)),
                           {place: cut(item) for place, item in self.judged.items()})


@MODELS.register_module()
class ClipModel(DomainModel):
    """Frame embedding, temporal encoder and classifier, with the discriminators of TA3N beside them.

    Sizes that follow from another part are filled in: ``in_channels`` of the encoder and the head, the widths of the
    domain heads. A batch of one domain costs one pass and no discriminator, except those that feed the attention; a
    pair of batches goes through in one pass unless the domains have weights or statistics of their own. Source: Chen
    et al., "Temporal Attentive Alignment for Large-Scale Video Domain Adaptation" (TA3N), ICCV 2019, as released with
    EgoExoLearn.

    Args:
        embedding (dict): ``FrameEmbedding``.
        encoder (dict): ``TemporalRelation``, ``AveragePool`` or ``Recurrent``.
        head (dict): ``ClipHead``.
        adaptation (dict, optional): ``ClipDomainHeads``.
        attention (str, optional): ``'domain'`` weights relations (frames, for ``AveragePool``) by how easily their
            domain is told; ``'general'`` weights relations by two layers of its own. It changes the predictions: test
            with what was trained.
        frame_attention (bool): Weight the frames by how easily their domain is told, in front of the encoder.
        dropout (float): Dropout of the clip feature.
        shared (bool): False gives target clips their own embedding and classifiers.
        supervise_target (bool): The labels of the target batch count too (``use_target Sv`` of the released code).
        released (dict, optional): ``ReleasedLayers``, for checkpoints that are to go to the released code.
        predict_views (Mapping[str, str], optional): See :class:`DomainModel`.
        data_preprocessor (dict, optional): ``SequenceDataPreprocessor`` when None.
        init_cfg (dict, optional): MMEngine initialisation.

    Examples:
        >>> model = MODELS.build(dict(
        ...     type='ClipModel', embedding=dict(type='FrameEmbedding'), encoder=dict(type='TemporalRelation'),
        ...     head=dict(type='ClipHead', num_classes=31, loss=[dict(type='MultiLabelCrossEntropy')]),
        ...     adaptation=dict(type='ClipDomainHeads'), released=dict(type='ReleasedLayers')))
        >>> sum(parameter.numel() for parameter in model.parameters())
        3244106
        >>> model(torch.zeros(2, 768, 5)).shape
        torch.Size([2, 31])
    """

    def __init__(self, embedding: dict, encoder: dict, head: dict, adaptation: dict | None = None,
                 attention: str | None = None, frame_attention: bool = False, dropout: float = 0.5,
                 shared: bool = True, supervise_target: bool = False, released: dict | None = None,
                 predict_views: Mapping[str, str] | None = None, data_preprocessor: dict | None = None,
                 init_cfg: dict | None = None) -> None:
        super().__init__(predict_views, data_preprocessor, init_cfg)
        self.embedding = MODELS.build({**embedding, 'shared': shared})
        width = self.embedding.channels
        self.encoder = MODELS.build({'in_channels': width, **encoder})
        channels = self.encoder.out_channels
        frames_scored = released is not None or head.get('baseline', 'video') != 'video'
        self.head = MODELS.build({'in_channels': channels, 'frame_channels': width if frames_scored else None, **head,
                                  'shared': shared})
        if adaptation is not None:
            self.adaptation = MODELS.build({
                'frame_channels': width, 'channels': channels, 'num_relations': self.encoder.num_tokens,
                'num_classes': self.head.num_classes, **adaptation})
        self.general_attention = GeneralAttention(channels) if attention == 'general' else None
        self.attention = attention
        self.frame_attention = frame_attention
        self.dropout = dropout
        self.shared = shared
        self.supervise_target = supervise_target
        self._check_attention()
        if released is not None:
            self.released = MODELS.build({
                'frame_channels': width, 'channels': channels, 'relation_norm': self.encoder.attends == 'relation',
                'recurrent_norm': self.encoder.attends is None, 'domain_norm': self.embedding.norm is not None,
                'target': not shared, **released})
        self._domain = 'target'

    def _check_attention(self) -> None:
        """Refuse what cannot work; let the attention train the discriminators that feed it."""
        attends = self.encoder.attends
        if self.attention not in (None, 'domain', 'general') or (self.attention and attends is None) \
                or (self.attention == 'general' and attends != 'relation'):
            raise ConfigError(explain(
                'model.attention', "None, 'domain' (not with Recurrent) or 'general' (TemporalRelation only)",
                f'{self.attention!r} with {type(self.encoder).__name__}', 'Choose another attention or encoder.'))
        needed = self._attending
        if needed and self.adaptation is None:
            raise ConfigError(explain('model.adaptation', "ClipDomainHeads, because attention='domain' and "
                                      'frame_attention read its discriminators', 'None',
                                      "Set model.adaptation=dict(type='ClipDomainHeads')."))
        if 'relation' in needed:
            self.adaptation.relation_discriminators.requires_grad_(True)
        if 'frame' in needed:
            self.adaptation.frame_discriminator.requires_grad_(True)

    @property
    def _attending(self) -> frozenset[str]:
        """Places whose domain logits weight features."""
        return frozenset(((self.encoder.attends,) if self.attention == 'domain' else ())
                         + (('frame',) if self.frame_attention else ()))

    @property
    def _joint(self) -> bool:
        """Whether a source and a target batch may go through the network as one."""
        return self.shared and self.embedding.norm is None

    @property
    def has_objectives(self) -> bool:
        """Whether a loss looks at the target; its labels count as one."""
        return super().has_objectives or (self.supervise_target and self.adaptation is not None)

    @contextmanager
    def domain(self, name: str) -> Iterator[None]:
        """Choose the weights and statistics of one domain for a while.

        Args:
            name (str): ``'source'`` or ``'target'``.
        """
        before, self._domain = self._domain, name
        try:
            with super().domain(name):
                yield
        finally:
            self._domain = before

    def run(self, inputs: torch.Tensor, judge: frozenset[str] = frozenset(),
            beta: tuple[float, float, float] = (0.0, 0.0, 0.0), reverse_weight: float | None = None) -> ClipOutputs:
        """Run clips through the network, with the weights of the domain chosen by :meth:`domain`.

        Args:
            inputs (torch.Tensor): Features, shape (N, D, T).
            judge (frozenset[str]): Places where the domain is to be told.
            beta (tuple[float, float, float]): Gradient reversal weights of the relation, video and frame branch.
            reverse_weight (float, optional): Reverse the gradient in front of the classifiers with this weight.

        Returns:
            ClipOutputs: Features and logits.
        """
        judge |= self._attending
        judged: dict[str, torch.Tensor] = {}
        layers = self.embedding(inputs.transpose(1, 2), self._domain)
        frames = layers[-1]
        if 'frame' in judge:
            judged['frame'] = self.adaptation.judge_frames(frames, beta[2])
        if self.frame_attention:
            frames = frames * (1 + domain_attention(judged['frame'])).unsqueeze(-1)
        tokens = self.encoder(frames)
        relations = tokens if self.encoder.attends == 'relation' else None
        if 'relation' in judge and relations is not None:
            judged['relation'] = self.adaptation.judge_relations(relations, beta[0])
        weights = None
        if self.attention is not None:
            weights = domain_attention(judged[self.encoder.attends]) if self.general_attention is None \
                else self.general_attention(tokens)
            tokens = tokens * (1 + weights).unsqueeze(-1)
        video = self.encoder.pool(tokens)
        dropped = F.dropout(video, self.dropout, self.training)
        if reverse_weight is not None:
            dropped = reverse_gradient(dropped, reverse_weight)
        if 'video' in judge:
            judged['video'] = self.adaptation.judge_video(dropped, beta[1])
        return ClipOutputs(tuple(layers), relations, weights, video, self.head(dropped, frames, self._domain), judged)

    def run_batch(self, inputs: torch.Tensor, mask: torch.Tensor, data_samples: list[EgoExoDataSample] | None,
                  mode: str) -> torch.Tensor | dict[str, torch.Tensor] | list[EgoExoDataSample]:
        """Run a batch of one domain; see :meth:`forward`. Clips have no padding, so ``mask`` is not read."""
        logits = self.run(inputs).logits[0]
        if mode == 'loss':
            return self.head.loss(logits, data_samples)
        if mode == 'predict':
            return self.head.predict(logits, data_samples)
        return self.head.split_steps(logits)

    def run_both(self, source: torch.Tensor, target: torch.Tensor, judge: frozenset[str] = frozenset(),
                 beta: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> tuple[ClipOutputs, ClipOutputs]:
        """Run a source and a target batch.

        Args:
            source (torch.Tensor): Shape (N, D, T).
            target (torch.Tensor): Shape (N', D, T).
            judge (frozenset[str]): As for :meth:`run`, e.g. ``PLACES``.
            beta (tuple[float, float, float]): As for :meth:`run`.

        Returns:
            tuple[ClipOutputs, ClipOutputs]: Of the source and of the target.
        """
        if self._joint:
            return self.run(torch.cat([source, target]), judge, beta).split(len(source))
        outputs = []
        for name, inputs in dict(source=source, target=target).items():
            with self.domain(name):
                outputs.append(self.run(inputs, judge, beta))
        return outputs[0], outputs[1]

    def run_domains(self, source: dict, target: dict) -> DomainPass:
        """Run a pair of batches; see :class:`DomainModel`. Levels: ``'relation'``, ``'video'``, ``'frame'``."""
        settings = () if self.adaptation is None else (self.adaptation.judged, self.adaptation.beta(self.progress))
        pair = self.run_both(source['inputs'], target['inputs'], *settings)
        first, samples = pair[0].logits[0], source['data_samples']
        if self.supervise_target:
            first, samples = torch.cat([item.logits[0] for item in pair]), samples + target['data_samples']
        losses = self.head.loss(first, samples)
        for number, logits in enumerate(pair[0].logits[1:], 2):
            losses |= self.head.loss(logits, source['data_samples'], f'_{number}')
        levels = self._levels(*pair)
        if self.adaptation is not None:
            self._add_labels(levels, source['data_samples'])
            frames = tuple(item.layers[-1] for item in pair)
            levels['frame'] = levels['frame']._replace(**self.adaptation.judge_order(frames, settings[1][2]))
        return DomainPass(losses, levels)

    def _add_labels(self, levels: dict[str, DomainLevel], data_samples: list[EgoExoDataSample]) -> None:
        """Class centres, and the classes by which clips belong to them."""
        if self.adaptation.centroids is not None:
            labels = self.head.class_of(data_samples).to(levels['video'].features[0].device)
            levels['video'] = levels['video']._replace(labels=labels, centroids=self.adaptation.centroids)

    def run_reversed(self, source: dict, target: dict) -> dict[str, DomainLevel]:
        """Run the target once more for the ensemble methods; see :class:`DomainModel`."""
        with self.domain('target'):
            outputs = self.run(target['inputs'], reverse_weight=self.adaptation.reverse_weight(self.progress))
        return self._levels(outputs.split(0)[0], outputs)

    def _levels(self, source: ClipOutputs, target: ClipOutputs) -> dict[str, DomainLevel]:
        pair = (source, target)
        features = dict(
            relation=None if source.relations is None else [item.relations.flatten(0, 1) for item in pair],
            video=[item.video for item in pair], frame=[item.layers[-1].flatten(0, 1) for item in pair])
        levels = {}
        for place, rows in features.items():
            if rows is None:
                continue
            judged = None
            if place in source.judged:  # (R, 2), or (R, C, 2) by a discriminator per class
                judged = torch.cat([item.judged[place] for item in pair]).float()
                heads = judged.shape[1] if place == 'video' and judged.ndim == 3 else 1
                judged = judged.reshape(-1, heads, 2)
            levels[place] = DomainLevel((rows[0].float(), rows[1].float()), domain_logits=judged)
        scored = 'frame' if source.logits[0].ndim == 3 else 'video'
        logits = [tuple(item.logits[number].flatten(0, -2).float() for item in pair)
                  for number in range(len(source.logits))]
        levels[scored] = levels[scored]._replace(
            logits=logits[0], logits_2=logits[1] if len(logits) > 1 else None,
            class_logits=tuple(self.head.first_step(item) for item in logits[0]))
        return levels
