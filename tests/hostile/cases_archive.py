"""Archives that write elsewhere, never end, or end too early."""

import io
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from hostile.case import Case
from hostile.files import Make, bytes_file, fifo, flipped, truncated

from egoexo.errors import DownloadError
from egoexo.utils.archive import extract_archive

_NOISE = np.random.default_rng(0).bytes(3000)


def _tar(*members: tuple[str, bytes | str, bytes], mode: str = 'w') -> Callable[[], bytes]:
    """Members are (name, content) or (name, link target, type)."""
    def content() -> bytes:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode=mode) as archive:
            for name, data, *kind in members:
                info = tarfile.TarInfo(name)
                if kind:
                    info.type, info.linkname = kind[0], data
                    archive.addfile(info)
                else:
                    info.size = len(data)
                    archive.addfile(info, io.BytesIO(data))
        return buffer.getvalue()
    return content


def _zip(*members: tuple[str, bytes, int], compress: bool = False) -> Callable[[], bytes]:
    """Members are (name, content) or (name, content, file mode)."""
    def content() -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, 'w', zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED) as archive:
            for name, data, *mode in members:
                info = zipfile.ZipInfo(name)
                info.compress_type = archive.compression
                info.external_attr = (mode[0] if mode else 0o100644) << 16
                archive.writestr(info, data)
        return buffer.getvalue()
    return content


GOOD = ('a/good.txt', b'good')
SYM, HARD = tarfile.SYMTYPE, tarfile.LNKTYPE
#: Name -> (content, what the message shows).
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    'tar-upwards': (_tar(GOOD, ('../escape', b'x')), r"a file outside the folder: '\.\./escape'"),
    'tar-upwards-inside': (_tar(GOOD, ('a/../../escape', b'x')), 'a file outside the folder'),
    'tar-absolute': (_tar(GOOD, ('/tmp/egoexo-escape', b'x')), 'a file outside the folder'),
    'tar-backslash': (_tar(GOOD, ('..\\escape', b'x')), 'a file outside the folder'),
    'tar-link-away': (_tar(GOOD, ('link', '/etc', SYM)), "a link, device or pipe: 'link'"),
    'tar-link-then-write': (_tar(('link', '..', SYM), ('link/escape', b'x')), 'a link, device or pipe'),
    'tar-link-chain': (_tar(('a', '.', SYM), ('b', 'a/..', SYM), ('b/escape', b'x')), 'a link, device or pipe'),
    'tar-hard-link': (_tar(GOOD, ('passwd', '/etc/passwd', HARD)), 'a link, device or pipe'),
    'tar-device': (_tar(GOOD, ('null', '', tarfile.CHRTYPE)), 'a link, device or pipe'),
    'tar-pipe': (_tar(GOOD, ('pipe', '', tarfile.FIFOTYPE)), 'a link, device or pipe'),
    'tar-folder-upwards': (_tar(('../folder', '', tarfile.DIRTYPE)), 'a folder outside the folder'),
    'tar-twice': (_tar(GOOD, GOOD), 'a file that comes twice'),
    'tar-file-below-a-file': (_tar(('a', b'x'), ('a/b', b'x')), 'cannot be unpacked'),
    'tar-bomb': (_tar(('zeros', bytes(3 * 2**20)), mode='w:gz'), 'at least 3,145,728 bytes'),
    'tar-xz-bomb': (_tar(*[(f'zeros{number}', bytes(2**19)) for number in range(5)], mode='w:xz'), 'at least'),
    'tar-empty': (_tar(), 'found an empty one'),
    'tar-name-with-escapes': (_tar(('../\x1b[2J', b'x')), r'\\x1b'),
    'zip-upwards': (_zip(GOOD, ('../escape', b'x')), 'a file outside the folder'),
    'zip-absolute': (_zip(GOOD, ('/tmp/egoexo-escape', b'x')), 'a file outside the folder'),
    'zip-drive': (_zip(GOOD, ('C:escape', b'x')), 'a file outside the folder'),
    'zip-backslash': (_zip(GOOD, ('..\\escape', b'x')), 'a file outside the folder'),
    'zip-link': (_zip(GOOD, ('link', b'/etc', stat.S_IFLNK | 0o777)), "a link or device: 'link'"),
    'zip-link-then-write': (_zip(('link', b'..', stat.S_IFLNK | 0o777), ('link/escape', b'x')), 'a link or device'),
    'zip-device': (_zip(GOOD, ('null', b'', stat.S_IFCHR | 0o666)), 'a link or device'),
    'zip-twice': (_zip(GOOD, ('a//good.txt', b'x')), 'a file that comes twice'),
    'zip-bomb': (_zip(('zeros', bytes(2**25)), compress=True), 'at least 33,554,432 bytes'),
    'zip-damaged-content': (lambda: _zip(('noise', _NOISE))().replace(_NOISE[:50], bytes(50)), 'Bad CRC-32'),
    'text': (lambda: b'no archive at all', 'cannot be unpacked'), 'nothing': (lambda: b'', 'cannot be unpacked'),
}


def _extract(path: Path) -> list[Path]:
    """Unpack with a limit of two megabytes; nothing may be left when that fails."""
    target = path.parent / 'out'
    try:
        return extract_archive(path, target, max_bytes=2**21)
    except DownloadError:
        left = sorted(item.name for item in path.parent.rglob('*') if item != path)
        assert left in ([], ['kept', 'out']), left
        raise


def _good_files(files: object) -> None:
    """Only a bit that means nothing (a time stamp, padding) may be flipped without notice."""
    assert [file.read_bytes() for file in files] == [b'good', _NOISE]


def _kept(folder: Path) -> Path:
    """A file of the archive is already there."""
    path = bytes_file('x.tar', _tar(('kept', b'new'))())(folder)
    (folder / 'out').mkdir()
    (folder / 'out' / 'kept').write_text('old')
    return path


def _behind_a_link(folder: Path) -> Path:
    """The target folder holds a link that leads out of it."""
    path = bytes_file('x.tar', _tar(('kept/escape', b'x'))())(folder)
    (folder / 'out').mkdir()
    (folder / 'out' / 'kept').symlink_to('/tmp')
    return path


def _case(name: str, make: Make, found: str, **options: object) -> Case:
    return Case(name, 'archive', make, _extract, DownloadError, (found,), **options)


_WHOLE = {'tar': _tar(GOOD, ('b', _NOISE), mode='w:gz'), 'zip': _zip(GOOD, ('b', _NOISE), compress=True)}
CASES = [
    *(_case(name, bytes_file(f'x.{name[:3]}', lambda folder, content=content: content()), found)
      for name, (content, found) in REFUSED.items()),
    *(_case(f'{kind}-{share}-kept', truncated(f'x.{kind}', whole, share), 'cannot be unpacked')
      for kind, whole in _WHOLE.items() for share in (0.1, 0.6, 0.97)),
    *(_case(f'{kind}-flipped-{seed}', flipped(f'x.{kind}', whole, seed), 'found', check=_good_files, may_load=True)
      for kind, whole in _WHOLE.items() for seed in range(4)),
    _case('already-there', _kept, 'kept is already there'),
    _case('behind-a-link', _behind_a_link, 'a file behind a link that leaves the folder'),
    _case('pipe', fifo('x.tar'), 'found a named pipe'),
]
