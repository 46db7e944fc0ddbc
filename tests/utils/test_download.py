import gzip
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from file_server import send, serve
from tests_support import REPO

from egoexo.errors import DownloadError
from egoexo.utils import download as module
from egoexo.utils.download import download
from egoexo.utils.part_file import url_hash

DATA = bytes(range(256)) * 4096  # 1 MiB
OTHER = DATA[::-1]
SHA = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def server(monkeypatch):
    for name in ('http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY'):
        monkeypatch.delenv(name, raising=False)
    with serve() as state:
        state.files['/a.pth'] = DATA
        yield state


def fetch(server, path, *args, name='/a.pth', **kwargs):
    kwargs = {'backoff_sec': 0.0, 'retries': 2, 'timeout_sec': 5.0} | kwargs
    return download(f'{server.url}{name}', path, *args, **kwargs)


def drop(keep, **options):
    return lambda handler, content: send(handler, content, keep=keep, **options)


def status(code, *headers):
    def answer(handler, content):
        handler.send_response(code)
        for name, value in headers:
            handler.send_header(name, value)
        handler.send_header('Content-Length', '0')
        handler.end_headers()
    return answer


def raw(*headers, body=None):
    def answer(handler, content):
        handler.send_response(200)
        for name, value in headers:
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content if body is None else body)
    return answer


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_whole_file_and_no_second_transfer(server, tmp_path):
    target = tmp_path / 'made' / 'mine.pth'
    assert fetch(server, target, SHA.upper(), len(DATA)) == target
    assert target.read_bytes() == DATA and names(target.parent) == ['mine.pth']
    fetch(server, target, SHA)
    assert len(server.requests) == 1


def test_name_is_never_taken_from_the_server(server, tmp_path):
    server.tricks = [raw(('Content-Length', str(len(DATA))),
                         ('Content-Disposition', 'attachment; filename="../../evil.sh"'))]
    fetch(server, tmp_path / 'mine.pth', SHA)
    assert names(tmp_path) == ['mine.pth']


def test_dropped_connection_is_continued(server, tmp_path):
    server.tricks = [drop(300_000), drop(500_000)]
    said = []
    fetch(server, tmp_path / 'a.pth', SHA, say=said.append)
    assert (tmp_path / 'a.pth').read_bytes() == DATA
    assert [request.get('Range') for request in server.requests] == [None, 'bytes=300000-', 'bytes=800000-']
    assert [request.get('If-Range') for request in server.requests] == [None, '"one"', '"one"']
    assert said == ['a.pth: the connection ended after 300,000 of 1,048,576 bytes; 300.0 kB are here, '
                    'retry 1 of 2 in 0 s',
                    'a.pth: the connection ended after 800,000 of 1,048,576 bytes; 800.0 kB are here, '
                    'retry 2 of 2 in 0 s']


def test_it_gives_up_and_keeps_what_is_there(server, tmp_path):
    server.tricks = [drop(1000), drop(10), drop(10), None]
    with pytest.raises(DownloadError, match=r'a.pth: expected the whole file, found the connection ended after 1,020 '
                                            r'of 1,048,576 bytes, 3 times in a row. 1.0 kB are kept in .*a.pth.part; '
                                            r'the same command goes on from there'):
        fetch(server, tmp_path / 'a.pth', SHA)
    assert names(tmp_path) == ['a.pth.part', 'a.pth.part.json']
    fetch(server, tmp_path / 'a.pth', SHA)
    assert server.requests[-1]['Range'] == 'bytes=1020-' and names(tmp_path) == ['a.pth']


def test_killed_process_is_continued_by_the_next(server, tmp_path):
    release = threading.Event()

    def stall(handler, content):
        send(handler, content, keep=400_000)
        handler.wfile.flush()
        release.wait(20)

    server.tricks = [stall]
    code = ('import sys; sys.path.insert(0, sys.argv[3])\nfrom egoexo.utils.download import download\n'
            'download(sys.argv[1], sys.argv[2])')
    process = subprocess.Popen([sys.executable, '-c', code, f'{server.url}/a.pth', str(tmp_path / 'a.pth'), str(REPO)])
    part = tmp_path / 'a.pth.part'
    deadline = time.monotonic() + 20
    while (not part.exists() or part.stat().st_size < 400_000) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    release.set()
    assert names(tmp_path) == ['a.pth.part', 'a.pth.part.json', 'a.pth.part.lock']
    fetch(server, tmp_path / 'a.pth', SHA)
    assert server.requests[-1]['Range'] == 'bytes=400000-'
    assert (tmp_path / 'a.pth').read_bytes() == DATA and names(tmp_path) == ['a.pth']


