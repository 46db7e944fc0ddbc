"""Pseudo-label files: what is read, what is counted in the one error, and what is written."""

import time

import pytest

from egoexo.errors import AnnotationError
from egoexo.formats.pseudo_labels import PseudoLabels, pseudo_label_name, read_pseudo_labels, write_pseudo_labels


@pytest.fixture
def written(tmp_path):
    """Writes bytes into a file and returns its path."""
    def write(content):
        (tmp_path / 'p.txt').write_bytes(content)
        return tmp_path / 'p.txt'
    return write


@pytest.mark.parametrize('content', [b'7 1\n3 0\n', b'7 1\r\n3 0\r\n', b'7 1\n3 0', b'7 1\r3 0',
                                     b'\xef\xbb\xbf7 1\n3 0\n'])
def test_official_form_with_any_line_end(written, content):
    found = read_pseudo_labels(written(content), expected_ids=[3, 7], num_classes=2)
    assert found == PseudoLabels({7: 1, 3: 0}, {})
    assert list(found.labels) == [7, 3]


def test_ids_of_63_bits(written):
    assert read_pseudo_labels(written(b'9223372036854775807 0\n')).labels == {2**63 - 1: 0}
    with pytest.raises(AnnotationError, match=r"1 malformed lines.*line 1: '9223372036854775808 0'"):
        read_pseudo_labels(written(b'9223372036854775808 0\n'))


def test_third_column_holds_confidences(written):
    assert read_pseudo_labels(written(b'7 1 0.25\n3 0 1\n4 0 1e-07\n')) == PseudoLabels(
        {7: 1, 3: 0, 4: 0}, {7: 0.25, 3: 1.0, 4: 1e-07})


@pytest.mark.parametrize(('content', 'line'), [
    (b'7 1\n\n3 0\n', "line 2: ''"), (b'7 1\n3  0\n', "line 2: '3  0'"), (b'7\t1\n', r"line 1: '7\\t1'"),
    (b' 7 1\n', "line 1: ' 7 1'"), (b'7 1 \n', "line 1: '7 1 '"), (b'id label\n', "line 1: 'id label'"),
    (b'-7 1\n', "line 1: '-7 1'"), (b'7 -1\n', "line 1: '7 -1'"), (b'7 1.0\n', "line 1: '7 1.0'"),
    (b'7 1 nan\n', "line 1: '7 1 nan'"), (b'7 1 1.5\n', "line 1: '7 1 1.5'"), (b'7 1 0.5 3\n', 'line 1'),
    (b'7 1 0.5\n3 0\n', 'line 2: 2 columns instead of 3'), (b'7 1\n3 0 0.5\n', 'line 2: 3 columns instead of 2'),
    (b'7' * 3000 + b' 1\n', r"line 1: '7{40}\.\.\.'"), ('٣ 1\n'.encode(), 'line 1')])
def test_malformed_lines_are_shown(written, content, line):
    with pytest.raises(AnnotationError, match=line):
        read_pseudo_labels(written(content))


def test_one_error_counts_everything(written):
    content = b'1 2\n1 3\n5 77\nfoo\n' + b''.join(b'%d 0\n' % key for key in range(100, 120))
    with pytest.raises(AnnotationError) as caught:
        read_pseudo_labels(written(content), expected_ids=[1, 5, 8, 9], num_classes=24)
    assert str(caught.value).partition(': ')[2] == (
        'expected lines of an id, one space and a class id (a third column holds confidences from 0 to 1) from 0 to '
        '23, one for each of 4 ids, found 1 malformed lines, 1 duplicate ids, 1 labels out of range, 2 missing ids, '
        "20 extra ids. First malformed lines: line 4: 'foo'; duplicate ids: 1 in line 2; labels out of range: 77 of id "
        '5; missing ids: 8, 9; extra ids: 100, 101, 102, 103, 104. Check that the file belongs to this dataset, source '
        'and target, or make it again.')


@pytest.mark.parametrize(('ids', 'found'), [([7], '1 extra ids'), ([7, 3, 4], '1 missing ids')])
def test_ids_must_be_those_of_the_list(written, ids, found):
    with pytest.raises(AnnotationError, match=f'one for each of {len(ids)} ids, found {found}'):
        read_pseudo_labels(written(b'7 1\n3 0\n'), expected_ids=ids)


@pytest.mark.parametrize('content', [b'', b'\n\n', b' '])
def test_empty_file(written, content):
    with pytest.raises(AnnotationError, match='expected a pseudo-label file, found an empty file'):
        read_pseudo_labels(written(content))


def test_missing_file(tmp_path):
    with pytest.raises(AnnotationError, match=r'p\.txt: expected a pseudo-label file, found nothing'):
        read_pseudo_labels(tmp_path / 'p.txt')


def test_large_files_are_fast(tmp_path):
    ids = range(10**10, 10**10 + 190_000)
    write_pseudo_labels(tmp_path / 'p.txt', ids, (key % 205 for key in ids))
    start = time.process_time()
    found = read_pseudo_labels(tmp_path / 'p.txt', ids, 205)
    assert time.process_time() - start < 1  # 0.15 s on an idle core
    assert len(found.labels) == 190_000 and found.labels[10**10 + 204] == (10**10 + 204) % 205


def test_written_as_released(tmp_path):
    write_pseudo_labels(tmp_path / 'new' / 'p.txt', [1037508958, 3], [9, 0])
    assert (tmp_path / 'new' / 'p.txt').read_bytes() == b'1037508958 9\n3 0\n'
    write_pseudo_labels(tmp_path / 'p.txt', [5, 6], [1, 2], [0.5, 1 / 3])
    assert (tmp_path / 'p.txt').read_bytes() == b'5 1 0.500000\n6 2 0.333333\n'
    assert read_pseudo_labels(tmp_path / 'p.txt').confidences == {5: 0.5, 6: 0.333333}


@pytest.mark.parametrize(('ids', 'labels', 'message'), [
    ([], [], '0 rows'), ([1, 1], [0, 0], '2 rows, 1 different ids'), ([-1], [0], 'from -1 to -1'),
    ([2**63], [0], str(2**63)), ([1], [-1], 'labels from -1')])
def test_rows_that_cannot_be_written(tmp_path, ids, labels, message):
    with pytest.raises(AnnotationError, match=f'at least one row, each id once.*{message}'):
        write_pseudo_labels(tmp_path / 'p.txt', ids, labels)
    assert not (tmp_path / 'p.txt').exists()


@pytest.mark.parametrize('value', [float('nan'), 1.01, -0.1])
def test_confidences_that_cannot_be_written(tmp_path, value):
    with pytest.raises(AnnotationError, match=f'expected confidences from 0 to 1, found {value}'):
        write_pseudo_labels(tmp_path / 'p.txt', [1, 2], [0, 0], [0.5, value])


def test_lists_of_other_lengths(tmp_path):
    with pytest.raises(ValueError, match='shorter'):
        write_pseudo_labels(tmp_path / 'p.txt', [1, 2], [0])


def test_names_of_released_files():
    assert pseudo_label_name('GeoPlaces', 'usa', 'asia') == 'geoplaces_usa_asia.txt'
