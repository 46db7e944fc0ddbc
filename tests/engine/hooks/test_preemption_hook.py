import os
import signal

import pytest
from mmengine.hooks import Hook
from toy_run import toy_config, toy_train, weights_hash

from egoexo.engine.hooks import PreemptionHook
from egoexo.errors import ConfigError
from egoexo.registry import HOOKS


@HOOKS.register_module(force=True)
class SelfSignalHook(Hook):
    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter == 5:
            os.kill(os.getpid(), signal.SIGUSR1)


def test_ends_with_its_exit_code_and_resumes_inside_the_epoch(tmp_path):
    whole = weights_hash(toy_train(toy_config(tmp_path / 'whole', length=2)))
    cfg = toy_config(tmp_path / 'parts', length=2, custom_hooks=[dict(type='SelfSignalHook')],
                     **{'default_hooks.preemption.exit_code': 3})
    before = signal.getsignal(signal.SIGUSR1), signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as stopped:
        toy_train(cfg)
    assert stopped.value.code == 3 and (tmp_path / 'parts' / 'iter_6.pth').is_file()
    assert (signal.getsignal(signal.SIGUSR1), signal.getsignal(signal.SIGTERM)) == before
    cfg.custom_hooks = []
    assert weights_hash(toy_train(cfg, resume=True)) == whole
    assert not (tmp_path / 'parts' / 'iter_6.pth').exists()  # the next regular checkpoint takes its place


def test_helper_processes_are_not_held_up():
    hook = PreemptionHook()
    before = {name: signal.getsignal(name) for name in (signal.SIGUSR1, signal.SIGTERM)}
    for name in before:
        signal.signal(name, hook._note)
    try:
        ended = {}
        for name in before:
            child = os.fork()
            if child == 0:
                os.kill(os.getpid(), name)
                os._exit(7)
            ended[name] = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
    assert ended == {signal.SIGUSR1: 7, signal.SIGTERM: -signal.SIGTERM} and hook._received is None


@pytest.mark.parametrize(('options', 'message'), [
    (dict(signals=['SIGUSR1', 'SIGUSER2']), r"preemption\.signals: SIGUSER2 is no signal .* such as 'SIGUSR1'"),
    (dict(interval=0), r'preemption\.interval=0: expected at least 1, or None')])
def test_options_are_checked(options, message):
    with pytest.raises(ConfigError, match=message):
        PreemptionHook(**options)


def test_without_a_checkpoint_hook_that_can_save_signals_keep_their_meaning(tmp_path):
    hook = PreemptionHook()
    before = signal.getsignal(signal.SIGUSR1)
    hook.before_train(type('Runner', (), {'hooks': []})())
    assert signal.getsignal(signal.SIGUSR1) is before and hook._former == {}