def test_changed_file_is_not_glued(server, tmp_path):
    server.tricks = [drop(300_000)]
    with pytest.raises(DownloadError, match='1 times in a row'):
        fetch(server, tmp_path / 'a.pth', retries=0)
    server.files['/a.pth'], server.etags['/a.pth'] = OTHER, '"two"'
    fetch(server, tmp_path / 'a.pth')
    assert server.requests[-1]['If-Range'] == '"one"'
    assert (tmp_path / 'a.pth').read_bytes() == OTHER


def test_changed_etag_in_a_partial_answer_is_seen(server, tmp_path):
    def ignores_if_range(handler, content):
        del handler.headers['If-Range']
        send(handler, OTHER, '"two"')

    server.tricks = [drop(300_000), ignores_if_range]
    said = []
    fetch(server, tmp_path / 'a.pth', say=said.append)
    assert 'another part than was asked for, starting again; 0 B are here' in said[1]
    assert (tmp_path / 'a.pth').read_bytes() == DATA


def test_changed_file_without_a_version_is_seen_by_the_hash(server, tmp_path):
    server.tricks = [lambda handler, content: send(handler, OTHER, '', keep=300_000), drop(None, etag=''),
                     drop(None, etag='')]
    said = []
    fetch(server, tmp_path / 'a.pth', SHA, say=said.append)
    assert 'the continued file has another hash, starting again' in said[1]
    assert (tmp_path / 'a.pth').read_bytes() == DATA


def test_without_version_and_hash_nothing_is_continued(server, tmp_path):
    server.tricks = [drop(300_000, etag=''), drop(None, etag='')]
    fetch(server, tmp_path / 'a.pth')
    assert 'Range' not in server.requests[1]


def test_weak_etag_is_no_version(server, tmp_path):
    server.tricks = [drop(300_000, etag='W/"one"')]
    fetch(server, tmp_path / 'a.pth', SHA)
    assert server.requests[1]['Range'] == 'bytes=300000-' and 'If-Range' not in server.requests[1]


def test_last_modified_serves_as_version(server, tmp_path):
    date = 'Sun, 01 Nov 2026 10:00:00 GMT'

    def first(handler, content):
        raw(('Content-Length', str(len(content))), ('Last-Modified', date), body=content[:1000])(handler, content)

    server.tricks = [first]
    fetch(server, tmp_path / 'a.pth')
    assert server.requests[1]['If-Range'] == date


def test_server_that_ignores_range(server, tmp_path):
    server.tricks = [drop(300_000), drop(None, ranges=False)]
    fetch(server, tmp_path / 'a.pth')
    assert server.requests[1]['Range'] == 'bytes=300000-'
    assert (tmp_path / 'a.pth').read_bytes() == DATA


def test_part_of_another_address_is_not_continued(server, tmp_path):
    server.files['/b.pth'] = OTHER
    server.tricks = [drop(300_000)]
    with pytest.raises(DownloadError):
        fetch(server, tmp_path / 'a.pth', retries=0)
    fetch(server, tmp_path / 'a.pth', name='/b.pth')
    assert (tmp_path / 'a.pth').read_bytes() == OTHER


@pytest.mark.parametrize(('there', 'words'), [(DATA, None), (DATA + b'x' * 9, 'shorter than what is here')])
def test_416(server, tmp_path, there, words):
    (tmp_path / 'a.pth.part').write_bytes(there)
    (tmp_path / 'a.pth.part.json').write_text(json.dumps({'url': url_hash(f'{server.url}/a.pth'), 'etag': '"one"'}))
    said = []
    fetch(server, tmp_path / 'a.pth', SHA, say=said.append)
    assert (tmp_path / 'a.pth').read_bytes() == DATA
    assert len(server.requests) == (1 if words is None else 2)
    assert (words is None and not said) or words in said[0]


