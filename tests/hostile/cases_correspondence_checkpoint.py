"""Checkpoints of XSegTx, MoCo and torchvision that are incomplete, forged or of another model."""

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import torch
from hostile.case import Case
from hostile.files import Make
from torch import nn

from egoexo.checkpoints.correspondence_layout import CorrespondenceLayout, official_shapes
from egoexo.checkpoints.families import FAMILIES
from egoexo.checkpoints.resnet_layout import ResNetLayout
from egoexo.checkpoints.resnet_layout import official_shapes as resnet_shapes
from egoexo.errors import CheckpointError
from egoexo.models.correspondence.backbone_weights import load_backbone_weights
from egoexo.registry import MODELS
from tools.convert_checkpoint import convert

_LAYOUT = CorrespondenceLayout(embed_dims=8, feedforward_channels=8, mid_channels=4, hidden_channels=2, feat_size=4)
_GROWTH = 256 * 2**20  # the backbone has 8.5 million weights


def _zeros(shapes: dict[str, tuple[int, ...]]) -> dict[str, torch.Tensor]:
    """One byte per weight, so that the files stay small."""
    return {key: torch.zeros(shape, dtype=torch.uint8) for key, shape in shapes.items()}


def _saved(name: str, content: Callable[[], dict], change: Callable[[dict], object]) -> Make:
    """A file whose content was changed in place, or replaced by what ``change`` returns."""
    def make(folder: Path) -> Path:
        container = content()
        changed = change(container)
        torch.save(container if changed is None else changed, folder / name)
        return folder / name
    return make


def _official() -> dict:
    state = _zeros(official_shapes(_LAYOUT))
    return {part: {key.removeprefix(f'{part}.'): value for key, value in state.items() if key.startswith(f'{part}.')}
            for part in ('backbone', 'encoder')} | dict(optimiser={})


def _moco() -> dict:
    return dict(epoch=800, arch='resnet50', state_dict={
        f'module.encoder_q.{key}': value for key, value in _zeros(resnet_shapes(ResNetLayout())).items()})


def _changed(entry: str, tensors: dict[str, torch.Tensor]) -> Callable[[dict], None]:
    """Tensors of an entry replaced or added."""
    return lambda container: container[entry].update(tensors)


def _without(entry: str, beginning: str) -> Callable[[dict], None]:
    """Tensors of an entry taken out."""
    def change(container: dict) -> None:
        container[entry] = {key: value for key, value in container[entry].items() if not key.startswith(beginning)}
    return change


def _convert(family: str) -> Callable[[Path], int]:
    return lambda path: convert(FAMILIES[family], path, path.with_name('out.pth'))


@cache
def _backbone() -> nn.Module:
    return MODELS.build(dict(type='mmaction.ResNet', depth=18, num_stages=1, strides=(1,), dilations=(1,),
                             out_indices=(0,)))


def _small(change: Callable[[dict], None]) -> Make:
    """A file that fits the small backbone until it is changed."""
    def content() -> dict:
        return dict(state_dict={f'backbone.{key}': value for key, value in _backbone().state_dict().items()})
    return _saved('backbone.pth', content, change)


def _load(path: Path) -> None:
    load_backbone_weights(_backbone(), path)


