"""Which tensors a released clip network (TA3N) has, from its options, and the options read back from the tensors."""

from dataclasses import dataclass, replace

from egoexo.checkpoints.official_state import Shapes, check_shapes, count_indices
from egoexo.errors import CheckpointError, explain, printable

__all__ = ['AnticipationLayout', 'PlanningLayout', 'check_official', 'guess_layout', 'guess_planning_layout',
           'official_shapes']

_CELLS = {4: 'LSTM', 3: 'GRU'}


@dataclass(frozen=True)
class AnticipationLayout:
    """Sizes and options that decide which tensors a released clip network has.

    Args:
        in_channels (int): D, dimension of the features.
        channels (int): F of the frames.
        num_layers (int): Embedding layers (``add_fc``).
        num_classes (int): C.
        horizon (int): Z, coming steps; the classifiers have Z * C outputs.
        num_segments (int): T, frames of a clip; read off relation networks only.
        encoder (str): ``'trn-m'``, ``'avgpool'`` or ``'rnn'``.
        relation_channels (int): H of relations and clips of ``'trn-m'``.
        cell (str): ``'LSTM'`` or ``'GRU'``, read by ``'rnn'``; likewise the next two.
        recurrent_layers (int): Stacked layers.
        directions (int): 1 or 2.
        norm (str, optional): ``'AdaBN'`` or ``'AutoDIAL'``.
        shared (bool): Whether the domains share all layers.
        num_classifiers (int): 2 for the ensemble method.
        general_attention (bool): Whether there is a learned attention; whether the domain attention was on does not
            show in the tensors.
    """

    in_channels: int = 768
    channels: int = 512
    num_layers: int = 1
    num_classes: int = 31
    horizon: int = 1
    num_segments: int = 5
    encoder: str = 'trn-m'
    relation_channels: int = 256
    cell: str = 'LSTM'
    recurrent_layers: int = 1
    directions: int = 1
    norm: str | None = None
    shared: bool = True
    num_classifiers: int = 1
    general_attention: bool = False

    @property
    def video_channels(self) -> int:
        """H of the clips."""
        return self.relation_channels if self.encoder == 'trn-m' else self.channels

    def model_config(self, attention: str | None = None) -> dict:
        """Arguments of ``ClipModel`` for a model that takes such a checkpoint; ``head.loss`` is left to the caller.

        Args:
            attention (str, optional): ``'domain'`` for a model that was trained with ``TransAttn``.

        Returns:
            dict: Keys ``embedding``, ``encoder``, ``head``, ``adaptation``, ``released``, ``attention``, ``shared``.
        """
        encoder = {
            'trn-m': dict(type='TemporalRelation', channels=self.relation_channels, num_segments=self.num_segments),
            'avgpool': dict(type='AveragePool'),
            'rnn': dict(type='Recurrent', cell=self.cell, num_layers=self.recurrent_layers,
                        bidirectional=self.directions == 2),
        }[self.encoder]
        return dict(
            embedding=dict(type='FrameEmbedding', in_channels=self.in_channels, channels=self.channels,
                           num_layers=self.num_layers,
                           norm=None if self.norm is None else dict(type='DomainBatchNorm')),
            encoder=encoder,
            head=dict(type='ClipHead', num_classes=self.num_classes, horizon=self.horizon,
                      num_classifiers=self.num_classifiers),
            adaptation=dict(type='ClipDomainHeads'),
            released=dict(type='ReleasedLayers', alpha=self.norm == 'AutoDIAL'),
            attention='general' if self.general_attention else attention, shared=self.shared)


@dataclass(frozen=True)
class PlanningLayout(AnticipationLayout):
    """The same for planning: 27 classes of each of 8 coming steps.

    Args:
        num_classes (int): C.
        horizon (int): Z, coming steps.
    """

    num_classes: int = 27
    horizon: int = 8


def _affine(shapes: Shapes, name: str, out: int, channels: int) -> None:
    shapes[f'{name}.weight'] = (out, channels)
    shapes[f'{name}.bias'] = (out,)


def _norm(shapes: Shapes, name: str, channels: int) -> None:
    for part in ('weight', 'bias', 'running_mean', 'running_var'):
        shapes[f'{name}.{part}'] = (channels,)
    shapes[f'{name}.num_batches_tracked'] = ()


def _encoder_shapes(shapes: Shapes, layout: AnticipationLayout) -> None:
    if layout.encoder == 'trn-m':
        width = layout.relation_channels
        for number, scale in enumerate(range(layout.num_segments, 1, -1)):
            _affine(shapes, f'TRN.fc_fusion_scales.{number}.1', width, scale * layout.channels)
        for domain in 'ST':
            _norm(shapes, f'bn_trn_{domain}', width)
    elif layout.encoder == 'rnn':
        gates = next(gates for gates, cell in _CELLS.items() if cell == layout.cell)
        hidden = layout.channels // layout.directions
        for layer in range(layout.recurrent_layers):
            for suffix in ('', '_reverse')[:layout.directions]:
                ending = f'l{layer}{suffix}'
                shapes[f'rnn.weight_ih_{ending}'] = (gates * hidden, layout.channels)
                shapes[f'rnn.weight_hh_{ending}'] = (gates * hidden, hidden)
                shapes[f'rnn.bias_ih_{ending}'] = shapes[f'rnn.bias_hh_{ending}'] = (gates * hidden,)
        _norm(shapes, 'bn_before_rnn', 1)
        _norm(shapes, 'bn_after_rnn', 1)