@pytest.mark.parametrize('note', ['', '[1]', '{"url": 3}', '\x00'])
def test_damaged_note_means_a_new_start(server, tmp_path, note):
    (tmp_path / 'a.pth.part').write_bytes(b'old')
    (tmp_path / 'a.pth.part.json').write_text(note)
    fetch(server, tmp_path / 'a.pth', SHA)
    assert 'Range' not in server.requests[0]


def test_wrong_hash_leaves_nothing(server, tmp_path):
    wrong = '0' * 64
    with pytest.raises(DownloadError, match=rf'a.pth: expected sha256 {wrong}, found {SHA} \(1,048,576 bytes\). The '
                                            'file has changed or was altered on its way: do not use it'):
        fetch(server, tmp_path / 'a.pth', wrong)
    assert names(tmp_path) == [] and len(server.requests) == 1


def test_login_page_is_named(server, tmp_path):
    server.files['/a.pth'] = b'\n<!DOCTYPE html><title>Sign in</title>'
    with pytest.raises(DownloadError, match='It is a web page: the address needs a login or no longer exists'):
        fetch(server, tmp_path / 'a.pth', SHA)


@pytest.mark.parametrize('sha256', ['abc', 'g' * 64, SHA + 'a', 3])
def test_malformed_hash(server, tmp_path, sha256):
    with pytest.raises(DownloadError, match='expected a sha256 of 64 hexadecimal digits, found'):
        fetch(server, tmp_path / 'a.pth', sha256)
    assert server.requests == []


def test_other_size_is_refused_before_the_transfer(server, tmp_path):
    with pytest.raises(DownloadError, match='expected 7 bytes, found 1,048,576. The file has changed there'):
        fetch(server, tmp_path / 'a.pth', size=7)
    assert (tmp_path / 'a.pth.part').exists() is False


def test_content_length_that_lies(server, tmp_path):
    server.tricks = [raw(('Content-Length', '1000'))]
    with pytest.raises(DownloadError, match='expected sha256 .* found .* \\(1,000 bytes\\)'):
        fetch(server, tmp_path / 'a.pth', SHA)
    server.tricks = [raw(('Content-Length', '2000000'))] * 3
    with pytest.raises(DownloadError, match='the connection ended after 1,048,576 of 2,000,000 bytes, 3 times'):
        fetch(server, tmp_path / 'b.pth')


def test_end_of_connection_is_no_length(server, tmp_path):
    server.tricks = [raw(body=DATA[:5000])] * 4
    with pytest.raises(DownloadError, match='expected a length, or the size or sha256 of the file, found none of them'):
        fetch(server, tmp_path / 'a.pth')
    with pytest.raises(DownloadError, match='ended after 5,000 of 1,048,576 bytes'):
        fetch(server, tmp_path / 'a.pth', size=len(DATA))


def test_endless_body_is_cut(server, tmp_path):
    server.tricks = [raw(), raw(('Content-Length', str(len(DATA))))]
    with pytest.raises(DownloadError, match='expected at most 1,000 bytes, found more'):
        fetch(server, tmp_path / 'a.pth', SHA, max_bytes=1000)
    with pytest.raises(DownloadError, match=r'expected at most 1,000 bytes \(max_bytes\), found 1,048,576'):
        fetch(server, tmp_path / 'a.pth', SHA, max_bytes=1000)
    assert not (tmp_path / 'a.pth.part').exists() and not (tmp_path / 'a.pth').exists()


def test_encoded_body_is_judged_by_the_hash(server, tmp_path):
    packed = gzip.compress(DATA, mtime=0)
    headers = ('Content-Encoding', 'gzip'), ('Content-Length', str(len(packed)))
    server.tricks = [raw(*headers, body=packed)] * 2
    with pytest.raises(DownloadError, match='expected the bytes of the file, found Content-Encoding gzip. Give its'):
        fetch(server, tmp_path / 'a.tar.gz')
    fetch(server, tmp_path / 'a.tar.gz', hashlib.sha256(packed).hexdigest())
    assert (tmp_path / 'a.tar.gz').read_bytes() == packed
    assert server.requests[0]['Accept-Encoding'] == 'identity'


