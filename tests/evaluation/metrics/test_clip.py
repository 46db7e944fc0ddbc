"""The metrics over rows of lists: the same digits on 1, 2 and 3 processes."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from mmengine.dataset import DefaultSampler
from tests_support import REPO

WORKER = Path(__file__).with_name('clip_gather_worker.py')


@pytest.fixture(scope='module')
def worker() -> object:
    spec = importlib.util.spec_from_file_location('clip_gather_worker', WORKER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.parametrize('world_size', [2, 3])
def test_same_digits_on_several_processes(world_size: int, worker: object, tmp_path: Path) -> None:
    env = os.environ | dict(PYTHONPATH=str(REPO), OMP_NUM_THREADS='1')
    processes = [
        subprocess.Popen([sys.executable, str(WORKER), str(rank), str(world_size), str(tmp_path)], env=env,
                         cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for rank in range(world_size)]
    for process in processes:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors[-2000:]
    for size in worker.SIZES:
        samples = worker.make_samples(size)
        alone = worker.score(samples, DefaultSampler(samples, shuffle=False, seed=0), None, batch_size=3)
        benchmarks = {'anticipation', 'planning', 'torch', 'transfer'} | ({'recognition'} if size > 1 else set())
        assert {key.split('/')[0] for key in alone} == benchmarks  # one segment of recognition has no label
        for rank in range(world_size):
            assert json.loads((tmp_path / f'rank{rank}.json').read_text())[str(size)] == alone, (size, rank)
