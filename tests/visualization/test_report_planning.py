import numpy as np
import pytest
from clip_report_support import make_clip_run

from egoexo.evaluation.functional.planning import best_distances, planning_scores
from egoexo.evaluation.functional.planning_decoding import argmax_sequences
from egoexo.visualization.report_parts import Fraction
from egoexo.visualization.report_planning import planning_cards, planning_sections, read_planning
from egoexo.visualization.report_run import Run, read_run


@pytest.fixture(scope='module')
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp('planning')
    return read_run(make_clip_run(folder / 'work', folder / 'data', 'planning'))


@pytest.fixture(scope='module')
def results(run):
    return read_planning(run)


@pytest.fixture(scope='module')
def chapters(run, results):
    return {section.title: section.parts for section in planning_sections(run, results)}


def test_cards_show_the_reported_number(run, results):
    cards = planning_cards(run, results)
    assert [card.label for card in cards] == ['1-AUED, ego_val', '1-AUED, exo_val']
    assert cards[0].value == f'{run.metrics["ego_val/1-AUED"]:.3f}'
    assert cards[0].detail == f'ED@1 {run.metrics["ego_val/ED@1"]:.3f}, ED@8 {run.metrics["ego_val/ED@8"]:.3f}'


def test_tables_by_decoding_and_a_grid(run, chapters):
    grid, official, argmax = (part for part in chapters['Scores'] if part.kind == 'table')
    assert grid.rows == [['ego', run.metrics['ego_val/1-AUED']], ['exo', run.metrics['exo_val/1-AUED']]]
    assert isinstance(grid.rows[0][1], Fraction)
    assert official.title.startswith('official [')
    assert 'not noted' not in official.title
    assert (official.folded, argmax.folded) == (False, True)
    assert argmax.rows[1][0] == 'exo_val'
    assert argmax.rows[1][2].value == pytest.approx(run.metrics['argmax/exo_val/1-AUED'])


def test_argmax_scores_are_those_of_the_joined_predictions(run, results):
    for item in results.predicted:
        scores = planning_scores(best_distances(argmax_sequences(item.logits), item.targets))
        assert scores['1-AUED'] == pytest.approx(run.metrics[f'argmax/{item.subset}/1-AUED'])


def test_curves_carry_both_levels(run, chapters):
    pictures = [part for part in chapters['Distance over the horizon'] if part.kind == 'picture']
    assert [part.title or part.caption.split(':')[0] for part in pictures] == ['ego_val', 'exo_val']
    lines = {line.get_gid(): line.get_ydata() for line in pictures[0].figure.axes[0].lines}
    np.testing.assert_allclose(lines['ego_val'], [run.metrics[f'ego_val/ED@{z}'] for z in range(1, 9)])
    assert set(lines) == {'uniform', 'prior', 'ego_val'}
    assert lines['prior'].mean() < lines['uniform'].mean()


def test_samples_of_both_views_with_history(chapters):
    pictures = [part for part in chapters['Samples'] if part.kind == 'picture']
    assert [part.title for part in pictures] == ['Worst', 'Median', 'Best']
    texts = [text.get_text() for text in pictures[0].figure.texts]
    assert {'EGO', 'EXO'} <= set(texts)

    def mean_score(part):
        return np.mean([float(text.get_text().split('1-AUED ')[1]) for text in part.figure.texts
                        if '1-AUED ' in text.get_text() and text.get_text().startswith('ED@')])

    assert mean_score(pictures[0]) < mean_score(pictures[2])
    assert any(axes.get_ylabel().startswith('done') for part in pictures for axes in part.figure.axes)


def test_first_step_is_counted(results, chapters):
    pictures = [part for part in chapters['Confusions of the first step'] if part.kind == 'picture']
    item = results.predicted[0]
    right = int((item.logits[:, 0].argmax(1) == item.targets[:, 0]).sum())
    assert f'Right: {right} of {(item.targets[:, 0] >= 0).sum()}.' in pictures[0].caption


def test_every_chapter_tells_what_is_absent(tmp_path):
    run = read_run(tmp_path)
    texts = {section.title: section.parts[0].text for section in planning_sections(run, read_planning(run))}
    assert texts['Scores'].startswith('No metrics were found')
    assert texts['Distance over the horizon'].startswith('No curve: this needs predictions.npz')
    assert texts['Samples'].startswith('No samples')
    assert planning_cards(Run(None, 'x'), read_planning(Run(None, 'x'))) == []


def test_rows_without_truth_are_left_out_of_samples_and_confusions(results, chapters):
    assert (results.predicted[0].targets[:, 0] < 0).sum() == 4
    assert 'of 12.' in chapters['Confusions of the first step'][0].caption
    pictures = [part for part in chapters['Samples'] if part.kind == 'picture']
    assert not any('none' in text.get_text() for part in pictures for axes in part.figure.axes for text in axes.texts)
