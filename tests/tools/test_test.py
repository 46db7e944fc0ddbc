import hashlib
import json

import numpy as np
import pytest
import torch
from toy_run import write_toy_config

from egoexo.errors import ConfigError
from egoexo.formats.egoexolearn import read_frame_prediction
from tools import test, train


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp('trained')
    config = write_toy_config(folder, length=1)
    train.main([str(config)])
    return config, folder / 'work' / 'best.pth'


def test_writes_metrics_predictions_and_official_files(trained, tmp_path):
    config, checkpoint = trained
    metrics = test.main([
        str(config), str(checkpoint), '--work-dir', str(tmp_path), '--dump', str(tmp_path / 'all.npz'),
        '--submission', str(tmp_path / 'official'), '--out', str(tmp_path / 'scalars.json')])
    scalars = json.loads((tmp_path / 'scalars.json').read_text())
    assert scalars['metrics'] == metrics == {'ego_val/Avg': metrics['ego_val/Avg'], 'ego_val/n': 6}
    assert scalars['checkpoint'].startswith('best_ego_val_Avg_epoch_1') and scalars['protocols'] == {}
    assert scalars['checkpoint_sha256'] == hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    dumped = np.load(tmp_path / 'all.npz')
    assert sorted(dumped) == [f'ego_val/video-{index}' for index in range(6)]
    assert sum(int(dumped[f'ego_val/video-{index}'][0] == index % 3) for index in range(6)) / 6 * 100 == pytest.approx(
        metrics['ego_val/Avg'])
    for name in dumped:
        np.testing.assert_array_equal(read_frame_prediction(tmp_path / 'official' / name), dumped[name])
    entry = json.loads((tmp_path / 'command.json').read_text())[-1]
    assert entry['tool'] == 'test' and entry['checkpoint'] == str(checkpoint)


def test_compiled_test_equals_the_plain_one(trained, tmp_path):
    config, checkpoint = trained
    plain = test.main([str(config), str(checkpoint), '--work-dir', str(tmp_path)])
    compiled = test.main([str(config), str(checkpoint), '--work-dir', str(tmp_path), '--compile', '--cfg-options',
                          '+compile.backend=eager'])
    assert compiled == plain


def test_protocol_hashes_are_read_from_the_metrics():
    protocol = type('P', (), {'name': 'official', 'hash': 'abc123'})()
    for protocols in ({'official': protocol}, (protocol,)):
        metric = type('M', (), {'protocols': protocols})()
        runner = type('R', (), {'test_evaluator': type('E', (), {'metrics': [metric, object()]})()})()
        assert test.protocol_hashes(runner) == {'official': 'abc123'}


@pytest.mark.parametrize(('damage', 'message'), [
    ('absent', 'absent.pth: expected a checkpoint file, found nothing'),
    ('truncated', 'expected a file written by torch.save or safetensors'),
    ('foreign', 'missing keys in source state_dict'), ('shape', 'size mismatch for last.weight')])
def test_wrong_checkpoints_are_refused_in_words(damage, message, trained, tmp_path, capsys):
    config, checkpoint = trained
    path = tmp_path / f'{damage}.pth'
    if damage == 'truncated':
        path.write_bytes(checkpoint.read_bytes()[:-200])
    elif damage == 'foreign':
        torch.save({'layer.weight': torch.zeros(2)}, path)
    elif damage == 'shape':
        state = torch.load(checkpoint, weights_only=True)['state_dict']
        torch.save({**state, 'last.weight': torch.zeros(5, 6)}, path)
    with pytest.raises(SystemExit) as stopped:
        test.main([str(config), str(path), '--work-dir', str(tmp_path)])
    error = capsys.readouterr().err
    assert stopped.value.code == 2 and message in error and str(path) in error and 'Traceback' not in error


@pytest.mark.parametrize(('evaluator', 'hook'), [
    (dict(type='SegmentationMetric'), 'FramePredictionHook'),
    ([dict(type='PlanningMetric'), dict(type='DumpResults')], 'ClipPredictionHook'),
    (dict(type='Evaluator', metrics=[dict(type='AnticipationMetric')]), 'ClipPredictionHook'),
    (dict(type='DumpResults'), 'FramePredictionHook')])
def test_the_metric_names_the_hook_that_keeps_predictions(evaluator, hook):
    assert test.prediction_hook(evaluator) == hook


def test_metrics_of_two_benchmarks_have_no_common_dump():
    with pytest.raises(ConfigError, match='expected metrics of one benchmark with --dump or --submission, found '
                                          'SegmentationMetric and PlanningMetric. Test the benchmarks one by one'):
        test.prediction_hook([dict(type='SegmentationMetric'), dict(type='PlanningMetric')])


@pytest.mark.parametrize(('stated', 'expected'), [({}, 'runs/x/items.csv'), (dict(item_file='mine.csv'), 'mine.csv')])
def test_metrics_write_what_the_report_reads(stated, expected):
    evaluator = [dict(type='CorrespondenceMetric', **stated), dict(type='SegmentationMetric')]
    test.name_files(evaluator, 'runs/x')
    assert evaluator == [dict(type='CorrespondenceMetric', item_file=expected), dict(type='SegmentationMetric')]
