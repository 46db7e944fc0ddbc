"""SUM-L: an egocentric network that learns from third-person clips of the same meaning, through sentences."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from egoexo.errors import ConfigError, explain
from egoexo.models.recognition.clip_recognizer import ClipRecognizer, with_channels
from egoexo.models.recognition.task_targets import gather_vectors
from egoexo.registry import MODELS
from egoexo.structures import ClipViews, EgoExoDataSample

__all__ = ['SUMLRecognizer']

_ALIGNMENTS = (None, 'dcl_thres', 'triplet')


@MODELS.register_module()
class SUMLRecognizer(ClipRecognizer):
    """:class:`ClipRecognizer` of the ego view with a second network for the third-person view (TPV) in training.

    The loss is the cross entropy of verb and noun of the ego clip, plus, each with its weight: the binary cross
    entropies of the verbs and nouns of the TPV clip; and for each view a contrastive loss between its vector
    (:class:`TextContrastHead`) and the embedding of its narration. The networks share nothing; what they have in common
    comes from the sentences. In a test only the ego network runs.

    The released code also computes a triplet loss between the views and discards it, so nothing of it is computed by
    default. Source: Wang et al., "Learning from Semantic Alignment between Unpaired Multiviews for Egocentric Video
    Recognition" (SUM-L), ICCV 2023.

    Args:
        backbone (dict): Of the ego view.
        cls_head (dict): Of the ego view.
        tpv_backbone (dict): Of the third-person view.
        tpv_head (dict): Classes of LEMMA; sigmoid, as a clip has several verbs and nouns.
        contrast_head (dict, optional): :class:`TextContrastHead` by default.
        contrast_loss (dict, optional): :class:`DecoupledContrastiveLoss` by default.
        tpv_weight (float): Of the losses of the TPV classes. Defaults to 0.1.
        ego_text_weight (float): Of the contrastive loss of the ego view. Defaults to 0.1.
        tpv_text_weight (float): The same of the third-person view. Defaults to 0.1.
        align_loss (str, optional): Loss between the views: None (default, as released), ``'dcl_thres'`` (as in the
            paper: contrastive, of the pairs whose narrations are alike), or ``'triplet'`` (what is discarded in the
            released code: the ego clip of another sample is the negative).
        align_weight (float): Its weight. Defaults to 0.02.
        align_threshold (float): Least cosine of alike narrations, for ``'dcl_thres'``. Defaults to 0.5.
        align_margin (float): For ``'triplet'``. Defaults to 0.1.
        **kwargs: See :class:`ClipRecognizer`.

    Raises:
        ConfigError: If an argument is none of these.
    """

    def __init__(self, backbone: dict, cls_head: dict, tpv_backbone: dict, tpv_head: dict,
                 contrast_head: dict | None = None, contrast_loss: dict | None = None, tpv_weight: float = 0.1,
                 ego_text_weight: float = 0.1, tpv_text_weight: float = 0.1, align_loss: str | None = None,
                 align_weight: float = 0.02, align_threshold: float = 0.5, align_margin: float = 0.1,
                 **kwargs: object) -> None:
        super().__init__(backbone, cls_head, **kwargs)
        weights = dict(tpv_weight=tpv_weight, ego_text_weight=ego_text_weight, tpv_text_weight=tpv_text_weight,
                       align_weight=align_weight)
        if align_loss not in _ALIGNMENTS or min(weights.values()) < 0:
            raise ConfigError(explain('SUMLRecognizer', 'weights of at least 0 and align_loss '
                                      f'{", ".join(map(repr, _ALIGNMENTS))}', weights | dict(align_loss=align_loss),
                                      'Correct the model.'))
        self.tpv_backbone: nn.Module = self.build_backbone(tpv_backbone)
        channels = getattr(self.tpv_backbone, 'out_channels', None)
        self.tpv_head: nn.Module = MODELS.build(with_channels(tpv_head, channels))
        self.contrast_head: nn.Module = MODELS.build(
            with_channels(contrast_head or dict(type='TextContrastHead'), channels))
        self.contrast_loss: nn.Module = MODELS.build(contrast_loss or dict(type='DecoupledContrastiveLoss'))
        if align_loss == 'dcl_thres' and getattr(self.contrast_loss, 'gather', False):
            raise ConfigError(explain(
                "SUMLRecognizer, align_loss='dcl_thres'", 'contrast_loss.gather=False, because processes keep '
                'different numbers of pairs', 'gather=True', 'Choose one of the two.'))
        self.tpv_loss: nn.Module = MODELS.build(dict(type='MultiHotCrossEntropy', loss_weight=tpv_weight))
        self.ego_text_weight, self.tpv_text_weight = ego_text_weight, tpv_text_weight
        self.align_loss, self.align_weight = align_loss, align_weight
        self.align_threshold, self.align_margin = align_threshold, align_margin

    def forward(self, inputs: Mapping[str, Tensor] | Tensor | Sequence[ClipViews],
                data_samples: Sequence[EgoExoDataSample] | None = None,
                mode: str = 'tensor') -> dict[str, Tensor] | list[EgoExoDataSample]:
        """Run on a preprocessed batch; see :class:`ClipRecognizer`.

        Args:
            inputs (Mapping[str, Tensor] | Tensor | Sequence[ClipViews]): ``ego`` and ``tpv``, one clip of each sample,
                (N, 3, T, S, S); what is no loss reads the ego clips only, which may then come alone.
            data_samples (Sequence[EgoExoDataSample], optional): N of them.
            mode (str): ``'loss'``, ``'predict'`` or ``'tensor'``.

        Returns:
            dict[str, Tensor]: Losses and accuracies, or for ``'tensor'`` the logits of the ego clips by task.
            list[EgoExoDataSample]: With ``pred_<task>_scores``.
        """
        if mode != 'loss' and isinstance(inputs, Mapping):
            inputs = inputs['ego']
        return super().forward(inputs, data_samples, mode)

    def loss(self, inputs: Mapping[str, Tensor], data_samples: Sequence[EgoExoDataSample]) -> dict[str, Tensor]:
        """Losses of a batch.

        Args:
            inputs (Mapping[str, Tensor]): ``ego`` and ``tpv``, one clip of each sample, (N, 3, T, S, S).
            data_samples (Sequence[EgoExoDataSample]): With the targets of both views and the text embeddings.

        Returns:
            dict[str, Tensor]: ``loss_<task>`` and ``acc_<task>`` of the ego view; ``loss_tpv_<task>``,
            ``loss_ego_text``, ``loss_tpv_text`` and, if wanted, ``loss_align``, with their weights.

        Raises:
            AnnotationError: If a target or an embedding is missing or does not fit the heads.
            ConfigError: If the inputs are not those of both views.
        """
        if not isinstance(inputs, Mapping) or not all(isinstance(inputs.get(view), Tensor) for view in ('ego', 'tpv')):
            raise ConfigError(explain('SUMLRecognizer, training', 'one clip of the ego and of the third-person view',
                                      'something else', 'Train on SemanticPairDataset.'))
        device = inputs['ego'].device
        tpv_targets = self.gather_tpv_targets(data_samples, device)
        texts = self.gather_texts(data_samples, device)
        targets = self.gather_targets(data_samples, device)
        features = self.extract(inputs['ego'])
        losses = self.compute_task_losses(self.cls_head(features), targets)
        if self.auxiliary_head is not None:
            losses |= self.auxiliary_head.loss(features, data_samples)
        tpv_features = self.extract(inputs['tpv'], self.tpv_backbone)
        for task, logits in self.tpv_head(tpv_features).items():
            losses[f'loss_tpv_{task}'] = self.tpv_loss(logits, tpv_targets[task])
        vectors = self.contrast_head(features, tpv_features)
        return losses | self.compute_contrast_losses(vectors, texts)

    @torch.compiler.disable
    def gather_tpv_targets(self, data_samples: Sequence[EgoExoDataSample], device: torch.device) -> dict[str, Tensor]:
        """Classes of the third-person clips.

        Args:
            data_samples (Sequence[EgoExoDataSample]): N samples with ``gt_tpv_<task>_targets``.
            device (torch.device): Where to put them.

        Returns:
            dict[str, Tensor]: float32 (N, C) by task of ``tpv_head``.

        Raises:
            AnnotationError: If a target is missing or does not fit the head.
        """
        return {task: gather_vectors(data_samples, f'gt_tpv_{task}_targets', count).to(device, non_blocking=True)
                for task, count in self.tpv_head.num_classes.items()}

    @torch.compiler.disable
    def gather_texts(self, data_samples: Sequence[EgoExoDataSample], device: torch.device) -> tuple[Tensor, Tensor]:
        """Text embeddings of both views; see :meth:`TextContrastHead.gather_texts`."""
        return self.contrast_head.gather_texts(data_samples, device)

    def compute_contrast_losses(self, vectors: tuple[Tensor, Tensor],
                                texts: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        """Losses between clips and sentences, and between clips of both views.

        Args:
            vectors (tuple[Tensor, Tensor]): Of the ego and of the third-person clips, (N, D), rows of length 1.
            texts (tuple[Tensor, Tensor]): Of their narrations, likewise.

        Returns:
            dict[str, Tensor]: Weighted scalars ``loss_ego_text``, ``loss_tpv_text`` and perhaps ``loss_align``.
        """
        losses = dict(loss_ego_text=self.ego_text_weight * self.contrast_loss(vectors[0], texts[0]),
                      loss_tpv_text=self.tpv_text_weight * self.contrast_loss(vectors[1], texts[1]))
        if self.align_loss is not None:
            losses['loss_align'] = self.align_weight * self._align(*vectors, *texts)
        return losses

    @torch.compiler.disable
    def _align(self, ego: Tensor, tpv: Tensor, ego_text: Tensor, tpv_text: Tensor) -> Tensor:
        if self.align_loss == 'triplet':
            order = torch.randperm(len(ego)).to(ego.device)
            return F.triplet_margin_loss(ego, tpv, ego[order], margin=self.align_margin)
        kept = (torch.linalg.vecdot(ego_text, tpv_text) > self.align_threshold).nonzero().flatten()
        # With one pair there is nothing to keep apart.
        return self.contrast_loss(ego[kept], tpv[kept]) if len(kept) > 1 else ego.new_zeros(())
