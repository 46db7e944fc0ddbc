"""The timing script of transfer times the same work on both sides."""

import sys
from pathlib import Path

import pytest
import torch
from tests_support import REPO

sys.path.insert(0, str(REPO / 'speed'))

import transfer as speed_transfer
from transfer import ReleasedData, ReleasedTraining, Training, load_config, make_datasets, write_world

sys.path.remove(str(REPO / 'speed'))

LAYERS = {'0': 'head.mlp.0', '1': 'head.mlp.1', '3': 'head.out'}


@pytest.fixture(scope='module')
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The release with a tenth of the segments, in short files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(speed_transfer, 'HISTOGRAMS', {name: [count // 20 + 3 for count in counts]
                                                     for name, counts in speed_transfer.HISTOGRAMS.items()})
        patch.setattr(speed_transfer, 'NUM_VAL', 30)
        patch.setattr(speed_transfer, 'NUM_TAKES', dict(train=5, val=2))
        return write_world(tmp_path_factory.mktemp('world'), num_rows=20, num_files=2)


def test_lists_have_the_released_sizes() -> None:
    assert {name: sum(counts) for name, counts in speed_transfer.HISTOGRAMS.items()} == dict(
        ego_train=4100, exo_train=4986)


def test_features_and_labels_are_the_same(world: Path) -> None:
    for dataset in make_datasets(world):
        theirs = ReleasedData(world, dataset.subset)
        assert [item['sample_id'] for item in dataset.data_list] == list(map(str, theirs.ids))
        for index in range(0, len(dataset), 11):
            feature, label = theirs.item(index)
            torch.testing.assert_close(dataset[index]['inputs'], feature, rtol=0, atol=1e-6)
            assert int(dataset[index]['data_samples'].gt_label) == label


def test_steps_change_the_weights_alike(world: Path, tmp_path: Path) -> None:
    ours, released = Training(load_config(speed_transfer.LAGTRAN, world, tmp_path / 'ours')), ReleasedTraining()
    speed_transfer.check_features(world, ours)
    ours.wrapper.optimizer.state.clear()  # of the one iteration that set everything up
    for theirs, name in LAYERS.items():
        released.net.get_submodule(theirs).load_state_dict(ours.model.get_submodule(name).state_dict())
    released.iteration = 1
    for _ in range(3):
        batch = next(ours.batches)
        halves = [(batch[name]['inputs'], torch.stack([sample.gt_label for sample in batch[name]['data_samples']]))
                  for name in ('source', 'target')]
        assert [len(labels) for _, labels in halves] == [64, 64]
        ours.model.train_step(batch, ours.wrapper)
        ours.runner.param_schedulers[0].step()
        released.step(*halves[0], *halves[1])
    for theirs, name in LAYERS.items():
        for key, value in released.net.get_submodule(theirs).state_dict().items():
            torch.testing.assert_close(ours.model.get_submodule(name).state_dict()[key], value, rtol=1e-5, atol=1e-6)


def test_both_ways_of_training_go_on(world: Path, tmp_path: Path) -> None:
    training = Training(load_config(speed_transfer.LAGTRAN, world, tmp_path / 'loop'))
    training.by_hand(3)
    training.through_loop(4)
    assert training.runner.iter == 5  # the first one set everything up; those by hand are not counted


def test_released_batches_are_balanced_and_endless(world: Path) -> None:
    batches = ReleasedData(world, 'exo_train').batches(balanced=True)
    drawn = torch.cat([next(batches)[1] for _ in range(20)])
    assert drawn.bincount(minlength=24).min() > 15


def test_scores_are_the_same(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed_transfer, 'NUM_VAL', 100)
    released, arrays, _ = (case.run() for case in speed_transfer.score_cases(world, tmp_path))
    for theirs, ours in zip(released, arrays, strict=True):
        assert list(ours) == ['top1', 'top5', 'mean_class_acc']
        assert list(ours.values()) == pytest.approx(theirs, abs=1e-3)
