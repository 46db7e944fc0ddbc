"""Unpacks archives made by others: plain files and folders below one folder, within a size, all or nothing."""

import contextlib
import os
import stat
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from egoexo.errors import DownloadError, explain
from egoexo.files import check_file

__all__ = ['extract_archive']

_MAX_MEMBERS = 1_000_000
_CHUNK = 2**20
_MAX_PADDING = 2**26


@dataclass(frozen=True)
class _Member:
    """One file of an archive; ``open`` gives its content."""

    name: str
    num_bytes: int
    open: Callable[[], BinaryIO]


def extract_archive(path: str | os.PathLike, folder: str | os.PathLike, max_bytes: int = 2**38,
                    overwrite: bool = False) -> list[Path]:
    """Unpack a zip or tar archive (plain, gzip, bzip2 or xz).

    Everything is unpacked beside the folder first and moved when all of it is there, so that a damaged archive leaves
    nothing behind. Names that are absolute or lead upwards, links of any kind, devices, pipes, and a file that comes
    twice are refused before anything is written.

    Args:
        path (str | os.PathLike): The archive.
        folder (str | os.PathLike): Where its content goes; made if needed.
        max_bytes (int): Largest sum of the unpacked files. Defaults to 256 GiB.
        overwrite (bool): Replace files that are there; otherwise they are a reason to refuse.

    Returns:
        list[Path]: The files, in the order of the archive.

    Raises:
        DownloadError: If the archive is missing, damaged, hostile or too large, or a file is already there.
    """
    path, folder = Path(path), Path(folder)
    check_file(path, DownloadError, 'a zip or tar archive')
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        with _opened(path) as (members, finish):
            files = _checked(path, members, folder, max_bytes, overwrite)
            with tempfile.TemporaryDirectory(prefix=f'.{folder.name}.', suffix='.part', dir=folder.parent) as draft:
                for name, member in files.items():
                    _copy(member, Path(draft) / name)
                finish()
                for name in files:
                    (folder / name).parent.mkdir(parents=True, exist_ok=True)
                    os.replace(Path(draft) / name, folder / name)
    except DownloadError:
        raise
    except Exception as cause:  # zlib, lzma, zip and tar errors, a full disk
        raise DownloadError(explain(path, 'a sound zip or tar archive',
                                    f'one that cannot be unpacked ({type(cause).__name__}: {cause})',
                                    'Nothing of it was kept. Check the free space, or fetch it again.')) from cause
    return [folder / name for name in files]


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tuple[Iterator[_Member], Callable[[], None]]]:
    """Members, and what to call when all of them were read."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            yield _zip_members(path, archive), lambda: None
    else:
        with tarfile.open(path) as archive:
            yield _tar_members(path, archive), lambda: _drain(archive)


def _drain(archive: tarfile.TarFile) -> None:
    """Read to the end: a tar has no checksums of its own, that of gzip, bzip2 or xz is behind its last byte."""
    left = _MAX_PADDING
    while chunk := archive.fileobj.read(_CHUNK):
        left -= len(chunk)
        if left < 0:
            raise OSError(f'more than {_MAX_PADDING:,} bytes follow its last file')


def _zip_members(path: Path, archive: zipfile.ZipFile) -> Iterator[_Member]:
    for info in archive.infolist():
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise _refusal(path, info.filename, 'a link or device')
        if info.flag_bits & 1:
            raise _refusal(path, info.filename, 'an encrypted file')
        if not info.is_dir():
            yield _Member(info.filename, info.file_size, lambda info=info: archive.open(info))


def _tar_members(path: Path, archive: tarfile.TarFile) -> Iterator[_Member]:
    for info in archive:
        if not info.isreg() and not info.isdir():
            raise _refusal(path, info.name, 'a link, device or pipe')
        if info.isreg():
            yield _Member(info.name, info.size, lambda info=info: archive.extractfile(info))
        elif not _is_inside(info.name):
            raise _refusal(path, info.name, 'a folder outside the folder')


def _is_inside(name: str) -> bool:
    pure = PurePosixPath(name)
    return not pure.is_absolute() and '..' not in pure.parts and bool(pure.parts) and not set(name) & set('\\\0:')


def _checked(path: Path, members: Iterator[_Member], folder: Path, max_bytes: int,
             overwrite: bool) -> dict[str, _Member]:
    """Members by normalised name, once all of them are known to be harmless."""
    files: dict[str, _Member] = {}
    total = 0
    for member in members:
        if not _is_inside(member.name):
            raise _refusal(path, member.name, 'a file outside the folder')
        name = str(PurePosixPath(member.name))
        if name in files:
            raise _refusal(path, member.name, 'a file that comes twice')
        target = folder / name
        if not overwrite and os.path.lexists(target):
            raise DownloadError(explain(path, f'new files in {folder}', f'that {name} is already there',
                                        'Remove it, or pass overwrite=True.'))
        # A link that was there before must not carry the file elsewhere.
        if not target.parent.resolve().is_relative_to(folder.resolve()):
            raise _refusal(path, member.name, 'a file behind a link that leaves the folder')
        total += member.num_bytes
        if total > max_bytes or len(files) >= _MAX_MEMBERS:
            raise DownloadError(explain(path, f'at most {max_bytes:,} bytes in {_MAX_MEMBERS:,} files',
                                        f'at least {total:,} bytes in {len(files) + 1:,} files',
                                        'Unpack it by hand if it is meant to be so large, or fetch it again.'))
        files[name] = member
    if not files:
        raise DownloadError(explain(path, 'an archive with files', 'an empty one', 'Fetch it again.'))
    return files


def _copy(member: _Member, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    left = member.num_bytes
    with member.open() as source, open(target, 'xb') as file:
        while chunk := source.read(_CHUNK):
            left -= len(chunk)
            if left < 0:
                raise OSError(f'{member.name} is longer than its declared {member.num_bytes:,} bytes')
            file.write(chunk)
    if left:
        raise EOFError(f'{member.name} ends {left:,} bytes early')


def _refusal(path: Path, name: str, what: str) -> DownloadError:
    return DownloadError(explain(path, 'plain files and folders below one folder', f'{what}: {name!r}',
                                 'Nothing was unpacked. Ask whoever made the archive, or unpack it by hand.'))
