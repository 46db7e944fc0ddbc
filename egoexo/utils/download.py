"""Fetch a file so that it is whole, the one that was meant, and never replaces another one unasked."""

import functools
import hashlib
import http.client
import os
import re
import shutil
import socket
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from egoexo.errors import DownloadError, explain
from egoexo.utils.file_lock import file_lock
from egoexo.utils.http_get import open_url, shown_url
from egoexo.utils.part_file import PartFile, url_hash, validator
from egoexo.utils.transfer_progress import TransferProgress, format_bytes

__all__ = ['check_sha256', 'download']

_CHUNK = 1 << 18
_PASSING = (408, 425, 429, 500, 502, 503, 504)  # answers that another attempt may change
_REAL_GAIN = 1 << 20  # an attempt that brought this much does not count as failed
_MAX_WAIT_SEC = 60.0
_RESERVE = 1 << 24  # free disk space that is left alone


class _InterruptedTransferError(Exception):
    """An attempt that another one may continue; says why."""


@dataclass(frozen=True)
class _Job:
    url: str
    target: Path
    sha256: str | None
    size: int | None
    max_bytes: int
    timeout_sec: float
    say: Callable[[str], None]

    @property
    def limit(self) -> int:
        return self.max_bytes if self.size is None else self.size


def download(url: str, path: str | os.PathLike, sha256: str | None = None, size: int | None = None, *,
             overwrite: bool = False, max_bytes: int = 64 * 10**9, timeout_sec: float = 30.0, retries: int = 5,
             backoff_sec: float = 1.0, allow_file: bool = False, say: Callable[[str], None] | None = None) -> Path:
    """Fetch a URL into a file.

    The bytes go to ``<path>.part``, which a later call continues if the server still has the same version (``ETag``
    or ``Last-Modified``); length and hash are checked before the file takes its name. Several processes may ask for
    the same file: one fetches it, the others wait.

    Args:
        url (str): ``http`` or ``https``; redirects must stay there, and on ``https`` once it was used.
        path (str | os.PathLike): File to write. Its name is never taken from the server.
        sha256 (str, optional): Hash that the file must have, 64 hexadecimal digits.
        size (int, optional): Bytes that the file must have.
        overwrite (bool): Replace a different file at ``path``. Defaults to False.
        max_bytes (int): Most that is accepted when ``size`` is unknown. Defaults to 64 GB.
        timeout_sec (float): Longest silence of the server. Defaults to 30 seconds.
        retries (int): Attempts after the first one that may fail in a row. Defaults to 5.
        backoff_sec (float): Wait before the first of them; it doubles. Defaults to 1 second.
        allow_file (bool): Accept ``file://`` too. Defaults to False.
        say (Callable, optional): Takes a line about progress or a retry; defaults to printing it to stderr.

    Returns:
        Path: ``path``, with a file that was there and has this hash left as it is.

    Raises:
        DownloadError: If the file cannot be fetched, is another one than was asked for, does not fit on the disk, or
            if another one is in its place.

    Examples:
        ``download('https://example.org/mstcn.pth', 'mstcn.pth', sha256='6b1e...')``
    """
    job = _Job(url, Path(path), check_sha256(sha256, url), size, max_bytes, timeout_sec, say or _print)
    _check_scheme(url, allow_file)
    try:
        job.target.parent.mkdir(parents=True, exist_ok=True)
        part = PartFile(job.target)
        waits = functools.partial(job.say, f'{job.target.name}: another process fetches this file, waiting for it')
        with file_lock(f'{part.path}.lock', waits):
            if _is_there(job, overwrite):
                return job.target
            _fetch(job, part, retries, backoff_sec)
            _is_there(job, overwrite)  # refuses a file that came meanwhile
            part.finish()
    except DownloadError:
        raise
    except OSError as error:  # of the local side; those of the network end in _attempt
        raise DownloadError(explain(path, 'a place that can be written', f'{type(error).__name__}: {error.strerror}',
                                    'Choose another folder or mend its permissions.')) from error
    return job.target


def check_sha256(sha256: str | None, where: object) -> str | None:
    """Normalise a hash.

    Args:
        sha256 (str | None): As written by a person.
        where (object): Named in the message.

    Returns:
        str | None: In lower case.

    Raises:
        DownloadError: If it is not made of 64 hexadecimal digits.
    """
    if sha256 is None:
        return None
    if not isinstance(sha256, str) or not re.fullmatch('[0-9a-fA-F]{64}', sha256):
        raise DownloadError(explain(where, 'a sha256 of 64 hexadecimal digits', repr(sha256),
                                    'Copy the whole hash, or run sha256sum FILE.'))
    return sha256.lower()


