import datetime
import json
import re

import numpy as np
import pytest
from report_support import VIDEOS, make_metrics, make_run

from egoexo.visualization.report_run import read_run


def test_everything_is_read(tmp_path):
    run = read_run(make_run(tmp_path))
    assert run.name == 'my_config'
    assert (run.absent, run.damaged, run.seed) == ([], [], '0')
    assert run.inputs['test'][1]['missing'] is True
    assert [record['step'] for record in run.train_log] == list(range(1, 9))
    assert [record['ego_val/F1@50'] for record in run.val_log] == [11.0, 22.0]
    assert run.metrics == make_metrics()
    assert run.score_info == {'protocols': {'official': 'f00df00df00d'}, 'checkpoint': 'best.pth'}
    assert run.environment == {'sys.platform': 'linux', 'Python': '3.11.2 (main)', 'PyTorch': '2.13.0+cpu',
                               'MMEngine': '0.10.7'}
    assert run.times[1] - run.times[0] == datetime.timedelta(minutes=3, seconds=10)
    assert run.commands[0]['command'].endswith('--amp')
    assert run.config.optim_wrapper.lr == 0.001
    np.testing.assert_array_equal(run.predictions['exo_val/x-one'], VIDEOS['exo_val/x-one'][1])


def test_resumed_run_counts_the_last_writing_of_a_step(tmp_path):
    work_dir = make_run(tmp_path)
    later = work_dir / '20260102_090000' / 'vis_data'
    later.mkdir(parents=True)
    (later / 'scalars.json').write_text('{"loss": 0.5, "step": 8}\n{"loss": 0.25, "step": 9}\n{"loss": 0.1, "st')
    run = read_run(work_dir)
    assert [(record['step'], record['loss']) for record in run.train_log[-3:]] == [(7, 8 / 7), (8, 0.5), (9, 0.25)]
    assert run.damaged == ['1 damaged line(s) of vis_data/scalars.json were left out.']


def test_damaged_lines_are_counted_and_the_others_read(tmp_path):
    work_dir = make_run(tmp_path)
    with open(work_dir / '20260101_120000/vis_data/scalars.json', 'ab') as log:
        log.write(b'{"loss": 1, "step": 9}\n[1]\n5\n{"loss": 1, "step": "x"}\n\xff\xfe\n' + b'[' * 9999 + b'\n\n')
    run = read_run(work_dir)
    assert run.train_log[-1] == {'loss': 1, 'step': 9}
    assert run.damaged == ['5 damaged line(s) of vis_data/scalars.json were left out.']


@pytest.mark.parametrize(('name', 'sentence'), [
    ('scalars.json', 'No scalars.json'), ('predictions.npz', 'No predictions.npz'), ('command.json', 'No command.json'),
    ('inputs.json', 'No inputs.json'),
    ('20260101_120000/20260101_120000.log', 'No text log'),
    ('20260101_120000/vis_data/scalars.json', 'No training log')])
def test_absent_part_is_told(tmp_path, name, sentence):
    work_dir = make_run(tmp_path)
    (work_dir / name).unlink()
    run = read_run(work_dir)
    assert [line[:len(sentence)] for line in run.absent] == [sentence]


def test_without_a_test_the_last_validation_is_shown(tmp_path):
    work_dir = make_run(tmp_path)
    (work_dir / 'scalars.json').unlink()
    run = read_run(work_dir)
    assert run.metrics == {'ego_val/F1@50': 22.0, 'ego_val/Avg': 24.0, 'exo_val/F1@50': 5.0}
    assert run.metrics_from == 'last validation, epoch or iteration 2'


def test_name_is_that_of_the_trained_config(tmp_path):
    work_dir = make_run(tmp_path)
    (work_dir / 'tested_with.py').write_text('a = 1')
    assert read_run(work_dir).name == 'my_config'
    (work_dir / 'command.json').unlink()
    assert read_run(work_dir).name == 'tested_with'


def test_flat_scores_file(tmp_path):
    work_dir = make_run(tmp_path)
    (work_dir / 'scalars.json').write_text(json.dumps({'ego_val/Acc': 3, 'note': 'x', 'flag': True}))
    assert read_run(work_dir).metrics == {'ego_val/Acc': 3.0}


def test_empty_folder_tells_all(tmp_path):
    assert len(read_run(tmp_path).absent) == 7


@pytest.mark.parametrize(('name', 'content', 'message'), [
    ('scalars.json', '{"a": ', r'scalars.json: .*not valid JSON.*tools/test.py --out'),
    ('scalars.json', '[1]', 'holds a JSON list, expected a dict'),
    ('scalars.json', '[' * 99999, 'nested a thousand deep'),
    ('command.json', '{}', 'holds a JSON dict, expected a list'),
    ('inputs.json', '[]', 'holds a JSON list, expected a dict'),
    ('predictions.npz', 'PK broken', r'predictions.npz: .*found a file that is no such archive.*tools/test.py --dump'),
    ('predictions.npz', '', r'predictions.npz: .*found a file that is no such archive.*tools/test.py --dump'),
    ('20260101_120000/vis_data/config.py', 'model = dict(', 'cannot be read as a config')])
def test_damaged_file_is_told_and_the_rest_read(tmp_path, name, content, message):
    work_dir = make_run(tmp_path)
    (work_dir / name).write_text(content)
    run = read_run(work_dir)
    told, = run.damaged
    assert re.search(f'(?s){message}', told)
    assert run.absent == []
    assert len(run.train_log) == 8
    if name == 'scalars.json':
        assert run.metrics == {}  # not those of the validation, which a reader would take for the test


def test_missing_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match='does not exist; expected the folder given'):
        read_run(tmp_path / 'none')
