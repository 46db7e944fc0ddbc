import importlib.util
from pathlib import Path

import pytest
import torch
from tests_support import REPO

from egoexo.apis import init_model, load_config

SPEC = importlib.util.spec_from_file_location('plot_features', REPO / 'tools/analysis/plot_features.py')
tool = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(tool)

CLIPS = str(REPO / 'configs/anticipation/mini_trn_clip_egoexolearn-verb-ego.py')
SEGMENTATION = str(REPO / 'configs/segmentation/mini_mstcn_i3d_egoexolearn-exo.py')


def data_roots(root: Path) -> dict[str, str]:
    return {f'{split}_dataloader.dataset.data_root': str(root) for split in ('train', 'val', 'test')}


def data_options(root: Path) -> list[str]:
    return ['--cfg-options', *(f'{key}={value}' for key, value in data_roots(root).items())]


def make_weights(config: str, path: Path, root: Path) -> str:
    torch.manual_seed(0)
    torch.save({'state_dict': init_model(load_config(config, data_roots(root)), device='cpu').state_dict()}, path)
    return str(path)


def test_two_columns_and_their_numbers(mini_root, tmp_path, capsys):
    root, out = mini_root / 'egoexolearn', tmp_path / 'new' / 'space.png'
    weights = make_weights(CLIPS, tmp_path / 'a.pth', root)
    lines = tool.main([CLIPS, weights, CLIPS, weights, '--out', str(out), '--titles', 'before', 'after',
                       '--num', '40', '--device', 'cpu', *data_options(root)])
    assert out.stat().st_size > 5000
    before, after = lines
    assert before.startswith('before: proxy A-distance ')
    assert before.split(': ', 1)[1] == after.split(': ', 1)[1]  # the same weights
    assert 'class centres ego → exo' in before
    assert str(out) in capsys.readouterr().out


def test_segmentation_takes_steps_of_the_last_stage(mini_root, tmp_path):
    root = mini_root / 'egoexolearn'
    weights = make_weights(SEGMENTATION, tmp_path / 'a.pth', root)
    line, = tool.main([SEGMENTATION, weights, '--out', str(tmp_path / 'a.svg'), '--num', '4', '--steps', '5',
                       '--device', 'cpu', '--split', 'val', *data_options(root)])
    assert line.startswith('mini_mstcn_i3d_egoexolearn-exo: proxy A-distance')
    assert 'class centres exo → ego' in line  # trained on exo


@pytest.mark.parametrize(('arguments', 'message'), [
    ([CLIPS], '1 models, --num 400, --steps 20: expected pairs of config and checkpoint'),
    ([CLIPS, 'a.pth', '--num', '1'], '--num 1'),
    ([CLIPS, 'a.pth', '--titles', 'a', 'b'], '--titles: expected 1, one per pair, found 2'),
])
def test_wrong_options(arguments, message, tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        tool.main([*arguments, '--out', str(tmp_path / 'a.png')])
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_lists_of_one_view_are_told():
    config = load_config(CLIPS)
    config.test_dataloader.dataset.datasets = config.test_dataloader.dataset.datasets[:1]
    with pytest.raises(tool.ConfigError, match='expected an ego and an exo list in the dataloaders, found ego'):
        tool.list_configs(config, 'val')
