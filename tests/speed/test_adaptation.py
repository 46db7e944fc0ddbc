"""The timing script of adaptation trains every method it names."""

import sys

import pytest
import torch
from tests_support import REPO

sys.path.insert(0, str(REPO / 'speed'))

import adaptation as speed

sys.path.remove(str(REPO / 'speed'))


def test_every_config_with_a_target_is_timed() -> None:
    prefix = 'mstcn_i3d_egoexolearn-ego2exo-'
    found = {path.stem.removeprefix(prefix) for path in (REPO / 'configs/segmentation').glob(f'{prefix}*.py')}
    assert {name for name in found if 'gaze' not in name} == set(speed.METHODS)


@pytest.mark.parametrize('name', ['ego2exo', *(f'ego2exo-{method}' for method in speed.METHODS)])
def test_cases_take_a_step(name: str) -> None:
    source, target = speed.make_videos([40]), speed.make_videos([30])
    [losses] = speed.step_case(name, source, target).run()
    assert all(torch.isfinite(torch.as_tensor(value)).all() for value in losses.values())
    assert (len(losses) > 3) == (name not in ('ego2exo', 'ego2exo-adabn'))


def test_released_case_takes_a_step() -> None:
    speed.released_case(speed.make_videos([40]), speed.make_videos([30])).run()
