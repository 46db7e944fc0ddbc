import textwrap

import pytest

from egoexo.apis import model_card
from egoexo.apis.zoo_index import add_to_zoo
from egoexo.checkpoints.loading import sha256_of
from tools import download_model

EGO = 'mini_mstcn_i3d_egoexolearn-ego'


@pytest.fixture
def zoo(tmp_path, monkeypatch):
    monkeypatch.setenv('EGOEXO_ZOO', str(tmp_path / 'zoo'))
    (tmp_path / 'zoo').mkdir()
    (tmp_path / 'zoo' / 'ego-1234.pth').write_bytes(b'weights')
    add_to_zoo(EGO, tmp_path / 'zoo' / 'ego-1234.pth', f'{EGO}.py', {})
    return tmp_path / 'zoo'


def test_list_says_what_is_there(zoo, capsys):
    assert download_model.main(['--list', '*mstcn*-ego']) is None
    lines = [[cell.strip() for cell in line.split('|')[1:-1]] for line in capsys.readouterr().out.splitlines()[3:-1]]
    assert [line[:2] for line in lines] == [[EGO, 'make mini (here)'], ['mstcn_i3d_egoexolearn-ego', 'none']]
    assert lines[0][2].startswith('EgoExo-Mini ego_test: F1@50 ') and lines[1][2] == ''
    download_model.main(['--list', 'mini_*-exo'])
    assert 'make mini (not made yet)' in capsys.readouterr().out


def test_copy_is_checked_and_overwrites_nothing(zoo, tmp_path, capsys):
    path = download_model.main([EGO, '--out', str(tmp_path / 'out')])
    assert path == tmp_path / 'out' / 'ego-1234.pth' and path.read_bytes() == b'weights'
    assert capsys.readouterr().out == f'{path}: 7 B, sha256 {sha256_of(path)}\n'
    assert download_model.main([EGO, '--out', str(tmp_path / 'out')]) == path
    path.write_text('precious')
    with pytest.raises(SystemExit):
        download_model.main([EGO, '--out', str(tmp_path / 'out')])
    assert 'found a file with sha256' in capsys.readouterr().err and path.read_text() == 'precious'


def test_official_file_given_by_the_user(tmp_path, monkeypatch, capsys):
    """A card without an address: the file that is brought must be the one the card means."""
    (tmp_path / 'configs' / 'segmentation').mkdir(parents=True)
    (tmp_path / 'configs' / 'segmentation' / 'm.py').write_text('')
    (tmp_path / 'model-index.yml').write_text('Import: [metafile.yml]')
    (tmp_path / 'metafile.yml').write_text(textwrap.dedent(f'''
        Collections: [{{Name: C}}]
        Models: [{{Name: m, In Collection: C, Config: configs/segmentation/m.py,
                   Converted From: {{Family: segmentation, SHA256: {"a" * 64}, Note: Ask.}}}}]'''))
    monkeypatch.setattr(model_card, 'config_folders', lambda: [tmp_path / 'configs'])
    with pytest.raises(SystemExit):
        download_model.main(['m'])
    assert 'm: expected the official file, which has no stable link' in capsys.readouterr().err
    with pytest.raises(SystemExit):
        download_model.main(['m', '--official', str(tmp_path / 'metafile.yml')])
    assert 'metafile.yml: expected sha256 aaaa' in capsys.readouterr().err


def test_model_without_weights(capsys):
    with pytest.raises(SystemExit) as stop:
        download_model.main(['mstcn_i3d_egoexolearn-ego'])
    assert stop.value.code == 2 and 'found none, since none are published' in capsys.readouterr().err


@pytest.mark.parametrize('arguments', [[], ['name', '--list']])
def test_wrong_command_lines(arguments, capsys):
    with pytest.raises(SystemExit):
        download_model.main(arguments)
    assert 'expected either NAME or --list [PATTERN]' in capsys.readouterr().err
