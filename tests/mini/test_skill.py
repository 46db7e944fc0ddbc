from types import SimpleNamespace

import numpy as np
import pytest

from egoexo.mini.presets import PRESETS
from egoexo.mini.skill import draw_execution, draw_skill

PRESET = PRESETS['default']


def _executions(skill, count=2000):
    draw = np.random.default_rng(0)
    return [draw_execution(skill, PRESET, draw) for _ in range(count)]


def test_skill_distributions():
    draw = np.random.default_rng(0)
    ego = [draw_skill(SimpleNamespace(level=None, view='ego'), draw) for _ in range(2000)]
    exo = [draw_skill(SimpleNamespace(level=None, view='exo'), draw) for _ in range(2000)]
    assert np.mean(ego) == pytest.approx(0.5, abs=0.02)
    assert np.std(ego) == pytest.approx(0.2236, abs=0.02)  # Beta(2, 2)
    assert min(exo) >= 0.7 and max(exo) <= 0.98


@pytest.mark.parametrize(('level', 'skill'), [(0, 0.12), (1, 0.40), (2, 0.65), (3, 0.90)])
def test_levels(level, skill):
    draw = np.random.default_rng(level)
    values = [draw_skill(SimpleNamespace(level=level, view='both'), draw) for _ in range(500)]
    assert np.mean(values) == pytest.approx(skill, abs=0.01)


def test_formulas_of_an_action_without_event():
    plain = next(run for run in _executions(0.5) if run.event is None and run.fumble_sec == 0)
    q = plain.quality
    assert plain.tremor == pytest.approx(.003 + .040 * (1 - q) ** 1.3)
    assert plain.rhythm == pytest.approx(.7 + .6 * q)
    assert plain.jitter == pytest.approx(.35 * (1 - q))
    assert .75 * (1.25 - .45 * q) <= plain.pace <= 1.45 * (1.25 - .45 * q)


def test_tips_fumble_and_tremble_good_executions_do_neither():
    runs = _executions(0.3) + _executions(0.9)
    tips = [run for run in runs if run.event == 'tip']
    good = [run for run in runs if run.event == 'good_execution']
    assert min(len(tips), len(good)) > 500
    assert all(run.quality < .38 and .455 <= run.fumble_sec <= 1.04 for run in tips)
    assert all(run.tremor == pytest.approx(1.5 * (.003 + .040 * (1 - run.quality) ** 1.3)) for run in tips)
    assert all(run.quality > .80 and run.fumble_sec == 0 and run.tremor == .0005 for run in good)
    assert all(run.rhythm == pytest.approx(1.3 * (.7 + .6 * run.quality)) for run in good)
    assert {run.effect for run in tips} == {'tremor', 'rhythm', 'fumble'}
    assert {run.effect for run in good} == {'steady', 'fluent'}


def test_event_and_fumble_rates():
    low = _executions(0.0, 4000)
    tip = np.mean([run.event == 'tip' for run in low if run.quality < .38])
    assert tip == pytest.approx(0.7, abs=0.03)
    zero = [run for run in low if run.quality == 0 and run.event is None]
    assert np.mean([run.fumble_sec > 0 for run in zero]) == pytest.approx(0.45, abs=0.06)
    high = _executions(0.95, 4000)
    assert np.mean([run.event is not None for run in high if run.quality > .8]) == pytest.approx(0.5, abs=0.03)