@pytest.mark.parametrize(('code', 'words'), [(404, 'found the answer 404 Not Found. Check the address'),
                                             (403, 'found the answer 403 Forbidden. It may need a login')])
def test_refusals_are_not_repeated(server, tmp_path, code, words):
    server.tricks = [status(code)]
    with pytest.raises(DownloadError, match=words):
        fetch(server, tmp_path / 'a.pth')
    assert len(server.requests) == 1


def test_empty_answer_is_no_file(server, tmp_path):
    server.tricks = [status(204)]
    with pytest.raises(DownloadError, match='expected the answer 200, found 204 No Content'):
        fetch(server, tmp_path / 'a.pth')


def test_server_errors_are_repeated(server, tmp_path):
    server.tricks = [status(500), status(503)]
    said = []
    fetch(server, tmp_path / 'a.pth', SHA, say=said.append)
    assert [line.split(';')[0] for line in said] == ['a.pth: the server answers 500 Internal Server Error',
                                                     'a.pth: the server answers 503 Service Unavailable']


def test_hanging_server(server, tmp_path):
    release = threading.Event()

    def hang(handler, content):
        send(handler, content, keep=1000)
        handler.wfile.flush()
        release.wait(20)

    server.tricks = [hang, lambda handler, content: release.wait(20)]
    said = []
    fetch(server, tmp_path / 'a.pth', SHA, timeout_sec=0.2, say=said.append)
    release.set()
    assert [('timed out' in line, '1.0 kB are here' in line) for line in said] == [(True, True)] * 2
    assert (tmp_path / 'a.pth').read_bytes() == DATA


def test_nobody_answers(server, tmp_path):
    with serve() as gone:
        pass
    with pytest.raises(DownloadError, match='found ConnectionRefusedError: .* 2 times in a row'):
        download(f'{gone.url}/a', tmp_path / 'a', retries=1, backoff_sec=0.0)


def test_waits_double(server, tmp_path, monkeypatch):
    waits = []
    monkeypatch.setattr(module.time, 'sleep', waits.append)
    server.tricks = [status(500)] * 4
    with pytest.raises(DownloadError, match='4 times in a row'):
        fetch(server, tmp_path / 'a', retries=3, backoff_sec=1.5)
    assert waits == [1.5, 3.0, 6.0]


def test_redirects(server, tmp_path):
    server.files |= {'/to': b''}
    server.tricks = [status(302, ('Location', '/a.pth'))]
    fetch(server, tmp_path / 'a.pth', SHA, name='/from')
    assert [request['path'] for request in server.requests] == ['/from', '/a.pth']
    server.tricks = [status(302, ('Location', '/a.pth'))] * 9
    with pytest.raises(DownloadError, match='found the answer 302 .*infinite loop'):
        fetch(server, tmp_path / 'b.pth')


@pytest.mark.parametrize(('target', 'words'), [
    ('ftp://127.0.0.1/a', 'expected a redirect within http, found ftp://127.0.0.1/a'),
    ('file:///etc/passwd', "Redirection to url 'file:///etc/passwd' is not allowed")])
def test_redirects_stay_on_the_web(server, tmp_path, target, words):
    server.tricks = [status(302, ('Location', target))]
    with pytest.raises(DownloadError, match=words):
        fetch(server, tmp_path / 'a')
    assert names(tmp_path) == []


@pytest.mark.parametrize('url', ['ftp://a/b', 'file:///etc/passwd', '/etc/passwd', 'http://', 'http://[', '',
                                 'http://a/b\nX: y'])
def test_other_addresses(url, tmp_path):
    with pytest.raises(DownloadError, match='expected a URL that begins with http:// or https://, found another one'):
        download(url, tmp_path / 'a')


def test_local_files_only_when_asked(tmp_path):
    (tmp_path / 'source').write_bytes(DATA)
    download(f'file://{tmp_path}/source', tmp_path / 'copy', SHA, allow_file=True)
    assert (tmp_path / 'copy').read_bytes() == DATA
    with pytest.raises(DownloadError, match='none: expected a file, found none'):
        download(f'file://{tmp_path}/none', tmp_path / 'b', allow_file=True)


