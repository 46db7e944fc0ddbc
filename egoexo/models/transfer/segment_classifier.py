"""Classes of whole segments, learnt from one domain or from two."""

from collections.abc import Mapping, Sequence

import torch
from torch.nn import functional as F

from egoexo.errors import AnnotationError, ConfigError, FeatureError, explain
from egoexo.models.adaptation.domain_batch_norm import DomainBatchNorm
from egoexo.models.adaptation.domain_level import DomainLevel
from egoexo.models.adaptation.domain_model import DomainModel, DomainPass
from egoexo.models.heads.classifier_output import ClassifierOutput
from egoexo.registry import MODELS
from egoexo.structures import EgoExoDataSample

__all__ = ['Inputs', 'SegmentClassifier']

#: A tensor whose first dimension counts the segments, or a list with an entry per segment.
Inputs = torch.Tensor | list


@MODELS.register_module()
class SegmentClassifier(DomainModel):
    """A vector per segment, from features or an encoder, and a classifier.

    Trained on one domain (source only), on two with labels for both (LaGTran, whose target labels come from sentences;
    or the true ones, the upper bound), or on two with objectives that need no target labels. Source: Kalluri et al.,
    "Tell, Don't Show!: Language Guidance Eases Transfer Across Domains in Images and Videos" (LaGTran), ICML 2024.

    Args:
        head (dict): ``MLPHead`` or ``LinearHead``.
        encoder (dict, optional): Turns the inputs (features, pictures, clips, sentences) into vectors (N, D); None for
            inputs that are vectors.
        freeze_encoder (bool): The encoder learns nothing, and its normalisation and dropout stay as in prediction.
        adaptation (dict, optional): ``FeatureDomainHeads``; its sizes are filled in.
        supervise_target (bool): The labels of the target batch count too, with the same weight.
        joint_forward (bool): True (default, LaGTran) runs a source and a target batch as one, so that batch
            normalisation sees both; False runs the source, then the target, as the official upper bound does.
        predict_views (Mapping[str, str], optional): See :class:`DomainModel`.
        data_preprocessor (dict, optional): ``VectorDataPreprocessor`` when None.
        init_cfg (dict, optional): MMEngine initialisation.

    Examples:
        >>> model = MODELS.build(dict(type='SegmentClassifier', head=dict(type='MLPHead', num_classes=24)))
        >>> model(torch.zeros(2, 1536)).shape
        torch.Size([2, 24])
    """

    def __init__(self, head: dict, encoder: dict | None = None, freeze_encoder: bool = False,
                 adaptation: dict | None = None, supervise_target: bool = False, joint_forward: bool = True,
                 predict_views: Mapping[str, str] | None = None, data_preprocessor: dict | None = None,
                 init_cfg: dict | None = None) -> None:
        super().__init__(predict_views, data_preprocessor or dict(type='VectorDataPreprocessor'), init_cfg)
        self.encoder = None if encoder is None else MODELS.build(encoder)
        self.freeze_encoder = freeze_encoder and self.encoder is not None
        if self.freeze_encoder:
            self.encoder.requires_grad_(False)
        self.head = MODELS.build(head)
        if adaptation is not None:
            self.adaptation = MODELS.build({'channels': self.head.feature_channels,
                                            'num_classes': self.head.num_classes, **adaptation})
        self.supervise_target = supervise_target
        self.joint_forward = joint_forward
        if joint_forward and any(isinstance(module, DomainBatchNorm) for module in self.modules()):
            raise ConfigError(explain('model.joint_forward', 'False, because a DomainBatchNorm takes one domain at a '
                                      'time', 'True', 'Set model.joint_forward=False.'))

    @property
    def has_objectives(self) -> bool:
        """Whether a loss looks at the target; its labels count as one."""
        return super().has_objectives or self.supervise_target

    def train(self, mode: bool = True) -> 'SegmentClassifier':
        """Switch between training and prediction; a frozen encoder stays in prediction.

        Args:
            mode (bool): True for training.
        """
        super().train(mode)
        if self.freeze_encoder:
            self.encoder.eval()
        return self

    def extract(self, inputs: Inputs) -> torch.Tensor:
        """Vectors of segments.

        Args:
            inputs (torch.Tensor | list): N segments, as the encoder takes them.

        Returns:
            torch.Tensor: Shape (N, D).

        Raises:
            FeatureError: If they are not what the head takes.
        """
        if self.encoder is None:
            vectors = inputs
        elif self.freeze_encoder:
            with torch.no_grad():
                vectors = self.encoder(inputs)
        else:
            vectors = self.encoder(inputs)
        width = self.head.in_channels
        if not isinstance(vectors, torch.Tensor) or vectors.ndim != 2 or vectors.shape[1] != width:
            found = f'shape {tuple(vectors.shape)}' if isinstance(vectors, torch.Tensor) else type(vectors).__name__
            raise FeatureError(explain(f'inputs of {type(self).__name__}.head', f'{width} numbers per segment, shape '
                                       f'(N, {width})', found, 'Set model.head.feat_size to the width of the features, '
                                       'or choose the features or the encoder that the head was made for.'))
        return vectors

    def classify(self, inputs: Inputs) -> ClassifierOutput:
        """Scores of segments.

        Args:
            inputs (torch.Tensor | list): N segments.

        Returns:
            ClassifierOutput: Float32 logits (N, C) and features (N, F).
        """
        # Half precision ends here.
        return ClassifierOutput(*(item.float() for item in self.head(self.extract(inputs))))

    def run_batch(self, inputs: Inputs, mask: torch.Tensor | None, data_samples: list[EgoExoDataSample] | None,
                  mode: str) -> torch.Tensor | dict[str, torch.Tensor] | list[EgoExoDataSample]:
        """Run a batch of one domain; see :meth:`forward`. Segments have no padding, so ``mask`` is None."""
        logits = self.classify(inputs).logits
        if mode == 'loss':
            return dict(loss_cls=self.cross_entropy(logits, data_samples))
        return self.fill(logits, data_samples) if mode == 'predict' else logits

    def run_both(self, source: Inputs, target: Inputs) -> tuple[ClassifierOutput, ClassifierOutput]:
        """Run a source and a target batch.

        Args:
            source (torch.Tensor | list): N segments.
            target (torch.Tensor | list): N' segments.

        Returns:
            tuple[ClassifierOutput, ClassifierOutput]: Of the source and of the target.
        """
        if not self.joint_forward:
            outputs = []
            for name, inputs in dict(source=source, target=target).items():
                with self.domain(name), torch.set_grad_enabled(name == 'source' or self.has_objectives):
                    outputs.append(self.classify(inputs))
            return outputs[0], outputs[1]
        count = len(source)
        both = torch.cat([source, target]) if isinstance(source, torch.Tensor) else [*source, *target]
        output = self.classify(both)
        return output.split(count)

    def run_domains(self, source: dict, target: dict) -> DomainPass:
        """Run a pair of batches; see :class:`DomainModel`. Levels: ``'feature'`` and ``'conditional'``."""
        pair = self.run_both(source['inputs'], target['inputs'])
        losses = dict(loss_cls=self.cross_entropy(pair[0].logits, source['data_samples']))
        if self.supervise_target:
            losses['loss_target'] = self.cross_entropy(pair[1].logits, target['data_samples'])
        if self.adaptation is None:
            return DomainPass(losses, {})
        labels = gather_labels(source['data_samples'], self.head.num_classes).to(pair[0].logits.device)
        return DomainPass(losses, self.adaptation.levels(pair, labels, self.progress))

    def run_reversed(self, source: dict, target: dict) -> dict[str, DomainLevel]:
        """Refuse the ensemble methods: the heads have one classifier.

        Raises:
            ConfigError: Always.
        """
        raise ConfigError(explain('model.adaptation.objectives', 'methods with one classifier', 'an ensemble method',
                                  f'{type(self).__name__} has one; choose another method.'))

    def cross_entropy(self, logits: torch.Tensor, data_samples: list[EgoExoDataSample]) -> torch.Tensor:
        """Mean cross entropy of a batch.

        Args:
            logits (torch.Tensor): Float32, shape (N, C).
            data_samples (list[EgoExoDataSample]): N samples with ``gt_label``.

        Returns:
            torch.Tensor: Scalar.

        Raises:
            AnnotationError: If a label is missing or no class of the head.
        """
        return F.cross_entropy(logits, gather_labels(data_samples, logits.shape[1]).to(logits.device))

    def fill(self, logits: torch.Tensor, data_samples: list[EgoExoDataSample] | None = None) -> list[EgoExoDataSample]:
        """Attach the logits to copies of the samples.

        Args:
            logits (torch.Tensor): Shape (N, C).
            data_samples (list[EgoExoDataSample], optional): N samples, left as they are; empty ones when None.

        Returns:
            list[EgoExoDataSample]: Meta information and ground truth as given, and ``pred_class_logits`` (C,), float32
            on CPU.
        """
        filled = []
        rows = logits.detach().float().cpu()
        for row, sample in zip(rows, data_samples or [EgoExoDataSample() for _ in rows], strict=True):
            copied = sample.new()
            copied.pred_class_logits = row
            filled.append(copied)
        return filled


