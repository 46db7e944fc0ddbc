"""Annotation files, predictions and other text and JSON that a reader of the benchmark meets."""

import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from hostile.case import Case
from hostile.files import Make, bytes_file, fifo, flipped, folder_named, link_loop, link_to, truncated

from egoexo.errors import AnnotationError, PredictionError
from egoexo.evaluation.offline.predictions import FramePredictions
from egoexo.evaluation.offline.segmentation import Annotations, score
from egoexo.files import read_json
from egoexo.formats.egoexolearn import (
    read_class_names,
    read_frame_labels,
    read_frame_prediction,
    read_split,
    read_video_meta,
    write_frame_labels,
    write_frame_prediction,
    write_split,
)

RECORD = {'video_uid': 'u', 'num_frames': 10, 'fps': 25.0, 'width': 320, 'height': 180, 'view': 'exo',
          'scene': 'kitchen', 'task': 'task2'}
HEADER = b'### Frame level recognition: ###\n'


def _json(value: object, name: str = 'table.json') -> Make:
    return bytes_file(name, json.dumps(value).encode())


def _record(**changes: object) -> bytes:
    return json.dumps([RECORD | changes]).encode()


def _sparse(name: str, head: bytes) -> Make:
    """One line of two gigabytes that take no room on the disk."""
    def make(folder: Path) -> Path:
        with open(folder / name, 'wb') as file:
            file.write(head)
            file.truncate(2 * 2**30)
        return folder / name
    return make


def _table() -> bytes:
    return json.dumps([RECORD | {'video_uid': f'u{number}'} for number in range(30)], indent=1).encode()


