"""Names follow the folders of EPIC-KITCHENS-100 and the toy third-person release."""

from pathlib import Path

from egoexo.mini.layouts.epic_names import (
    FRAME,
    TPV_FRAME,
    ego_folder,
    interaction_map,
    participant,
    tpv_folder,
    tpv_name,
)
from egoexo.mini.presets import get_preset, plan_epic_videos, plan_videos


def test_names():
    preset = get_preset('tiny')
    ego, exo = plan_epic_videos(preset, 0)[0], plan_videos(preset, 0)[-1]
    assert participant(ego) == 'P01'
    assert ego_folder(Path('e'), ego) / FRAME.format(1) == \
        Path('e/rgb_frames/P01/rgb_frames/P01_101/frame_0000000001.jpg')
    assert interaction_map(Path('e'), ego) == Path('e/interaction_maps/P01_101.npy')
    assert tpv_name(exo) == '006_task2'
    assert tpv_folder(Path('e'), exo) / TPV_FRAME.format(0) == Path('e/lemma/frames/006_task2/img_00000.jpg')


def test_names_are_unique():
    exos = [plan for plan in plan_videos(get_preset('large'), 0) if plan.view == 'exo']
    assert len({tpv_name(plan) for plan in exos}) == len(exos) == 150
