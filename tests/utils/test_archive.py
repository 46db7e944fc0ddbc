"""What a sound archive becomes; hostile ones are in tests/hostile/cases_archive.py."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from egoexo.errors import DownloadError
from egoexo.utils.archive import extract_archive

FILES = {'a.txt': b'first', 'sub/b.bin': bytes(range(256)) * 5000}


def _archive(path: Path, files: dict[str, bytes] = FILES) -> Path:
    if path.suffix == '.zip':
        with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
            archive.mkdir('empty')
            for name, data in files.items():
                archive.writestr(name, data)
        return path
    with tarfile.open(path, f'w:{path.suffix[1:]}' if path.suffix != '.tar' else 'w') as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(f'./{name}')
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


@pytest.mark.parametrize('name', ['x.zip', 'x.tar', 'x.gz', 'x.bz2', 'x.xz'])
def test_content_is_unpacked(tmp_path: Path, name: str) -> None:
    found = extract_archive(_archive(tmp_path / name), tmp_path / 'deep' / 'out')
    assert found == [tmp_path / 'deep' / 'out' / name for name in FILES]
    assert [path.read_bytes() for path in found] == list(FILES.values())
    assert sorted(path.name for path in (tmp_path / 'deep').iterdir()) == ['out']  # no draft is left


def test_files_that_are_there_are_kept_unless_asked(tmp_path: Path) -> None:
    archive = _archive(tmp_path / 'x.zip')
    (tmp_path / 'out').mkdir()
    (tmp_path / 'out' / 'a.txt').write_text('mine')
    with pytest.raises(DownloadError, match=r'x\.zip: expected new files in .*out, found that a\.txt is already there'):
        extract_archive(archive, tmp_path / 'out')
    assert [path.name for path in (tmp_path / 'out').iterdir()] == ['a.txt']
    extract_archive(archive, tmp_path / 'out', overwrite=True)
    assert (tmp_path / 'out' / 'a.txt').read_bytes() == b'first'


def test_the_limit_counts_the_sum(tmp_path: Path) -> None:
    archive = _archive(tmp_path / 'x.gz', dict(a=bytes(600), b=bytes(600)))
    with pytest.raises(DownloadError, match=r'at most 1,000 bytes .*found at least 1,200 bytes in 2 files'):
        extract_archive(archive, tmp_path / 'out', max_bytes=1000)
    assert not (tmp_path / 'out').exists()
