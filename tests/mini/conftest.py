"""Worlds shared by the tests of EgoExo-Mini; states are cheap, so the default preset is simulated whole."""

import pytest

from egoexo.mini.motion import simulate
from egoexo.mini.presets import PRESETS, MiniPreset, VideoPlan, plan_takes, plan_videos
from egoexo.mini.state import TakeState


@pytest.fixture(scope='session')
def preset() -> MiniPreset:
    return PRESETS['default']


@pytest.fixture(scope='session')
def world(preset: MiniPreset) -> list[tuple[VideoPlan, TakeState]]:
    """Population A, 36 + 36 videos."""
    return [(plan, simulate(plan, preset, 0)) for plan in plan_videos(preset, 0)]


@pytest.fixture(scope='session')
def ego_states(world: list) -> list[TakeState]:
    return [state for plan, state in world if plan.view == 'ego']


@pytest.fixture(scope='session')
def exo_states(world: list) -> list[TakeState]:
    return [state for plan, state in world if plan.view == 'exo']


@pytest.fixture(scope='session')
def takes(preset: MiniPreset) -> list[TakeState]:
    """Population B, the first 20 takes: each level with each task."""
    return [simulate(plan, preset, 0) for plan in plan_takes(preset, 0)[:20]]
