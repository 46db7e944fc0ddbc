"""Follows docs/your_own_videos.md in a folder of its own, from videos to the labels of a new one."""

import json
import re

import cv2
import pytest
from tests_support import REPO
from walkthrough import follow

PAGE = REPO / 'docs/your_own_videos.md'


@pytest.mark.cli
@pytest.mark.slow
def test_from_a_folder_of_videos_to_the_labels_of_a_new_one(tmp_path, mini_root):
    make_world = 'python tools/data/make_mini.py --preset tiny --out mini'
    _, example, extracted, looked, trained, labelled = follow(PAGE, tmp_path, {make_world: f'ln -s {mini_root} mini'})

    page = PAGE.read_text(encoding='utf-8')
    assert example.splitlines()[:3] == page[page.index('video,start_sec'):].replace(
        'kitchen/a.mp4', 'train_ego_0').splitlines()[:3]
    assert len((tmp_path / 'own/classes.txt').read_text().splitlines()) + 1 == 9
    assert 'own/features: features of 12 videos' in extracted
    assert "feature_fps=5.0, window=1, stride=5, first_row_sec=0.08, crop='full'" in extracted
    assert re.search(r'12 of 12 videos, (\d+) of \1 frames', extracted)

    assert '3 lists, 0 problem(s): ready' in looked
    assert (tmp_path / 'browse/train.png').is_file()

    metrics = json.loads((tmp_path / 'work/scalars.json').read_text())['metrics']
    assert 'val/Avg' in trained
    assert {'val/F1@50', 'test/Edit', 'fixed_ends/test/Acc'} <= set(metrics)
    assert metrics['val/Acc'] > 30  # 9 classes; a pipeline with shifted or shuffled labels stays near background
    assert cv2.imread(str(tmp_path / 'work/vis_data/timelines/test.png')).std() > 10

    lines = re.findall(r'^ +([\d.]+) to +([\d.]+) s  (\S+)$', labelled, flags=re.MULTILINE)
    assert lines[0][0] == '0.0'
    assert [line[1] for line in lines[:-1]] == [line[0] for line in lines[1:]]
    assert float(lines[-1][1]) == pytest.approx(321 / 25, abs=0.2)  # the length of the video
    assert {line[2] for line in lines} <= {'background', *(tmp_path / 'own/classes.txt').read_text().split()}
    assert cv2.imread(str(tmp_path / 'new/visit.png')).std() > 10
