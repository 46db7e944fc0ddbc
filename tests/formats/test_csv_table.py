import pytest

from egoexo.errors import AnnotationError
from egoexo.formats.csv_table import read_csv_columns, read_csv_table, require


def write(path, content):
    path.write_bytes(content)
    return path


@pytest.mark.parametrize('content', [
    b'a,b\n1,"x\ny"\n2,z\n', b'\xef\xbb\xbfa,b\r\n1,"x\ny"\r\n\r\n2,z',
    b'"a","b"\n1,"x\ny"\n2,z'])
def test_rows(tmp_path, content):
    path = write(tmp_path / 'a.csv', content)
    head, rows = read_csv_table(path, 'a table')
    assert head == ['a', 'b'] and [row for _, row in rows] == [['1', 'x\ny'], ['2', 'z']]
    assert [row for _, row in read_csv_columns(path, 'a table', ('b', 'a'))] == [['x\ny', '1'], ['z', '2']]


def test_lines_are_those_of_the_file(tmp_path):
    path = write(tmp_path / 'a.csv', b'a,b\n1,"x\ny"\n\n2,z\n')
    assert [line for line, _ in read_csv_table(path, 'a table')[1]] == [3, 5]


@pytest.mark.parametrize(('content', 'message'), [
    (b'', 'a head line and at least one line below it, found no such lines'), (b'a,b\n', 'found no such lines'),
    (b'a,b\n1\n', r'a.csv line 2: expected 2 fields, found 1'), (b'a,b\n1,"x\n', 'line 2: expected a line of a CSV'),
    (b'a,b\n1,\xff\n', 'in UTF-8, found byte 0xff at offset 6'),
    (b'a,c\n1,2\n', 'line 1: expected the columns a, b, found none called b')])
def test_damage(tmp_path, content, message):
    with pytest.raises(AnnotationError, match=message):
        list(read_csv_columns(write(tmp_path / 'a.csv', content), 'a table', ('a', 'b')))


def test_require():
    require(1, 'a.csv line 2', 'a', 'b')
    with pytest.raises(AnnotationError, match=r'^a.csv line 2: expected a, found b. Correct the line'):
        require(None, 'a.csv line 2', 'a', 'b')
