from report_support import make_run

from egoexo.visualization.report_inputs import input_parts
from egoexo.visualization.report_run import Run, read_run
from egoexo.visualization.report_videos import find_lists, score_videos


def test_what_was_left_out_and_why(tmp_path):
    run = read_run(make_run(tmp_path))
    table, missing, left_out = input_parts(run)
    assert table.rows == [['train', 'ego_train', 9, 8, 1, '1 left out'], ['test', 'ego_val', 3, 3, 0, 'all used'],
                          ['test', 'ego_test', 0, 0, 0, 'list missing, skipped']]
    assert missing.text.startswith('1 list(s) do not exist and were skipped')
    assert 'test: ego_test (ego_test.bundle)' in missing.text
    assert left_out.title == '1 samples were left out'
    assert left_out.rows == [['train', 'ego_train', 'e-broken', 'e-broken.pt is truncated']]
    assert not left_out.folded


def test_predicted_videos(tmp_path):
    run = read_run(make_run(tmp_path))
    lists = list(find_lists(run))
    score_videos(run, lists)
    table, note = list(input_parts(run, lists))[-2:]
    assert table.rows == [['ego_val', 3, 2, 2, 'read'], ['exo_val', 1, 1, 1, 'read']]
    assert (note.title, note.text) == ('1 listed videos have no prediction', 'ego_val/e-left-out')
    run.predictions = None
    table, note = list(input_parts(run, lists))[-2:]
    assert [row[2] for row in table.rows] == [None, None]
    assert note.text == 'Without predictions.npz it is unknown which videos were predicted.'


def test_nothing_left_out_and_nothing_noted():
    lists = [{'subset': 'ego_val', 'listed': 3, 'used': 3, 'left_out': {}}, {'odd': 1}]
    table, note = input_parts(Run(None, 'x', inputs={'test': lists}))
    assert table.rows[1] == ['test', '?', None, None, 0, 'all used']
    assert note.text == 'No input was left out and no list was missing.'
    note, = input_parts(Run(None, 'x'))
    assert note.text == 'It was not noted which inputs this run left out (no inputs.json).'


def test_many_left_out_samples_are_folded():
    lists = [{'subset': 'ego_val', 'listed': 30, 'used': 0, 'left_out': {str(i): ['gone'] for i in range(30)}}]
    assert list(input_parts(Run(None, 'x', inputs={'test': lists})))[-1].folded
