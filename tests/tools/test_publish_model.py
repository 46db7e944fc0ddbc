import json

import pytest
import torch
from mmengine.logging import HistoryBuffer

from egoexo.apis import init_model
from egoexo.apis.zoo_index import read_zoo
from egoexo.checkpoints.loading import load_checkpoint_file, sha256_of
from tools import publish_model

CONFIG = '''
model = dict(
    type='Segmentor', backbone=dict(type='MultiStageTCN', in_channels=6, num_classes=28, num_stages=1, num_layers=1,
                                    channels=4),
    head=dict(type='FrameHead', num_classes=28, loss=[dict(type='StageCrossEntropy')]))
'''
TEXT = "model = {'type': 'Segmentor'}\nwork_dir = '/home/me/run'\nexperiment_name = 'run_20261122'\nlr = 0.1\n"


@pytest.fixture
def run(tmp_path):
    """A config and a checkpoint as a training leaves it."""
    (tmp_path / 'small.py').write_text(CONFIG)
    torch.manual_seed(0)
    model = init_model(tmp_path / 'small.py', device='cpu')
    optimizer = torch.optim.Adam(model.parameters())
    model.backbone.stages[0].embed.weight.sum().backward()
    optimizer.step()
    torch.save({'state_dict': model.state_dict(), 'optimizer': optimizer.state_dict(), 'param_schedulers': [],
                'message_hub': {'log_scalars': {'train/loss': HistoryBuffer([1.0], [1])}},
                'meta': {'epoch': 3, 'iter': 9, 'seed': 0, 'time': 'now', 'experiment_name': 'run_20261122',
                         'cfg': TEXT, 'dataset_meta': {'classes': ('a', 'b'), 'label_fps': 25.0}}},
               tmp_path / 'best.pth')
    return tmp_path


def publish(run, *arguments, source='best.pth'):
    return publish_model.main([str(run / source), str(run / 'zoo'), *map(str, arguments)])


def test_only_what_is_needed_is_kept(run, capsys):
    path = publish(run, '--config', run / 'small.py')
    content, source = load_checkpoint_file(path), load_checkpoint_file(run / 'best.pth')
    assert set(content) == {'state_dict', 'meta'}
    assert all(torch.equal(content['state_dict'][key], value) for key, value in source['state_dict'].items())
    meta = content['meta']
    assert meta['dataset_meta'] == {'classes': ('a', 'b'), 'label_fps': 25.0}
    assert meta['cfg'] == "model = {'type': 'Segmentor'}\nlr = 0.1\n"
    assert (meta['config'], meta['epoch'], meta['weights'], meta['metrics']) == ('small.py', 3, 'trained', {})
    assert 'time' not in meta and 'experiment_name' not in meta
    digest = sha256_of(path)
    assert path.name == f'small-{digest[:8]}.pth'
    assert f'sha256 {digest}\nmetafile entry' in capsys.readouterr().out
    assert read_zoo(run / 'zoo')['small']['sha256'] == digest
    assert init_model(run / 'small.py', path, device='cpu').dataset_meta['classes'] == ('a', 'b')


def test_class_count_left_to_the_data_comes_from_the_checkpoint(tmp_path):
    (tmp_path / 'open.py').write_text("model = dict(type='SegmentClassifier', head=dict(\n"
                                      "    type='LinearHead', feat_size=6, num_classes='dataset'))\n")
    model = init_model(tmp_path / 'open.py', cfg_options={'model.head.num_classes': 3}, device='cpu')
    torch.save({'state_dict': model.state_dict(), 'meta': {'dataset_meta': {'classes': ('a', 'b', 'c')}}},
               tmp_path / 'best.pth')
    path = publish(tmp_path, '--config', tmp_path / 'open.py')
    assert init_model(tmp_path / 'open.py', path, device='cpu').head.num_classes == 3


def test_same_training_same_bytes(run):
    first = publish(run, '--name', 'small')
    content = load_checkpoint_file(run / 'best.pth')
    content['meta'] |= {'time': 'later', 'cfg': TEXT.replace('/home/me/run', '/elsewhere')}
    torch.save(content, run / 'other_name.pth')
    assert publish(run, '--name', 'small', source='other_name.pth') == first
    assert len(list((run / 'zoo').glob('*.pth'))) == 1


