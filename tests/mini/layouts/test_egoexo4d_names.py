"""Names as official code takes them apart again."""

import re
from pathlib import Path

import pytest

from egoexo.mini.layouts import egoexo4d_names as names
from egoexo.mini.presets import get_preset, plan_takes
from egoexo.mini.vocabulary import RECIPES

PLANS = plan_takes(get_preset('default'), 0)


def test_capture_is_the_take_without_its_number():
    for plan in PLANS:
        assert re.sub(r'_\d+$', '', names.take_name(plan)) == names.capture_name(plan)
        assert names.take_name(plan).endswith(f'_{names.take_index(plan)}')
    assert len({names.take_name(plan) for plan in PLANS}) == 56
    assert {names.take_index(plan) for plan in PLANS} == {1, 2, 3}


@pytest.mark.parametrize(('cam_id', 'video', 'feature'),
                         [('aria01', 'aria01_214-1.mp4', 'aria01_rgb.pt'), ('cam03', 'cam03.mp4', 'cam03_0.pt')])
def test_files_of_a_camera(cam_id, video, feature):
    root, plan = Path('root'), PLANS[0]
    folder = root / 'takes' / 'mini_cooking_001_1' / 'frame_aligned_videos'
    assert names.video_path(root, plan, cam_id) == folder / video
    assert names.small_video_path(root, plan, cam_id) == folder / 'downscaled' / '448' / video
    assert names.feature_path(root, plan, cam_id) == root / f'features/omnivore_video/{plan.uid}_{feature}'


def test_every_recipe_has_a_scenario():
    assert list(names.SCENARIOS) == list(RECIPES)
    assert len(set(names.SCENARIOS.values())) == 5
