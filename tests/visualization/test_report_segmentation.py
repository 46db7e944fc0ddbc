import numpy as np
import pytest
from report_support import make_metrics, make_run

from egoexo.visualization.report_parts import Cell
from egoexo.visualization.report_run import Run, read_run
from egoexo.visualization.report_segmentation import read_segmentation, segmentation_cards, segmentation_sections


@pytest.fixture
def run(tmp_path):
    return read_run(make_run(tmp_path))


def chapters_of(run, read_frames=None):
    sections = segmentation_sections(run, read_segmentation(run), read_frames)
    return {section.title: section.parts for section in sections}


@pytest.fixture(scope='module')
def chapters(tmp_path_factory):
    return chapters_of(read_run(make_run(tmp_path_factory.mktemp('run'))))


def test_cards():
    run = Run(None, 'x', metrics=make_metrics())
    assert [(card.label, card.value, card.detail) for card in segmentation_cards(run, read_segmentation(run))] == [
        ('F1@50, ego_val', '54.1', 'Avg 56.1, Acc 50.1'), ('F1@50, exo_val', '64.1', 'Avg 66.1, Acc 60.1')]


def test_score_tables(chapters):
    official, clean = chapters['Scores']
    assert official.title == 'Protocol official [f00df00df00d]'
    assert [row[:4] for row in official.rows] == [
        ['ego_val', 'all', 3, 50.125], ['ego_val', 'unseen', None, 30.375], ['exo_val', 'all', 1, 60.125]]
    assert official.rows[0][7] == Cell(54.125, (('51.5 to 57.5', ''),))
    assert (official.folded, clean.folded) == (False, True)
    assert clean.title == 'Protocol clean [hash not noted]'
    assert clean.rows[0][3] == 20.625


def test_worst_videos_come_first_with_reasons(chapters):
    parts = chapters['Videos, worst first']
    assert [part.title for part in parts if part.kind == 'picture'] == ['Worst videos', 'Median videos', 'Best videos']
    assert [part.kind for part in parts[:2]] == ['picture', 'table']
    assert [row[1] for row in parts[1].rows] == ['e-bad', 'e-good', 'x-one']  # two of each view
    assert parts[1].rows[0][3].startswith("25 % of the frames are 'background' taken for 'Cut tomato'")
    table = parts[-1]
    assert table.rows[0][1] == 'e-bad'
    assert table.rows[-1][1:4] == ['e-good', 8.0, 100.0]
    assert table.rows[-1][-1] == 'no wrong frame'
    assert not table.folded


def test_thumbnails_are_asked_for_videos_that_exist(run, tmp_path):
    path = tmp_path / 'data/videos/x-one.mp4'
    path.parent.mkdir()
    path.touch()
    asked = []

    def read_frames(video, number):
        asked.append((video, number))
        return [np.zeros((9, 16, 3), np.uint8)] * number

    chapters_of(run, read_frames)
    assert set(asked) == {(path, 9)}


def test_confusions_of_each_list(chapters):
    tables = [part for part in chapters['Confusions'] if part.kind == 'table']
    assert [part.title for part in tables] == ['Classes of ego_val', 'Classes of exo_val']
    # exo_val: 60 frames of class 3, 50 of them found; class 0: all 40 found, 50 predicted
    assert tables[1].rows == [[0, 'background', 40.0, 100.0, 80.0],
                              [3, 'Stir-frying', 60.0, pytest.approx(100 * 5 / 6), 100.0]]


@pytest.mark.parametrize(('class_id', 'kind'), [(40, 'picture'), (-1, 'note')])
def test_class_without_a_name_is_drawn_and_a_negative_one_told(run, class_id, kind):
    changed = run.predictions['exo_val/x-one'].astype(np.int64)
    changed[:10] = class_id
    run.predictions['exo_val/x-one'] = changed
    chapters = chapters_of(run)
    first = chapters['Videos, worst first'][0]
    assert first.kind == kind
    if class_id < 0:
        assert 'Worst videos cannot be drawn: class id -1 has no colour' in first.text
    else:
        assert chapters['Confusions'][-1].rows[-1][:2] == [40, 'class 40']


def test_every_chapter_tells_what_is_absent(tmp_path):
    texts = {title: parts[0].text for title, parts in chapters_of(read_run(tmp_path)).items()}
    assert texts['Scores'].startswith('No metrics were found')
    assert texts['Videos, worst first'].startswith('No timeline')
    assert texts['Confusions'].startswith('No confusion matrix')
    assert texts['Inputs and what was left out'].startswith('It was not noted which inputs')
