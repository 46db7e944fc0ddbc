"""Files of the benchmark recognition: tables as CSV and as pickles of pandas, scores, submissions and detections."""

import encodings.cp437  # noqa: F401 zipfile imports it for some names, which the guard takes for foreign code
import io
import json
import os
import pickle
import subprocess
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import torch
from hostile.case import Case, canary_of
from hostile.cases_annotation import PLACES
from hostile.files import Make, bytes_file, flipped, text, truncated
from tests_support import REPO

from egoexo.errors import AnnotationError, PredictionError
from egoexo.formats.data_frame_pickle import DataFrame, read_data_frame
from egoexo.formats.epic_actions import EpicAction, read_epic_actions
from egoexo.formats.epic_classes import read_class_names, read_participants, read_tail_classes
from egoexo.formats.epic_submission import read_submission, write_submission
from egoexo.formats.interaction_maps import read_interaction_boxes
from egoexo.formats.recognition_results import ClassScores, read_scores

PROTO = b'\x80\x04'
HEAD = 'narration_id,participant_id,video_id,start_frame,stop_frame,verb_class,noun_class,all_noun_classes'
ROW = 'P90_01_0,P90,P90_01,1,113,0,13,"[13, 2]"'
IDS = ['P90_01_0', 'P90_01_1']
VERB, NOUN = np.eye(2, 5, dtype=np.float32), np.ones((2, 7), np.float32)


class Call:
    """Pickles as a call."""

    def __init__(self, function: object, *args: object) -> None:
        self.function, self.args = function, args

    def __reduce__(self) -> tuple:
        return self.function, self.args


def _table(name: str = 'epic100_pandas-1.5.pkl') -> bytes:
    return (REPO / 'tests' / 'data' / 'recognition' / name).read_bytes()


@cache
def _torch(old: bool = False) -> bytes:
    stream = io.BytesIO()
    torch.save([dict(verb_output=torch.from_numpy(VERB[row]), noun_output=NOUN[row], narration_id=name)
                for row, name in enumerate(IDS)], stream, _use_new_zipfile_serialization=not old)
    return stream.getvalue()


@cache
def _arrays() -> bytes:
    return pickle.dumps(dict(verb_output=VERB, noun_output=torch.from_numpy(NOUN), narration_id=np.array(IDS)))


@cache
def _npz() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, ids=np.array(IDS), verb=VERB, noun=NOUN)
    return stream.getvalue()


def _detections(entry: object = None) -> bytes:
    array = np.empty(2, dtype=object)
    array[0], array[1] = (np.ones((1, 6)), None), entry
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


@cache
def _archive(content: str | None = None, packed: bool = True) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, 'w', zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as archive:
        archive.writestr('test.json', content or json.dumps({'challenge': 'action_recognition', 'results': {
            name: {'verb': {'0': 1.5, '1': 2}, 'noun': {'0': 0.25}} for name in IDS}}))
    return stream.getvalue()


def _bomb(declared: int = 2**24) -> bytes:
    """An archive whose member unpacks to 16 MiB of nothing, and claims another size."""
    return _archive(' ' * 2**24).replace((2**24).to_bytes(4, 'little'), declared.to_bytes(4, 'little'))


