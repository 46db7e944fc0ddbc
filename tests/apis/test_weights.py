import hashlib
import json
import re

import pytest
import torch
from file_server import send, serve

from egoexo.apis import weights as module
from egoexo.apis.weights import WeightsSource, cache_folder, resolve_weights
from egoexo.apis.zoo_index import add_to_zoo, read_zoo, zoo_folder
from egoexo.checkpoints.families import FAMILIES
from egoexo.checkpoints.loading import load_checkpoint_file, sha256_of
from egoexo.checkpoints.segmentation_layout import SegmentationLayout, official_shapes
from egoexo.errors import CheckpointError, DownloadError
from egoexo.version import __version__

LAYOUT = SegmentationLayout(in_channels=6, num_classes=4, num_stages=2, num_layers=2, channels=8)


@pytest.fixture
def server(monkeypatch, tmp_path):
    monkeypatch.setenv('EGOEXO_HOME', str(tmp_path / 'home'))
    monkeypatch.setenv('EGOEXO_ZOO', str(tmp_path / 'zoo'))
    monkeypatch.setenv('no_proxy', '*')
    with serve() as state:
        yield state


@pytest.fixture
def official(tmp_path):
    """An official file, in the older container that the official code writes."""
    torch.manual_seed(0)
    state = {f'module.{key}': torch.randn(shape) for key, shape in official_shapes(LAYOUT).items()}
    torch.save(state, tmp_path / 'epoch-7.model', _use_new_zipfile_serialization=False)
    return tmp_path / 'epoch-7.model'


def put(server, path, content):
    server.files[path] = content
    return f'{server.url}{path}', hashlib.sha256(content).hexdigest()


def test_url_is_fetched_once_into_the_cache(server):
    url, sha256 = put(server, '/models/mstcn%20one.pth', b'weights' * 9)
    path = resolve_weights(f'{url}#sha256={sha256}')
    assert path == cache_folder() / f'{sha256[:16]}-mstcn_one.pth' and path.read_bytes() == b'weights' * 9
    assert resolve_weights(url, sha256=sha256) == path and len(server.requests) == 1
    path.write_bytes(b'damaged')
    assert resolve_weights(url, sha256=sha256).read_bytes() == b'weights' * 9


def test_interrupted_fetch_goes_on(server):
    url, sha256 = put(server, '/a.pth', bytes(5000))
    server.tricks = [lambda handler, content: send(handler, content, keep=2000)]
    assert resolve_weights(url, sha256=sha256).stat().st_size == 5000
    assert server.requests[1]['Range'] == 'bytes=2000-'


def test_without_a_hash_only_when_asked(server, capsys):
    url, sha256 = put(server, '/a.pth', b'weights')
    with pytest.raises(DownloadError, match=r'/a.pth: expected a hash to check the file against, found none. Add #sha'):
        resolve_weights(url)
    assert server.requests == []
    path = resolve_weights(url, allow_unverified=True)
    assert path.name == 'unverified-a.pth'
    assert capsys.readouterr().out == f'{path}: not checked, its sha256 is {sha256}\n'


def test_two_hashes_that_differ(server):
    url, sha256 = put(server, '/a.pth', b'weights')
    with pytest.raises(DownloadError, match='expected sha256 0+, found #sha256='):
        resolve_weights(f'{url}#sha256={sha256}', sha256='0' * 64)


def test_local_file(server, tmp_path):
    (tmp_path / 'a.pth').write_text('')
    assert resolve_weights(tmp_path / 'a.pth') == tmp_path / 'a.pth'
    with pytest.raises(CheckpointError, match='none.pth: expected a checkpoint file, found nothing'):
        resolve_weights(str(tmp_path / 'none.pth'))


def test_home_is_the_default_cache(monkeypatch, tmp_path):
    monkeypatch.delenv('EGOEXO_HOME', raising=False)
    monkeypatch.setenv('HOME', str(tmp_path))
    assert cache_folder() == tmp_path / '.cache' / 'egoexo' / 'checkpoints'


def test_official_file_is_checked_converted_and_recorded(server, official):
    url, sha256 = put(server, '/epoch-7.model', official.read_bytes())
    source = WeightsSource('converted', url, sha256, family='segmentation')
    path = resolve_weights(source, 'mstcn')
    content = load_checkpoint_file(path)
    expected = FAMILIES['segmentation'].from_official(torch.load(official, weights_only=True), None)
    assert list(content['state_dict']) == list(expected)
    assert all(torch.equal(content['state_dict'][key], expected[key]) for key in expected)
    assert content['meta'] == {'source': f'{sha256[:16]}-epoch-7.model', 'family': 'segmentation', 'sha256': sha256}
    assert json.loads(path.with_suffix('.json').read_text()) == {
        'source_url': url, 'source_sha256': sha256, 'converter': 'segmentation', 'egoexo': __version__,
        'sha256': sha256_of(path)}


