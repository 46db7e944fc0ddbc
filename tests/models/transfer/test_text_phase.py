"""The text phase and the other makers of pseudo-labels through tools/train.py and tools/test.py."""

import pytest
import torch
from mmengine.config import Config
from run_support import assert_same_checkpoint, metrics_of, run_test, run_train
from tests_support import REPO
from toy_run import KilledError
from transfer_support import write_ego2exo_root

from egoexo.formats.pseudo_labels import read_pseudo_labels

pytest.importorskip('sklearn')
TFIDF = 'configs/transfer/tfidf_text_ego2exo-ego.py'


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    return write_ego2exo_root(tmp_path_factory.mktemp('ego2exo'), num_classes=6, per_class=8)


def config(folder, base, **changes):
    """A config over one of ours."""
    path = folder / 'config.py'
    Config(dict(_base_=str(REPO / base), **changes)).dump(path)
    return str(path)


def short(folder, **changes):
    """TF-IDF with few terms for a few iterations."""
    return config(
        folder, TFIDF, model=dict(encoder=dict(dim=256)), train_dataloader=dict(batch_size=16),
        train_cfg=dict(max_iters=60, val_interval=60), param_scheduler=dict(end=60),
        default_hooks=dict(checkpoint=dict(interval=20)), **changes)


@pytest.fixture(scope='module')
def trained(root, tmp_path_factory):
    folder = tmp_path_factory.mktemp('run')
    return run_train(short(folder), folder / 'work', root)


def test_pseudo_labels_are_written_and_beat_chance(root, trained):
    found = read_pseudo_labels(trained / 'pseudo_labels.txt', num_classes=6)
    state = torch.load(trained / 'iter_60.pth', weights_only=True)['state_dict']
    assert state['encoder.terms'].any()
    assert (len(found.labels), found.confidences) == (48, {})


def test_test_tool_gives_the_digits_of_the_labels(root, trained, tmp_path):
    (tmp_path / 'config').mkdir()
    run_test(short(tmp_path / 'config'), trained / 'iter_60.pth', tmp_path, root)
    labels = read_pseudo_labels(trained / 'pseudo_labels.txt').labels
    true = _truth(root)
    right = sum(labels[key] == true[key] for key in true)
    assert metrics_of(tmp_path)['exo_train/top1'] == pytest.approx(100 * right / len(true), abs=1e-4)
    assert right / len(true) > 0.5


def _truth(root):
    from egoexo.formats.ego2exo import read_ego2exo
    rows = read_ego2exo(root / 'metadata' / 'ego2exo.json').splits['exo_train']
    return {row.segment_id: row.label for row in rows}


def test_resumed_run_equals_an_uninterrupted_one(root, trained, tmp_path):
    dying = short(tmp_path, custom_imports=dict(imports=['toy_run']), custom_hooks=[
        dict(type='FitEncoderHook'), dict(type='PseudoLabelHook'), dict(type='KillHook', iteration=30)])
    with pytest.raises(KilledError):
        run_train(dying, tmp_path / 'work', root)
    assert not (tmp_path / 'work' / 'pseudo_labels.txt').exists()
    run_train(short(tmp_path), tmp_path / 'work', root, flags=('--resume',))
    assert_same_checkpoint(trained / 'iter_60.pth', tmp_path / 'work' / 'iter_60.pth')
    assert (tmp_path / 'work' / 'pseudo_labels.txt').read_bytes() == (trained / 'pseudo_labels.txt').read_bytes()


@pytest.mark.parametrize('maker', ['textmatch', 'knn', 'ngrammatch'])
def test_makers_count_and_label(root, tmp_path, maker):
    base = f'configs/transfer/{maker}_text_ego2exo-ego.py'
    encoder = dict(_delete_=True, type='TfidfEncoder', dim=256, min_df=1, ngram_range=(1, 1))
    path = config(tmp_path, base, model=dict(encoder=encoder))
    work = run_train(path, tmp_path / 'work', root)
    found = read_pseudo_labels(work / 'pseudo_labels.txt', num_classes=6).labels
    true = _truth(root)
    assert list(found) == list(true)
    assert sum(found[key] == true[key] for key in true) > 16  # chance: 8 of 48
    run_test(path, work / 'epoch_1.pth', tmp_path / 'test', root)
    right = sum(found[key] == true[key] for key in true)
    assert metrics_of(tmp_path / 'test')['exo_train/top1'] == pytest.approx(100 * right / 48, abs=1e-4)