def test_averaged_weights_are_taken(run, capsys):
    content = load_checkpoint_file(run / 'best.pth')
    # As MMEngine's EMAHook saves: the averages under state_dict, the trained weights under ema_state_dict.
    content['ema_state_dict'] = {f'module.{key}': value + 1 for key, value in content['state_dict'].items()}
    torch.save(content, run / 'ema.pth')
    path = publish(run, '--name', 'small', source='ema.pth')
    published = load_checkpoint_file(path)
    key = 'backbone.stages.0.embed.weight'
    assert published['meta']['weights'] == 'ema' and 'ema weights' in capsys.readouterr().out
    assert torch.equal(published['state_dict'][key], content['state_dict'][key])


def test_other_weights_of_that_name_need_force(run, capsys):
    first = publish(run, '--name', 'small')
    content = load_checkpoint_file(run / 'best.pth')
    content['meta']['epoch'] = 4
    torch.save(content, run / 'next.pth')
    with pytest.raises(SystemExit) as stop:
        publish(run, '--name', 'small', source='next.pth')
    assert stop.value.code == 2
    told = f'found sha256 {sha256_of(first)}. Choose another --name, or replace it by --force'
    assert told in capsys.readouterr().err
    assert list((run / 'zoo').glob('*.pth')) == [first]
    second = publish(run, '--name', 'small', '--force', source='next.pth')
    assert list((run / 'zoo').glob('*.pth')) == [second] != [first]
    assert f'replaced {first.name}' in capsys.readouterr().out


def test_file_of_that_name_with_other_content(run, capsys):
    path = publish(run, '--name', 'small')
    path.write_text('precious')
    with pytest.raises(SystemExit):
        publish(run, '--name', 'small')
    assert 'It is damaged or was named by hand' in capsys.readouterr().err and path.read_text() == 'precious'


def test_scores_must_be_of_this_checkpoint(run, capsys):
    scores = {'metrics': {'ego_test/Avg': 68.8, 'ego_test/Avg_low': 60.0, 'ego_test/Avg_high': 70.0},
              'checkpoint_sha256': sha256_of(run / 'best.pth')}
    (run / 'scores.json').write_text(json.dumps(scores))
    path = publish(run, '--name', 'small', '--metrics', run / 'scores.json', '--date', '20261122')
    assert load_checkpoint_file(path)['meta']['metrics'] == {'ego_test/Avg': 68.8}
    assert read_zoo(run / 'zoo')['small']['metrics'] == {'ego_test/Avg': 68.8}
    assert path.name.startswith('small_20261122-')
    (run / 'scores.json').write_text(json.dumps(scores | {'checkpoint_sha256': '0'}))
    with pytest.raises(SystemExit):
        publish(run, '--name', 'small', '--metrics', run / 'scores.json')
    assert 'scores.json: expected scores of ' in capsys.readouterr().err


@pytest.mark.parametrize(('spoil', 'words'), [
    (lambda state: state.update(extra=torch.zeros(1)), 'unexpected extra'),
    (lambda state: state[next(iter(state))].fill_(float('nan')), 'NaN')])
def test_weights_that_do_not_fit_the_config(run, capsys, spoil, words):
    content = load_checkpoint_file(run / 'best.pth')
    spoil(content['state_dict'])
    torch.save(content, run / 'bad.pth')
    with pytest.raises(SystemExit):
        publish(run, '--config', run / 'small.py', source='bad.pth')
    assert words in capsys.readouterr().err and not (run / 'zoo').exists()


def test_hostile_input(run, capsys):
    torch.save({'state_dict': print}, run / 'hostile.pth')
    with pytest.raises(SystemExit):
        publish(run, '--name', 'small', source='hostile.pth')
    assert 'CheckpointError' in capsys.readouterr().err


@pytest.mark.parametrize('text', ['import os; os.abort()', 'a = (', '(' * 100_000, '\0'])
def test_config_text_of_a_file_is_never_run(text):
    assert publish_model.public_config(text) == ''


@pytest.mark.parametrize('arguments', [[], ['--name', '../up'], ['--name', 'a', '--date', 'today']])
def test_wrong_command_lines(run, capsys, arguments):
    with pytest.raises(SystemExit) as stop:
        publish(run, *arguments)
    assert stop.value.code == 2 and 'expected --' in capsys.readouterr().err