#: Name -> (content, what the message shows) of a JSON table.
JSON: dict[str, tuple[bytes, str]] = {
    'nested-lists': (b'[' * 200_000 + b']' * 200_000, 'nested a thousand deep'),
    'nested-objects': (b'{"a":' * 100_000 + b'1' + b'}' * 100_000, 'nested a thousand deep'),
    'nan': (b'[{"a": NaN}]', 'the number NaN'),
    'infinity': (b'[-Infinity]', 'the number -Infinity'),
    'number-too-large': (b'[1e999]', 'which is too large'),
    'integer-of-10000-digits': (b'[' + b'9' * 10_000 + b']', 'not valid JSON'),
    'key-twice': (b'[{"a": 1, "a": 2}]', "holds the key 'a' twice"),
    'key-twice-with-escapes': (b'{"\\u001b[2J": 1, "\\u001b[2J": 2}', 'twice'),
    'utf-16': ('[{"a": 1}]'.encode('utf-16'), 'in UTF-8, found byte 0xff at offset 0'),
    'nul-bytes': (b'[1, \0\0\0]', 'not valid JSON'),
    'two-documents': (b'[1] [2]', 'not valid JSON'),
    'empty': (b'', 'not valid JSON'),
    'half-a-surrogate': (b'["\xed\xa0\x80"]', 'in UTF-8'),
    'html': (b'<!DOCTYPE html>', 'not valid JSON'),
    'python': (b"__import__('os').system('true')", 'not valid JSON'),
}
#: Name -> (content, what the message shows) of the video table.
VIDEOS: dict[str, tuple[bytes, str]] = {
    'uid-upwards': (_record(video_uid='../../etc/passwd'), r"record 0: expected a uid.*'\.\./\.\./etc/passwd'"),
    'uid-absolute': (_record(video_uid='/etc/passwd'), 'expected a uid'),
    'uid-with-newline': (_record(video_uid='a\nb'), 'expected a uid'),
    'uid-with-nul': (_record(video_uid='a\0b'), 'expected a uid'),
    'uid-a-number': (_record(video_uid=3), 'expected a uid'),
    'uid-of-a-megabyte': (_record(video_uid='a' * 10**6), r'characters \.\.\.\]'),
    'uid-twice': (json.dumps([RECORD, RECORD]).encode(), 'record 1: expected each video once'),
    'frames-negative': (_record(num_frames=-5), 'expected numbers above 0'),
    'frames-of-400-digits': (_record(num_frames='x'), "ValueError"),
    'rate-of-400-digits': (_record(fps=10**400), 'OverflowError'),
    'width-a-list': (_record(width=[1]), 'TypeError'),
    'view-a-list': (_record(view=['exo']), 'view, scene and task as text'),
    'record-a-text': (b'["u"]', 'record 0: .*TypeError'),
    'a-number': (b'7', 'record 0: .*TypeError'),
    'truncated': (_table()[:700], 'It may be truncated'),
}
CLASSES: dict[str, tuple[bytes, str]] = {
    'id-twice': (b'[{"key": "a", "value": 1}, {"key": "b", "value": 1}]', 'a name and an id of its own'),
    'id-missing': (b'[{"key": "a", "value": 2}]', r'expected the ids 1 to 1 once each, found \[2\]'),
    'id-a-text': (b'[{"key": "a", "value": "../1"}]', 'ValueError'),
    'name-an-object': (b'[{"key": {"a": 1}, "value": 1}]', 'a name and an id of its own'),
    'name-with-escapes': (b'[{"key": "\\u001b[31m", "value": 1}, {"key": "\\u001b[31m", "value": 1}]', 'of its own'),
    'empty-list': (b'[]', 'the ids 1 to 0'),
}
SPLITS: dict[str, tuple[bytes, str]] = {
    'upwards': (b'a.txt\n../b.txt', r"line 2: expected a video <uid>\.txt, found '\.\./b\.txt'"),
    'absolute': (b'/etc/passwd', 'line 1: expected a video'),
    'backslash': (b'a.txt\r\n..\\b.txt', 'line 2: expected a video'),
    'below': (b'a/b.txt', 'line 1: expected a video'),
    'nul': (b'a\0b.txt', 'line 1: expected a video'),
    'escapes': (b'a\x1b[2Jb.txt', r'line 1: expected a video .*\\x1b'),
    'drive': (b'C:evil.txt', 'line 1: expected a video'),
    'line-of-a-megabyte': (b'a' * 10**6, r'characters \.\.\.\]'),
    'twice': (b'a.txt\nb.txt\na.mp4', 'which is already in line 1'),
    'empty-line': (b'a.txt\n\nb.txt', "line 2: .*found ''"),
    'empty': (b'\n\n', 'an empty file'),
    'utf-16': ('a.txt'.encode('utf-16'), 'in UTF-8'),
    'binary': (bytes(range(256)), 'in UTF-8'),
}
LABELS: dict[str, tuple[bytes, str]] = {
    'out-of-range': (b'1\n28\n3', "line 2: .*found unknown class id '28'"),
    'negative': (b'1\n-1\n3', 'line 2: '),
    'nan': (b'1\nnan\n3', "unknown class id 'nan'"),
    'of-a-megabyte': (b'1\n' + b'9' * 10**6 + b'\n3', 'unknown class id'),
    'nul-bytes': (b'1\n\0\0\n3', 'line 2: .*found unknown class id'),
    'byte-order-mark': (b'\xef\xbb\xbf1\n2\n', 'line 1: .*found unknown class id'),
    'utf-16': ('1\n2\n'.encode('utf-16'), 'line 1: .*found unknown class id'),
    'other-digits': ('1\n٣\n2'.encode(), 'line 2: .*found unknown class id'),
    'escapes': (b'1\n\x1b[2J\n2', r'line 2: .*\\x1b'),
    'empty': (b'', 'found no label'),
    'one-line': (b'24', 'found no label'),
    'words': (b'cut tomato\n' * 3, 'unknown class id'),
    'too-many': (b'1\n' * (3 * 2**20), 'of at most 4,194,304 bytes'),
}
RESULTS: dict[str, tuple[bytes, str]] = {
    'no-header': (b'1 2 3', "line 1: expected '### Frame level"), 'empty': (b'', "line 1: .*found ''"),
    'no-labels': (HEADER, 'no label in line 2'), 'out-of-range': (HEADER + b'1 99', "unknown class id '99'"),
    'nan': (HEADER + b'1 nan', "unknown class id 'nan'"), 'pickle': (b'\x80\x04\x95', 'line 1'),
}


def _npz(members: dict[str, bytes], compress: bool = False, name: str = 'pred.npz') -> Make:
    def content(folder: Path) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, 'w', zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED) as archive:
            for member, data in members.items():
                archive.writestr(member, data)
        return buffer.getvalue()
    return bytes_file(name, content)


def _npy(array: np.ndarray | None = None, header: dict | None = None, data: bytes = b'') -> bytes:
    buffer = io.BytesIO()
    if header is None:
        np.lib.format.write_array(buffer, array, allow_pickle=True)
    else:
        np.lib.format.write_array_header_1_0(buffer, header)
        buffer.write(data)
    return buffer.getvalue()


