"""What writers get to know about a video."""

from pathlib import Path

import numpy as np

from egoexo.mini.epic_family import _record, plan_jobs
from egoexo.mini.presets import get_preset
from egoexo.mini.request import Request


def test_records_are_light_and_boxes_lie_in_the_picture():
    jobs = plan_jobs(Path('somewhere'), Request(get_preset('tiny'), 0))
    ego, exo = _record(jobs[0]), _record(jobs[-1])
    for record in (ego, exo):
        assert len(record.state.hands) == len(record.state.object_position) == 0
        assert record.state.actions
    assert (ego.size, exo.size) == ((128, 128), (160, 90))
    assert ego.body_boxes is None
    boxes = exo.body_boxes
    assert boxes.shape == (exo.state.num_frames, 4)
    assert (boxes >= 0).all()
    assert (boxes <= (159, 89, 159, 89)).all()
    assert (boxes[:, 2:] >= boxes[:, :2]).all()
    assert np.median(boxes[:, 2] - boxes[:, 0]) > 20
