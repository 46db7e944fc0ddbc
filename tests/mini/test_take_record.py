from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from egoexo.mini import motion
from egoexo.mini.presets import PRESETS, plan_takes
from egoexo.mini.take_record import TakeRecord


def test_writers_cannot_change_what_they_read():
    plan = plan_takes(PRESETS['tiny'], 0)[0]
    state = motion.simulate(plan, PRESETS['tiny'], 0)
    record = TakeRecord(plan, state, 6.5, [[], []], {'aria01': Path('aria01_214-1.mp4')}, 160, (160, 90), {})
    assert record.state.uid == record.plan.uid
    assert next(iter(record.video_paths)) == 'aria01'  # the head camera first
    with pytest.raises(FrozenInstanceError):
        record.duration_sec = 1.0
