"""Classes of sentences: the text phase of LaGTran."""

from collections.abc import Sequence

from egoexo.errors import ConfigError, explain
from egoexo.models.transfer.segment_classifier import SegmentClassifier
from egoexo.models.transfer.text_encoder import TextEncoder
from egoexo.registry import MODELS

__all__ = ['FROM_ENCODER', 'TextClassifier']

#: ``feat_size`` of a head that takes what the encoder gives.
FROM_ENCODER = 'encoder'


@MODELS.register_module()
class TextClassifier(SegmentClassifier):
    """An encoder of sentences and a classifier; what it says of the target's sentences are the pseudo-labels.

    Source: Kalluri et al., "Tell, Don't Show!: Language Guidance Eases Transfer Across Domains in Images and Videos"
    (LaGTran), ICML 2024, where the encoder is a DistilBERT trained along.

    Args:
        encoder (dict): ``HFTextEncoder``, ``TfidfEncoder`` or ``ConcatTextEncoder``.
        head (dict, optional): ``MLPHead`` or ``LinearHead``. Its ``feat_size``, or the first number of it, is the
            width of the encoder; ``'encoder'`` fills that in. None for an encoder that gives class logits.
        freeze_encoder (bool): See :class:`SegmentClassifier`; only ``HFTextEncoder(trainable=False)`` remembers rows.
        **kwargs: See :class:`SegmentClassifier`.

    Raises:
        ConfigError: If the encoder is none of text, or head and encoder differ in width.

    Examples:
        >>> model = TextClassifier(dict(type='HFTextEncoder', scale=8.0), dict(
        ...     type='MLPHead', feat_size=[384, 384], num_classes=24, bn=False, dropout=0.2))
        >>> model(['cuts an onion', 'washes a pan']).shape
        torch.Size([2, 24])
    """

    def __init__(self, encoder: dict, head: dict | None = None, freeze_encoder: bool = False,
                 **kwargs: object) -> None:
        built = MODELS.build(encoder)
        if not isinstance(built, TextEncoder):
            raise ConfigError(explain('model.encoder', 'an encoder of text, such as HFTextEncoder',
                                      type(built).__name__, 'Choose one, or take SegmentClassifier.'))
        super().__init__(_sized(head, built.dim), **kwargs)
        self.encoder, self.freeze_encoder = built, freeze_encoder
        if freeze_encoder:
            self.encoder.requires_grad_(False)
        if self.encoder.dim != self.head.in_channels:
            raise ConfigError(explain(
                'model.head', f'an input of {self.encoder.dim} numbers, the width of {type(self.encoder).__name__}',
                self.head.in_channels, f'Set model.head.feat_size to begin with {self.encoder.dim}.'))

    def fit_texts(self, texts: Sequence[str], labels: Sequence[int] = (), classes: Sequence[str] = ()) -> None:
        """Let the encoder learn what it learns without labels, and work ahead; called by ``FitEncoderHook``.

        Args:
            texts (Sequence[str]): All training texts.
            labels (Sequence[int]): Not used.
            classes (Sequence[str]): Not used.
        """
        self.encoder.fit_texts(texts)
        self.encoder.prepare(texts)

    def prepare(self, texts: Sequence[str]) -> None:
        """Let the encoder work ahead.

        Args:
            texts (Sequence[str]): Any number.
        """
        self.encoder.prepare(texts)


def _sized(head: dict | None, dim: int) -> dict:
    """Head with its input size filled in."""
    if head is None:
        return dict(type='LogitsHead', num_classes=dim)
    size = head.get('feat_size')
    if size == FROM_ENCODER:
        return {**head, 'feat_size': dim}
    if isinstance(size, Sequence) and not isinstance(size, str) and size and size[0] == FROM_ENCODER:
        return {**head, 'feat_size': [dim, *size[1:]]}
    return head
