import pytest
from recognition_report_support import make_recognition_run

from egoexo.visualization.report import write_comparison
from egoexo.visualization.report_compare_recognition import recognition_comparison, recognition_comparison_cards
from egoexo.visualization.report_names import run_headings
from egoexo.visualization.report_recognition import read_recognition
from egoexo.visualization.report_run import read_run


@pytest.fixture(scope='module')
def folders(tmp_path_factory):
    base = tmp_path_factory.mktemp('runs')
    return [make_recognition_run(base / name, base / 'data', shift) for name, shift in (('good', 0), ('bad', 1))]


@pytest.fixture(scope='module')
def runs(folders):
    return [read_run(folder) for folder in folders]


@pytest.fixture(scope='module')
def results(runs):
    return [read_recognition(run) for run in runs]


def test_best_of_verb_noun_and_action(runs, results):
    cards = recognition_comparison_cards(results, run_headings(runs))
    assert [card.label for card in cards] == [f'best all_{task}_accuracy_at_1, val' for task in (
        'verb', 'noun', 'action')]
    assert cards[0].value == f'{runs[0].metrics["val/all_verb_accuracy_at_1"]:.1f}'


def test_scores_classes_and_videos_side_by_side(runs, results):
    sections = {section.title: list(section.parts) for section in recognition_comparison(runs, results,
                                                                                          run_headings(runs))}
    scores = sections['Scores'][0]
    first, second = scores.rows[0][1:]
    assert (first.value, first.mark, second.mark) == (runs[0].metrics['val/all_verb_accuracy_at_1'], 'best', '')
    assert second.lines == [(f'{second.value - first.value:+.1f}', '')]
    verbs, nouns = sections['Classes that differ most']
    assert verbs.columns[:3] == ('list', 'verb', 'segments') and verbs.title.startswith('Accuracy of verbs: the 4 in')
    spans = [abs(row[3].value - row[4].value) for row in verbs.rows]
    assert spans == sorted(spans, reverse=True) and spans[0] > 0
    assert [row[4].lines for row in nouns.rows] == [[('+0.0', '')]] * 5  # the same nouns in both
    videos, = sections['Videos that differ most']
    assert {row[1] for row in videos.rows} == {'P01_101', 'P01_102', 'P02_101'} and videos.rows[0][2] == 4


def test_absent_items_are_told(runs, results, tmp_path):
    empty = read_run(tmp_path)
    both = [runs[0], empty]
    sections = recognition_comparison(both, [results[0], read_recognition(empty)], run_headings(both))
    texts = [part.text for section in sections[1:] for part in section.parts]
    assert texts[0].startswith('No items.csv') and 'No verbs were scored for two of the runs.' in texts
    assert 'No videos were scored for two of the runs.' in texts


@pytest.mark.slow
def test_whole_page(folders, tmp_path):
    page = write_comparison(folders, tmp_path / 'two.html').read_text()
    assert 'Classes that differ most' in page and 'cannot be drawn' not in page