def test_other_file_in_its_place(server, tmp_path):
    target = tmp_path / 'a.pth'
    target.write_text('precious')
    with pytest.raises(DownloadError, match=rf'a.pth: expected sha256 {SHA}, found a file with sha256 .{{64}}. Move'):
        fetch(server, target, SHA)
    with pytest.raises(DownloadError, match='expected nothing, since no sha256 tells'):
        fetch(server, target)
    assert target.read_text() == 'precious' and server.requests == []
    with pytest.raises(DownloadError, match='expected sha256'):
        fetch(server, target, '1' * 64, overwrite=True)
    assert target.read_text() == 'precious'
    fetch(server, target, SHA, overwrite=True)
    assert target.read_bytes() == DATA
    with pytest.raises(DownloadError, match='expected the name of a file to write, found a folder'):
        fetch(server, tmp_path)


def test_file_that_came_meanwhile_is_kept(server, tmp_path):
    def meanwhile(handler, content):
        (tmp_path / 'a.pth').write_text('precious')
        send(handler, content)

    server.tricks = [meanwhile]
    with pytest.raises(DownloadError, match='found a file with sha256'):
        fetch(server, tmp_path / 'a.pth', SHA)
    assert (tmp_path / 'a.pth').read_text() == 'precious'


def test_two_at_once_fetch_it_once(server, tmp_path):
    begun = threading.Event()

    def slow(handler, content):
        begun.set()
        time.sleep(0.3)
        send(handler, content)

    server.tricks = [slow]
    said = []
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(fetch, server, tmp_path / 'a.pth', SHA)
        begun.wait(10)
        second = pool.submit(fetch, server, tmp_path / 'a.pth', SHA, say=said.append)
        assert first.result() == second.result() == tmp_path / 'a.pth'
    assert said == ['a.pth: another process fetches this file, waiting for it']
    assert len(server.requests) == 1 and names(tmp_path) == ['a.pth']


def test_full_disk(server, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(module.shutil, 'disk_usage', lambda path: usage)
    with pytest.raises(DownloadError, match=rf'{re.escape(str(tmp_path))}: expected 1.0 MB of free disk space, found '
                                            '1.0 kB. Make room'):
        fetch(server, tmp_path / 'a.pth')


def test_disk_that_fills_up(server, tmp_path):
    if not os.path.exists('/dev/full'):
        pytest.skip('no /dev/full here')
    with pytest.raises(DownloadError, match='expected a disk that takes the file, found No space left on device'):
        # PartFile.begin() removes the link, so the first attempt is dropped to reach the second with it in place.
        server.tricks = [drop(1000), lambda handler, content: (
            (tmp_path / 'a.part').unlink(), (tmp_path / 'a.part').symlink_to('/dev/full'), send(handler, content))]
        fetch(server, tmp_path / 'a', SHA, size=len(DATA))


def test_folder_that_cannot_be_made(server, tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(DownloadError, match='expected a place that can be written, found (FileExists|NotADirectory)'):
        fetch(server, tmp_path / 'file' / 'a.pth')


def test_keys_in_the_address_are_not_shown(server, tmp_path):
    with pytest.raises(DownloadError) as caught:
        fetch(server, tmp_path / 'a', name='/none?token=secret')
    assert 'secret' not in str(caught.value) and '/none?...: expected a file' in str(caught.value)
    server.files['/b?token=secret'] = DATA
    server.tricks = [drop(1000)]
    with pytest.raises(DownloadError):
        fetch(server, tmp_path / 'b', name='/b?token=secret', retries=0)
    assert 'secret' not in (tmp_path / 'b.part.json').read_text()
    fetch(server, tmp_path / 'b', SHA, name='/b?token=secret')
    assert server.requests[-1]['Range'] == 'bytes=1000-'
    with pytest.raises(DownloadError, match=r'http://host/a: expected an address without a user name, found one'):
        download('http://me:secret@host/a', tmp_path / 'c')
