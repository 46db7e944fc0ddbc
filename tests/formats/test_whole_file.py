"""Files that are written whole or not at all."""

import os
import stat

import pytest

from egoexo.formats.whole_file import open_whole, write_whole


def test_text_is_written_as_it_is(tmp_path):
    write_whole(tmp_path / 'new' / 'a.txt', 'é\r\n1\n')
    assert (tmp_path / 'new' / 'a.txt').read_bytes() == b'\xc3\xa9\r\n1\n'
    write_whole(str(tmp_path / 'new' / 'a.txt'), 'two')
    assert [path.name for path in (tmp_path / 'new').iterdir()] == ['a.txt']
    assert (tmp_path / 'new' / 'a.txt').read_text() == 'two'


def test_bytes(tmp_path):
    with open_whole(tmp_path / 'a.zip', binary=True) as stream:
        stream.write(b'\r\n\xff')
    assert (tmp_path / 'a.zip').read_bytes() == b'\r\n\xff'


def test_others_may_read_it(tmp_path):
    mask = os.umask(0o022)
    try:
        write_whole(tmp_path / 'a.txt', '')
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / 'a.txt').stat().st_mode) == 0o644


def test_old_content_survives_a_failure(tmp_path, monkeypatch):
    write_whole(tmp_path / 'a.txt', 'old')

    def full(handle):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(os, 'fsync', full)
    with pytest.raises(OSError, match='No space left'):
        write_whole(tmp_path / 'a.txt', 'new')
    assert (tmp_path / 'a.txt').read_text() == 'old'
    assert [path.name for path in tmp_path.iterdir()] == ['a.txt']


def test_a_file_appears_when_it_is_whole(tmp_path):
    path = tmp_path / 'sub' / 'a.json'
    with open_whole(path) as stream:
        stream.write('h\u00e9\r\n')
        assert not path.exists()
    assert path.read_bytes() == b'h\xc3\xa9\r\n'
    assert os.listdir(path.parent) == ['a.json']


def test_the_old_content_stays_when_writing_fails(tmp_path):
    path = tmp_path / 'a.json'
    path.write_text('old')
    with pytest.raises(RuntimeError, match='stop'), open_whole(path) as stream:
        stream.write('half')
        raise RuntimeError('stop')
    assert path.read_text() == 'old'
    assert os.listdir(tmp_path) == ['a.json']
