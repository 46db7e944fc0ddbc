import shutil

import pytest
from correspondence_report_support import make_correspondence_run

from egoexo.visualization.report import write_comparison, write_report
from egoexo.visualization.report_benchmarks import BENCHMARKS, benchmark_of
from egoexo.visualization.report_correspondence import (
    correspondence_cards,
    correspondence_sections,
    read_correspondence,
)
from egoexo.visualization.report_items import ITEM_COLUMNS
from egoexo.visualization.report_run import read_run


@pytest.fixture(scope='module')
def folders(tmp_path_factory):
    base = tmp_path_factory.mktemp('runs')
    return [make_correspondence_run(base / name, base / 'data', shift) for name, shift in (('weak', 40), ('strong', 9))]


@pytest.fixture(scope='module')
def run(folders):
    return read_run(folders[0])


@pytest.fixture(scope='module')
def results(run):
    return read_correspondence(run)


@pytest.fixture(scope='module')
def chapters(run, results):
    return {section.title: section.parts for section in correspondence_sections(run, results)}


def test_benchmark_is_known(run):
    assert benchmark_of(run) is BENCHMARKS['correspondence']


def test_cards_show_iou_and_the_rest_small(run, results):
    card = correspondence_cards(run, results)[1]
    assert (card.label, card.value) == ('IoU, exo2ego_val', f'{run.metrics["exo2ego_val/iou"]:.3f}')
    assert card.detail == ', '.join(f'{short} {run.metrics[f"exo2ego_val/{name}"]:.3f}' for short, name in (
        ('contour', 'contour_acc'), ('location', 'location_error'), ('visibility', 'visibility_acc')))


def test_tables_by_protocol_with_intervals(run, chapters):
    grid, official, registered = (part for part in chapters['Scores'] if part.kind == 'table')
    assert grid.rows[1] == ['exo2ego', run.metrics['exo2ego_val/iou']]
    assert official.title.startswith('official [') and not official.folded and ' to ' in official.rows[0][2].lines[0][0]
    assert registered.title.startswith('registered [') and registered.folded
    assert official.rows[0][:2] == ['ego2exo_val', 45]


def test_visibility_is_that_of_the_metric(run, chapters):
    table, = chapters['Visible or not']
    for row in table.rows:
        assert row[-1] == pytest.approx(run.metrics[f'{row[0]}/visibility_acc'])
    assert table.rows[1][4:6] == [0, None]  # never hidden in that list, so nothing to reject


def test_means_of_takes_and_sizes_give_the_score(run, chapters):
    size_table = chapters['Size of the object'][1]
    takes, objects = chapters['Takes, worst first']
    for subset in ('ego2exo_val', 'exo2ego_val'):
        for rows, (count, value) in ((size_table.rows, (2, 3)), (takes.rows, (3, 4)), (objects.rows, (4, 5))):
            own = [row for row in rows if row[0] == subset]
            mean = sum(row[count] * row[value] for row in own) / sum(row[count] for row in own)
            assert mean == pytest.approx(run.metrics[f'{subset}/iou'])
    assert [row[4] for row in takes.rows] == sorted(row[4] for row in takes.rows)
    assert chapters['Size of the object'][0].name == 'object_size'


def test_pictures_of_extremes_and_of_the_test(chapters):
    misses, best, strip = chapters['Pictures']
    texts = [[text.get_text() for text in part.figure.texts] for part in (misses, best)]
    scores = [[float(text[4:]) for text in part if text.startswith('IoU')] for part in texts]
    assert len(scores[0]) == 6 and max(scores[0]) <= min(scores[1])
    assert strip.title == 'val over time' and strip.content.startswith('<img alt="Some tracks of val over time')


def test_every_chapter_tells_what_is_absent(tmp_path):
    empty = read_run(tmp_path)
    texts = {section.title: section.parts[0].text
             for section in correspondence_sections(empty, read_correspondence(empty))[:5]}
    assert texts['Scores'].startswith('No metrics were found')
    assert texts['Visible or not'].startswith('No numbers on visibility: this needs items.csv')
    assert texts['Takes, worst first'].startswith('No scores of takes: this needs items.csv')
    assert texts['Pictures'].startswith('No pictures: neither vis_data/correspondence of a test')


@pytest.mark.parametrize(('content', 'text'), [
    ('odd\n', 'No numbers on visibility: '), (','.join(ITEM_COLUMNS) + '\n', 'No numbers on visibility: this needs'),
    (','.join(ITEM_COLUMNS) + '\nhalf a line\nego2exo_val,a,b,c,d,0,0,1,,,,\n', '1 damaged line(s) of items.csv')])
def test_damaged_items_are_told(tmp_path, content, text):
    (tmp_path / 'items.csv').write_text(content)
    run = read_run(tmp_path)
    chapters = {section.title: section.parts for section in correspondence_sections(run, read_correspondence(run))}
    assert chapters['Visible or not'][0].text.startswith(text)
    assert chapters['Size of the object'][0].kind == 'note'


def test_masks_are_no_absent_predictions(folders, tmp_path):
    copy = shutil.copytree(folders[0], tmp_path / 'run')
    (copy / 'predictions.npz').unlink()
    assert not any('predictions.npz' in text for text in read_run(copy).absent)


@pytest.mark.slow
def test_whole_pages(folders, tmp_path):
    page = write_report(folders[0], tmp_path / 'one.html').read_text()
    assert 'Object correspondence between views' in page and '<h2>Takes, worst first</h2>' in page
    both = write_comparison(folders, tmp_path / 'two.html').read_text()
    assert 'Takes that differ most' in both and 'cannot be drawn' not in page + both
