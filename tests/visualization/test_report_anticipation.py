import numpy as np
import pytest
from clip_report_support import make_clip_run

from egoexo.visualization.report_anticipation import (
    anticipation_cards,
    anticipation_sections,
    class_recalls,
    read_anticipation,
)
from egoexo.visualization.report_run import read_run


@pytest.fixture(scope='module')
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp('anticipation')
    return read_run(make_clip_run(folder / 'work', folder / 'data', 'anticipation', strength=1.5))


@pytest.fixture(scope='module')
def results(run):
    return read_anticipation(run)


@pytest.fixture(scope='module')
def chapters(run, results):
    return {section.title: section.parts for section in anticipation_sections(run, results)}


def test_cards_show_the_reported_number(run, results):
    cards = anticipation_cards(run, results)
    assert [card.label for card in cards] == ['class-mean R@5, ego_val', 'class-mean R@5, exo_val']
    assert cards[1].value == f'{run.metrics["exo_val/macro_recall@5"]:.1f}'


def test_tables_by_protocol_with_intervals_and_chance(run, results, chapters):
    grid, clean, no_invalid = (part for part in chapters['Scores'] if part.kind == 'table')
    assert grid.rows[0] == ['ego', run.metrics['ego_val/macro_recall@5']]
    assert clean.title.startswith('clean [')
    assert no_invalid.title.startswith('no_invalid [')
    assert clean.rows[0][2].value == run.metrics['ego_val/macro_recall@5']
    assert ' to ' in clean.rows[0][2].lines[0][0]
    assert f'Any constant prediction scores {500 / len(results.names):.2f}' in clean.note


def test_mean_of_the_drawn_recalls_is_the_reported_number(run, results, chapters):
    picture = chapters['Recall of each class'][0]
    for item in results.predicted:
        drawn, = (mark for mark in picture.figure.axes[0].collections if mark.get_gid() == item.subset)
        values = np.ma.filled(drawn.get_offsets()[:, 0], np.nan)
        assert np.nan_to_num(values).mean() == pytest.approx(run.metrics[f'{item.subset}/macro_recall@5'])
        recalls, supports = class_recalls(item)
        assert np.isnan(recalls).tolist() == (supports == 0).tolist()


def test_missed_and_found_samples(chapters):
    missed, found = (part for part in chapters['Samples'] if part.kind == 'picture')
    words = {part.title: [text.get_text() for text in part.figure.texts if 'found' in text.get_text()]
             for part in (missed, found)}
    assert all(word.split()[0] != word.split()[2] for word in words['Missed most surely'])
    assert all(word.split()[0] == word.split()[2] for word in words['Found most surely'])
    assert words['Found most surely']


def test_every_chapter_tells_what_is_absent(tmp_path):
    run = read_run(tmp_path)
    texts = {section.title: section.parts[0].text for section in anticipation_sections(run, read_anticipation(run))}
    assert texts['Scores'].startswith('No metrics were found')
    assert texts['Recall of each class'].startswith('No recall of each class: this needs predictions.npz')
