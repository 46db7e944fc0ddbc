"""Checkpoints of SlowFast, SUM-L and its teacher that are incomplete, forged or of another network."""

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import torch
from hostile.case import Case
from hostile.files import Make
from torch import nn

from egoexo.checkpoints import slowfast_layout, suml_layout
from egoexo.checkpoints.families import FAMILIES
from egoexo.checkpoints.slowfast import from_official
from egoexo.checkpoints.slowfast_layout import LemmaLayout, SlowFastLayout
from egoexo.checkpoints.suml_layout import SumlLayout
from egoexo.errors import CheckpointError
from egoexo.models.recognition.initial_weights import load_initial_weights
from egoexo.registry import MODELS
from tools.convert_checkpoint import convert

_SMALL = dict(depth=50, channels=8, fast_channels=1, fusion_kernel=3)
_LAYOUTS = dict(slowfast=SlowFastLayout(**_SMALL), lemma=LemmaLayout(**_SMALL),
                suml=SumlLayout(**_SMALL, tpv_classes=(2, 3), text_dims=4))
_GROWTH = 256 * 2**20
_HEAD, _STEM = 'headepic100.projections', 's1.pathway0_stem.conv.weight'


def _official(family: str) -> dict:
    """A whole file; one byte per weight keeps it small."""
    layout = _LAYOUTS[family]
    shapes = (suml_layout if family == 'suml' else slowfast_layout).official_shapes(layout)
    return dict(epoch=29, model_state={key: torch.zeros(shape, dtype=torch.uint8) for key, shape in shapes.items()},
                optimizer_state={}, cfg='')


def _ours() -> dict:
    return dict(state_dict={key: value.float() for key, value in
                            from_official(_official('slowfast')['model_state']).items()})


def _saved(name: str, content: Callable[[], dict], change: Callable[[dict], object]) -> Make:
    """A file whose content was changed in place, or replaced by what ``change`` returns."""
    def make(folder: Path) -> Path:
        container = content()
        changed = change(container)
        torch.save(container if changed is None else changed, folder / name)
        return folder / name
    return make


def _changed(tensors: dict[str, object], entry: str = 'model_state') -> Callable[[dict], None]:
    """Tensors replaced or added."""
    return lambda container: container[entry].update(tensors)


def _without(beginning: str, entry: str = 'model_state') -> Callable[[dict], None]:
    """Tensors taken out."""
    def change(container: dict) -> None:
        container[entry] = {key: value for key, value in container[entry].items() if not key.startswith(beginning)}
    return change


def _convert(family: str, **options: bool) -> Callable[[Path], int]:
    return lambda path: convert(FAMILIES[family], path, path.with_name('out.pth'), **options)


@cache
def _model() -> nn.Module:
    return MODELS.build(dict(type='ClipRecognizer', **_LAYOUTS['slowfast'].model_config()))


def _begin(path: Path) -> None:
    load_initial_weights(_model(), ego=path)