def _zip_of(pickled: bytes, **members: bytes) -> bytes:
    """As torch.save lays it out."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, 'w') as archive:
        archive.writestr('a/data.pkl', pickled)
        for name, data in members.items():
            archive.writestr(f'a/{name.replace("__", "/")}', data)
    return stream.getvalue()


def _laughs() -> bytes:
    """A list of ten lists of ten lists, and so on, in a few bytes."""
    return PROTO + b'](K\x01e' + b''.join(b'\x94](' + b'h' + bytes([number]) + (b'h' + bytes([number])) * 9 + b'e'
                                          for number in range(200)) + b'.'


def _repeated(name: bytes, content: bytes, rest: bytes) -> bytes:
    """One long content that is turned into something else again and again."""
    return PROTO + b'](' + content + b'\x940' + name + b'\x94' + (b'h\x01h\x00' + rest + b'R') * 4000 + b'e.'


def _storage() -> bytes:
    """A megabyte of numbers, as a pickle of a tensor holds them."""
    data = pickle.dumps(torch.zeros(2**18), 4)
    start = data.index(b'\x80\x02\x8a') - 5
    return data[start:start + 5 + int.from_bytes(data[start + 1:start + 5], 'little')]


_DTYPE = b'cnumpy\ndtype\n' + text('f8') + b'\x85R'
_ARRAY = b'cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R'
#: Pickles that no reader takes: name -> (content, what the message shows).
PICKLES: dict[str, tuple[bytes | Callable[[Path], bytes], str]] = {
    'memo-of-four-billion': (PROTO + b'Nr\xff\xff\xff\xff.', 'NoneType|kind|pickle|labels|found None'),
    'bytearray-of-a-terabyte': (PROTO + b'\x96' + b'\x00' * 5 + b'\x01\x00\x00.', 'bytes announced'),
    'text-of-4-gigabytes': (PROTO + b'X\xff\xff\xff\xffabc.', 'bytes announced'),
    'frame-of-a-terabyte': (PROTO + b'\x95\xff\xff\xff\xff\xff\xff\xff\x7f', 'without an end'),
    'key-a-million-deep': (PROTO + b'})' + b'\x85' * 10**6 + b'Ns.', 'itself a collection'),
    'tuple-a-million-deep': (PROTO + b')' + b'\x85' * 10**6 + b'.', 'tuple'),
    'list-a-million-deep': (PROTO + b']' * 10**6 + b'a' * (10**6 - 1) + b'.', 'list'),
    'list-that-laughs': (_laughs(), 'list'), 'nothing': (b'', 'without an end'),
    'cut-short': (PROTO + b'](', 'without an end'), 'no-stack': (PROTO + b'R.', 'IndexError'),
    'object-of-a-list': (PROTO + b']}b.', 'sets the state'),
    'array-of-a-terabyte': (PROTO + _ARRAY + b'(K\x01\x8a\x06\x00\x00\x00\x00\x00\x01\x85' + _DTYPE + b'\x89C\x00tb.',
                            'does not bring them'),
    'array-negative': (PROTO + _ARRAY + b'(K\x01J\xff\xff\xff\xff\x85' + _DTYPE + b'\x89C\x00tb.', 'shape is none'),
    'array-from-bytes': (lambda folder: pickle.dumps(Call(np.ndarray, (1,), 'O', b'\1\2\3\4\5\6\7\10')), 'a call of'),
    'type-of-two-gigabytes': (lambda folder: pickle.dumps(Call(np.dtype, 'S2147483647')), 'numpy type'),
    'bytes-again-and-again': (_repeated(b'c_codecs\nencode\n', text('a' * 2**20), text('latin1') + b'\x86'),
                              'made again and again'),
    'memmap': (lambda folder: PROTO + b'cnumpy\nmemmap\n(' + text('/etc/passwd') + b'tR.', r'numpy\.memmap'),
    'getattr': (lambda folder: pickle.dumps(Call(getattr, 'a', 'upper')), r'builtins\.getattr'),
    'dotted-name': (lambda folder: PROTO + text('numpy') + text('os.system') + b'\x93.', r'numpy\.os\.system'),
    'pandas-eval': (lambda folder: PROTO + b'cpandas\neval\n(' + text('1') + b'tR.', r'pandas\.eval'),
    'pandas-read-pickle': (lambda folder: PROTO + b'cpandas\nread_pickle\n(' + text('a') + b'tR.', 'read_pickle'),
    'torch-load': (lambda folder: PROTO + b'ctorch\nload\n(' + text('a') + b'tR.', r'torch\.'),
    'instance': (b'(Vtrue\nios\nsystem\n.', 'instruction'), 'extension': (PROTO + b'\x82\x01.', 'instruction'),
    **{f'system-{number}': (lambda folder, number=number: pickle.dumps(
        Call(os.system, f'touch {canary_of(folder)}'), number), r'posix\.system|instruction') for number in range(6)},
    'popen': (lambda folder: pickle.dumps(Call(subprocess.Popen, ['touch', str(canary_of(folder))])), 'Popen'),
    'exec': (lambda folder: pickle.dumps([Call(exec, f'open({str(canary_of(folder))!r}, "w")')]), r'builtins\.exec'),
    'web-page': (b'<!DOCTYPE html>', 'instruction'),
}
READERS: dict[str, tuple[str, Callable[[Path], object], type[Exception]]] = {
    'table': ('EPIC_100_train.pkl', read_epic_actions, AnnotationError),
    'scores': ('results.pkl', lambda path: read_scores(path, IDS), PredictionError),
}
ACTIONS: dict[str, tuple[bytes, str]] = {
    'name-upwards': (f'{HEAD}\n{ROW.replace("P90,", "../P90,")}'.encode(), 'the name of a participant'),
    'video-upwards': (f'{HEAD}\n{ROW.replace("P90_01,", "../../etc,")}'.encode(), 'the name of a video'),
    'video-absolute': (f'{HEAD}\n{ROW.replace("P90_01,", "/etc/passwd,")}'.encode(), 'the name of a video'),
    'id-with-escapes': (f'{HEAD}\n{ROW.replace("P90_01_0", chr(27) + "[2J")}'.encode(), r'an id .*found .*x1b\[2J'),
    'id-of-a-megabyte': (f'{HEAD}\n{ROW.replace("P90_01_0", "a" * 10**5)}'.encode(), 'an id that no other row has'),
    'id-twice': (f'{HEAD}\n{ROW}\n{ROW}'.encode(), 'line 3: expected an id that no other row has'),
    'frame-of-10000-digits': (f'{HEAD}\n{ROW.replace(",1,", "," + "9" * 10**4 + ",")}'.encode(), 'as numbers from 1'),
    'frame-in-other-digits': (f'{HEAD}\n{ROW.replace(",1,", ",٣,")}'.encode(), 'as numbers from 1'),
    'frames-backwards': (f'{HEAD}\n{ROW.replace(",1,", ",114,")}'.encode(), "in order, found '114', '113'"),
    'class-of-10000-digits': (f'{HEAD}\n{ROW.replace(",13,", "," + "9" * 10**4 + ",")}'.encode(), 'as verb_class'),
    'list-of-calls': (f'{HEAD}\n{ROW.replace("[13, 2]", "[exit()]")}'.encode(), 'a list of class ids'),
    'list-a-million-deep': (f'{HEAD}\n{ROW.replace("[13, 2]", "[" * 10**5)}'.encode(), 'a list of class ids'),
    'field-of-a-megabyte': (f'{HEAD}\n{"a" * 10**6}'.encode(), 'expected a line of a CSV file|8 fields'),
    'quotes-that-never-end': (f'{HEAD}\n"{ROW}'.encode(), 'expected a line of a CSV file'),
    'nul-bytes': (bytes(1000), 'a head line and|a line of a CSV file|the columns'), 'empty': (b'', 'no such lines'),
    'utf-16': (f'{HEAD}\n{ROW}'.encode('utf-16'), 'in UTF-8, found byte 0xff'),
    'html': (b'<!DOCTYPE html>\n<p>\n', 'found none called'), 'head-alone': (HEAD.encode(), 'no such lines'),
    'too-few-fields': (f'{HEAD}\nP90'.encode(), 'expected 8 fields, found 1'),
    'column-missing': (f'{HEAD.replace("video_id", "video")}\n{ROW}'.encode(), 'none called video_id'),
}
CLASSES: dict[str, tuple[bytes, str]] = {
    'gap': (b'id,key\n0,take\n2,put\n', "class 1, in order, found '2'"), 'names-empty': (b'id,key\n0,\n', 'an empty'),
    'id-of-100-digits': (b'id,key\n' + b'9' * 100 + b',take\n', 'class 0, in order'),
}
SUBMISSIONS: dict[str, tuple[bytes, str]] = {
    'bomb': (_bomb(2**31), 'a file of 2,147,483,648 bytes in it'), 'not-a-zip': (b'{}', 'cannot be read'),
    'member-upwards': (_zip_of(b''), 'a zip archive with test.json alone, found a/data.pkl'),
    'nested': (_archive('[' * 10**6), 'nested a thousand deep'), 'nan': (_archive('{"a": NaN}'), 'the number NaN'),
    'key-twice': (_archive('{"a": 1, "a": 2}'), "holds the key 'a' twice"),
    'number-of-10000-digits': (_archive('{"results": ' + '9' * 10_000 + '}'), 'cannot be read'),
    'number-of-400-digits': (_archive(json.dumps({
        'challenge': 'action_recognition', 'results': {'a': {'verb': {'0': 10**400}, 'noun': {'0': 1}}}})),
        'numbers for the classes 0 to 0'),
    'lengths-differ': (_archive(json.dumps({'challenge': 'action_recognition', 'results': {
        'a': {'verb': {'0': 1}, 'noun': {'0': 1}}, 'b': {'verb': {}, 'noun': {'0': 1}}}})), 'json b: expected numbers'),
    'encrypted': (_archive(None, False).replace(b'PK\x01\x02\x14\x03\x14\x00\x00\x00',
                                                b'PK\x01\x02\x14\x03\x14\x00\x01\x00'), 'encrypted'),
}
TORCH: dict[str, tuple[bytes, str]] = {
    'runs-system': (_zip_of(PROTO + b'cos\nsystem\n(' + text('true') + b'tR.'), r'os\.system'),
    'storage-missing': (_zip_of(PROTO + b'((' + text('storage') + b'ctorch\nFloatStorage\n' + text('7') + text('cpu')
                                + b'K\x05tQt.'), 'a storage of 5 numbers of which the file holds 0 bytes'),
    'storage-of-text': (_zip_of(PROTO + b'(' + text('storage') + text('U1') + text('0') + text('cpu') + b'K\x01tQ.',
                                data__0=b'\xff' * 4), 'whose type, name or size is none'),
    'without-data': (_zip_of(b'', **{'data.pk': b''})[:-1], 'cannot be read|IndexError|without'),
    'compressed-bomb': (_bomb(), 'without data.pkl, or compressed'), 'empty-archive': (b'PK\x05\x06' + bytes(18), '.'),
}
DETECTIONS: dict[str, tuple[bytes | Callable[[Path], bytes], str]] = {
    'runs-system': (lambda folder: _detections(Call(os.system, f'touch {canary_of(folder)}')), r'posix\.system'),
    'numbers': (_detections((np.ones((1, 4)), None)), r'entry 1 objects: expected None or numbers \(n, 5'),
    'nan': (_detections((None, np.full((1, 6), np.nan))), 'entry 1 hands: expected finite numbers'),
    'objects': (_detections((np.array([[None] * 6], dtype=object), None)), 'found object'),
    'a-text': (_detections('ab'), "found 'ab'"), 'no-header': (b'\x93NUMPY', 'a header that cannot be read'),
    'header-of-calls': (b'\x93NUMPY\x01\x00\x20\x00' + b"{'descr': exit(), 'shape': (1,)}", 'a header that cannot'),
    'shape-gigantic': (_detections().replace(b'(2,)', b'(9,)').replace(b'K\x02\x85', b'K\x09\x85'), 'bring them|entry'),
    'plain-numbers': (b'\x93NUMPY\x01\x00\x40\x00' + b"{'descr': '<f4', 'fortran_order': False, 'shape': (10**9,)}"
                      .ljust(64), 'a header that cannot be read|one of float32'),
}


def _list_of(kind: type) -> Callable[[object], None]:
    def check(content: object) -> None:
        assert isinstance(content, list) and all(isinstance(row, kind) for row in content)
        assert all('/' not in row.video_id and 1 <= row.start_frame <= row.stop_frame for row in content)
    return check


def _are_scores(scores: object) -> None:
    assert isinstance(scores, ClassScores) and len(scores.ids) == len(scores.verb) == len(scores.noun)
    assert np.isfinite(scores.verb).all() and np.isfinite(scores.noun).all()
    assert all(isinstance(name, str) and '/' not in name for name in scores.ids)


def _are_boxes(frames: object) -> None:
    assert all(boxes is None or (boxes.shape[1] >= 5 and np.isfinite(boxes).all()) for pair in frames for boxes in pair)


def _is_a_table(table: object) -> None:
    assert isinstance(table, DataFrame)
    assert all(len(column) == len(table.index) for column in table.columns.values())


def _submission() -> bytes:
    return _archive()


def _written(folder: Path) -> Path:
    write_submission(folder / 'a.zip', IDS, np.ones((2, 97)), np.ones((2, 300)))
    return folder / 'a.zip'


#: Sound files, for damage at random places: name -> (file name, content, reader, error, check).
SOUND: dict[str, tuple[str, Callable[[], bytes], Callable, type[Exception], Callable]] = {
    'csv': ('a.csv', lambda: f'{HEAD}\n{ROW}\n'.encode(), read_epic_actions, AnnotationError, _list_of(EpicAction)),
    'table': ('a.pkl', _table, read_epic_actions, AnnotationError, _list_of(EpicAction)),
    'old-table': ('a.pkl', lambda: _table('epic55_pandas-0.23.pkl'), read_data_frame, AnnotationError, _is_a_table),
    'arrow-table': ('a.pkl', lambda: _table('epic100_pandas-3.0-pyarrow.pkl'), read_data_frame, AnnotationError,
                    _is_a_table),
    'pt': ('a.pt', _torch, read_scores, PredictionError, _are_scores),
    'old-pt': ('a.pt', lambda: _torch(True), read_scores, PredictionError, _are_scores),
    'pkl': ('a.pkl', _arrays, read_scores, PredictionError, _are_scores),
    'npz': ('a.npz', _npz, read_scores, PredictionError, _are_scores),
    'submission': ('a.zip', _submission, read_submission, PredictionError, _are_scores),
    'detections': ('a.npy', _detections, read_interaction_boxes, AnnotationError, _are_boxes),
}
FAMILY = {AnnotationError: 'annotation', PredictionError: 'prediction'}


def _cases(prefix: str, file: str, read: Callable, error: type[Exception], table: dict) -> list[Case]:
    return [Case(f'recognition-{prefix}-{key}', FAMILY[error], bytes_file(file, content), read, error, (found,))
            for key, (content, found) in table.items()]


def _places(prefix: str, read: Callable, error: type[Exception]) -> list[Case]:
    return [Case(f'recognition-{prefix}-{key}', 'link', make, read, error, () if key == 'two-gigabytes' else (found,))
            for key, (make, found) in PLACES.items()]


def _damaged(name: str) -> list[Case]:
    file, content, read, error, check = SOUND[name]
    made: dict[str, Make] = {f'flipped-{seed}': flipped(file, content, seed, 1 + seed % 3) for seed in range(12)}
    made |= {f'cut-{share:.3f}': truncated(file, content, share) for share in (0.02, 0.31, 0.777, 0.99)}
    return [Case(f'recognition-{name}-{key}', FAMILY[error], make, read, error, check=check, may_load=True)
            for key, make in made.items()]


CASES = [
    *(case for name, (file, read, error) in READERS.items() for case in _cases(name, file, read, error, PICKLES)),
    *_cases('actions', 'EPIC_100_train.csv', read_epic_actions, AnnotationError, ACTIONS),
    *_cases('classes', 'EPIC_100_verb_classes.csv', read_class_names, AnnotationError, CLASSES),
    *_cases('tail', 'a.csv', read_tail_classes, AnnotationError, {'a-word': (b'verb\nx\n', 'a class id')}),
    *_cases('participants', 'a.csv', read_participants, AnnotationError, {
        'upwards': (b'participant_id\n../..\n', 'the name of a participant')}),
    *_cases('submission', 'a.zip', read_submission, PredictionError, SUBMISSIONS),
    *_cases('torch', 'a.pt', read_scores, PredictionError, TORCH),
    *_cases('scores', 'results.pkl', read_scores, PredictionError, {'storage-again-and-again': (
        _repeated(b'ctorch.storage\n_load_from_bytes\n', _storage(), b'\x85'), 'made again and again')}),
    *_cases('detections', 'a.npy', read_interaction_boxes, AnnotationError, DETECTIONS),
    *_places('actions', read_epic_actions, AnnotationError), *_places('table', read_data_frame, AnnotationError),
    *_places('scores', read_scores, PredictionError), *_places('submission', read_submission, PredictionError),
    *_places('detections', read_interaction_boxes, AnnotationError),
    *(case for name in SOUND for case in _damaged(name)),
    Case('recognition-submission-sound', 'prediction', _written, read_submission, check=_are_scores),
]
