import pytest
from toy_run import SEEN, ToyDataset, ToyModel, toy_config, toy_train, weights_hash

from egoexo.errors import ConfigError
from egoexo.registry import DATASETS, MODELS


@pytest.fixture(scope='module')
def whole(tmp_path_factory):
    runner = toy_train(toy_config(tmp_path_factory.mktemp('whole'), loop='iter'))
    return weights_hash(runner), list(SEEN)


@pytest.mark.parametrize('kill_at', [2, 8, 13])
def test_resumed_run_equals_uninterrupted_one_without_replay(whole, kill_at, tmp_path):
    cfg = toy_config(tmp_path, loop='iter')
    toy_train(cfg, kill_at=kill_at)
    resumed = toy_train(cfg, resume=True)
    assert weights_hash(resumed) == whole[0] and resumed.iter == 16
    assert list(SEEN) == whole[1][kill_at // 4 * 4:]


def test_workers_do_not_change_the_stream(whole, tmp_path):
    assert weights_hash(toy_train(toy_config(tmp_path, loop='iter', workers=2))) == whole[0]
    assert list(SEEN) == whole[1] and len(set(SEEN)) == 16


def test_finite_sampler_is_asked_for_pass_after_pass(whole, tmp_path):
    finite = {'train_dataloader.sampler.type': 'SeededSampler', 'val_evaluator.type': 'ToyMetric'}
    assert weights_hash(toy_train(toy_config(tmp_path / 'a', loop='iter', **finite))) == whole[0]
    cfg = toy_config(tmp_path / 'b', loop='iter', **finite)
    toy_train(cfg, kill_at=7)
    assert weights_hash(toy_train(cfg, resume=True)) == whole[0]
    assert list(SEEN) == whole[1][4:]


def test_validation_falls_on_the_interval_and_the_end(tmp_path):
    cfg = toy_config(tmp_path, loop='iter', **{'train_cfg.val_interval': 6, 'train_cfg.val_begin': 7})
    runner = toy_train(cfg)
    assert len(runner.message_hub.get_scalar('val/ego_val/Avg').data[0]) == 2  # after 12 and 16


@DATASETS.register_module(force=True)
class ToyList(ToyDataset):
    """A list with the name that lists of a benchmark have."""

    subset = 'toy_train'


@MODELS.register_module(force=True)
class ToyPairModel(ToyModel):
    """Trains on source and target, which both leave their mean in SEEN."""

    def forward(self, inputs=None, data_samples=None, mode='tensor', source=None, target=None):
        if mode != 'loss':
            return super().forward(inputs, data_samples, mode)
        losses = [super(ToyPairModel, self).forward(**domain, mode='loss')['loss_cls'] for domain in (source, target)]
        return dict(loss_cls=losses[0], loss_target=losses[1])


def pair_config(work_dir, **batch_sampler):
    cfg = toy_config(work_dir, loop='iter')
    cfg.model.type = 'ToyPairModel'
    cfg.train_dataloader = dict(
        batch_size=4, num_workers=0, sampler=dict(type='SeededSampler'), collate_fn=dict(type='collate_domains'),
        batch_sampler=dict(type='PairedBatchSampler', epoch='endless', target_batch_size=3, **batch_sampler),
        dataset=dict(type='DomainPairDataset', datasets=[dict(type='ToyList', size=18)],
                     target_datasets=[dict(type='ToyList', size=7)]))
    return cfg


@pytest.mark.parametrize('drop_last', [True, False])
def test_endless_pairs_resume_at_any_iteration(drop_last, tmp_path):
    whole = weights_hash(toy_train(pair_config(tmp_path / 'whole', drop_last=drop_last)))
    seen = list(SEEN)
    assert len(seen) == len(set(seen)) == 2 * 16
    for kill_at in (5, 13):
        cfg = pair_config(tmp_path / str(kill_at), drop_last=drop_last)
        toy_train(cfg, kill_at=kill_at)
        resumed = toy_train(cfg, resume=True)
        assert weights_hash(resumed) == whole
        assert list(SEEN) == seen[kill_at // 4 * 4 * 2:]


def test_whole_batches_of_a_finite_sampler(tmp_path):
    changes = {'train_dataloader.sampler.type': 'SeededSampler', 'train_dataloader.drop_last': True,
               'train_dataloader.dataset.size': 11}
    whole = weights_hash(toy_train(toy_config(tmp_path / 'whole', loop='iter', **changes)))
    seen = list(SEEN)
    assert len(seen) == 16
    cfg = toy_config(tmp_path / 'cut', loop='iter', **changes)
    toy_train(cfg, kill_at=7)
    assert weights_hash(toy_train(cfg, resume=True)) == whole
    assert list(SEEN) == seen[4:]


def test_a_list_smaller_than_a_batch_is_refused_instead_of_waiting_for_ever(tmp_path):
    cfg = toy_config(tmp_path, loop='iter', **{'train_dataloader.sampler.type': 'SeededSampler',
                                               'train_dataloader.drop_last': True, 'train_dataloader.dataset.size': 3})
    with pytest.raises(ConfigError, match='train_dataloader: expected at least one batch per pass over the list, found '
                                          'none: drop_last=True and fewer than 4 samples per process. Lower '):
        toy_train(cfg)
