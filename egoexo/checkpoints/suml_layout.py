"""Which tensors a checkpoint of SUM-L has, from its options, and the options read back from the tensors."""

import re
from dataclasses import asdict, dataclass

from egoexo.checkpoints.official_state import Shapes, check_shapes
from egoexo.checkpoints.slowfast_layout import SlowFastLayout, backbone_shapes, head_shapes
from egoexo.checkpoints.slowfast_layout import guess_layout as guess_slowfast
from egoexo.errors import printable

__all__ = ['THIRD_PERSON', 'SumlLayout', 'check_official', 'guess_layout', 'is_third_person', 'official_shapes']

#: What the names begin with of tensors that only training uses: the third-person stream and the projections to text.
THIRD_PERSON = {'s?_t.': r's[1-5]_t\.', 's?_fuse_t.': r's[1-4]_fuse_t\.', 'head_lemma.': r'head_lemma\.',
                'global_con_head.': r'global_con_head\.'}
_THIRD = re.compile('|'.join(THIRD_PERSON.values()))
#: Parts of the backbone in the official order; each line is followed by the same of the third-person stream.
_ORDER = (('s1', 's1_fuse', 's2', 's2_fuse'), ('s3', 's3_fuse'), ('s4', 's4_fuse', 's5'))
_PROJECTIONS = ('fpv_global_proj', 'tpv_global_proj')


@dataclass(frozen=True)
class SumlLayout(SlowFastLayout):
    """Sizes and options that decide which tensors an official checkpoint has.

    The sizes of ``SlowFastLayout`` hold for both streams. The model that is tested has the ego stream alone.

    Args:
        tpv_classes (tuple[int, ...]): Verbs and nouns of the third-person stream; none when that stream is absent.
        text_dims (int): Of the text embeddings; 0 when the third-person stream is absent.
    """

    tpv_classes: tuple[int, ...] = (25, 64)
    text_dims: int = 384

    def model_config(self) -> dict:
        """The parts of a ``SUMLRecognizer``, or of a ``ClipRecognizer`` when the third-person stream is absent.

        Returns:
            dict: ``backbone`` and ``cls_head``; with both streams also ``tpv_backbone``, ``tpv_head`` and
            ``contrast_head``.
        """
        parts = super().model_config()
        parts['cls_head'] |= dict(pool='global')
        if self.tpv_classes:
            widths = parts['cls_head']['in_channels']
            parts['tpv_backbone'] = dict(parts['backbone'])
            parts['tpv_head'] = dict(parts['cls_head'], activation='sigmoid', num_classes=dict(
                zip(('verb', 'noun'), self.tpv_classes, strict=True)))
            parts['contrast_head'] = dict(type='TextContrastHead', in_channels=widths, dim=self.text_dims)
        return parts


def is_third_person(key: str) -> bool:
    """Whether a tensor is there for training only.

    Args:
        key (str): Official key.

    Returns:
        bool: True for the third-person stream and the projections to text.
    """
    return _THIRD.match(key) is not None


def official_shapes(layout: SumlLayout) -> Shapes:
    """Every tensor of an official checkpoint, in the order of its state dict.

    Args:
        layout (SumlLayout): Sizes and options.

    Returns:
        dict[str, tuple[int, ...]]: Official key to shape.
    """
    parts, shapes = backbone_shapes(layout), {}
    for names in _ORDER:
        own = {key: shape for name in names for key, shape in parts.get(name, {}).items()}
        shapes |= own
        if layout.tpv_classes:
            shapes |= {key.replace('.', '_t.', 1): shape for key, shape in own.items()}
    width = 32 * (layout.channels + layout.fast_channels)
    shapes |= head_shapes(layout.head, layout.num_classes, width)
    if layout.tpv_classes:
        shapes |= head_shapes('head_lemma.projections', layout.tpv_classes, width)
        for name in _PROJECTIONS:
            shapes |= head_shapes(f'global_con_head.{name}', (layout.text_dims,), width)
    return shapes


def guess_layout(shapes: Shapes) -> SumlLayout:
    """Read sizes and options off the shapes of an official checkpoint.

    Args:
        shapes (dict[str, tuple[int, ...]]): Official key to shape.

    Returns:
        SumlLayout: The best guess; :func:`check_official` tells whether everything fits it.

    Raises:
        CheckpointError: If the first layer of the ego stream is not there.
    """
    ego = guess_slowfast({key: shape for key, shape in shapes.items() if not is_third_person(key)})
    options = {name: value for name, value in asdict(ego).items() if name != 'map_channels'}
    if not any(map(is_third_person, shapes)):
        return SumlLayout(**options, tpv_classes=(), text_dims=0)
    rows = [shapes.get(f'head_lemma.projections.{number}.weight', ()) for number in (0, 1)]
    text = shapes.get(f'global_con_head.{_PROJECTIONS[0]}.weight', ())
    usual = SumlLayout()
    return SumlLayout(**options, tpv_classes=tuple(row[0] for row in rows if len(row) == 2) or usual.tpv_classes,
                      text_dims=text[0] if len(text) == 2 else usual.text_dims)


def check_official(shapes: Shapes, layout: SumlLayout) -> None:
    """Compare the shapes of a file with those of a checkpoint of SUM-L.

    Args:
        shapes (dict[str, tuple[int, ...]]): Official key to shape, from the file.
        layout (SumlLayout): The model that is expected.

    Raises:
        CheckpointError: Lists missing, unexpected and mis-shaped keys.
    """
    check_shapes(shapes, official_shapes(layout), f'SUM-L with {printable(layout, 300)}')
