"""Pair files of SUM-L, annotations of LEMMA and tables of embeddings."""

import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import suml_support as support
from hostile.case import CANARY_VARIABLE, Case, canary_of
from hostile.cases_annotation import JSON, PLACES
from hostile.files import bytes_file, flipped, text, truncated

from egoexo.errors import AnnotationError
from egoexo.formats.lemma import LemmaNames, read_lemma_frames, read_lemma_segments, read_lemma_split
from egoexo.formats.lemma_epic_map import read_label_map
from egoexo.formats.semantic_pairs import KINDS, SemanticPairs, read_pair_choices, read_semantic_pairs
from egoexo.formats.text_embeddings import TextEmbeddings, read_text_embeddings

NAMES = LemmaNames(tuple(support.ACTS), tuple(support.OBJS), tuple(support.HOIS))
ENTRY = {'4': [[3, -1], [1], [['k1/img_00000.jpg'], ['k1/img_00001.jpg']], 'cut cup']}
ROW = {kind: [] for kind in KINDS}
PAIRS = json.dumps({str(number): ROW | {'sub': [ENTRY]} for number in range(20)}).encode()
CHOICES = b''.join(b'%d,2,cut,1,0.5,x\n' % number for number in range(50))
LEMMA_FRAMES, LEMMA_SEGMENTS = pickle.dumps(support.frames(), 3), pickle.dumps(support.segments(), 3)
PROTO = b'\x80\x02'


class Gadget:
    """Pickles as a call."""

    def __init__(self, function: object, *args: object) -> None:
        self.function, self.args = function, args

    def __reduce__(self) -> tuple:
        return self.function, self.args


def _pairs(**changes: object) -> bytes:
    return json.dumps({'0': ROW | changes}).encode()


def _entry(place: int, value: object) -> bytes:
    content = [*ENTRY['4']]
    content[place] = value
    return _pairs(same=[{'4': content}])


def _frame(**changes: object) -> bytes:
    names = ('name', 'frame', 'person', 'flow', 'rgb', 'box', 'actions', 'task', 'hois')
    row = dict(zip(names, support.frames()[0], strict=True)) | changes
    return pickle.dumps([tuple(row.values())], 3)


def _nested(depth: int, wrap: Callable[[object], object]) -> object:
    value: object = 1
    for _ in range(depth):
        value = wrap(value)
    return value


def _nested_row(depth: int) -> bytes:
    """A frame whose actions are a tuple in a tuple, so deep that hashing or printing it would overflow the stack."""
    row = (text('k1|P1') + b'K\x00' + text('P1') + b'](' + text('a.jpg') + b'e](' + text('a.jpg') + b'e])'
           + b'\x85' * depth + b'](K\x01e](K\x01e')
    return PROTO + b'](' + b'(' + row + b't' + b'e.'


def _gadget(folder: Path) -> bytes:
    return pickle.dumps([Gadget(os.system, f'touch {canary_of(folder)}')], 2)


def _putenv(folder: Path) -> bytes:
    return pickle.dumps([(Gadget(os.putenv, CANARY_VARIABLE, '1'), 0, 1)], 2)


def _npz(**arrays: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def _bomb() -> bytes:
    """An archive of a megabyte whose rows are a gigabyte of zeros."""
    stream = io.BytesIO()
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, dict(descr='<f4', fortran_order=False, shape=(2, 2**27)))
    with zipfile.ZipFile(stream, 'w', zipfile.ZIP_DEFLATED) as archive:
        with archive.open('texts.npy', 'w') as file:
            np.lib.format.write_array(file, np.array(['a', 'b']))
        with archive.open('rows.npy', 'w', force_zip64=True) as file:
            file.write(head.getvalue())
            for _ in range(1024):
                file.write(bytes(2**20))
    return stream.getvalue()


