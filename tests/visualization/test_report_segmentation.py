import numpy as np
import pytest
from report_support import make_metrics, make_run

from egoexo.visualization.report_run import Run, read_run
from egoexo.visualization.report_segmentation import segmentation_cards, segmentation_sections, split_metrics


@pytest.fixture
def run(tmp_path):
    return read_run(make_run(tmp_path))


def by_title(sections):
    return {section.title: section.parts for section in sections}


@pytest.fixture(scope='module')
def chapters(tmp_path_factory):
    return by_title(segmentation_sections(read_run(make_run(tmp_path_factory.mktemp('run')))))


def test_split_metrics():
    assert split_metrics({'ego_val/Acc': 1., 'clean/exo_gaze_test/Edit': 2., 'ego_val/seen/F1@50': 3., 'time': 4.}) == {
        'official': {'ego_val': {'Acc': 1., 'seen/F1@50': 3.}}, 'clean': {'exo_gaze_test': {'Edit': 2.}}}


def test_cards():
    cards = segmentation_cards(Run(None, 'x', metrics=make_metrics()))
    assert [(card.label, card.value, card.detail) for card in cards] == [
        ('F1@50, ego_val', '54.1', 'Avg 56.1, Acc 50.1'), ('F1@50, exo_val', '64.1', 'Avg 66.1, Acc 60.1')]


def test_score_tables(chapters):
    official, clean = chapters['Scores']
    assert official.title.startswith('Protocol official [')
    assert [row[:3] for row in official.rows] == [
        ['ego_val', 'all', 50.125], ['ego_val', 'unseen', 30.375], ['exo_val', 'all', 60.125]]
    assert official.rows[0][6] == (54.125, '51.5 to 57.5')
    assert clean.folded
    assert not official.folded
    assert clean.rows[0][2] == 20.625


def test_timelines_of_median_worst_and_best(chapters):
    pictures = [part for part in chapters['Timelines'] if part.kind == 'picture']
    assert [part.title for part in pictures] == ['Median videos', 'Worst videos', 'Best videos']
    table = chapters['Timelines'][-1]
    assert table.rows[0][1] == 'e-bad'
    assert table.rows[-1][1:4] == ['e-good', 8.0, 100.0]


def test_thumbnails_are_asked_for_videos_that_exist(run, tmp_path):
    path = tmp_path / 'data/videos/x-one.mp4'
    path.parent.mkdir()
    path.touch()
    asked = []

    def read_frames(video, number):
        asked.append((video, number))
        return [np.zeros((9, 16, 3), np.uint8)] * number

    segmentation_sections(run, read_frames)
    assert set(asked) == {(path, 9)}


def test_confusions_of_each_list(chapters):
    tables = [part for part in chapters['Confusions'] if part.kind == 'table']
    assert [part.title for part in tables] == ['Classes of ego_val', 'Classes of exo_val']
    # exo_val: 60 frames of class 3, 50 of them found; class 0: all 40 found, 50 predicted
    assert tables[1].rows == [[0, 'background', 40.0, 100.0, 80.0],
                              [3, 'Stir-frying', 60.0, pytest.approx(100 * 5 / 6), 100.0]]


def test_inputs_name_what_was_left_out(chapters, run):
    table, note = chapters['Inputs and what was left out']
    assert table.rows == [['ego_val', 3, 2, 2, 'read'], ['exo_val', 1, 1, 1, 'read']]
    assert (note.title, note.text) == ('1 listed videos have no prediction', 'ego_val/e-left-out')
    (run.work_dir / 'unusable.txt').write_text('broken.pt')
    assert by_title(segmentation_sections(run))['Inputs and what was left out'][-1].text == 'broken.pt'


def test_every_chapter_tells_what_is_absent(tmp_path):
    texts = {section.title: section.parts[0].text for section in segmentation_sections(read_run(tmp_path))}
    assert texts['Scores'].startswith('No metrics were found')
    assert texts['Timelines'].startswith('No timeline')
    assert texts['Confusions'].startswith('No confusion matrix')
    assert texts['Inputs and what was left out'].startswith('The config names no list')
