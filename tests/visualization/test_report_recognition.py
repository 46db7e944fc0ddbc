import shutil

import pytest
from recognition_report_support import NOUNS, VERBS, make_recognition_run

from egoexo.visualization.recognition_items import ACTION_COLUMNS
from egoexo.visualization.report import write_report
from egoexo.visualization.report_benchmarks import BENCHMARKS, benchmark_of
from egoexo.visualization.report_recognition import read_recognition, recognition_cards, recognition_sections
from egoexo.visualization.report_run import read_run
from egoexo.visualization.report_settings import setting_parts


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    base = tmp_path_factory.mktemp('runs')
    return make_recognition_run(base / 'run', base / 'data')


@pytest.fixture(scope='module')
def run(folder):
    return read_run(folder)


@pytest.fixture(scope='module')
def results(run):
    return read_recognition(run)


@pytest.fixture(scope='module')
def chapters(run, results):
    return {section.title: list(section.parts) for section in recognition_sections(run, results)}


def test_benchmark_is_known(run):
    assert benchmark_of(run) is BENCHMARKS['recognition']


def test_lists_and_classes_are_found(results):
    assert [(item.subset, item.listed, item.problem) for item in results.lists] == [('val', 12, '')]
    assert results.classes == {'verb': list(VERBS), 'noun': list(NOUNS)}
    assert len(results.items) == len(results.infos) == 12


def test_card_shows_action_and_the_rest_small(run, results):
    card, = recognition_cards(run, results)
    assert (card.label, card.value) == ('action top-1, val', f'{run.metrics["val/all_action_accuracy_at_1"]:.1f}')
    assert card.detail.startswith(f'verb {run.metrics["val/all_verb_accuracy_at_1"]:.1f}, noun ')


def test_tables_by_task_with_subsets_and_intervals(run, chapters):
    official, meter = chapters['Scores']
    assert official.columns == ('', 'top-1', 'top-5', 'unseen participants, top-1', 'tail classes, top-1')
    assert official.title.startswith('val, 12 segments, official [') and not official.folded
    assert [row[0] for row in official.rows] == ['verb', 'noun', 'action']
    assert official.rows[2][1].value == run.metrics['val/all_action_accuracy_at_1']
    assert ' to ' in official.rows[0][1].lines[0][0]
    assert official.rows[0][4].value == run.metrics['val/tail_verb_accuracy_at_1']
    assert meter.title.startswith('val, 12 segments, meter [') and meter.folded
    assert meter.rows[2][:1] == ['both'] and meter.rows[2][2].value == run.metrics['meter/val/both_top5']


def test_means_of_groups_give_the_score(run, chapters):
    score = run.metrics['val/all_verb_accuracy_at_1']
    verbs = chapters['Accuracy of each class'][2]
    assert verbs.title == 'All 4 verbs of val in numbers'
    assert sum(row[1] * row[2] for row in verbs.rows) / 12 == pytest.approx(score)
    lengths = chapters['Length of the segment'][1]
    assert [row[:2] for row in lengths.rows] == [['below 1 s', 6], ['1 to 2 s', 3], ['2 to 4 s', 3]]
    videos, people = chapters['Videos, worst first']
    for table, first in ((lengths, 1), (videos, 2), (people, 2)):
        assert sum(row[first] * row[first + 1] for row in table.rows) / 12 == pytest.approx(score)
    assert [row[5] for row in videos.rows] == sorted(row[5] for row in videos.rows)


def test_confusions_are_counted(chapters):
    verb_picture, noun_picture, verbs, nouns = chapters['Confused classes']
    assert (verb_picture.name, noun_picture.name) == ('confusion_verb_val', 'confusion_noun_val')
    assert 'all others' not in [label.get_text() for label in verb_picture.figure.axes[0].get_xticklabels()]
    assert sum(row[2] for row in verbs.rows) == 4 and sum(row[2] for row in nouns.rows) == 6
    assert verbs.rows[0][:3] == ['take', 'put-down', 1]


def test_examples_are_right_or_wrong_and_of_different_videos(chapters):
    missed, found = chapters['Examples']
    assert (missed.title, found.title) == ('Missed most surely, val', 'Found most surely, val')
    texts = {part.name: [text.get_text() for text in part.figure.texts] for part in (missed, found)}
    assert texts['examples_found_val'].count('✓ verb') == 3 == texts['examples_found_val'].count('✓ noun')
    assert texts['examples_missed_val'].count('✗ verb') == texts['examples_missed_val'].count('✗ noun') == 2
    assert 'P01_101_0' in texts['examples_found_val']
    colors = [axes.images[0].get_array()[12, 20].argmax() for axes in found.figure.axes if axes.get_gid() == 'ego_0']
    assert colors == [0, 1, 2]  # red, green and blue videos, surest first


def test_inputs_say_what_was_scored(chapters):
    assert chapters['Inputs and what was left out'][-1].rows == [['val', 12, 12, 'read']]


def test_every_chapter_tells_what_is_absent(tmp_path):
    empty = read_run(tmp_path)
    texts = {section.title: section.parts[0].text
             for section in recognition_sections(empty, read_recognition(empty))[:6]}
    assert texts['Scores'].startswith('No metrics were found')
    for title, what in (('Accuracy of each class', 'accuracy of each class'), ('Confused classes', 'confusions'),
                        ('Length of the segment', 'accuracy by length'), ('Videos, worst first', 'scores of videos'),
                        ('Examples', 'examples')):
        assert texts[title].startswith(f'No {what}: this needs items.csv')


def test_without_lists_and_predictions(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / 'run')
    (copy / 'predictions.npz').unlink()
    for path in copy.glob('**/*.py'):
        path.write_text(path.read_text().replace('EPIC_100_validation', 'gone'))
    run = read_run(copy)
    results = read_recognition(run)
    assert 'gone.csv' in results.lists[0].problem and not results.infos
    chapters = {section.title: list(section.parts) for section in recognition_sections(run, results)}
    assert chapters['Length of the segment'][0].text.startswith('val: no length is known')
    assert [part.title for part in chapters['Examples']] == ['Wrong, val', 'Right, val']
    assert 'P01_101, frames not readable' in [text.get_text() for text in chapters['Examples'][1].figure.texts]


@pytest.mark.parametrize(('content', 'text'), [
    ('odd\n', 'No confusions: '), (','.join(ACTION_COLUMNS) + '\nhalf\n', 'No confusions: this needs items.csv')])
def test_damaged_items_are_told(tmp_path, content, text):
    (tmp_path / 'items.csv').write_text(content)
    run = read_run(tmp_path)
    chapters = {section.title: section.parts for section in recognition_sections(run, read_recognition(run))}
    assert chapters['Confused classes'][0].text.startswith(text)


@pytest.mark.slow
def test_whole_page(folder, tmp_path):
    page = write_report(folder, tmp_path / 'one.html').read_text()
    assert 'Egocentric action recognition' in page and '<h2>Videos, worst first</h2>' in page
    assert 'cannot be drawn' not in page


def test_protocols_are_those_of_the_benchmark(run):
    table, = (part for part in setting_parts(run) if getattr(part, 'title', '') == 'Protocols')
    assert [row[0] for row in table.rows] == ['official', 'meter']
    assert table.rows[1][2].startswith('The test meter of PySlowFast')
    assert 'rules with this hash' not in table.rows[0][2]
