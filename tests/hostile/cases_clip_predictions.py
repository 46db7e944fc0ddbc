"""Prediction files of anticipation and planning, read and scored."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from hostile.case import Case
from hostile.files import Make, bytes_file, fifo, flipped, folder_named, link_loop, truncated

from egoexo.errors import AnnotationError, PredictionError
from egoexo.evaluation.offline import anticipation, planning
from egoexo.evaluation.offline.clip_predictions import ClipPredictions
from egoexo.formats.egoexolearn_anticipation import ActionRow, table_name, write_action_table
from egoexo.formats.egoexolearn_planning import PlannedSteps, list_name, write_planning_list

NAME = 'clips.npz'
STEPS = [PlannedSteps('v', f'{end}', float(end), (end,) * 8) for end in range(4, 10)]
IDS = np.array([f'v|{step.end_text}' for step in STEPS])
LOGITS = np.random.default_rng(0).standard_normal((6, 8, 27)).astype(np.float32)
GOOD = {'ego_val/ids': IDS, 'ego_val/logits': LOGITS}


def _bytes(arrays: dict[str, np.ndarray], compress: bool = False) -> bytes:
    buffer = io.BytesIO()
    (np.savez_compressed if compress else np.savez)(buffer, **arrays)
    return buffer.getvalue()


def _changed(**changes: object) -> Make:
    """The sound file with other arrays; None leaves one out."""
    arrays = GOOD | {f'ego_val/{name}': value for name, value in changes.items()}
    return bytes_file(NAME, lambda folder: _bytes({key: value for key, value in arrays.items() if value is not None}))


def _raw(header: str, data: bytes) -> Make:
    """An array ``ego_val/ids`` with a header of its own."""
    def content(folder: Path) -> bytes:
        text = header.encode().ljust(117) + b'\n'
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, 'w') as archive:
            archive.writestr('ego_val/ids.npy', b'\x93NUMPY\x01\x00' + len(text).to_bytes(2, 'little') + text + data)
            logits = io.BytesIO()
            np.save(logits, LOGITS[:2])
            archive.writestr('ego_val/logits.npy', logits.getvalue())
        return buffer.getvalue()
    return bytes_file(NAME, content)


def _twice(folder: Path) -> bytes:
    buffer = io.BytesIO(_bytes(GOOD))
    member = io.BytesIO()
    np.save(member, LOGITS)
    with zipfile.ZipFile(buffer, 'a') as archive:
        archive.writestr('ego_val/logits.npy', member.getvalue())
    return buffer.getvalue()


def _score(path: Path) -> dict:
    write_planning_list(path.parent / 'annotation' / list_name('ego', 'val'), STEPS)
    return planning.score(ClipPredictions(path, ndim=3), planning.Annotations(path.parent), protocols='all').scalars


def _score_actions(path: Path) -> dict:
    table = path.parent / 'balanced_full_annotation'
    write_action_table(table / table_name('ego', 'val'), [
        ActionRow('v', str(index), f'{index + 4}.5', f'{index + 5}.0', (), (index,), 'lab') for index in range(6)])
    (table / 'valid_nouns.txt').write_text('\n'.join(map(str, range(6))))
    return anticipation.score(ClipPredictions(path, ndim=2), anticipation.Annotations(path.parent, 'noun'),
                              protocols='all').scalars


def _sound(scalars: object) -> None:
    """Every number is one, and lies between 0 and 1."""
    values = list(scalars['metrics'].values())
    assert values and all(0 <= value <= 1 for value in values), values


ODD = IDS.astype('U9')
ODD[2] = '\x1b[2J'
#: Name -> (file, what the message shows).
REFUSED: dict[str, tuple[Make, str]] = {
    'no-ids': (_changed(ids=None), 'found only ego_val/logits'),
    'no-logits': (_changed(logits=None), 'found only ego_val/ids'),
    'no-list': (bytes_file(NAME, lambda folder: _bytes({'ids': IDS, 'logits': LOGITS})), 'found other ones: ids'),
    'nothing': (bytes_file(NAME, lambda folder: _bytes({})), 'found no array'),
    'empty': (_changed(ids=IDS[:0], logits=LOGITS[:0]), r'\(0,\)'),
    'sample-missing': (_changed(ids=IDS[1:], logits=LOGITS[1:]), r'none for 1 of them: v\|4'),
    'sample-twice': (_changed(ids=IDS[[0, 0, 1, 2, 3, 4]]), r'1 that come twice: v\|4'),
    'sample-unknown': (_changed(ids=np.append(IDS, 'who|4'), logits=LOGITS[[0, 0, 1, 2, 3, 4, 5]]),
                       r'1 of 7 that it does not hold: who\|4'),
    'sample-with-escapes': (_changed(ids=np.append(ODD, IDS[2]), logits=LOGITS[[0, 0, 1, 2, 3, 4, 5]]), r'\\x1b\[2J'),
    'ids-as-numbers': (_changed(ids=np.arange(6)), 'found int64'),
    'ids-as-bytes': (_changed(ids=IDS.astype('S')), r'found \|S3'),
    'ids-no-characters': (_raw("{'descr': '<U1', 'fortran_order': False, 'shape': (2,), }", b'\xff' * 8),
                          'bytes that are none'),
    'ids-of-a-terabyte': (_raw("{'descr': '<U9', 'fortran_order': False, 'shape': (137438953472,), }", bytes(72)),
                          'bytes of data for the shape'),
    'objects': (_changed(ids=np.array([print, 1], dtype=object)), 'Python objects, which are not unpickled'),
    'nan': (_changed(logits=np.where(np.arange(6)[:, None, None] == 3, np.nan, LOGITS)),
            r'NaN or infinity for 1 of 6 samples: v\|7'),
    'infinity': (_changed(logits=np.full_like(LOGITS, np.inf)), 'NaN or infinity for 6 of 6'),
    'rows-missing': (_changed(logits=LOGITS[:5]), 'expected 6 rows'),
    'steps-missing': (_changed(logits=LOGITS[:, :7]), r'found \(6, 7, 27\)'),
    'classes-missing': (_changed(logits=LOGITS[..., :6]), 'expected true classes below the 6 predicted ones'),
    'integers': (_changed(logits=LOGITS.astype(int)), 'found int64'),
    'of-anticipation': (_changed(logits=LOGITS[:, 0]), r'floating numbers \(n, Z, C\), found float32 \(6, 27\)'),
    'sequences-of-unknown-classes': (_changed(samples=np.full((6, 5, 8), 27)), 'found ids from 27 to 27'),
    'sequences-negative': (_changed(logits=None, samples=np.full((6, 5, 8), -1)), 'found ids from -1 to -1'),
    'sequences-transposed': (_changed(samples=np.ones((6, 8, 5), int)), 'the steps last'),
    'sequences-too-many': (_changed(samples=np.ones((6, 50, 8), int)), 'at most 5 planned sequences'),
    'sequences-as-numbers': (_changed(samples=np.ones((6, 5, 8))), 'found float64'),
    'array-twice': (bytes_file(NAME, _twice), 'two of ego_val/logits'),
    'foreign-array': (_changed(weights=LOGITS), 'found other ones: ego_val/weights'),
    'bomb': (bytes_file(NAME, lambda folder: _bytes(
        {'ego_val/ids': IDS, 'ego_val/logits': np.zeros((6, 2**20, 4), np.float32)}, compress=True)),
        'more than 67,108,864'),
    'text': (bytes_file(NAME, b'no archive'), 'no such archive'),
    'pipe': (fifo(NAME), 'found a named pipe'),
    'loop': (link_loop(NAME), 'expected an .npz'),
}


def _actions(logits: np.ndarray) -> Callable[[Path], Path]:
    ids = np.array([f'v|{index + 4}.5|{index + 5}.0' for index in range(6)])
    return bytes_file(NAME, lambda folder: _bytes({'ego_val/ids': ids, 'ego_val/logits': logits}))


def _case(name: str, make: Make, found: str, read: Callable[[Path], object] = _score, **options: object) -> Case:
    return Case(f'clips-{name}', 'prediction', make, read, PredictionError, (found,), **options)


CASES = [
    *(_case(name, make, found) for name, (make, found) in REFUSED.items()),
    _case('folder', folder_named(NAME), 'predictions.npz: expected an .npz'),
    _case('classes-of-another-part', _actions(LOGITS[:, 0]), r'expected logits \(n, 6\) of the noun', _score_actions),
    _case('of-planning', _actions(LOGITS), r'floating numbers \(n, C\)', _score_actions),
    _case('action-nan', _actions(np.full((6, 6), np.nan, np.float32)), 'NaN or infinity', _score_actions),
    *(_case(f'truncated-{share}', truncated(NAME, lambda: _bytes(GOOD), share), 'no such archive')
      for share in (0.2, 0.7, 0.99)),
    *(Case(f'clips-flipped-{seed}', 'prediction', flipped(NAME, lambda: _bytes(GOOD), seed), _score,
           PredictionError, ('found',), check=_sound, may_load=True) for seed in range(6)),
    Case('clips-without-annotations', 'prediction', _changed(), lambda path: planning.Annotations(path),
         AnnotationError, ('expected planning_annotation or the root',)),
]
