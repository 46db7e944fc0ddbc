import numpy as np
import pytest

from egoexo.errors import PredictionError
from egoexo.evaluation.functional.correspondence_items import ItemRow, ItemScores, MaskScores
from egoexo.evaluation.functional.correspondence_sizes import size_records
from egoexo.evaluation.protocols.correspondence import get_protocols
from egoexo.visualization.report_items import ITEM_COLUMNS, group_items, read_items, table_size_records

HEAD = ','.join(ITEM_COLUMNS)


def line(take='a', name='cup', visible=1, answer=1, iou=0.5, contour=0.4, location=0.1, area=0.02, subset='ego2exo_val',
         frame=0):
    scores = [iou, contour, location, area] if visible else [''] * 4
    return ','.join(map(str, [subset, take, name, 'aria', 'cam', frame, visible, answer, *scores]))


def write(path, lines, head=HEAD):
    path.write_text('\n'.join([head, *lines]) + '\n')
    return path


def test_means_and_answers_by_take(tmp_path):
    table = read_items(write(tmp_path / 'items.csv', [
        line(), line(iou=0.1, contour=0.2, location=0.3, answer=0), line(visible=0, answer=0),
        line(visible=0, answer=1), line('b', visible=0, answer=0)]))
    first, second = group_items(table, 'subset', 'take_uid')
    assert len(table) == 5 and not table.damaged
    assert first.keys == ('ego2exo_val', 'a') and (first.num_items, first.num_visible) == (4, 2)
    assert [first.iou, first.contour, first.location] == pytest.approx([0.3, 0.3, 0.2])
    assert (first.found, first.rejected, first.balanced) == (0.5, 0.5, 0.5)
    assert np.isnan(second.iou) and np.isnan(second.found) and second.balanced == 1.0


def test_names_with_commas_and_quotes(tmp_path):
    path = tmp_path / 'items.csv'
    path.write_text(f'{HEAD}\nego2exo_val,a,"bowl, ""blue""/1",aria,cam,30,True,False,0.5,0.5,0.5,0.5\n')
    table = read_items(path)
    assert table.names['object_name'] == ['bowl, "blue"/1']
    assert table.visible.tolist() == [True] and table.answers.tolist() == [False]


def test_damaged_lines_are_counted(tmp_path):
    table = read_items(write(tmp_path / 'items.csv', [
        line(), 'ego2exo_val,a,cup', line(iou='much'), line(answer='maybe'), line()]))
    assert len(table) == 2 and table.damaged == 3


def test_empty_table(tmp_path):
    table = read_items(write(tmp_path / 'items.csv', []))
    assert len(table) == 0 and group_items(table, 'subset') == [] and table_size_records(table) == []


@pytest.mark.parametrize(('content', 'message'), [
    (None, 'items.csv: expected a table of items, found nothing'),
    ('subset,iou\n', "expected the head line subset,take_uid,.* found 'subset,iou'. Write the file again"),
    ('', "found ''"), (f'{HEAD}\na,"{"x" * 200_000}"\n', 'found text that is no CSV')])
def test_what_is_no_table_is_refused(tmp_path, content, message):
    path = tmp_path / 'items.csv'
    if content is not None:
        path.write_text(content)
    with pytest.raises(PredictionError, match=message):
        read_items(path)


def test_sizes_are_those_of_the_evaluator(tmp_path):
    rng = np.random.default_rng(0)
    lines, rows = [], []
    for number in range(60):
        iou, contour, location = rng.random(3).tolist()
        area, answer = int(rng.integers(1, 20_000)), bool(rng.integers(2))
        subset = ('ego2exo_val', 'exo2ego_val')[number % 2]
        lines.append(line(frame=number, answer=int(answer), iou=iou, contour=contour, location=location,
                          area=area / (270 * 480), subset=subset))
        scores = ItemScores(True, answer, MaskScores(iou, contour, location, area, area, (270, 480)))
        rows.append(ItemRow(subset, 'a', 'cup', 'aria', 'cam', str(number), number, (scores,)))
    found = table_size_records(read_items(write(tmp_path / 'items.csv', lines)))
    expected = size_records(rows, get_protocols(('official',)))
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert {key: value for key, value in one.items() if isinstance(value, str)} == {
            key: value for key, value in other.items() if isinstance(value, str)}
        assert [value for value in one.values() if not isinstance(value, str)] == pytest.approx(
            [other[key] for key, value in one.items() if not isinstance(value, str)])
