"""Whitening constants: what is stored, and that the shipped ones fit the world of today."""

import dataclasses

import numpy as np
import pytest

from egoexo.mini import calibrate as module
from egoexo.mini.calibrate import calibrate
from egoexo.mini.features import CALIBRATION, FEATURES
from egoexo.mini.presets import get_preset


@pytest.fixture(scope='module')
def constants(tmp_path_factory) -> dict[str, np.ndarray]:
    """Constants of one video per view."""
    short = dataclasses.replace(get_preset('default'), max_steps=3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, 'VIDEOS_PER_VIEW', 1)
        patch.setattr(module, 'get_preset', lambda name: short)
        path = calibrate(tmp_path_factory.mktemp('calibrate') / 'constants.npz')
    with np.load(path) as file:
        return dict(file)


def test_constants_of_every_feature(constants):
    assert set(constants) == {f'{name}_{part}' for name in FEATURES for part in ('mean', 'sd')}
    for name, dim in FEATURES.items():
        for part in ('mean', 'sd'):
            assert constants[f'{name}_{part}'].shape == (dim,)
            assert constants[f'{name}_{part}'].dtype == np.float32
        assert (constants[f'{name}_sd'] > 0).all()


def test_shipped_constants_belong_to_this_extractor(constants):
    """Two short videos lie inside the spread of the twelve; another projection would correlate at 0."""
    with np.load(CALIBRATION) as shipped:
        assert set(shipped) == set(constants)
        for name in FEATURES:
            assert np.corrcoef(shipped[f'{name}_mean'], constants[f'{name}_mean'])[0, 1] > 0.7
            off = np.abs(shipped[f'{name}_mean'] - constants[f'{name}_mean']) / shipped[f'{name}_sd']
            assert np.median(off) < 1


def test_shipped_file_is_small():
    assert CALIBRATION.stat().st_size < 40_000