def official_shapes(layout: AnticipationLayout) -> Shapes:
    """Every tensor of a released clip network, in the order of its state dict.

    Args:
        layout (AnticipationLayout): Sizes and options.

    Returns:
        dict[str, tuple[int, ...]]: Official key to shape.
    """
    shapes: Shapes = {'alpha': (1,)} if layout.norm == 'AutoDIAL' else {}
    frame, video, outputs = layout.channels, layout.video_channels, layout.num_classes * layout.horizon
    domains = ('source', 'target')[:2 - layout.shared]
    for domain in domains:
        _affine(shapes, f'fc_feature_shared_{domain}', frame, layout.in_channels)
        for layer in range(2, layout.num_layers + 1):
            _affine(shapes, f'fc_feature_shared_{layer}_{domain}', frame, frame)
        _affine(shapes, f'fc_feature_{domain}', frame, frame)
        if domain == 'source':
            _affine(shapes, 'fc_feature_domain', frame, frame)
        _affine(shapes, f'fc_classifier_{domain}', outputs, frame)
        if domain == 'source':
            _affine(shapes, 'fc_classifier_domain', 2, frame)
    for name in ('bn_shared', 'bn_source') if layout.norm else ():
        for letter in 'ST':
            _norm(shapes, f'{name}_{letter}', frame)
    _encoder_shapes(shapes, layout)
    for domain in domains:
        for suffix in ('', '_2'):
            _affine(shapes, f'fc_feature_video_{domain}{suffix}', video, video)
        if domain == 'source':
            _affine(shapes, 'fc_feature_domain_video', video, video)
        for suffix in ('', '_2')[:layout.num_classifiers if domain == 'source' else 1]:
            _affine(shapes, f'fc_classifier_video_{domain}{suffix}', outputs, video)
        if domain == 'source':
            _affine(shapes, 'fc_classifier_domain_video', 2, video)
            for relation in range(layout.num_segments - 1 if layout.encoder == 'trn-m' else 0):
                _affine(shapes, f'relation_domain_classifier_all.{relation}.0', video, video)
                _affine(shapes, f'relation_domain_classifier_all.{relation}.2', 2, video)
    for name in ('bn_source_video', 'bn_source_video_2') if layout.norm else ():
        for letter in 'ST':
            _norm(shapes, f'{name}_{letter}', video)
    if layout.general_attention:
        _affine(shapes, 'attn_layer.0', video, video)
        _affine(shapes, 'attn_layer.2', 1, video)
    return shapes


def guess_layout(shapes: Shapes) -> AnticipationLayout:
    """Read sizes and options off the shapes of an official state dict.

    Args:
        shapes (dict[str, tuple[int, ...]]): Official key (without ``module.``) to shape.

    Returns:
        AnticipationLayout: The best guess; :func:`check_official` tells whether everything fits it.

    Raises:
        CheckpointError: If the two tensors that every such model has are not there.
    """
    first, last = (shapes.get(f'{name}.weight', ()) for name in ('fc_feature_shared_source',
                                                                 'fc_classifier_video_source'))
    if len(first) != 2 or len(last) != 2:
        keys = ', '.join(printable(key, 80) for key in list(shapes)[:5]) or 'none'
        raise CheckpointError(explain(
            'not an EgoExoLearn anticipation or planning checkpoint', '2-D tensors fc_feature_shared_source.weight '
            'and fc_classifier_video_source.weight', f'keys like {keys}',
            'Run tools/convert_checkpoint.py --inspect FILE to see what the file holds.'))
    layout = AnticipationLayout(
        in_channels=first[1], channels=first[0], num_classes=last[0],
        num_layers=max(1, count_indices(shapes, r'fc_feature_shared_(\d)_source\.') - 1),
        norm=None if 'bn_shared_S.weight' not in shapes else 'AutoDIAL' if 'alpha' in shapes else 'AdaBN',
        shared='fc_feature_shared_target.weight' not in shapes,
        num_classifiers=1 + ('fc_classifier_video_source_2.weight' in shapes),
        general_attention='attn_layer.0.weight' in shapes)
    num_scales = count_indices(shapes, r'TRN\.fc_fusion_scales\.(\d+)\.')
    if num_scales:
        return replace(layout, num_segments=num_scales + 1, relation_channels=last[1])
    recurrent, hidden = shapes.get('rnn.weight_ih_l0', (0,)), shapes.get('rnn.weight_hh_l0', (0, 0))[-1]
    if not recurrent[0] or not hidden:
        return replace(layout, encoder='avgpool')
    return replace(layout, encoder='rnn', cell=_CELLS.get(recurrent[0] // hidden, 'LSTM'),
                   recurrent_layers=count_indices(shapes, r'rnn\.weight_ih_l(\d+)'),
                   directions=1 + ('rnn.weight_ih_l0_reverse' in shapes))


def guess_planning_layout(shapes: Shapes) -> PlanningLayout:
    """The same for a planning network of 8 steps.

    Args:
        shapes (dict[str, tuple[int, ...]]): Official key (without ``module.``) to shape.

    Returns:
        PlanningLayout: The best guess.

    Raises:
        CheckpointError: See :func:`guess_layout`.
    """
    layout = guess_layout(shapes)
    horizon = PlanningLayout.horizon
    sizes = vars(layout) | dict(num_classes=max(1, layout.num_classes // horizon), horizon=horizon)
    return PlanningLayout(**sizes)


def check_official(shapes: Shapes, layout: AnticipationLayout) -> None:
    """Compare the tensors of a file with those a layout asks for.

    Args:
        shapes (dict[str, tuple[int, ...]]): Official key to shape.
        layout (AnticipationLayout): The model that is expected.

    Raises:
        CheckpointError: Lists missing, unexpected and mis-shaped keys.
    """
    check_shapes(shapes, official_shapes(layout), f'an EgoExoLearn clip network with {layout}')
