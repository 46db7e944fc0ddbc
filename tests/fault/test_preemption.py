"""A signal ends a run in good order: checkpoint of this very iteration, exit code 75, equal after resuming."""

import os
import signal

import pytest
from fault.harness import fingerprint, launch, numbered
from fault.toy_fault import VARIANTS, fault_config
from mmengine.hooks import Hook

from egoexo.registry import HOOKS

CASES = [(loop, variant) for loop in ('epoch', 'iter') for variant in VARIANTS]
SHORT = [('epoch', 'accumulation'), ('epoch', 'ema'), ('iter', 'plain')]


@HOOKS.register_module(force=True)
class SignalHook(Hook):
    """Sends a signal to its own process, on one rank, inside an iteration or a validation."""

    def __init__(self, name, iteration=None, val_batch=None, rank=0):
        self.number, self.iteration, self.val_batch, self.rank = signal.Signals[name], iteration, val_batch, rank

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.rank == self.rank and runner.iter == self.iteration:
            os.kill(os.getpid(), self.number)

    def before_val_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter == 4 and batch_idx == self.val_batch:
            os.kill(os.getpid(), self.number)


def preempt(folder, saved, procs=1, name='SIGUSR1', iteration=None, val_batch=None, rank=0, **options):
    """Run into the signal; checks exit code, message and checkpoint."""
    cfg = fault_config(folder, procs=procs, **options)
    signals = dict(type='SignalHook', name=name, iteration=iteration, val_batch=val_batch, rank=rank)
    first = fault_config(folder, procs=procs, **options)
    first.custom_hooks = [*first.get('custom_hooks', []), signals]
    outcome = launch(first, procs=procs)
    assert outcome.codes == [75] * procs, outcome.texts[0][-3000:]
    assert f'Saved: {folder}/{saved}. Go on with the same command and --resume.' in outcome.texts[0]
    assert numbered(folder)[-1].name == saved or saved.startswith('epoch')
    return cfg


def check_equal(cfg, whole, ledger, procs=1):
    outcome = launch(cfg, resume=True, procs=procs)
    assert outcome.codes == [0] * procs, outcome.texts[0][-3000:]
    found = fingerprint(cfg.work_dir)
    ledger('preemption', kills=1, resumes=1, equal=int(found == whole))
    assert found == whole


@pytest.mark.parametrize(('loop', 'variant'), CASES)
def test_saves_at_the_next_step_of_the_optimizer(loop, variant, full, rng, ledger, whole, tmp_path):
    if not full and (loop, variant) not in SHORT:
        pytest.skip('only with --fault full')
    iterations = range(11) if full else [rng(f'preempt-{loop}-{variant}').choice([1, 2, 5, 6, 8, 9, 10])]
    for iteration in iterations:
        done = iteration + 1 + (variant == 'accumulation' and iteration % 2 == 0)
        cfg = preempt(tmp_path / str(iteration) / 'work', f'iter_{done}.pth', loop=loop, variant=variant,
                      iteration=iteration, workers=2 * (iteration % 2))
        check_equal(cfg, whole(loop, variant), ledger)


@pytest.mark.parametrize('rank', [0, 1])
def test_ranks_agree(rank, full, ledger, whole, tmp_path):
    if not full and rank == 0:
        pytest.skip('only with --fault full')
    cfg = preempt(tmp_path / 'work', 'iter_6.pth', procs=2, iteration=5, rank=rank)
    check_equal(cfg, whole(procs=2), ledger, procs=2)


@pytest.mark.parametrize('batch', [0, 1])
def test_signal_during_validation(batch, ledger, whole, tmp_path):
    cfg = preempt(tmp_path / 'work', 'epoch_1.pth', name='SIGTERM', val_batch=batch)
    check_equal(cfg, whole(), ledger)


def test_nothing_is_saved_twice_at_the_last_iteration_of_the_iteration_loop(ledger, whole, tmp_path):
    cfg = preempt(tmp_path / 'work', 'iter_12.pth', loop='iter', iteration=11)
    check_equal(cfg, whole('iter'), ledger)
