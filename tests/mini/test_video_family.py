"""Asynchronous videos: one job per planned video, facts for the summary."""

import json
from pathlib import Path

from egoexo.mini import video_family
from egoexo.mini.defects import FEATURE_DEFECTS
from egoexo.mini.layouts.egoexolearn import DEFECTS
from egoexo.mini.presets import get_preset, plan_videos
from egoexo.mini.request import Request


def test_jobs_are_the_planned_videos_in_order():
    request = Request(get_preset('tiny'), 5, ('clip',), (), (), True)
    jobs = video_family.plan_jobs(Path('somewhere'), request)
    assert [job.plan for job in jobs] == plan_videos(get_preset('tiny'), 5)
    assert {(job.seed, job.features, job.gaze_features, job.float32) for job in jobs} == {(5, ('clip',), (), True)}


def test_facts_of_the_tiny_world(mini_root):
    facts = json.loads((mini_root / 'mini.json').read_text())['egoexolearn']
    assert facts['counts']['ego']['videos'] == facts['counts']['exo']['videos'] == 6
    assert 0.03 < facts['counts']['ego']['background'] < 0.3


def test_defects_are_those_of_features_and_of_the_writer():
    assert set(video_family.defects) == {*FEATURE_DEFECTS, *DEFECTS}
