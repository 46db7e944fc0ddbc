import io
import zipfile
from pathlib import Path

import pytest
import torch

from egoexo.checkpoints.file_scan import scan_file
from egoexo.checkpoints.pickle_scan import Refusal


def _rewritten(path: Path, change: object, **options: object) -> Path:
    """The archive with its members passed through ``change(list of (name, data))``."""
    with zipfile.ZipFile(path) as source:
        members = [(name, source.read(name)) for name in source.namelist()]
    with zipfile.ZipFile(path, 'w', **options) as target:
        for name, data in change(members):
            target.writestr(name, data)
    return path


@pytest.fixture()
def path(tmp_path: Path) -> Path:
    torch.save(dict(weight=torch.arange(500.0), bias=torch.zeros(3, dtype=torch.float64)), tmp_path / 'a.pth')
    return tmp_path / 'a.pth'


@pytest.mark.parametrize('legacy', [False, True])
def test_files_of_torch_pass(tmp_path: Path, legacy: bool) -> None:
    parameter = torch.nn.Parameter(torch.ones(3, 4, dtype=torch.bfloat16))
    content = dict(a=torch.arange(6).view(2, 3).t(), b=parameter, c=torch.zeros(0, 3), d=torch.ones(1).expand(5, 7),
                   e=torch.tensor(True), f=torch.ones(4, dtype=torch.complex64)[1::2], g=torch.float32)
    torch.save(content, tmp_path / 'a.pth', _use_new_zipfile_serialization=not legacy)
    scan_file(tmp_path / 'a.pth')


def test_states_of_optimizers_pass(tmp_path: Path) -> None:
    layer = torch.nn.Linear(3, 2)
    for kind in (torch.optim.SGD, torch.optim.AdamW, torch.optim.RMSprop, torch.optim.Adagrad):
        optimizer = kind(layer.parameters(), lr=0.1)
        layer(torch.ones(1, 3)).sum().backward()
        optimizer.step()
        torch.save(optimizer.state_dict(), tmp_path / 'a.pth')
        scan_file(tmp_path / 'a.pth')


@pytest.mark.parametrize(('change', 'found'), [
    (lambda members: [*members, members[-1]], 'a zip archive that holds a member twice'),
    (lambda members: [*members, ('../escape', b'')], r"members outside its own folder: '../escape'"),
    (lambda members: [*members, ('a/../../escape', b'')], 'members outside its own folder'),
    (lambda members: [*members, ('a/code/x.py', b'')], 'a TorchScript archive, which holds code'),
    (lambda members: [item for item in members if not item[0].endswith('data.pkl')], 'without data.pkl'),
    (lambda members: [item for item in members if not item[0].endswith('/data/0')], 'of which the file holds 0'),
    (lambda members: [(name, data[:-4] if name.endswith('/data/0') else data) for name, data in members],
     "a storage '0' of 2,000 bytes of which the file holds 1,996"),
])
@pytest.mark.filterwarnings('ignore:Duplicate name')
def test_crafted_archives(path: Path, change: object, found: str) -> None:
    with pytest.raises(Refusal, match=found):
        scan_file(_rewritten(path, change))


def test_compressed_and_padded_archives(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content + b'behind')
    with pytest.raises(Refusal, match='something in front of it or behind it'):
        scan_file(path)
    path.write_bytes(content)
    with pytest.raises(Refusal, match='members are larger than the file'):
        scan_file(_rewritten(path, lambda members: members, compression=zipfile.ZIP_DEFLATED))


def test_legacy_storages_are_compared_with_the_file(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    torch.save(dict(weight=torch.arange(500.0)), buffer, _use_new_zipfile_serialization=False)
    path = tmp_path / 'a.pth'
    path.write_bytes(buffer.getvalue()[:-1])
    with pytest.raises(EOFError, match='it ends inside storage'):
        scan_file(path)
    path.write_bytes(buffer.getvalue()[:-2008] + (499).to_bytes(8, 'little') + bytes(2000))
    with pytest.raises(Refusal, match='with another size than its content says'):
        scan_file(path)
    path.write_bytes(buffer.getvalue().replace((500).to_bytes(2, 'little') + b'N', b'\xff\xffN'))
    with pytest.raises(EOFError, match='needs 262,140 for its storages'):
        scan_file(path)
