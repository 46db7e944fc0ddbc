"""Kill one of two ranks: the other ends by itself, and the resumed run of both is equal."""

import pytest
from fault.harness import kill_and_resume
from fault.toy_fault import LENGTH, PER_EPOCH, VARIANTS, fault_config

ITERATIONS = range(LENGTH * PER_EPOCH)
CASES = [(loop, variant) for loop in ('epoch', 'iter') for variant in VARIANTS]
SHORT = [('epoch', 'ema'), ('iter', 'accumulation')]


@pytest.mark.parametrize(('loop', 'variant'), CASES)
def test_one_rank_dies(loop, variant, full, rng, ledger, whole, tmp_path):
    if not full and (loop, variant) not in SHORT:
        pytest.skip('only with --fault full')
    random = rng(f'ranks-{loop}-{variant}')
    for workers in (0, 2, 4) if full else (random.choice((0, 2)),):
        for rank in (0, 1) if full else (random.choice((0, 1)),):
            cfg = fault_config(tmp_path / f'{workers}{rank}' / 'work', loop=loop, variant=variant, workers=workers,
                               procs=2)
            point = (random.choice(['before', 'step', 'after']), random.choice(ITERATIONS))
            kill_and_resume(cfg, [point], ledger, f'two processes, {loop} loop, {variant}',
                            whole(loop, variant, procs=2), procs=2, rank=rank)
