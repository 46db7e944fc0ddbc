import os
import pickle

import numpy as np
import pytest

from egoexo.errors import AnnotationError
from egoexo.formats.interaction_maps import read_interaction_boxes

OBJECTS = np.arange(12.0).reshape(2, 6)
HANDS = np.array([[1, 2, 3, 4, 0.5, 0]], dtype=np.float32)


def save(path, entries):
    array = np.empty(len(entries), dtype=object)
    array[:] = entries
    np.save(path, array, allow_pickle=True)
    return path


def test_pairs_of_each_frame(tmp_path):
    entries = [(None, None), (OBJECTS, HANDS), (None, HANDS), (np.empty((0, 6)), None), None]
    path = save(tmp_path / 'P90_01.npy', entries)
    found = read_interaction_boxes(path)
    assert len(found) == 5 and found[0] == found[3] == found[4] == (None, None)
    np.testing.assert_array_equal(found[1][0], OBJECTS)
    np.testing.assert_array_equal(found[2][1], HANDS)
    assert found[1][0].dtype == found[2][1].dtype == np.float32 and found[2][0] is None


def test_pairs_in_two_columns(tmp_path):
    array = np.empty((3, 2), dtype=object)
    array[1, 0], array[2, 1] = OBJECTS, HANDS.astype(int)
    np.save(tmp_path / 'a.npy', array, allow_pickle=True)
    found = read_interaction_boxes(tmp_path / 'a.npy')
    np.testing.assert_array_equal(found[1][0], OBJECTS)
    assert found[2][1].tolist() == [[1, 2, 3, 4, 0, 0]] and found[0] == (None, None)


class Gadget:
    def __reduce__(self):
        return os.system, ('true',)


@pytest.mark.parametrize(('entry', 'message'), [
    ((OBJECTS,), r'entry 1: expected a pair \(objects, hands\), found a tuple'), (3, 'found 3'),
    (np.array(3.0), 'expected a pair .* found a ndarray'),
    ((OBJECTS[:, :4], None), r'entry 1 objects: expected None or numbers \(n, 5 or more\), found float64 \(2, 4\)'),
    ((None, OBJECTS[0]), r'entry 1 hands: .*found float64 \(6,\)'), ((None, [[1]]), 'hands: .*found a list'),
    ((OBJECTS.astype(str), None), 'objects: .*found <U32'), ((OBJECTS.astype(object), None), 'objects: .*found object'),
    ((OBJECTS * np.nan, None), 'entry 1 objects: expected finite numbers, found NaN or infinity'),
    (Gadget(), r'P90_01.npy: expected .*the Python object posix.system, .*Nothing of it was executed')])
def test_other_entries_are_refused(tmp_path, entry, message):
    array = np.empty(2, dtype=object)
    array[0], array[1] = (None, None), entry
    np.save(tmp_path / 'P90_01.npy', array, allow_pickle=True)
    with pytest.raises(AnnotationError, match=message):
        read_interaction_boxes(tmp_path / 'P90_01.npy')


def test_other_files_are_refused(tmp_path):
    path = tmp_path / 'a.npy'
    np.save(path, OBJECTS)
    with pytest.raises(AnnotationError, match='an array of objects, a pair for each frame, found one of float64'):
        read_interaction_boxes(path)
    for content in (b'', b'PK', pickle.dumps([1])):
        path.write_bytes(content)
        with pytest.raises(AnnotationError, match='a header that cannot be read'):
            read_interaction_boxes(path)
    array = np.empty((2, 3), dtype=object)
    np.save(path, array, allow_pickle=True)
    with pytest.raises(AnnotationError, match=r'found shape \(2, 3\)'):
        read_interaction_boxes(path)
    data = path.read_bytes()
    path.write_bytes(data + b'more')
    with pytest.raises(AnnotationError, match='and 4 more bytes'):
        read_interaction_boxes(path)
    path.write_bytes(data[:-9])
    with pytest.raises(AnnotationError, match='with a pickle of arrays, found'):
        read_interaction_boxes(path)
    with pytest.raises(AnnotationError, match='does not exist'):
        read_interaction_boxes(tmp_path / 'b.npy')
