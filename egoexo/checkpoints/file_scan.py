"""Looks a ``torch.save`` file over before torch reads it: members, sizes, and every instruction of its pickles."""

import io
import mmap
import os
import struct
import zipfile
from collections.abc import Collection
from pathlib import Path

from egoexo.checkpoints.pickle_scan import Refusal, Storage, scan_pickle

__all__ = ['scan_file']

_ZIP_MAGIC, _ZIP_END, _ZIP_END_SIZE = b'PK\x03\x04', b'PK\x05\x06', 22
_TAR_MAGIC, _TAR_OFFSET = b'ustar', 257
_LEGACY_MAGIC = b'\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.'


def scan_file(path: Path, extra_names: Collection[str] = ()) -> None:
    """Refuse a file that asks for more than tensors, numbers and text, or for more memory than it holds bytes.

    Args:
        path (Path): A regular file.
        extra_names (Collection[str]): Further Python objects that may be named in it, with inert stand-ins.

    Raises:
        Refusal: With what was found.
        Exception: Of any kind if the file is damaged.
    """
    with open(path, 'rb') as file:
        start = file.read(512)
        if not start:
            raise EOFError('it is empty')
        if start.startswith(_ZIP_MAGIC):
            _scan_zip(file, extra_names)
        elif start[_TAR_OFFSET:].startswith(_TAR_MAGIC):
            raise Refusal('a tar archive, the format of torch before 0.4, which cannot be read without running it')
        elif not start.startswith(_LEGACY_MAGIC):
            raise ValueError(f'it begins with {start[:12]!r}')
        else:
            _scan_legacy(file, extra_names)


def _scan_zip(file: io.BufferedReader, extra_names: Collection[str]) -> None:
    num_bytes = file.seek(0, os.SEEK_END)
    file.seek(-min(_ZIP_END_SIZE, num_bytes), os.SEEK_END)
    end = file.read()
    with zipfile.ZipFile(file) as archive:
        members = {info.filename: info for info in archive.infolist()}
        # Two readers of one zip must see the same table: it begins where the last 22 bytes say, or the file is crafted.
        table = struct.unpack('<I', end[16:20])[0]
        if not end.startswith(_ZIP_END) or table not in (0xFFFFFFFF, archive.start_dir):
            raise Refusal('a zip archive with something in front of it or behind it')
        if any(name.endswith('/constants.pkl') or '/code/' in name for name in members):
            raise Refusal('a TorchScript archive, which holds code')
        if len(members) != len(archive.infolist()):
            raise Refusal('a zip archive that holds a member twice')
        if sum(info.file_size for info in members.values()) > num_bytes:
            raise Refusal('a zip archive whose members are larger than the file: it is compressed, which torch.save '
                          'does not do')
        roots = {name.partition('/')[0] for name in members}
        strays = [name for name in members if '..' in name.split('/') or '\\' in name]
        if len(roots) != 1 or strays or not min(roots):
            raise Refusal(f'a zip archive with members outside its own folder: {(strays or sorted(roots))[0]!r}')
        root = roots.pop()
        if f'{root}/data.pkl' not in members:
            raise Refusal('a zip archive without data.pkl')

        def check(storage: Storage) -> None:
            info = members.get(f'{root}/data/{storage.key}')
            size = 0 if info is None else info.file_size
            if info is None or size != storage.num_bytes:
                raise Refusal(f'a storage {storage.key!r} of {storage.num_bytes:,} bytes of which the file holds '
                              f'{size:,}')

        scan_pickle(io.BytesIO(archive.read(f'{root}/data.pkl')), extra_names, check)


def _scan_legacy(file: io.BufferedReader, extra_names: Collection[str]) -> None:
    """The format before torch 1.6: magic number, version, system, content and list of storages, a pickle each."""
    total = 0

    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as stream:

        def check(storage: Storage) -> None:
            nonlocal total
            total += storage.num_bytes
            if total > len(stream):
                raise EOFError(f'it has {len(stream):,} bytes and needs {total:,} for its storages')

        for _ in range(3):
            scan_pickle(stream, (), check)
        _, storages = scan_pickle(stream, extra_names, check)
        keys, _ = scan_pickle(stream, (), check)
        if not isinstance(keys, list) or {*map(str, keys)} != set(storages):
            raise Refusal('a list of storages that differs from those its content refers to')
        for key in map(str, keys):
            header = stream.read(8)
            if len(header) < 8 or stream.tell() + storages[key].num_bytes > len(stream):
                raise EOFError(f'it ends inside storage {key!r}')
            if struct.unpack('<q', header)[0] != storages[key].numel:
                raise Refusal(f'the storage {key!r} with another size than its content says')
            stream.seek(storages[key].num_bytes, os.SEEK_CUR)
