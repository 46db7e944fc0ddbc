import subprocess
import sys
import uuid
import zlib

import numpy as np
from tests_support import REPO

from egoexo.mini.seeding import make_uid, rng


def test_rng_is_the_crc_of_its_names():
    expected = np.random.default_rng(zlib.crc32(b'3|abc|gaze')).standard_normal(4)
    np.testing.assert_array_equal(rng(3, 'abc', 'gaze').standard_normal(4), expected)


def test_rng_differs_between_purposes():
    draws = {rng(seed, uid, purpose).random() for seed in (0, 1) for uid in ('a', 'b') for purpose in ('x', 'y')}
    assert len(draws) == 8


def test_uids_are_version_5_and_unique():
    uids = [make_uid(0, series, index) for series in ('A-ego', 'A-exo', 'B') for index in range(50)]
    assert len(set(uids)) == 150
    assert {uuid.UUID(uid).version for uid in uids} == {5}
    assert make_uid(1, 'A-ego', 0) != uids[0]


def test_state_does_not_depend_on_the_hash_seed():
    code = ('import zlib; from egoexo.mini.motion import simulate; from egoexo.mini.presets import *; '
            "p = PRESETS['tiny']; s = simulate(plan_takes(p, 0)[1], p, 0); "
            'print(zlib.crc32(s.object_position.tobytes()), zlib.crc32(s.hands.tobytes()), s.object_names, s.actions)')
    outputs = {subprocess.run([sys.executable, '-c', code], env={'PYTHONHASHSEED': seed, 'OMP_NUM_THREADS': '1'},
                              cwd=REPO, capture_output=True, text=True, check=True).stdout for seed in ('1', '2')}
    assert len(outputs) == 1
    assert 'FineAction' in outputs.pop()