_BLOCK = 'net.encoder_blocks'
OFFICIAL: dict[str, tuple[Callable[[dict], object], str]] = {
    'backbone-only': (lambda container: dict(backbone=container['backbone']), 'not a checkpoint of XSegTx'),
    'encoder-only': (lambda container: dict(encoder=container['encoder']), 'not a checkpoint of XSegTx'),
    'encoder-of-text': (lambda container: container.update(encoder='net'), 'not a checkpoint of XSegTx'),
    'no-decoder': (_without('encoder', 'net.decoder'), 'not a checkpoint of XSegTx'),
    'no-stage': (_without('backbone', '5.'), r'missing \(78\): backbone\.5\.0\.conv1\.weight'),
    'other-width': (_changed('encoder', {'net.feat_proj.weight': torch.zeros(9, 1024, 1, 1)}),
                    r'wrong shape \(\d+\): encoder\.net\.feat_proj\.bias \(8,\) instead of \(9,\)'),
    'width-zero': (_changed('encoder', {'net.feat_proj.weight': torch.zeros(0, 1024, 1, 1)}), r'wrong shape \(\d+\)'),
    'visibility-not-square': (_changed('encoder', {'net.cls_branch.mlp.0.weight': torch.zeros(2, 7)}),
                              r'cls_branch\.mlp\.0\.weight \(2, 7\) instead of \(2, 9\)'),
    'block-of-a-huge-number': (_changed('encoder', {f'{_BLOCK}.{10**20}.layer1.norm1.weight': torch.zeros(8)}),
                               r'unexpected \(1\): encoder\.net\.encoder_blocks\.1000'),
    'block-of-foreign-digits': (_changed('encoder', {f'{_BLOCK}.\u0663.layer1.norm1.weight': torch.zeros(8)}),
                                r'unexpected \(1\): encoder\.net\.encoder_blocks\.'),
    'many-blocks': (_changed('encoder', {f'{_BLOCK}.{number}.layer1.inner_encoder_layer.norm1.weight': torch.zeros(8)
                                         for number in range(3, 2000)}), r'missing \(\d{5}\): encoder\.net'),
    'scalar-weight': (_changed('encoder', {'net.feat_proj.weight': torch.tensor(1.0)}), 'not a checkpoint of XSegTx'),
    'two-prefixes': (_changed('backbone', {'module.0.weight': torch.zeros(64, 3, 7, 7)}),
                     'both with and without the prefix'),
    'key-with-escapes': (_changed('encoder', {'\x1b[31m': torch.zeros(1)}), r'unexpected \(1\): encoder\.\\x1b\[31m'),
    'key-of-a-megabyte': (_changed('backbone', {'k' * 10**6: torch.zeros(1)}), r'unexpected \(1\): backbone\.kkk'),
}
MOCO: dict[str, tuple[Callable[[dict], object], str]] = {
    'no-query-encoder': (lambda container: dict(state_dict={'module.queue': torch.zeros(2, 2)}), 'an empty one'),
    'key-encoder-only': (lambda container: dict(state_dict={
        key.replace('_q', '_k'): value for key, value in container['state_dict'].items()}), 'an empty one'),
    'vision-transformer': (lambda container: dict(state_dict={'module.base_encoder.cls_token': torch.zeros(1, 1, 8)}),
                           'not a ResNet: expected a 4-D tensor conv1.weight'),
    'stage-too-few': (_without('state_dict', 'module.encoder_q.layer3'), r'missing \(114\): layer3\.0\.conv1\.weight'),
    'wide': (_changed('state_dict', {'module.encoder_q.layer1.0.conv1.weight': torch.zeros(128, 64, 1, 1)}),
             r'wrong shape \(1\): layer1\.0\.conv1\.weight \(128, 64, 1, 1\) instead of \(64, 64, 1, 1\)'),
    'both-prefixes': (_changed('state_dict', {'conv1.weight': torch.zeros(64, 3, 7, 7)}),
                      r'both with and without the prefix encoder_q\.'),
}
BACKBONE: dict[str, tuple[Callable[[dict], object], str]] = {
    'tensor-missing': (_without('state_dict', 'backbone.conv1.conv'), 'missing conv1.conv.weight'),
    'tensor-too-many': (_changed('state_dict', {'backbone.\x1b[2J': torch.zeros(1)}), r'unexpected \\x1b\[2J'),
    'tensor-twice': (_changed('state_dict', {'backbone.bn1.bias': torch.zeros(64)}),
                     'expected one name for each tensor'),
    'other-shape': (_changed('state_dict', {'backbone.conv1.bn.bias': torch.zeros(3)}),
                    r'conv1\.bn\.bias is \(3,\), expected \(64,\)'),
    'not-finite': (_changed('state_dict', {'backbone.conv1.bn.bias': torch.full((64,), float('nan'))}),
                   'expected finite weights, found NaN or infinite numbers in 1 of'),
    'prefix-only': (_changed('state_dict', {'encoder_q.': torch.zeros(1)}), r'0 of these names'),
}


def _made(cases: dict[str, tuple[Callable[[dict], object], str]],
          maker: Callable[[Callable[[dict], object]], Make]) -> dict[str, tuple[Make, str]]:
    """Cases with makers of files in the place of changes."""
    return {name: (maker(change), found) for name, (change, found) in cases.items()}


CASES = [Case(f'{family}-{name}', 'checkpoint', make, read, CheckpointError, (found,), max_growth=_GROWTH)
         for family, read, cases in (
             ('correspondence', _convert('correspondence'), _made(OFFICIAL, partial(_saved, 'netLast.pth', _official))),
             ('moco', _convert('moco'), _made(MOCO, partial(_saved, 'moco.pth.tar', _moco))),
             ('backbone', _load, _made(BACKBONE, _small)))
         for name, (make, found) in cases.items()]