def _print(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _check_scheme(url: str, allow_file: bool) -> None:
    allowed = ('http', 'https', 'file') if allow_file else ('http', 'https')
    try:
        parts = urlsplit(url)
        fits = parts.scheme in allowed and (parts.hostname or parts.scheme == 'file')
    except ValueError:  # e.g. an unclosed bracket
        fits = False
    if not fits or re.search(r'[\x00-\x20\x7f]', url):
        expected = 'a URL that begins with ' + ' or '.join(f'{name}://' for name in allowed)
        raise DownloadError(explain(repr(url), expected, 'another one',
                                    'Give the whole address; a local file needs no download.'))
    if '@' in parts.netloc:
        raise DownloadError(explain(shown_url(url), 'an address without a user name', 'one before the @',
                                    'Fetch a file that needs a login as its authors say and give the local file.'))


def _is_there(job: _Job, overwrite: bool) -> bool:
    """Whether the very file is there already; one that is not known to be the same is refused."""
    path = job.target
    if not os.path.lexists(path):
        return False
    if not path.is_file():
        raise DownloadError(explain(path, 'the name of a file to write', 'a folder or special file',
                                    'Name the file inside it.'))
    if job.sha256 is not None and _sha256(path) == job.sha256:
        return True
    if overwrite:
        return False
    known = f'sha256 {job.sha256}' if job.sha256 else 'nothing, since no sha256 tells whether it is the same file'
    found = f'a file with sha256 {_sha256(path)}'
    raise DownloadError(explain(path, known, found, 'Move it away, choose another name, or allow to overwrite it.'))


def _sha256(path: Path) -> str:
    with open(path, 'rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()


def _fetch(job: _Job, part: PartFile, retries: int, backoff_sec: float) -> None:
    """Attempt until the part is complete and right."""
    failures = 0
    while True:
        before = part.size
        try:
            continued = _attempt(job, part)
            problem = _problem(job, part)
            if problem is None:
                return
            part.discard()
            if not continued:
                raise DownloadError(problem)
            # The first half may be of another version than the server admits: the whole file decides.
            raise _InterruptedTransferError('the continued file has another hash, starting again')
        except _InterruptedTransferError as interruption:
            failures = 1 if part.size - before >= _REAL_GAIN else failures + 1
            if failures > retries:
                raise DownloadError(explain(
                    shown_url(job.url), 'the whole file', f'{interruption}, {failures} times in a row',
                    f'{format_bytes(part.size)} are kept in {part.path}; the same command goes on from there. Check '
                    'the network.')) from interruption
            wait = min(_MAX_WAIT_SEC, backoff_sec * 2 ** (failures - 1))
            job.say(f'{job.target.name}: {interruption}; {format_bytes(part.size)} are here, retry {failures} of '
                    f'{retries} in {wait:.0f} s')
            time.sleep(wait)


def _problem(job: _Job, part: PartFile) -> str | None:
    """What is wrong with a complete part."""
    if job.size is not None and part.size != job.size:
        return explain(shown_url(job.url), f'{job.size:,} bytes', f'{part.size:,}', 'The file has changed or is '
                       'cut off there. Check the address and whether a newer hash is published.')
    found = _sha256(part.path) if job.sha256 else None
    if found == job.sha256:
        return None
    with open(part.path, 'rb') as file:
        page = file.read(512).lstrip().lower().startswith((b'<!doctype', b'<html'))
    hint = 'It is a web page: the address needs a login or no longer exists.' if page else \
        'The file has changed or was altered on its way: do not use it. Check the address and the published hash.'
    return explain(shown_url(job.url), f'sha256 {job.sha256}', f'{found} ({part.size:,} bytes)', hint)


def _attempt(job: _Job, part: PartFile) -> bool:
    """Fetch what is missing; returns whether an older part was continued."""
    if urlsplit(job.url).scheme == 'file':
        return _copy(job, part)
    origin = part.origin()
    # Without a version of its own only a hash can tell that both halves belong together.
    known = origin.get('url') == url_hash(job.url) and (validator(origin) or job.sha256)
    start = part.size if known else 0
    headers = {'Accept-Encoding': 'identity', 'User-Agent': 'egoexo'}
    if start:
        headers['Range'] = f'bytes={start}-'
        if validator(origin):
            headers['If-Range'] = validator(origin)
    try:
        with open_url(job.url, headers, job.timeout_sec) as response:
            return _receive(job, part, response, start)
    except urllib.error.HTTPError as error:
        with error:
            return _judge_status(job, part, error, start)
    except (DownloadError, _InterruptedTransferError):
        raise
    except (OSError, http.client.HTTPException) as error:
        if getattr(error, 'filename', None):  # of a file here
            raise
        reason = getattr(error, 'reason', error)
        lasting = isinstance(reason, ssl.SSLCertVerificationError) or (
            isinstance(reason, socket.gaierror) and reason.errno != socket.EAI_AGAIN)
        text = f'{type(reason).__name__}: {reason}' if str(reason) else type(reason).__name__
        if lasting:
            raise DownloadError(explain(shown_url(job.url), 'an answer', text, 'Check the address, the network and, '
                                        'behind a proxy, https_proxy.')) from error
        raise _InterruptedTransferError(text) from error


def _judge_status(job: _Job, part: PartFile, error: urllib.error.HTTPError, start: int) -> bool:
    """Turn an error status into a finished part, another attempt or the end."""
    if error.code == 416 and start:
        if error.headers.get('Content-Range', '').strip() == f'bytes */{start}':
            return True  # nothing was missing
        part.discard()
        raise _InterruptedTransferError('the file there is shorter than what is here, starting again')
    if error.code in _PASSING:
        raise _InterruptedTransferError(f'the server answers {error.code} {error.reason}')
    advice = 'Check the address.' if error.code in (404, 410) or 300 <= error.code < 400 else \
        'It may need a login or a licence: fetch it as its authors say and give the local file.'
    found = ' '.join(f'{error.code} {error.reason}'.split())
    raise DownloadError(explain(shown_url(job.url), 'a file', f'the answer {found}', advice)) from error


def _receive(job: _Job, part: PartFile, response: http.client.HTTPResponse, start: int) -> bool:
    """Write the body; returns whether it continued an older part."""
    if start and response.status == 206:
        span = re.fullmatch(r'bytes (\d+)-\d+/(\d+|\*)', response.headers.get('Content-Range', '').strip())
        etag = part.origin().get('etag', '')
        if not span or int(span[1]) != start or response.headers.get('ETag', etag) != etag:
            part.discard()
            raise _InterruptedTransferError('the server sends another part than was asked for, starting again')
    elif response.status == 200:
        start = 0
        part.begin(job.url, response.headers)
    else:
        raise DownloadError(explain(shown_url(job.url), 'the answer 200', f'{response.status} {response.reason}',
                                    'Check the address.'))
    encoding = response.headers.get('Content-Encoding', 'identity').lower()
    if encoding != 'identity' and job.sha256 is None:
        # Archives are often labelled like this and meant to be kept as they are; only a hash can tell.
        raise DownloadError(explain(shown_url(job.url), 'the bytes of the file', f'Content-Encoding {encoding}',
                                    'Give its sha256, which decides whether this is the file.'))
    left = response.length  # None when the answer is chunked or ends with the connection
    total = None if left is None else start + left
    if total is None and not response.chunked and job.size is None and job.sha256 is None:
        raise DownloadError(explain(shown_url(job.url), 'a length, or the size or sha256 of the file', 'none of them',
                                    'Give its sha256: a file that is cut off could not be told from a whole one.'))
    _check_room(job, total, start)
    _write(job, part, response.read1, start, total)
    if total is not None and part.size < total:
        raise _InterruptedTransferError(f'the connection ended after {part.size:,} of {total:,} bytes')
    if total is None and job.size is not None and part.size < job.size:
        raise _InterruptedTransferError(f'the connection ended after {part.size:,} of {job.size:,} bytes')
    return start > 0


def _copy(job: _Job, part: PartFile) -> bool:
    source = Path(urllib.request.url2pathname(urlsplit(job.url).path))
    if not source.is_file():
        raise DownloadError(explain(source, 'a file', 'none', 'Check the path.'))
    total = source.stat().st_size
    _check_room(job, total, 0)
    part.begin(job.url, {})
    with open(source, 'rb') as file:
        _write(job, part, file.read, 0, total)
    return False


def _check_room(job: _Job, total: int | None, start: int) -> None:
    where = shown_url(job.url)
    if total is None:
        return
    if job.size is not None and total != job.size:
        raise DownloadError(explain(where, f'{job.size:,} bytes', f'{total:,}', 'The file has changed there. Check the '
                                    'address and whether a newer hash is published.'))
    if total > job.limit:
        raise DownloadError(explain(where, f'at most {job.limit:,} bytes (max_bytes)', f'{total:,}',
                                    'Raise max_bytes if the file is meant to be so large.'))
    free = shutil.disk_usage(job.target.parent).free
    if total - start + _RESERVE > free:
        raise DownloadError(explain(job.target.parent, f'{format_bytes(total - start)} of free disk space',
                                    format_bytes(free), 'Make room or choose another folder.'))


def _write(job: _Job, part: PartFile, read: Callable[[int], bytes], start: int, total: int | None) -> None:
    """Append what ``read`` gives to the part."""
    progress = TransferProgress(job.target.name, total or job.size, start, job.say)
    done = start
    with open(part.path, 'ab') as file:
        while chunk := read(_CHUNK):
            done += len(chunk)
            if done > job.limit:
                part.discard()
                raise DownloadError(explain(shown_url(job.url), f'at most {job.limit:,} bytes', 'more',
                                            'The server sends something else, or max_bytes is too small.'))
            try:
                file.write(chunk)
                file.flush()
            except OSError as error:
                raise DownloadError(explain(part.path, 'a disk that takes the file', error.strerror,
                                            'Make room; the same command goes on from there.')) from error
            progress.update(done)