def gather_labels(data_samples: Sequence[EgoExoDataSample], num_classes: int) -> torch.Tensor:
    """Labels of a batch.

    Args:
        data_samples (Sequence[EgoExoDataSample]): N samples.
        num_classes (int): C, of the head.

    Returns:
        torch.Tensor: ``gt_label`` of each, int64 (N,).

    Raises:
        AnnotationError: If a sample has none, or one that is no class of the head.
    """
    found = [getattr(sample, 'gt_label', None) for sample in data_samples]
    if any(label is None for label in found):
        name = next(sample for sample, label in zip(data_samples, found, strict=True) if label is None)
        raise AnnotationError(explain(
            f"gt_label of {name.get('sample_id', 'a sample of the batch')}", 'a class id, because its label is in the '
            'loss', 'none', "Give this list labels ('true' or 'pseudo'), or set model.supervise_target=False."))
    labels = [int(label) for label in found]  # cheaper than stacking as many scalars
    wrong = next((label for label in labels if not 0 <= label < num_classes), None)
    if wrong is not None:
        name = data_samples[labels.index(wrong)].get('sample_id', 'a sample of the batch')
        raise AnnotationError(explain(f'gt_label of {name}', f'a class id from 0 to {num_classes - 1}', str(wrong),
                                      'Correct model.head.num_classes, or the labels of the data set.'))
    return torch.tensor(labels, dtype=torch.int64)
