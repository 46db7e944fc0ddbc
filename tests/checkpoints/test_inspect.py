import argparse
import collections
import pathlib

import numpy as np
import pytest
import torch

from egoexo.checkpoints import anticipation, transfer, transfer_layout
from egoexo.checkpoints.anticipation_layout import AnticipationLayout, PlanningLayout
from egoexo.checkpoints.inspect import inspect_file
from egoexo.checkpoints.loading import sha256_of
from egoexo.checkpoints.segmentation import from_official


class Evil:
    def __reduce__(self):
        return exec, ('raise SystemExit',)


def _inspect(content, folder, **options):
    torch.save(content, folder / 'file.pth', **options)
    return inspect_file(folder / 'file.pth')


def test_official_file(official, tmp_path):
    passport = _inspect(official, tmp_path)
    assert (passport.family, passport.naming) == ('segmentation', 'official')
    assert passport.coverage == (len(official), len(official))
    assert passport.problems == ''
    assert passport.num_values == sum(value.numel() for value in official.values())
    assert passport.container == 'bare state dict'
    assert passport.sha256 == sha256_of(tmp_path / 'file.pth')
    assert 'num_classes=4' in passport.layout


def test_every_variant_is_recognised(layout, make, tmp_path):
    passport = _inspect(make(layout, 'module.'), tmp_path)
    assert passport.layout == str(layout)
    assert passport.problems == ''
    assert passport.container.endswith('keys prefixed by module.')


@pytest.mark.parametrize(('name', 'layout_of'), [
    ('anticipation', lambda: AnticipationLayout(num_classes=19)), ('planning', PlanningLayout)])
def test_anticipation_and_planning_are_told_apart(name, layout_of, make_clip, tmp_path):
    """They share their names; the number of outputs decides."""
    layout = layout_of()
    content = dict(epoch=3, arch='resnet101', state_dict=make_clip(layout, 'module.'), best_prec1=np.float64(41.5),
                   prec1=np.float64(40.0), optimizer=dict(state={}, param_groups=[]))
    passport = _inspect(content, tmp_path)
    assert (passport.family, passport.naming, passport.problems) == (name, 'official', '')
    assert passport.layout == str(layout)
    assert passport.coverage == (54, 54)
    assert passport.extras['best_prec1'].endswith('41.5)')
    ours = anticipation.from_official(make_clip(layout))
    passport = _inspect(dict(state_dict=ours), tmp_path)
    assert (passport.family, passport.naming, passport.problems) == (name, 'egoexo', '')


def test_our_checkpoint(official, tmp_path):
    content = dict(state_dict=from_official(official), meta=dict(epoch=3), message_hub=dict(), optimizer=dict(state={}))
    passport = _inspect(content, tmp_path)
    assert (passport.family, passport.naming) == ('segmentation', 'egoexo')
    assert passport.container == "state dict under 'state_dict' of an MMEngine checkpoint"
    assert passport.extras['meta'] == 'dict of 1: epoch'
    assert passport.coverage == (len(official), len(official))


def test_incomplete_file_lists_what_is_wrong(official, tmp_path):
    del official['stages.0.conv_out.bias']
    official['stage1.conv_1x1.bias'] = torch.tensor([float('nan')] * 3)
    passport = _inspect(official, tmp_path)
    assert passport.coverage == (len(official) - 1, len(official) + 1)
    assert 'missing (1): stages.0.conv_out.bias' in passport.table()
    assert 'wrong shape (1): stage1.conv_1x1.bias (3,) instead of (8,)' in passport.table()
    assert passport.non_finite == ['stage1.conv_1x1.bias']


def test_first_layer_missing(official, tmp_path):
    del official['stage1.conv_1x1.weight']
    passport = _inspect(official, tmp_path)
    assert passport.family == 'segmentation'
    assert passport.coverage == (0, 0)


def test_foreign_model(tmp_path):
    passport = _inspect(dict(model=torch.nn.Linear(3, 2).state_dict(), epoch=7), tmp_path)
    assert (passport.family, passport.naming) == ('unknown', 'unknown')
    table = passport.table()
    assert 'weight  2x3' in table
    assert 'int 7' in table


@pytest.mark.parametrize('legacy', [False, True])
def test_table_has_one_line_per_tensor(official, tmp_path, legacy):
    passport = _inspect(official, tmp_path, _use_new_zipfile_serialization=not legacy)
    lines = passport.table().split('\n')
    assert len(lines) == len(passport.table(with_shapes=False).split('\n')) + len(official)
    assert any('segmentation, official names' in line for line in lines)


def test_settings_are_named_and_not_built(official, tmp_path):
    content = dict(state_dict=official, args=argparse.Namespace(lr=0.1, bs=2), root=pathlib.PurePosixPath('/a/b'),
                   counts=collections.defaultdict(int, a=1), alpha=torch.zeros(2, 3))
    passport = _inspect(content, tmp_path)
    assert passport.extras['args'] == 'argparse.Namespace (not built): bs, lr'
    assert passport.extras['alpha'] == 'tensor (2, 3) float32'
    assert 'argparse.Namespace' in passport.foreign
    assert passport.family == 'segmentation'


@pytest.mark.parametrize('legacy', [False, True])
def test_hostile_file(official, tmp_path, legacy):
    with pytest.raises(ValueError, match=r'found the Python object \S*exec'):
        _inspect(official | dict(x=Evil()), tmp_path, _use_new_zipfile_serialization=not legacy)


def test_truncated_and_missing_file(official, tmp_path):
    torch.save(official, tmp_path / 'whole.pth')
    content = (tmp_path / 'whole.pth').read_bytes()
    (tmp_path / 'half.pth').write_bytes(content[:len(content) // 2])
    with pytest.raises(ValueError, match=r'half\.pth: expected a file written by torch\.save'):
        inspect_file(tmp_path / 'half.pth')
    with pytest.raises(ValueError, match='found nothing'):
        inspect_file(tmp_path / 'absent.pth')


def test_classifiers_of_lagtran_are_recognised(tmp_path):
    """The classifier counts, however many more tensors the encoder beside it has."""
    layout = transfer_layout.TransferLayout(num_classes=7)
    state = {key: torch.ones(shape) for key, shape in transfer_layout.official_shapes(layout).items()}
    content = dict(iteration=500, model_fe_state={f'blocks.{number}.weight': torch.ones(2) for number in range(50)},
                   model_cls_state={f'module.{key}': value for key, value in state.items()}, best_acc_tgt=31.5)
    passport = _inspect(content, tmp_path)
    assert (passport.family, passport.naming, passport.problems) == ('transfer', 'official', '')
    assert passport.container == "state dict under 'model_cls_state', keys prefixed by module."
    assert passport.layout == str(layout) and passport.coverage == (9, 9)
    assert passport.extras['model_fe_state'].startswith('dict of 50: blocks.0.weight')
    ours = transfer.from_official(state)
    passport = _inspect(dict(state_dict=ours), tmp_path)
    assert (passport.family, passport.naming, passport.problems) == ('transfer', 'egoexo', '')
    # Beside discriminators the head is still known, and what has no official name is listed.
    discriminator = {f'adaptation.discriminators.feature.{number}.weight': torch.ones(3, 2) for number in (0, 3, 6)}
    passport = _inspect(dict(state_dict=ours | discriminator), tmp_path)
    assert passport.family == 'transfer' and 'unexpected (3)' in passport.problems