SOUND_TABLE = _npz(texts=np.array(['cut cup', 'open fridge']), rows=np.ones((2, 6), dtype=np.float32))
#: Name -> (content, what the message shows).
PAIR: dict[str, tuple[bytes, str]] = {
    'path-absolute': (_entry(2, [['/etc/passwd']]), r"below the root of LEMMA, found '/etc/passwd'"),
    'path-upwards': (_entry(2, [['k1/../../../etc/passwd']]), 'below the root'),
    'path-with-nul': (_entry(2, [['k1/a\0.jpg']]), r'found .*\\x00'),
    'path-with-escapes': (_entry(2, [['k1/\x1b[2J.jpg']]), r'found .*\\x1b'),
    'path-of-windows': (_entry(2, [['C:\\a.jpg']]), 'below the root'),
    'path-of-a-megabyte': (_entry(2, [['a' * 10**6]]), 'below the root'),
    'path-half-a-surrogate': (_entry(2, [['\ud800']]), 'below the root'),
    'path-a-number': (_entry(2, [[3]]), 'found 3'), 'paths-two': (_entry(2, [['a', 'b']]), 'found '),
    'no-pictures': (_entry(2, []), 'entries {number'), 'narration-a-list': (_entry(3, []), 'entries {number'),
    'class-of-100-digits': (_entry(0, [10**100]), 'class ids, -1 for none'),
    'class-a-fraction': (_entry(1, [0.5]), r'found \[0\.5\]'), 'class-true': (_entry(1, [True]), 'found'),
    'entry-of-100-digits': (_pairs(same=[{'9' * 100: ENTRY['4']}]), 'entries {number'),
    'entry-other-digits': (_pairs(same=[{'٣': ENTRY['4']}]), 'entries {number'),
    'entry-of-a-megabyte': (_pairs(same=['x' * 10**6]), 'entries {number'),
    'list-missing': (json.dumps({'0': {'same': []}}).encode(), r"found the keys \['same'\]"),
    'row-negative': (json.dumps({'-1': ROW}).encode(), "numbers of rows as keys, found '-1'"),
    'row-with-escapes': (json.dumps({'\x1b[2J': ROW}).encode(), r'found .*\\x1b'),
    'row-twice': (b'{"0": 1, "0": 1}', 'row 0'), 'a-number': (b'3', 'an object'), 'empty-object': (b'{}', 'one row'),
}
CHOICE: dict[str, tuple[bytes, str]] = {
    'number-of-10000-digits': (b'9' * 10_000 + b',1,x,1,2,3', 'line 1: expected row'),
    'row-twice': (CHOICES * 2, 'line 51: .*row 0 again'), 'type-too-large': (b'0,7,x,1,2,3', 'found row 0 with 7'),
    'entry-negative': (b'0,2,x,-1,2,3', 'line 1'), 'escapes': (b'\x1b[2J', r'line 1: .*x1b'),
    'line-of-a-megabyte': (b'a' * 10**6, 'line 1'), 'binary': (bytes(range(256)), 'in UTF-8, found byte 0x80'),
    'other-digits': ('٣,2,x,1,2,3'.encode(), 'line 1'), 'nul-bytes': (bytes(100), 'line 1'),
}
FRAME: dict[str, tuple[bytes | Callable[[Path], bytes], str]] = {
    'os-system': (_gadget, r'the Python object posix\.system'), 'putenv': (_putenv, r'the Python object \w+\.putenv'),
    'eval': (pickle.dumps([Gadget(eval, '1')], 2), r'builtins\.eval'),
    'getattr': (pickle.dumps([Gadget(getattr, 'a', 'b')], 2), r'builtins\.getattr'),
    'path-absolute': (_frame(rgb=['/etc/passwd']), r"below the root, found \['/etc/passwd'\]"),
    'path-upwards': (_frame(rgb=['../../etc/passwd']), 'below the root'),
    'path-with-nul': (_frame(rgb=['a\0']), 'below the root'), 'path-bytes': (_frame(rgb=[b'a']), 'below the root'),
    'path-of-a-megabyte': (_frame(rgb=['a' * 10**6]), 'below the root'),
    'path-with-escapes': (_frame(rgb=['\x1b[2J']), r'found .*\\x1b'),
    'frame-of-100-digits': (_frame(frame=10**100), 'the number of a frame'),
    'frame-text-of-100-digits': (_frame(frame='9' * 100), 'the number of a frame'),
    'verb-of-100-digits': (_frame(actions=[[10**100, []]]), 'verb ids'),
    'noun-negative': (_frame(actions=[[0, [[-1]]]]), 'verb ids'),
    'noun-a-text': (_frame(actions=[[0, [['1']]]]), 'verb ids'),
    'noun-an-array': (_frame(actions=[[0, [np.arange(3)]]]), 'verb ids'),
    'verb-nested': (_frame(actions=[[_nested(900, lambda value: (value,)), []]]), 'verb ids'),
    'verb-nested-a-million': (_nested_row(10**6), 'row 0: expected actions of verb ids'),
    'a-dictionary': (pickle.dumps({'a': 1}), 'a list of rows, found a dict'),
    'rows-are-numbers': (pickle.dumps([1] * 1000), 'row 0: expected 9 values'),
    'place-4-billion': (PROTO + b']K\x01r\xff\xff\xff\xff.', r'row|cannot be read|a list of rows, found a int'),
    'bytes-4-gigabytes': (PROTO + b'B\xff\xff\xff\xff.', 'bytes announced'),
    'text-that-is-none': (PROTO + b'X\x02\x00\x00\x00\xff\xff.', 'something that cannot be read'),
    'empty': (b'', 'a pickle without an end'), 'a-picture': (b'\xff\xd8\xff\xe0' * 100, 'the pickle instruction'),
    'protocol-0': (pickle.dumps(support.frames()[:1], 0), 'the pickle instruction'),
}
SEGMENT: dict[str, tuple[bytes | Callable[[Path], bytes], str]] = {
    'os-system': (_gadget, r'the Python object posix\.system'),
    'length-of-100-digits': (pickle.dumps([('a', 0, 10**100)]), 'a number of frames'),
    'start-negative': (pickle.dumps([('a', -1, 3)]), 'a first frame'),
    'length-nothing': (pickle.dumps([('a', 0, 0)]), 'a number of frames'),
    'two-values': (pickle.dumps([('a', 0)]), 'row 0: expected 3 values'),
    'name-a-tuple': (pickle.dumps([(('a',), 0, 1)]), 'a name, a first frame'),
    'empty': (b'', 'a pickle without an end'),
}
MAP: dict[str, tuple[bytes, str]] = {
    'class-of-100-digits': (json.dumps(dict(verbs=[10**100], nouns=[1])).encode(), 'verbs: expected a list of class'),
    'other-keys': (b'{"verbs": [1], "nouns": [1], "run": "rm"}', "found the keys .*'run'"), 'a-list': (b'[]', 'a list'),
}
SPLIT: dict[str, tuple[bytes, str]] = {'numbers': (b'[1, 2]', 'names of videos'), 'an-object': (b'{}', 'a dict')}
TABLE: dict[str, tuple[bytes, str]] = {
    'objects': (_npz(texts=np.array(['a', 'b'], dtype=object), rows=np.ones((2, 3), np.float32)), 'Python objects'),
    'gadget': (_npz(texts=np.array([Gadget(print, 'x')], dtype=object), rows=np.ones((1, 3), np.float32)), 'objects'),
    'not-finite': (_npz(texts=np.array(['a']), rows=np.full((1, 3), np.nan, np.float32)), 'finite numbers, found 3'),
    'text-twice': (_npz(texts=np.array(['a', 'a']), rows=np.ones((2, 3), np.float32)), 'found 1 repeated'),
    'one-dimension': (_npz(texts=np.array(['a']), rows=np.ones(1, np.float32)), 'n texts and'),
    'no-rows': (_npz(texts=np.array(['a'])), 'the arrays rows and texts'),
    'bytes': (_npz(texts=np.array([b'a']), rows=np.ones((1, 3), np.float32)), 'n texts and'),
    'bomb': (_bomb(), 'array rows: .*bytes, more than'), 'html': (b'<!DOCTYPE html>', 'no such archive'),
    'empty': (b'', 'no such archive'), 'cut': (SOUND_TABLE[:-100], 'no such archive'),
}


