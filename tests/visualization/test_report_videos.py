import numpy as np
import pytest
from report_support import TAS, VIDEOS, make_run

from egoexo.visualization.report_run import read_run
from egoexo.visualization.report_videos import find_lists, read_names, score_videos


@pytest.fixture
def run(tmp_path):
    return read_run(make_run(tmp_path))


def test_lists_count_listed_predicted_and_left_out(run):
    lists = list(find_lists(run))
    assert [(item.subset, item.listed, item.left_out) for item in lists] == [
        ('ego_val', 3, ('e-left-out',)), ('exo_val', 1, ())]


def test_excluded_videos_are_not_expected(run):
    run.config.test_dataloader.dataset.datasets[0].exclude = ['e-left-out']
    assert next(find_lists(run)).listed == 2


def test_missing_list_is_told(run, tmp_path):
    (tmp_path / 'data' / TAS / 'splits/exo_val_annotations.bundle').unlink()
    lists = list(find_lists(run))
    assert 'exo_val_annotations.bundle does not exist' in lists[1].problem
    assert [(video.subset, video.uid) for video in score_videos(run, lists)] == [
        ('ego_val', 'e-good'), ('ego_val', 'e-bad'), ('exo_val', 'x-one')]


def test_scores_of_each_video(run):
    videos = {video.uid: video for video in score_videos(run, list(find_lists(run)))}
    np.testing.assert_array_equal(videos['x-one'].truth, VIDEOS['exo_val/x-one'][0])
    assert videos['e-good'].scores['Acc'] == 100
    assert videos['e-bad'].scores['Acc'] == 25  # frames 100 to 150 of 200
    assert videos['x-one'].scores['Acc'] == 90
    assert videos['x-one'].view == 'exo'


def test_lost_label_file_is_told_and_the_others_are_scored(run, tmp_path):
    (tmp_path / 'data' / TAS / 'gts_fps25/e-bad.txt').unlink()
    lists = list(find_lists(run))
    assert [video.uid for video in score_videos(run, lists)] == ['e-good', 'x-one']
    assert 'e-bad.txt does not exist' in lists[0].problem
    assert [item.scored for item in lists] == [1, 1]


def test_names(run, tmp_path):
    lists = list(find_lists(run))
    assert read_names(lists) == ('background', 'Prepare tomato', 'Cut tomato', 'Stir-frying')
    (tmp_path / 'data' / TAS / 'semantic_en.json').unlink()
    assert read_names(lists)[:2] == ('background', 'class 1')
    assert len(read_names([])) == 28
