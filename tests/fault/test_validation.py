"""Kill at every batch of a validation and before its scores are known."""

import pytest
from fault.harness import kill_and_resume
from fault.toy_fault import LENGTH, fault_config

POINTS = [*(('val', number) for number in range(2 * LENGTH)), *(('metric', number) for number in range(LENGTH))]


@pytest.mark.parametrize('variant', ['plain', 'ema'])
@pytest.mark.parametrize('loop', ['epoch', 'iter'])
def test_validation_is_run_again(loop, variant, full, rng, ledger, whole, tmp_path):
    for kind, number in POINTS if full else rng(f'val-{loop}-{variant}').sample(POINTS, 1):
        cfg = fault_config(tmp_path / f'{kind}{number}' / 'work', loop=loop, variant=variant)
        kill_and_resume(cfg, [(kind, number)], ledger, f'validation, {variant}', whole(loop, variant))


def test_last_validation_is_not_lost(ledger, whole, tmp_path):
    # Nothing is left to train: the resumed run only validates, and finds the best checkpoint if it is the last.
    cfg = fault_config(tmp_path / 'work', length=1)
    kill_and_resume(cfg, [('metric', 0), ('metric', 0)], ledger, 'validation, plain', whole(length=1))