def _array(*args: object, **options: object) -> Make:
    return _npz({'a.npy': _npy(*args, **options)})


def _shape(*shape: int, descr: str = '<i8') -> dict:
    return dict(shape=shape, fortran_order=False, descr=descr)


def _raw_header(text: bytes) -> Make:
    return _npz({'a.npy': b'\x93NUMPY\x01\x00' + struct.pack('<H', len(text)) + text + bytes(64)})


def _whole_npz() -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, a=np.arange(20), b=np.arange(20))
    return buffer.getvalue()


GOOD = np.arange(4)
ARRAYS: dict[str, tuple[Make, str]] = {
    'objects': (_array(np.array([print, 1], dtype=object)), 'Python objects, which are not unpickled'),
    'nan': (_array(np.array([1.0, np.nan])), r'expected integer class ids .*found float64'),
    'matrix': (_array(np.zeros((3, 3), int)), r'found int64 \(3, 3\)'),
    'nothing': (_array(np.zeros(0, int)), r'found int64 \(0,\)'),
    'out-of-range': (_array(np.array([3, 99])), 'found class ids from 3 to 99'),
    'negative': (_array(np.array([-1, 3])), 'found class ids from -1 to 3'),
    'unsigned-overflow': (_array(np.array([2**64 - 1], np.uint64)), 'found class ids from 18446744073709551615'),
    'text': (_array(np.array(['a', 'b'])), 'found <U1'),
    'shape-of-a-terabyte': (_array(header=_shape(2**37), data=bytes(32)), '32 bytes of data for the shape'),
    'shape-overflowing': (_array(header=_shape(2**40, 2**40), data=bytes(32)), 'bytes of data for the shape'),
    'shape-negative': (_raw_header(b"{'descr': '<i8', 'fortran_order': False, 'shape': (-8,), }\n"), 'cannot be read'),
    'header-code': (_raw_header(b"{'descr': __import__('os').system('true')}\n"), 'cannot be read'),
    'header-nested': (_raw_header(b'(' * 9000 + b')' * 9000 + b'\n'), 'cannot be read'),
    'header-of-60000-bytes': (_raw_header(b' ' * 60000 + b'\n'), 'cannot be read'),
    'bomb': (_npz({'a.npy': _npy(np.zeros(2**25, np.int64))}, compress=True), 'more than 67,108,864'),
    'empty-archive': (_npz({}), 'found no array'),
    'foreign-member': (_npz({'a.npy': _npy(GOOD), 'run.py': b'x'}), "a member 'run.py' that is no array"),
    'two-of-one-video': (_npz({'a.npy': _npy(GOOD), 'ego_val/a.npy': _npy(GOOD)}), 'two predictions for 1 of'),
    'truncated': (truncated('pred.npz', _whole_npz, 0.6), 'no such archive'),
    'text-file': (bytes_file('pred.npz', b'not an archive'), 'no such archive'),
    'bare-array': (bytes_file('pred.npz', _npy(GOOD)), 'no such archive'),
}


def _read_all(path: Path) -> list[np.ndarray]:
    predictions = FramePredictions(path)
    return [predictions.read(name) for name in predictions.names]


def _are_class_ids(arrays: object) -> None:
    assert all(array.dtype == np.int64 and array.min() >= 0 and array.max() < 28 for array in arrays)


def _world(folder: Path) -> Path:
    """Annotations of two videos."""
    write_split(folder / 'gt' / 'splits' / 'ego_val_annotations.bundle', ['a', 'b'])
    for uid in 'ab':
        write_frame_labels(folder / 'gt' / 'gts_fps25' / f'{uid}.txt', np.array([1, 1, 2, 2, 2]))
    return folder


def _predicted(change: Callable[[Path], None]) -> Make:
    def make(folder: Path) -> Path:
        _world(folder)
        for uid in 'ab':
            write_frame_prediction(folder / 'pred' / uid, np.array([1, 1, 2, 2]))
        change(folder / 'pred')
        return folder / 'pred'
    return make


def _score(path: Path) -> object:
    return score(FramePredictions(path), Annotations(path.parent / 'gt'))


def _is_scored(scores: object) -> None:
    assert scores.groups and len(scores.groups[0].rows) == 2


