import csv
import json

import numpy as np
import pytest

from egoexo.mini.layouts.files import link_file, write_array, write_bytes, write_csv, write_json, write_lines


@pytest.mark.parametrize(('newline', 'final', 'expected'), [
    ('\n', False, b'a\nb'), ('\n', True, b'a\nb\n'), ('\r\n', False, b'a\r\nb'), ('\r\n', True, b'a\r\nb\r\n')])
def test_write_lines_keeps_the_asked_line_ends(tmp_path, newline, final, expected):
    write_lines(tmp_path / 'x.txt', ['a', 'b'], newline, final)
    assert (tmp_path / 'x.txt').read_bytes() == expected


@pytest.mark.parametrize('final', [True, False])
def test_write_lines_of_nothing_is_an_empty_file(tmp_path, final):
    write_lines(tmp_path / 'x.txt', [], final=final)
    assert (tmp_path / 'x.txt').read_bytes() == b''


@pytest.mark.parametrize(('newline', 'final'), [('\n', True), ('\r\n', False)])
def test_write_csv_reads_back(tmp_path, newline, final):
    rows = [['1', 'a, b', 'say "x"'], ['2', '两\n行', '[1, 2]']]
    write_csv(tmp_path / 'sub/x.csv', ('n', 'p', 'q'), rows, newline, final)
    with open(tmp_path / 'sub/x.csv', encoding='utf-8', newline='') as file:
        assert list(csv.reader(file)) == [['n', 'p', 'q'], *rows]
    assert (tmp_path / 'sub/x.csv').read_bytes().endswith(newline.encode()) == final


def test_write_json_is_one_line_without_escapes(tmp_path):
    write_json(tmp_path / 'x.json', {'名': [1, 2.0]})
    assert (tmp_path / 'x.json').read_bytes() == '{"名": [1, 2.0]}'.encode()
    assert json.loads((tmp_path / 'x.json').read_text(encoding='utf-8')) == {'名': [1, 2.0]}


@pytest.mark.parametrize('name', ['x.npy', 'x.npz'])
def test_write_array_gives_the_same_bytes_twice(tmp_path, name):
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    for folder in ('one', 'two'):
        write_array(tmp_path / folder / name, array)
    one, two = ((tmp_path / folder / name).read_bytes() for folder in ('one', 'two'))
    assert one == two
    loaded = np.load(tmp_path / 'one' / name)
    np.testing.assert_array_equal(loaded['arr_0'] if name.endswith('z') else loaded, array)


def test_replaced_file_leaves_no_part_behind(tmp_path):
    for content in (b'old', b'new'):
        write_bytes(tmp_path / 'x', content)
    assert [path.name for path in tmp_path.iterdir()] == ['x']
    assert (tmp_path / 'x').read_bytes() == b'new'


@pytest.mark.parametrize('can_link', [True, False])
def test_link_file_gives_a_second_name_or_a_copy(tmp_path, monkeypatch, can_link):
    if not can_link:
        monkeypatch.setattr('os.link', lambda *args: (_ for _ in ()).throw(OSError('no links here')))
    source, target = tmp_path / 'a', tmp_path / 'sub' / 'b'
    source.write_bytes(b'new')
    target.parent.mkdir()
    target.write_bytes(b'old')
    link_file(source, target)
    assert target.read_bytes() == b'new'
    assert target.samefile(source) == can_link
