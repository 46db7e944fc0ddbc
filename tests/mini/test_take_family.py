"""Synchronised takes: one job per planned take, and what is written when all are there."""

import json
from pathlib import Path

import yaml

from egoexo.mini import take_family
from egoexo.mini.layouts.egoexo4d_names import FEATURES
from egoexo.mini.presets import get_preset, plan_takes
from egoexo.mini.request import Request


def test_jobs_are_the_planned_takes_in_order():
    jobs = take_family.plan_jobs(Path('somewhere'), Request(get_preset('tiny'), 5))
    assert [job.plan for job in jobs] == plan_takes(get_preset('tiny'), 5)
    assert len(jobs) == 12


def test_recipe_lies_beside_the_features(takes_root):
    recipe = json.loads((takes_root / FEATURES / 'recipe.json').read_text())
    assert (recipe['window'], recipe['stride'], recipe['dim'], recipe['dtype']) == (32, 16, 1536, 'float32')
    assert yaml.safe_load((takes_root / FEATURES / 'config.yaml').read_text()) == recipe


def test_facts_count_what_is_there(takes_root):
    facts = json.loads((takes_root.parent / 'mini.json').read_text())['egoexo4d']
    takes = json.loads((takes_root / 'takes.json').read_text())
    assert facts['counts']['ego']['videos'] == len(takes) == 12
    assert facts['counts']['exo']['videos'] == len(list(takes_root.glob('takes/*/frame_aligned_videos/cam*.mp4')))
    assert facts['takes'] == {'train': 7, 'val': 5, 'test': 0}
    assert facts['keystep_segments']['train'] >= 30


def test_states_of_the_records_are_light(tmp_path):
    job = take_family.plan_jobs(tmp_path, Request(get_preset('tiny'), 0))[0]
    record = take_family._record(job)
    assert len(record.state.hands) == len(record.state.object_position) == 0
    assert record.state.actions and record.descriptions[0]
    assert 0 in record.masks['knife']['cam02']
    assert list(record.video_paths) == ['aria01', 'cam01', 'cam02', 'cam03', 'cam04']
