import pytest
from correspondence_report_support import make_correspondence_run

from egoexo.visualization.report_compare_correspondence import (
    correspondence_comparison,
    correspondence_comparison_cards,
)
from egoexo.visualization.report_correspondence import read_correspondence
from egoexo.visualization.report_parts import Heading
from egoexo.visualization.report_run import read_run

HEADINGS = [Heading('weak', '#1b4f8f'), Heading('strong', '#c2790f', 'dashed')]


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    base = tmp_path_factory.mktemp('runs')
    return [read_run(make_correspondence_run(base / name, base / 'data', shift, pictures=False))
            for name, shift in (('weak', 40), ('strong', 9))]


@pytest.fixture
def results(runs):
    return [read_correspondence(run) for run in runs]


def test_cards_name_the_better_run(runs, results):
    card = correspondence_comparison_cards(results, HEADINGS)[0]
    assert (card.label, card.detail) == ('best iou, ego2exo_val', 'strong')
    assert card.value == f'{runs[1].metrics["ego2exo_val/iou"]:.3f}'


def test_scores_side_by_side_with_location_better_when_lower(runs, results):
    scores, *_ = correspondence_comparison(runs, results, HEADINGS)
    table = next(part for part in scores.parts if part.title == 'ego2exo_val')
    assert [row[0] for row in table.rows] == ['iou', 'contour_acc', 'location_error', 'visibility_acc']
    assert [[cell.mark for cell in row[1:]] for row in table.rows[:3]] == [['', 'best']] * 3
    lost = runs[1].metrics['ego2exo_val/location_error'] - runs[0].metrics['ego2exo_val/location_error']
    assert lost < 0 and table.rows[2][2].lines == [(f'{lost:+.3f}', '')]


def test_sizes_and_takes(runs, results):
    _, sizes, takes = correspondence_comparison(runs, results, HEADINGS)
    size_table, = sizes.parts
    assert [row[:3] for row in size_table.rows] == [['ego2exo_val', '5 % and more', 36],
                                                    ['exo2ego_val', '5 % and more', 36]]
    assert size_table.rows[0][4].value == pytest.approx(runs[1].metrics['ego2exo_val/iou'])
    take_table, = takes.parts
    assert len(take_table.rows) == 6 and take_table.title == 'IoU of the 6 takes in which the runs differ most'
    spans = [row[4].value - row[3].value for row in take_table.rows]
    assert spans == sorted(spans, reverse=True) and take_table.rows[0][4].mark == 'best'


def test_runs_without_items_are_named(runs, results):
    results[1].items = None
    _, sizes, takes = correspondence_comparison(runs, results, HEADINGS)
    assert sizes.parts[0].text == ('No items.csv, the table of scored frames that a test writes, for: strong.')
    assert sizes.parts[1].rows[0][4].value is None
    assert [part.kind for part in takes.parts] == ['note']


def test_runs_of_other_takes_share_none(runs, results):
    items = results[1].items
    items.names['take_uid'] = [f'other {uid}' for uid in items.names['take_uid']]
    *_, takes = correspondence_comparison(runs, results, HEADINGS)
    assert takes.parts[0].text == 'No take was scored for two of the runs.'
