import pytest
from report_support import make_runs

from egoexo.visualization.report_compare_segmentation import segmentation_comparison, segmentation_comparison_cards
from egoexo.visualization.report_names import run_headings
from egoexo.visualization.report_run import read_run
from egoexo.visualization.report_segmentation import read_segmentation


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    return [read_run(folder) for folder in make_runs(tmp_path_factory.mktemp('runs'))]


@pytest.fixture(scope='module')
def chapters(runs):
    sections = segmentation_comparison(runs, [read_segmentation(run) for run in runs], run_headings(runs))
    return {section.title: section.parts for section in sections}


def test_best_run_of_every_list(runs):
    cards = segmentation_comparison_cards([read_segmentation(run) for run in runs], run_headings(runs))
    assert [(card.label, card.value, card.detail) for card in cards] == [
        ('best F1@50, ego_val', '100.0', 'best-s0'), ('best F1@50, exo_val', '100.0', 'best-s0')]


def test_no_best_run_under_different_rules(runs):
    results = [read_segmentation(run) for run in runs]
    results[1].book.hashes['official'] = 'other'
    assert segmentation_comparison_cards(results, run_headings(runs)) == []


def test_seeds_then_scores(chapters):
    seeds, ego, exo = chapters['Scores']
    assert [row[:3] for row in seeds.rows] == [['my_config', '0, 1', 'ego_val'], ['my_config', '0, 1', 'exo_val']]
    assert seeds.rows[0][3].value == pytest.approx((62.5 + 90) / 2)  # ten wrong frames at each of two changes
    acc = ego.rows[0]
    assert acc[0] == 'Acc'
    assert [cell.value for cell in acc[1:]] == [pytest.approx(62.5), pytest.approx(90), 100]
    # e-good loses 10 points and e-bad gains 65 between the first two runs.
    assert acc[2].lines[1] == ('+27.5 [-10.0, +65.0]', '')
    assert acc[3].mark == 'best'
    assert exo.title.startswith('exo_val, 1 videos')


def test_videos_where_the_runs_disagree_come_first(chapters):
    picture, table, reasons = chapters['Videos']  # three videos: no other is left for the worst cases
    assert picture.title == 'Where the runs disagree most'
    titles = [text.get_text() for text in picture.figure.texts if 'runs differ' in text.get_text()]
    assert [title.split('   ')[0] for title in titles] == ['e-bad', 'x-one', 'e-good']
    assert table.rows[0][0] == 'ego_val/e-bad'
    assert table.rows[0][3].mark == 'best'
    assert table.rows[0][4].lines == (('rank 1', ''),)
    assert reasons.rows[0][3] == 'no wrong frame'


def test_runs_without_predictions_are_told(runs):
    results = [read_segmentation(run) for run in runs[:2]]
    results[1].videos.clear()
    parts = segmentation_comparison(runs[:2], results, run_headings(runs[:2]))[1].parts
    assert parts[0].text.startswith('No predictions with a truth that can be read')
    assert 'nothing to lay side by side' in parts[1].text