def _read_frames(path: Path) -> object:
    return read_lemma_frames(path, NAMES)


READERS: dict[str, tuple[str, Callable[[Path], object], dict]] = {
    'pairs': ('pairs.json', read_semantic_pairs, PAIR), 'choices': ('choices.txt', read_pair_choices, CHOICE),
    'lemma-frames': ('rec_tpv_frames.p', _read_frames, FRAME),
    'lemma-segments': ('rec_fpv_segments_indices.p', read_lemma_segments, SEGMENT),
    'label-map': ('to_epic.json', read_label_map, MAP), 'lemma-split': ('1tpv_train.json', read_lemma_split, SPLIT),
    'embeddings': ('texts.npz', read_text_embeddings, TABLE),
}
#: Sound files, for damage at random places.
SOUND = {'pairs': PAIRS, 'choices': CHOICES, 'lemma-frames': LEMMA_FRAMES, 'lemma-segments': LEMMA_SEGMENTS,
         'embeddings': SOUND_TABLE}
IS_JSON = ('label-map', 'lemma-split')
#: Official files have gigabytes; what is read of them at a time is limited instead.
UNLIMITED = ('pairs', 'embeddings')


def _is_sound(content: object) -> None:
    assert content
    if isinstance(content, SemanticPairs):
        assert all('..' not in path.split('/') and path[0] != '/' for entry in content.entries for path in entry.frames)
    if isinstance(content, TextEmbeddings):
        assert np.isfinite(content.rows).all()


def _sound(name: str) -> Callable[[], bytes]:
    return lambda: SOUND[name]


CASES = [
    *(Case(f'{name}-{key}', 'annotation', bytes_file(file, content), read, AnnotationError, (found,))
      for name, (file, read, table) in READERS.items() for key, (content, found) in table.items()),
    *(Case(f'{name}-{key}', 'json', bytes_file(READERS[name][0], content), READERS[name][1], AnnotationError, (found,))
      for name in IS_JSON for key, (content, found) in JSON.items()),
    *(Case(f'{name}-{key}', 'link', make, read, AnnotationError, (found,))
      for name, (_, read, _) in READERS.items() for key, (make, found) in PLACES.items()
      if key != 'two-gigabytes' or name not in UNLIMITED),
    *(Case(f'{name}-flipped-{seed}', 'annotation', flipped(READERS[name][0], _sound(name), seed, 2), READERS[name][1],
           AnnotationError, check=_is_sound, may_load=True) for name in SOUND for seed in range(8)),
    *(Case(f'{name}-cut-{percent}', 'annotation', truncated(READERS[name][0], _sound(name), percent / 100),
           READERS[name][1], AnnotationError, check=_is_sound, may_load=name == 'choices')
      for name in SOUND for percent in (1, 50, 99)),
]
