import numpy as np
import pytest
from transfer_report_support import make_transfer_run

from egoexo.visualization.report import write_comparison, write_report
from egoexo.visualization.report_benchmarks import BENCHMARKS, benchmark_of
from egoexo.visualization.report_compare_clips import transfer_comparison, transfer_comparison_cards
from egoexo.visualization.report_parts import Heading
from egoexo.visualization.report_run import read_run
from egoexo.visualization.report_transfer import (
    list_class_accuracies,
    read_transfer,
    transfer_cards,
    transfer_sections,
)

HEADINGS = [Heading('weak', '#1b4f8f'), Heading('strong', '#c2790f', 'dashed')]


@pytest.fixture(scope='module')
def folders(tmp_path_factory):
    base = tmp_path_factory.mktemp('runs')
    return [make_transfer_run(base / name, base / 'data', strength) for name, strength in (('weak', 1), ('strong', 4))]


@pytest.fixture(scope='module')
def run(folders):
    return read_run(folders[0])


@pytest.fixture(scope='module')
def results(run):
    return read_transfer(run)


@pytest.fixture(scope='module')
def chapters(run, results):
    return {section.title: section.parts for section in transfer_sections(run, results)}


def test_benchmark_is_known(run):
    assert benchmark_of(run) is BENCHMARKS['transfer']


def test_cards_show_the_class_mean_and_the_rest_small(run, results):
    card = transfer_cards(run, results)[1]
    assert card.label == 'class-mean accuracy, exo_val'
    assert card.value == f'{run.metrics["exo_val/mean_class_acc"]:.1f}'
    assert card.detail == f'top-1 {run.metrics["exo_val/top1"]:.1f}, top-5 {run.metrics["exo_val/top5"]:.1f}'


def test_tables_by_protocol_with_intervals_and_the_level_of_a_constant(run, chapters):
    grid, official, *others = (part for part in chapters['Scores'] if part.kind == 'table')
    assert grid.rows[1] == ['exo', run.metrics['exo_val/mean_class_acc']]
    assert official.title.startswith('official [') and ' to ' in official.rows[0][2].lines[0][0]
    assert [part.title.split()[0] for part in others] == ['ignore_absent', 'legacy_numclass0']
    assert f'Always the most frequent class: ego_val {100 / 7:.1f} (top1 {100 / 7:.1f}); exo_val' in official.note


def test_no_feature_is_needed(results):
    item = results.predicted[0]
    assert (item.subset, item.view, item.listed, len(item.infos)) == ('ego_val', 'ego', 56, 56)
    assert item.targets.shape == (56,) and item.logits.shape == (56, 7)


def test_mean_of_the_drawn_bars_is_the_reported_number(run, results, chapters):
    picture = chapters['Accuracy of each class'][0]
    for item in results.predicted:
        widths = [bar.get_width() for bar in picture.figure.axes[0].patches if bar.get_gid() == item.subset]
        assert np.mean(widths) == pytest.approx(run.metrics[f'{item.subset}/mean_class_acc'])
        accuracies, supports = list_class_accuracies(item)
        assert supports.tolist() == [8] * 7 and accuracies.shape == (7,)


def test_confusions(results, chapters):
    ego, exo, table, _ = chapters['Confused classes']
    assert [part.figure.axes[0].get_title(loc='left') for part in (ego, exo)] == ['ego_val', 'exo_val']
    counts = [row[2] for row in table.rows]
    assert counts == sorted(counts, reverse=True) and 0 < len(counts) <= 10
    assert all(row[0] != row[1] and row[3] == pytest.approx(100 * row[2] / 8) for row in table.rows)


def test_many_classes_are_told_instead_of_drawn(run):
    many = read_transfer(run)
    for item in many.lists:
        item.logits = np.pad(item.logits, ((0, 0), (0, 200)), constant_values=-9)
    many.names = (*many.names, *(f'class {index}' for index in range(7, 207)))
    chapters = {section.title: section.parts for section in transfer_sections(run, many)}
    assert chapters['Accuracy of each class'][0].text.startswith('Classes of val cannot be drawn: 207 classes')
    first, *_, table = chapters['Confused classes']
    assert 'ego_val cannot be drawn: 207 classes' in first.text and table.rows


def test_missed_and_found_samples(chapters):
    missed, found = (part for part in chapters['Samples'] if part.kind == 'picture')
    words = [[text.get_text() for text in part.figure.texts] for part in (missed, found)]
    assert not any(word == 'right' for word in words[0]) and any(word.startswith('rank ') for word in words[0])
    assert 'right' in words[1] and not any(word.startswith('rank ') for word in words[1])


def test_every_chapter_tells_what_is_absent(tmp_path):
    empty = read_run(tmp_path)
    texts = {section.title: section.parts[0].text for section in transfer_sections(empty, read_transfer(empty))[:4]}
    assert texts['Scores'].startswith('No metrics were found')
    assert texts['Confused classes'].startswith('No confusions: this needs predictions.npz')


def test_list_without_labels_is_told(folders):
    run = read_run(folders[0])
    run.config['test_dataloader']['dataset']['datasets'][1]['labels'] = 'none'
    ego, exo = read_transfer(run).lists
    assert not ego.problem and exo.problem == 'ValueError: exo_val has no labels'


def test_side_by_side(folders):
    runs = [read_run(folder) for folder in folders]
    results = [read_transfer(run) for run in runs]
    scores, classes = transfer_comparison(runs, results, HEADINGS)
    table = next(part for part in scores.parts if part.title == 'exo_val')
    assert [row[0] for row in table.rows] == ['mean_class_acc', 'top1', 'top5']
    assert [cell.mark for cell in table.rows[0][1:]] == ['', 'best']
    assert [part.title for part in classes.parts] == ['Classes of ego_val', 'Classes of exo_val']
    bars = {bar.get_gid() for bar in classes.parts[0].figure.axes[0].patches}
    assert {'weak', 'strong'} <= bars
    assert transfer_comparison_cards(results, HEADINGS)[1].detail == 'strong'


def test_runs_of_one_colour_get_others(folders):
    runs = [read_run(folder) for folder in folders]
    same = [Heading('s0', '#1b4f8f'), Heading('s1', '#1b4f8f', 'dashed')]
    _, classes = transfer_comparison(runs, [read_transfer(run) for run in runs], same)
    colors = {bar.get_gid(): bar.get_facecolor() for bar in classes.parts[0].figure.axes[0].patches if bar.get_gid()}
    assert colors['s0'] != colors['s1']


@pytest.mark.slow
def test_whole_pages(folders, tmp_path):
    page = write_report(folders[0], tmp_path / 'one.html').read_text()
    assert 'Language-guided transfer between views' in page and '<h2>Confused classes</h2>' in page
    both = write_comparison(folders, tmp_path / 'two.html').read_text()
    assert both.count('<h3>Accuracy of each class</h3>') == 2
    assert 'cannot be drawn' not in page + both
