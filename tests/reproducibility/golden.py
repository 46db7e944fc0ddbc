#!/usr/bin/env python
"""Golden curves: every digit of the first training steps, stored, and compared on the tested versions.

    python tests/reproducibility/golden.py            compare, exit code 1 when a digit moved
    python tests/reproducibility/golden.py --write    store the curves of this working tree

A renewal is a statement that training is meant to give other numbers: say why in the commit message.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

__all__ = ['ENVIRONMENT', 'NAMES', 'distance', 'explain', 'foreign', 'main', 'read', 'run_curves']

REPO = Path(__file__).resolve().parents[2]
FOLDER = REPO / 'tests' / 'data' / 'golden'
NAMES = ('ego', 'egoexo_iterations')
#: Takes the choice of kernels away from the processor as far as it can be taken; every variable was measured to move
#: digits (docs/reproducibility.md). Kernels of AVX2 width come with torch, MKL's compatible mode with any x86-64.
ENVIRONMENT = dict(ATEN_CPU_CAPABILITY='avx2', MKL_CBWR='COMPATIBLE', MKL_NUM_THREADS='1', OMP_NUM_THREADS='1')
RENEW = ('If the change is meant, renew the file with `python tests/reproducibility/golden.py --write` and give the '
         'reason in the commit message.')


def run_curves(names: tuple[str, ...] = NAMES) -> dict[str, dict]:
    """Train anew, in a process of its own because the environment is read when torch starts.

    Args:
        names (tuple[str, ...]): Of :data:`NAMES`.

    Returns:
        dict[str, dict]: Record of ``golden_run.record`` by name.
    """
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / 'curves.json'
        environment = os.environ | ENVIRONMENT | {'PYTHONPATH': f'{REPO}:{REPO / "tests"}', 'CUDA_VISIBLE_DEVICES': ''}
        done = subprocess.run(
            [sys.executable, '-m', 'reproducibility.golden_run', ','.join(names), str(target)], cwd=folder,
            env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f'the golden run failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}')
        return json.loads(target.read_text())


def read(name: str) -> dict:
    """Stored record of one curve.

    Args:
        name (str): Of :data:`NAMES`.
    """
    return json.loads((FOLDER / f'{name}.json').read_text())


def foreign(expected: dict, found: dict) -> str:
    """Why the digits of this machine cannot be compared; empty when they can.

    Args:
        expected (dict): Stored record.
        found (dict): Record of this machine.
    """
    other = [f'{name} {value} instead of {expected["versions"][name]}' for name, value in found['versions'].items()
             if value != expected['versions'][name]]
    if other:
        return f'digits are compared on the tested versions only; this is {", ".join(other)}'
    if found['arithmetic'] != expected['arithmetic']:
        return 'torch rounds differently on this processor: the probe, which uses nothing of egoexo, gives another hash'
    return ''


def explain(name: str, expected: dict, found: dict) -> str:
    """First difference between two records of the same versions and arithmetic; empty when there is none.

    Args:
        name (str): Of :data:`NAMES`.
        expected (dict): Stored record.
        found (dict): Record of this machine.
    """
    where = f'golden curve {name} (tests/data/golden/{name}.json, config {expected["config"]})'
    if found['inputs'] != expected['inputs']:
        return f'{where}: the inputs moved, not the training; look at tests/reproducibility/exact_world.py. {RENEW}'
    if found['initial_weights'] != expected['initial_weights']:
        return f'{where}: the weights before the first step moved: model, initialisation or seeding changed. {RENEW}'
    for number, (old, new) in enumerate(zip(expected['steps'], found['steps'], strict=False), start=1):
        if old != new:
            lines = [f'  {key}: expected {_shown(old.get(key))}, found {_shown(new.get(key))}'
                     for key in sorted(old.keys() | new.keys()) if old.get(key) != new.get(key)]
            return '\n'.join([f'{where}: the training moved, first at step {number} of {len(expected["steps"])}:',
                              *lines, RENEW])
    for key in ('steps', 'final_weights', 'scores'):
        if found[key] != expected[key]:
            detail = f'{len(expected[key])} steps expected, {len(found[key])} found' if key == 'steps' else \
                'equal losses, so an optimizer or a hook after the last step' if key == 'final_weights' else \
                'equal weights, so the evaluation: ' + ', '.join(
                    f'{score} expected {_shown(expected[key].get(score))}, found {_shown(found[key].get(score))}'
                    for score in sorted(expected[key].keys() | found[key].keys())
                    if expected[key].get(score) != found[key].get(score))
            return f'{where}: {key.replace("_", " ")} moved: {detail}. {RENEW}'
    return ''


def _shown(number: str | None) -> str:
    return 'nothing' if number is None else f'{float.fromhex(number)!r} ({number})'


def distance(expected: dict, found: dict, steps: int) -> float:
    """Largest relative difference of the loss over the first steps.

    Args:
        expected (dict): Stored record.
        found (dict): Record of this machine.
        steps (int): How many.
    """
    pairs = [(float.fromhex(old['loss']), float.fromhex(new['loss']))
             for old, new in zip(expected['steps'][:steps], found['steps'][:steps], strict=True)]
    return max(abs(new - old) / abs(old) for old, new in pairs)


def main(argv: list[str] | None = None) -> int:
    """Compare or store.

    Args:
        argv (list[str], optional): Arguments; None takes those of the process.

    Returns:
        int: 1 when a digit moved.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--write', action='store_true', help='store the curves of this working tree')
    write = parser.parse_args(argv).write
    moved = False
    for name, found in run_curves().items():
        path = FOLDER / f'{name}.json'
        if write:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(found, indent=1) + '\n')
            print(f'{path}: {len(found["steps"])} steps written')
            continue
        expected = read(name)
        text = foreign(expected, found) or explain(name, expected, found)
        moved |= bool(text)
        print(text or f'{name}: {len(found["steps"])} steps, all digits as stored')
    return int(moved)


if __name__ == '__main__':
    sys.exit(main())
