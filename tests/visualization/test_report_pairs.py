import shutil

import pytest
from correspondence_report_support import make_correspondence_run

from egoexo.visualization.report_items import read_items
from egoexo.visualization.report_pairs import read_pairs_of_items
from egoexo.visualization.report_run import read_run


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    base = tmp_path_factory.mktemp('runs')
    return make_correspondence_run(base / 'run', base / 'data', pictures=False)


@pytest.fixture
def copy(folder, tmp_path):
    return shutil.copytree(folder, tmp_path / 'run')


def test_pairs_have_pictures_masks_and_the_score_of_the_table(folder):
    items = read_items(folder / 'items.csv')
    pairs = read_pairs_of_items(read_run(folder), items, range(len(items)))
    assert sorted(pairs) == list(range(len(items)))
    for row, pair in pairs.items():
        assert pair.direction == items.names['subset'][row].partition('_')[0]
        assert (pair.object_name, pair.frame) == (items.names['object_name'][row], items.names['frame'][row])
        assert pair.says_visible == items.answers[row] and pair.visible == items.visible[row]
        assert pair.query_mask.any() and 'not readable' not in pair.note
        if items.visible[row]:
            assert pair.iou == pytest.approx(items.scores['iou'][row], abs=1e-9)


def test_without_predictions_or_takes_there_is_none(copy):
    items, run = read_items(copy / 'items.csv'), read_run(copy)
    run.config['test_dataloader']['dataset']['data_root'] = str(copy / 'moved')
    assert read_pairs_of_items(run, items, [0, 1]) == {}
    for path in copy.glob('*_results.json'):
        path.unlink()
    assert read_pairs_of_items(read_run(copy), items, [0, 1]) == {}


def test_damaged_predictions_lose_their_own_pictures_only(copy):
    items = read_items(copy / 'items.csv')
    (copy / 'ego-exo_val_results.json').write_text('{"ego-exo": {"results": {"a": ')
    pairs = read_pairs_of_items(read_run(copy), items, range(len(items)))
    assert pairs and {items.names['subset'][row] for row in pairs} == {'exo2ego_val'}
