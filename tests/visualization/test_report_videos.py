import re

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from report_support import TAS, VIDEOS, make_run

from egoexo.registry import DATASETS
from egoexo.structures import EgoExoDataSample
from egoexo.visualization.report_run import Run, read_run
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
    assert re.search('exo_val_annotations.bundle.* does not exist', lists[1].problem)
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
    assert re.search('e-bad.txt.* does not exist', lists[0].problem)
    assert [item.scored for item in lists] == [1, 1]


def test_names(run, tmp_path):
    lists = list(find_lists(run))
    assert read_names(lists) == ('background', 'Prepare tomato', 'Cut tomato', 'Stir-frying')
    (tmp_path / 'data' / TAS / 'semantic_en.json').unlink()
    assert read_names(lists)[:2] == ('background', 'class 1')
    assert len(read_names([])) == 28


@DATASETS.register_module(force=True)
class OtherVideos(BaseDataset):
    """A list of another kind, whose truth is known to its pipeline alone."""

    METAINFO = dict(classes=('nothing', 'something'), label_fps=10.0)
    subset, view = 'kitchen', 'exo'

    def load_data_list(self):
        if 'broken' in self.ann_file:
            raise RuntimeError('no column named start')
        return [dict(sample_id='day/a', view='ego'), dict(sample_id='b')]

    def prepare_data(self, idx):
        truth = torch.tensor([idx, 1, 1])
        return dict(data_samples=EgoExoDataSample(gt_frame_labels=truth))


def other_run(ann_file='videos.csv'):
    dataset = dict(type='OtherVideos', ann_file=ann_file, data_root='/nowhere')
    return Run(None, 'x', config=Config(dict(test_dataloader=dict(dataset=dataset))), predictions={
        'kitchen/day/a': np.array([0, 1, 0]), 'elsewhere/z': np.array([0])})


def test_other_data_sets_are_asked_for_their_truth():
    run = other_run()
    item, = find_lists(run)
    assert (item.subset, item.view, item.fps, item.listed, item.left_out) == ('kitchen', 'exo', 10.0, 2, ('b',))
    video, = score_videos(run, [item])
    assert video.truth.tolist() == [0, 1, 1]
    assert video.scores['Acc'] == pytest.approx(200 / 3)
    assert (video.uid, video.view, video.fps) == ('day/a', 'ego', 10.0)
    assert read_names([item]) == ('nothing', 'something')


def test_data_set_that_cannot_be_built_is_told():
    item, = find_lists(other_run('broken.csv'))
    assert item.problem.endswith('RuntimeError: no column named start')
    run = other_run()
    run.config.test_dataloader.dataset.type = 'GoneDataset'
    item, = find_lists(run)
    assert 'GoneDataset' in item.problem
