"""Kill at random iterations: both loops, every number of workers, averaging, accumulation and mixed precision."""

import itertools

import pytest
from fault.harness import kill_and_resume
from fault.toy_fault import LENGTH, PER_EPOCH, VARIANTS, fault_config

LAST = LENGTH * PER_EPOCH - 1
WORKERS = (0, 2, 4)


def points(rng, count):
    """First and last iteration, and others in between, at random places inside the iteration."""
    chosen = [0, LAST, *rng.sample(range(1, LAST), LAST - 1)][:count]
    return [(rng.choice(['before', 'step', 'after']), iteration) for iteration in chosen]


@pytest.mark.parametrize('variant', VARIANTS)
@pytest.mark.parametrize('loop', ['epoch', 'iter'])
def test_one_process(loop, variant, full, rng, ledger, whole, tmp_path):
    random = rng(f'{loop}-{variant}')
    if full:
        cases = [(workers, [point]) for workers in WORKERS for point in points(random, 6)]
    else:
        workers = WORKERS[(list(VARIANTS).index(variant) + (loop == 'iter')) % 3]
        cases = [(workers, [random.choice(points(random, LAST))])]
    for number, (workers, chosen) in enumerate(cases):
        cfg = fault_config(tmp_path / f'{number}' / 'work', loop=loop, workers=workers, variant=variant)
        kill_and_resume(cfg, chosen, ledger, f'iteration, {loop} loop, {variant}', whole(loop, variant))


@pytest.mark.parametrize('loop', ['epoch', 'iter'])
def test_killed_again_and_again(loop, full, rng, ledger, whole, tmp_path):
    random = rng(f'chain-{loop}')
    variants = list(VARIANTS) if full else [random.choice(list(VARIANTS))]
    for number, variant in enumerate(variants * (3 if full else 1)):
        # An iteration that was reached once is reached again: later points only.
        chain = sorted(random.sample(range(LAST + 1), 3))
        cfg = fault_config(tmp_path / f'{number}' / 'work', loop=loop, variant=variant)
        kill_and_resume(cfg, [('after', iteration) for iteration in chain], ledger, 'chains of three kills',
                        whole(loop, variant))


def test_killed_from_outside_at_any_moment(full, rng, ledger, whole, tmp_path):
    random = rng('clock')
    for number, loop in itertools.islice(enumerate(itertools.cycle(['epoch', 'iter'])), 24 if full else 2):
        cfg = fault_config(tmp_path / f'{number}' / 'work', loop=loop, workers=random.choice(WORKERS))
        kill_and_resume(cfg, [('clock', random.uniform(0.03, 0.3)) for _ in range(2)], ledger, 'random moments',
                        whole(loop))
