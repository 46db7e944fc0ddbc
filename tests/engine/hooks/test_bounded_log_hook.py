import pytest
from toy_run import toy_config, toy_train

from egoexo.engine.hooks import BoundedLogHook


def test_history_stays_short_and_keeps_the_newest(tmp_path):
    cfg = toy_config(tmp_path, length=3)
    unbounded = toy_train(cfg).message_hub.get_scalar('train/loss').data[0]
    cfg = toy_config(tmp_path / 'bounded', length=3, **{'default_hooks.bounded_log.max_length': 5,
                                                       'default_hooks.bounded_log.interval': 2})
    bounded = toy_train(cfg).message_hub.get_scalar('train/loss').data[0]
    assert len(unbounded) == 12 and bounded.tolist() == unbounded[-5:].tolist()


def test_resumed_history_is_shortened(tmp_path):
    cfg = toy_config(tmp_path, length=3)
    toy_train(cfg, kill_at=9)
    cfg.default_hooks.bounded_log.max_length = 3
    runner = toy_train(cfg, resume=True)
    assert all(len(buffer.data[0]) <= 3 for buffer in runner.message_hub.log_scalars.values())


@pytest.mark.parametrize('arguments', [dict(max_length=0), dict(interval=0)])
def test_bounds_must_be_positive(arguments):
    with pytest.raises(ValueError, match='must be at least 1'):
        BoundedLogHook(**arguments)