SLOWFAST: dict[str, tuple[Callable[[dict], object], str]] = {
    'state-of-text': (lambda container: container.update(model_state='s1'), 'a dictionary that holds one, found the'),
    'no-stem': (_without('s1.pathway0'), r'not a SlowFast of PySlowFast: .* found 658 tensors like s1\.pathway1_stem'),
    'stem-of-a-picture': (_changed({_STEM: torch.zeros(8, 3, 7, 7)}), 'expected a 5-D tensor s1.pathway0_stem.conv'),
    'stem-of-width-zero': (_changed({_STEM: torch.zeros(0, 3, 1, 7, 7)}), r'wrong shape \(\d+\): s1\.pathway0_stem'),
    'no-fast-pathway': (_without('s1.pathway1'), r'(?s)fast_channels=0.*unexpected \(\d+\): s1_fuse'),
    'no-stage': (_without('s3.'), r'missing \(156\): s3\.pathway0_res0\.branch1\.weight'),
    'no-fusion-norm': (_without('s1_fuse.bn'), r'expected normalised fusion convolutions'),
    'no-head': (_without('head'), r'missing \(4\): headepic100\.projections\.0\.weight'),
    'head-of-another-width': (_changed({f'{_HEAD}.0.weight': torch.zeros(97, 2304)}),
                              r'projections\.0\.weight \(97, 2304\) instead of \(97, 288\)'),
    'third-classifier': (_changed({f'{_HEAD}.2.weight': torch.zeros(2, 288)}), r'unexpected \(1\): headepic100'),
    'two-heads': (_changed({'head.projection.bias': torch.zeros(2)}), r'unexpected \(1\): head\.projection\.bias'),
    'scalar-head': (_changed({f'{_HEAD}.1.weight': torch.tensor(1.0)}), r'projections\.1'),
    'two-names-of-the-maps': (_changed({f'{name}.score_projection.bias': torch.zeros(2)
                                        for name in ('handobjhead', 'headobjhead')}), 'one interaction-map head'),
    'block-of-a-huge-number': (_changed({f's4.pathway0_res{10**20}.branch1.weight': torch.zeros(8)}),
                               r'unexpected \(1\): s4\.pathway0_res1000'),
    'block-of-foreign-digits': (_changed({'s4.pathway0_res\u0663.branch1.weight': torch.zeros(8)}),
                                r'unexpected \(1\): s4\.pathway0_res'),
    'many-blocks': (_changed({f's4.pathway0_res{number}.branch1.weight': torch.zeros(8) for number in range(6, 999)}),
                    r'unexpected \(993\): s4\.pathway0_res6'),
    'two-prefixes': (_changed({f'module.{_STEM}': torch.zeros(1)}), 'both with and without the prefix'),
    'key-with-escapes': (_changed({'\x1b[31m': torch.zeros(1)}), r'unexpected \(1\): \\x1b\[31m'),
    'key-of-a-megabyte': (_changed({'k' * 10**6: torch.zeros(1)}), r'unexpected \(1\): kkk'),
    'training-file-of-suml': (lambda container: _official('suml'), 'Convert it with the family suml'),
    'mmaction2': (lambda container: dict(state_dict={
        f'backbone.slow_path.{key}': torch.zeros(1) for key in ('conv1.conv.weight', 'conv1_lateral.conv.weight')}),
                  r'lateral_norm=False, which does not'),
}
SUML: dict[str, tuple[Callable[[dict], object], str]] = {
    'third-person-incomplete': (_without('s3_t.'), r'missing \(156\): s3_t\.pathway0_res0\.branch1\.weight'),
    'third-person-alone': (lambda container: dict(model_state={
        key: value for key, value in container['model_state'].items() if '_t.' in key}), 'found 0 tensors like no'),
    'projection-of-another-length': (_changed({'global_con_head.tpv_global_proj.bias': torch.zeros(5)}),
                                     r'tpv_global_proj\.bias \(5,\) instead of \(4,\)'),
    'teacher-in-its-place': (lambda container: _official('lemma'), r'missing \(4\): headepic100\.projections\.0\.weig'),
}
LEMMA: dict[str, tuple[Callable[[dict], object], str]] = {
    'other-head': (lambda container: _official('slowfast'), r'missing \(4\): readout\.projections\.0\.weight'),
}
BACK: dict[str, tuple[Callable[[dict], object], str]] = {
    'foreign-head': (_changed({'cls_head.fc_cls.bias': torch.zeros(2)}, 'state_dict'),
                     r'unexpected \(1\): cls_head\.fc_cls\.bias \(no name of ours\)'),
    'lateral-of-mmaction2': (_without('backbone.slow_path.conv1_lateral.bn', 'state_dict'),
                             'a network with lateral_norm=False'),
}
BEGIN: dict[str, tuple[Callable[[dict], object], str]] = {
    'tensor-missing': (_without('backbone.slow_path.conv1.conv', 'state_dict'), 'missing slow_path.conv1.conv.weight'),
    'tensor-too-many': (_changed({'backbone.\x1b[2J': torch.zeros(1)}, 'state_dict'), r'unexpected \\x1b\[2J'),
    'other-kernel': (_changed({'backbone.slow_path.conv1_lateral.conv.weight': torch.zeros(2, 1, 7, 1, 1)},
                              'state_dict'), 'fusion_kernel=7 where the model has 3'),
    'not-finite': (_changed({'backbone.fast_path.conv1.bn.bias': torch.full((1,), float('inf'))}, 'state_dict'),
                   'NaN or infinite numbers in 1 of 664 tensors'),
    'another-network': (lambda container: dict(state_dict={'fc.weight': torch.zeros(2, 3)}),
                        r'mmaction2 or we name it, found fc\.weight \(2, 3\)'),
}


CASES = [Case(f'recognition-{group}-{name}', 'checkpoint', _saved(f'{group}.pyth', content, change), read,
              CheckpointError, (found,), max_growth=_GROWTH)
         for group, read, content, cases in (
             ('slowfast', _convert('slowfast'), partial(_official, 'slowfast'), SLOWFAST),
             ('suml', _convert('suml'), partial(_official, 'suml'), SUML),
             ('lemma', _convert('lemma'), partial(_official, 'lemma'), LEMMA),
             ('back', _convert('slowfast', reverse=True), _ours, BACK),
             ('begin', _begin, _ours, BEGIN))
         for name, (change, found) in cases.items()]