def test_conversion_is_kept_until_something_changes(server, official, monkeypatch):
    url, sha256 = put(server, '/epoch-7.model', official.read_bytes())
    source = WeightsSource('converted', url, sha256, family='segmentation')
    convert, calls = module._convert, []
    monkeypatch.setattr(module, '_convert', lambda *args: (calls.append(1), convert(*args)))
    path = resolve_weights(source)
    first = path.read_bytes()
    resolve_weights(source)
    assert len(calls) == 1
    path.write_bytes(b'damaged')
    resolve_weights(source)
    assert len(calls) == 2 and path.read_bytes() == first
    monkeypatch.setattr(module, '__version__', '99')
    resolve_weights(source)
    assert len(calls) == 3


def test_local_copy_of_the_official_file(server, official, tmp_path):
    source = WeightsSource('converted', None, sha256_of(official), family='segmentation', note='Ask the authors.')
    assert resolve_weights(source, 'mstcn', local=official).is_file()
    with pytest.raises(CheckpointError, match='mstcn: expected the official file, which has no stable link, found '
                                              'none. Ask the authors. Then give it: python tools/download_model.py'):
        resolve_weights(source, 'mstcn')
    other = tmp_path / 'other.model'
    other.write_bytes(b'other')
    with pytest.raises(CheckpointError, match=f'other.model: expected sha256 {source.sha256} of the official file of '
                                              f'mstcn, found {sha256_of(other)}'):
        resolve_weights(source, 'mstcn', local=other)


def test_file_that_is_no_official_one(server):
    url, sha256 = put(server, '/epoch-7.model', b'not a checkpoint')
    with pytest.raises(CheckpointError, match='epoch-7.model: expected a file written by torch.save'):
        resolve_weights(WeightsSource('converted', url, sha256, family='segmentation'))
    assert not list(cache_folder().glob('*converted*'))


def test_made_weights(server, tmp_path):
    source = WeightsSource('made', made_by='make mini')
    with pytest.raises(CheckpointError, match=re.escape(
            f'{zoo_folder()}/zoo.json: expected weights of mini, found none. They are made on your machine: '
            'run `make mini` in a clone, or set EGOEXO_ZOO')):
        resolve_weights(source, 'mini')
    zoo_folder().mkdir()
    (zoo_folder() / 'mini-1.pth').write_bytes(b'one')
    add_to_zoo('mini', zoo_folder() / 'mini-1.pth', 'mini.py', {'a': 1.0})
    assert resolve_weights(source, 'mini') == zoo_folder() / 'mini-1.pth'
    (zoo_folder() / 'mini-1.pth').write_bytes(b'two')
    with pytest.raises(CheckpointError, match='expected sha256 .* as zoo.json says, found .* Make it again with `make'):
        resolve_weights(source, 'mini')
    (zoo_folder() / 'mini-1.pth').unlink()
    with pytest.raises(CheckpointError, match='found no file'):
        resolve_weights(source, 'mini')
    assert read_zoo()['mini']['size'] == 3


@pytest.mark.parametrize('text', ['{', '[]', '{"models": []}', '{"models": {"a": {"file": "../a", "sha256": ""}}}'])
def test_damaged_zoo_list(server, text):
    zoo_folder().mkdir()
    (zoo_folder() / 'zoo.json').write_text(text)
    with pytest.raises(CheckpointError, match=r'zoo.json: expected'):
        read_zoo()


def test_zoo_of_a_clone_and_of_an_installed_package(monkeypatch, tmp_path):
    from egoexo.apis import zoo_index

    monkeypatch.delenv('EGOEXO_ZOO', raising=False)
    monkeypatch.setattr(zoo_index, 'config_folders', lambda: [tmp_path / 'clone' / 'configs'])
    assert zoo_folder() == tmp_path / 'clone' / 'work_dirs' / 'zoo'
    monkeypatch.setattr(zoo_index, 'config_folders', lambda: [tmp_path / 'egoexo' / '.mim' / 'configs'])
    assert str(zoo_folder()) == 'work_dirs/zoo'
