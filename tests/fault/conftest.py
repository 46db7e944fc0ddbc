"""Options, references and the record of the fault tests."""

import json
import os
import random
import shutil
import time
from pathlib import Path

import pytest
from fault import results
from fault.harness import fingerprint, launch
from fault.toy_fault import fault_config
from filelock import FileLock


def pytest_configure(config):
    # On the controller of pytest-xdist, before it starts its workers, which inherit the variables.
    if config.getoption('--fault') == 'full' and not os.environ.get('PYTEST_XDIST_WORKER'):
        os.environ['EGOEXO_FAULT_LEDGER'] = str(results.new_ledger())
        config.stash[STARTED] = time.time()


STARTED = pytest.StashKey()


def pytest_collection_modifyitems(config, items):
    if config.getoption('--fault') == 'full':
        for item in items:
            if item.path.parent == Path(__file__).parent:
                item.add_marker(pytest.mark.timeout(3600))


def pytest_sessionfinish(session, exitstatus):
    config = session.config
    if STARTED in config.stash and not os.environ.get('PYTEST_XDIST_WORKER'):
        ledger = Path(os.environ.pop('EGOEXO_FAULT_LEDGER'))
        if exitstatus == 0:
            results.write_page(ledger, config.getoption('--fault-seed'), time.time() - config.stash[STARTED])
        shutil.rmtree(ledger.parent)


@pytest.fixture(scope='session')
def full(request) -> bool:
    """Whether every kill point is asked for."""
    return request.config.getoption('--fault') == 'full'


@pytest.fixture(scope='session')
def rng(request):
    """Random numbers of a test's own: ``rng('name')``, the same on every machine for one --fault-seed."""
    seed = request.config.getoption('--fault-seed')
    return lambda name: random.Random(f'{name}-{seed}')


@pytest.fixture(scope='session')
def ledger():
    """Notes the counts of one case; processes share one file."""
    path = os.environ.get('EGOEXO_FAULT_LEDGER')

    def note(family, kills, resumes, equal):
        if path is not None:
            with FileLock(f'{path}.lock'), open(path, 'a', encoding='utf-8') as stream:
                stream.write(json.dumps(dict(family=family, kills=kills, resumes=resumes, equal=equal)) + '\n')

    return note


@pytest.fixture(scope='session')
def whole(tmp_path_factory):
    """Fingerprint of the uninterrupted run, made once per kind in this process; workers do not matter to it."""
    known = {}

    def of(loop='epoch', variant='plain', procs=1, **options):
        key = (loop, variant, procs, json.dumps(options, sort_keys=True))
        if key not in known:
            cfg = fault_config(tmp_path_factory.mktemp('whole') / 'work', loop=loop, variant=variant, procs=procs,
                               **options)
            outcome = launch(cfg, procs=procs)
            assert outcome.codes == [0] * procs, '\n'.join(outcome.texts)[-3000:]
            known[key] = fingerprint(cfg.work_dir)
        return known[key]

    return of
