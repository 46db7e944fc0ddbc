import pytest
from toy_run import SEEN, toy_config, toy_train, weights_hash


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