def _replace(name: str, make: Make) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).unlink()
        make(folder)
    return change


SCORED: dict[str, tuple[Callable[[Path], None], str]] = {
    'missing': (lambda folder: (folder / 'b').unlink(), '1 of 2 videos of ego_val have no prediction: b'),
    'stranger': (lambda folder: (folder / 'c').write_bytes(HEADER + b'1'), 'that it does not know: c'),
    'stranger-with-escapes': (lambda folder: (folder / 'c\x1b[2J').write_bytes(HEADER + b'1'), r'know: c\\x1b\[2J'),
    'twice': (lambda folder: (folder / 'a.txt').write_bytes(HEADER + b'1'), 'two predictions for 1 of'),
    'pipe': (_replace('a', fifo('a')), '1 of 2 videos of ego_val have no prediction: a'),
    'loop': (_replace('a', link_loop('a')), '1 of 2 videos of ego_val have no prediction: a'),
    'folder': (_replace('a', folder_named('a')), '1 of 2 videos of ego_val have no prediction: a'),
}
PLACES: dict[str, tuple[Make, str]] = {
    'missing': (lambda folder: folder / 'file', 'found nothing: it does not exist'),
    'folder': (folder_named('file'), 'found a folder'), 'pipe': (fifo('file'), 'found a named pipe'),
    'loop': (link_loop('file'), 'a path that cannot be followed'),
    'dangling': (link_to('file', 'nowhere'), 'a link to a file that does not exist'),
    'device': (link_to('file', '/dev/zero'), 'found a device'),
    'two-gigabytes': (_sparse('file', b'1\n'), '2,147,483,648 bytes'),
}
READERS = {'labels': read_frame_labels, 'split': read_split, 'classes': read_class_names, 'videos': read_video_meta,
           'result': read_frame_prediction}


def _cases(family: str, prefix: str, name: str, read: Callable, table: dict,
           error: type = AnnotationError) -> list[Case]:
    return [Case(f'{prefix}-{key}', family, made if callable(made) else bytes_file(name, made), read, error, (found,))
            for key, (made, found) in table.items()]


def _is_a_table(value: object) -> None:
    assert isinstance(value, dict) and len(value) == 30, value


CASES = [
    *_cases('json', 'table', 'table.json', lambda path: read_json(path, AnnotationError, 'a table'), JSON),
    *_cases('json', 'videos', 'table.json', read_video_meta, VIDEOS),
    *_cases('json', 'classes', 'semantic_en.json', read_class_names, CLASSES),
    *_cases('annotation', 'split', 'ego_val_annotations.bundle', read_split, SPLITS),
    *_cases('annotation', 'labels', 'uid.txt', read_frame_labels, LABELS),
    *(case for key, read in READERS.items() for case in _cases(
        'link', key, 'file', read, PLACES, PredictionError if key == 'result' else AnnotationError)),
    *(Case(f'videos-flipped-{seed}', 'json', flipped('table.json', _table, seed, 2), read_video_meta, AnnotationError,
           check=_is_a_table, may_load=True) for seed in range(8)),
    *_cases('prediction', 'result', 'uid', read_frame_prediction, RESULTS, PredictionError),
    *_cases('prediction', 'npz', 'pred.npz', _read_all, ARRAYS, PredictionError),
    *(Case(f'npz-flipped-{seed}', 'prediction', flipped('pred.npz', _whole_npz, seed, 1 + seed % 2), _read_all,
           PredictionError, check=_are_class_ids, may_load=True) for seed in range(12)),
    *(Case(f'scored-{key}', 'prediction', _predicted(change), _score, PredictionError, (found,))
      for key, (change, found) in SCORED.items()),
    *(Case(f'scored-{key}-beside', 'prediction', _predicted(change), _score, check=_is_scored) for key, change in {
        'hidden-file': lambda folder: (folder / '.DS_Store').write_bytes(b'\0'),
        'pipe': lambda folder: fifo('c')(folder) and None, 'loop': lambda folder: link_loop('c')(folder) and None,
    }.items()),
    Case('split-with-a-byte-order-mark', 'annotation', bytes_file('x.bundle', b'\xef\xbb\xbfa.txt\r\nb.txt\r\n'),
         read_split, check=lambda uids: _equal(uids, ['a', 'b'])),
]


def _equal(found: object, expected: object) -> None:
    assert found == expected, found
