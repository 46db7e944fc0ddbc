import json

import pytest
from report_support import make_run

from egoexo.evaluation.protocols.segmentation import PROTOCOLS
from egoexo.visualization.report_run import read_run
from egoexo.visualization.report_settings import setting_parts


@pytest.fixture
def run(tmp_path):
    return read_run(make_run(tmp_path))


def tables(run, shipped=None):
    return {part.title: part.rows for part in setting_parts(run, shipped) if part.kind == 'table'}


def test_command_and_versions(run):
    command, facts = list(setting_parts(run))[:2]
    assert command.text == '2026-01-01T12:00:00  python tools/train.py my_config.py --amp'
    rows = dict(facts.rows)
    assert rows['PyTorch'] == '2.13.0+cpu'
    assert rows['commit'] == 'abc1234'
    assert rows['scored checkpoint'] == 'best.pth'


def test_protocol_hash_of_the_scores_file_counts_and_a_change_is_told(run):
    (name, digest, text), = tables(run)['Protocols']
    assert (name, digest) == ('official', 'f00df00df00d')
    assert f'differ from {PROTOCOLS["official"].hash}' in text


@pytest.mark.parametrize(('stated', 'names'), [
    (['official', 'clean'], ['official', 'clean']), ('fixed_ends', ['fixed_ends']), ('all', list(PROTOCOLS))])
def test_protocols_of_the_config(run, stated, names):
    run.score_info = {}
    run.config.test_evaluator.protocols = stated
    assert [row[:2] for row in tables(run)['Protocols']] == [[name, PROTOCOLS[name].hash] for name in names]


def test_feature_recipes(run, tmp_path):
    folder = tmp_path / 'data/features'
    assert tables(run)['Features'] == [
        ['train, test', str(folder), 'backbone i3d_rgb, feature_fps 25.0, dim 1024']]
    (folder / 'recipe.json').write_text('{')
    assert tables(run)['Features'][0][2].startswith('recipe.json is damaged')
    (folder / 'recipe.json').unlink()
    assert tables(run)['Features'][0][2].startswith('no recipe.json')


def test_settings_against_the_bases(run, tmp_path):
    base = tmp_path / 'base.py'
    base.write_text('optim_wrapper = dict(lr=0.1)\n')
    leaf = tmp_path / 'my_config.py'
    leaf.write_text("_base_ = './base.py'\n")
    assert ('optim_wrapper.lr', '0.1', '0.001') in tables(run, leaf)['Settings that differ from the bases of my_config']
    run.commands[-1]['config'] = str(leaf)
    assert 'Settings that differ from the bases of my_config' in tables(run)


def test_unknown_origin_is_told(run):
    texts = [part.text for part in setting_parts(run) if part.kind == 'note']
    assert any('was not found, so its settings are not compared' in text for text in texts)
    run.config, run.commands = None, []
    texts = [part.text for part in setting_parts(run) if part.kind == 'note']
    assert texts == ['The command line was not kept.', 'No config was found in this folder.']


def test_json_written_by_the_tools_is_read(run):
    run.commands = json.loads(json.dumps([{'tool': 'test', 'command': 'python tools/test.py a b'}]))
    assert next(iter(setting_parts(run))).text == '  python tools/test.py a b'
