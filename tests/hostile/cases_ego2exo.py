"""Files of Ego2Exo and of Ego-Exo4D, pseudo-labels, recipes and lists of takes."""

import json
from collections.abc import Callable
from pathlib import Path

import ego2exo_support as support
from hostile.case import Case
from hostile.cases_annotation import JSON, PLACES
from hostile.files import bytes_file, flipped, truncated

from egoexo.errors import AnnotationError
from egoexo.formats.ego2exo import Ego2Exo, read_ego2exo
from egoexo.formats.ego2exo_recipe import Recipe, read_recipe, read_take_ids
from egoexo.formats.egoexo4d import read_atomic_descriptions, read_keysteps, read_takes
from egoexo.formats.pseudo_labels import PseudoLabels, read_pseudo_labels

LABELS = b''.join(b'%d %d\n' % (10**9 + key, key % 24) for key in range(200))
RELEASE = support.release()
TAKES, KEYSTEPS = RELEASE['takes'], RELEASE['annotations/keystep_train']
DESCRIPTIONS = RELEASE['annotations/atomic_descriptions_train']


def _changed(content: object, *path: str | int, value: object) -> bytes:
    """JSON of ``content`` with another value at a place."""
    content = json.loads(json.dumps(content))
    part = content
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    return json.dumps(content).encode()


def _ego2exo(table: str, key: str, value: object) -> bytes:
    return _changed(support.ego2exo_json(), 'exo_train', table, 0, key, value=value)


#: Name -> (content, what the message shows).
EGO2EXO: dict[str, tuple[bytes, str]] = {
    'feature-upwards': (_ego2exo('clips', 'feature_file_name', '../../../etc/passwd'), r'feature_file_name: expected a '
                        r"path below the data root.*found '\.\./"),
    'feature-upwards-inside': (_ego2exo('clips', 'feature_file_name', 'features/../../a.pt'), 'a path below'),
    'feature-absolute': (_ego2exo('clips', 'feature_file_name', '/etc/passwd'), 'a path below the data root'),
    'feature-of-windows': (_ego2exo('clips', 'feature_file_name', 'C:\\a.pt'), 'a path below the data root'),
    'feature-with-nul': (_ego2exo('clips', 'feature_file_name', 'a\0.pt'), r'found .*\\x00'),
    'feature-with-escapes': (_ego2exo('clips', 'feature_file_name', 'a\x1b[2J'), r'found .*\\x1b'),
    'feature-of-a-megabyte': (_ego2exo('clips', 'feature_file_name', 'a' * 10**6), r'characters \.\.\.\]'),
    'video-upwards': (_ego2exo('clips', 'video_file_name', '..'), 'video_file_name: expected a path below'),
    'take-upwards': (_ego2exo('metadata', 'take_uid', '../x'), 'take_uid: expected the uid of a take'),
    'id-of-100-digits': (_ego2exo('clips', 'id', 10**100), "a whole number 'id'"),
    'id-negative': (_ego2exo('clips', 'id', -7), 'found -7'), 'id-a-fraction': (_ego2exo('clips', 'id', 7.0), '7.0'),
    'index-of-100-digits': (_ego2exo('clips', 'feature_indices', [10**100]), 'row numbers, 0 or more'),
    'indices-a-million': (_ego2exo('clips', 'feature_indices', [-1] * 10**6), r'characters \.\.\.\]'),
    'frames-not-pairs': (_ego2exo('clips', 'frame_indices', [[1, 2, 3]]), 'pairs of frame numbers'),
    'label-too-large': (_ego2exo('annotations', 'category', 2), 'a class id from 0 to 1'),
    'label-true': (_ego2exo('annotations', 'category', True), 'found True'),
    'seconds-of-300-digits': (_ego2exo('metadata', 'end_time', 10**300), 'end_time: expected seconds'),
    'text-an-object': (_ego2exo('descriptions', 'text_caption', {}), 'text_caption: expected a text'),
    'segment-twice': (_changed(support.ego2exo_json(), 'exo_train', 'clips',
                               value=support.ego2exo_json()['exo_train']['clips'] * 10**4), 'found 9,999 repeated'),
    'a-table-of-another-split': (_changed(support.ego2exo_json(), 'exo_train', 'metadata',
                                          value=support.ego2exo_json()['exo_val']['metadata']), '1 missing ids'),
    'class-twice': (_changed(support.ego2exo_json(), 'categories', 1, 'category_name', value='Cook'), 'each id and'),
    'categories-a-number': (_changed(support.ego2exo_json(), 'categories', value=3), 'categories: expected a list'),
    'split-a-list': (_changed(support.ego2exo_json(), 'ego_val', value=[]), 'ego_val: expected an object'),
    'rows-are-texts': (_changed(support.ego2exo_json(), 'ego_val', 'clips', value=['x']), "row 0: .*found 'x'"),
    'half-a-surrogate-escaped': (_ego2exo('clips', 'feature_file_name', '\ud800.pt'), 'a path below'),
}
TAKE: dict[str, tuple[bytes, str]] = {
    'uid-upwards': (_changed(TAKES, 0, 'take_uid', value='..'), 'take_uid: expected a name that may be part'),
    'root-upwards': (_changed(TAKES, 0, 'root_dir', value='../..'), 'root_dir: expected a relative path'),
    'root-absolute': (_changed(TAKES, 0, 'root_dir', value='/'), 'root_dir: expected a relative path'),
    'camera-upwards': (_changed(TAKES, 0, 'frame_aligned_videos', value={'../cam': {}}), 'camera: expected a name'),
    'duration-huge': (_changed(TAKES, 0, 'duration_sec', value=10**9), 'duration_sec: expected seconds'),
    'duration-of-400-digits': (_changed(TAKES, 0, 'duration_sec', value=10**400), 'duration_sec: expected seconds'),
    'twice': (json.dumps(TAKES + TAKES[:1]).encode(), 'take t0: expected each take once'),
    'an-object': (b'{}', 'expected a list, found'), 'rows-are-numbers': (b'[1]', 'take 0: expected an object'),
}
KEYSTEP: dict[str, tuple[bytes, str]] = {
    'seconds-a-text': (_changed(KEYSTEPS, 'annotations', 't0', 'segments', 0, 'end_time', value='9'), 'seconds'),
    'seconds-huge': (_changed(KEYSTEPS, 'annotations', 't0', 'segments', 0, 'end_time', value=1e300), 'seconds'),
    'seconds-nan': (_changed(KEYSTEPS, 'annotations', 't0', 'segments', 0, 'end_time', value=float('nan')),
                    'the number NaN'),
    'step-of-100-digits': (_changed(KEYSTEPS, 'annotations', 't0', 'segments', 0, 'step_id', value=10**100), 'step_id'),
    'take-upwards': (_changed(KEYSTEPS, 'annotations', '../t', value={}), 'a name that may be part of a file name'),
    'segments-an-object': (_changed(KEYSTEPS, 'annotations', 't0', 'segments', value={}), 'segments: expected a list'),
    'without-taxonomy': (_changed(KEYSTEPS, 'taxonomy', value=None), 'taxonomy: expected an object'),
    'a-list': (b'[]', 'expected an object'),
}
SENTENCES: dict[str, tuple[bytes, str]] = {
    'text-a-number': (_changed(DESCRIPTIONS, 'annotations', 't0', 0, 'descriptions', 0, 'text', value=3), 'a text'),
    'seconds-missing': (_changed(DESCRIPTIONS, 'annotations', 't0', 0, 'descriptions', 0, 'timestamp', value=None),
                        'timestamp: expected seconds'),
    'camera-upwards': (_changed(DESCRIPTIONS, 'annotations', 't0', 0, 'descriptions', 0, 'best_exo',
                                value={'cam_id': '../../x'}), 'best_exo cam_id: expected a name'),
    'annotators-a-text': (_changed(DESCRIPTIONS, 'annotations', 't0', value='x'), 'take t0: expected a list'),
    'a-number': (b'3', 'expected an object'),
}
PSEUDO: dict[str, tuple[bytes, str]] = {
    'id-of-10000-digits': (LABELS + b'9' * 10_000 + b' 1\n', r'1 malformed lines.*line 201: .9{40}\.\.\.'),
    'id-of-65-bits': (LABELS + b'36893488147419103232 1\n', '1 malformed lines'),
    'label-of-10000-digits': (LABELS + b'1 ' + b'9' * 10_000, '1 malformed lines'),
    'confidence-nan': (b'1 2 nan\n', '1 malformed lines'), 'confidence-infinite': (b'1 2 1e999\n', '1 malformed'),
    'line-of-a-megabyte': (b'a' * 10**6, 'found 1 malformed lines'),
    'every-line-malformed': (b'x\n' * 10**5, 'found 100,000 malformed lines'),
    'escapes': (b'\x1b[2J 1\n', r'line 1: .\\x1b'), 'nul-bytes': (LABELS + bytes(100), '1 malformed lines'),
    'ids-twice': (LABELS * 2, 'found 200 duplicate ids'),
    'label-too-large': (LABELS + b'5 24', '1 labels out of range'),
    'other-digits': ('٣ 1\n'.encode(), '1 malformed lines'), 'html': (b'<!DOCTYPE html>\n', '1 malformed lines'),
    'utf-16': (LABELS.decode().encode('utf-16'), 'in UTF-8, found byte 0xff'), 'empty': (b'', 'an empty file'),
    'line-breaks': (b'\n' * 10**6, 'an empty file'), 'binary': (bytes(range(256)), 'in UTF-8, found byte 0x80'),
}
RECIPES: dict[str, tuple[bytes, str]] = {
    'take-upwards': (b'{"scenarios": ["a"], "classes": ["b"], "take_ids": ["../x"]}', 'the uid of a take'),
    'class-with-escapes': (b'{"scenarios": ["a"], "classes": ["\\u001b[2J"]}', r'found .*\\x1b'),
    'classes-a-text': (b'{"scenarios": ["a"], "classes": "b"}', 'a list of one or more'),
    'another-key': (b'{"scenarios": ["a"], "classes": ["b"], "run": "rm"}', "found the keys .*'run'"),
}
TAKE_LISTS: dict[str, tuple[bytes, str]] = {
    'upwards': (b'../x\n', 'entry 1: expected the uid of a take'), 'absolute': (b'/x\n', 'entry 1'),
    'twice': (b'a\n' * 10**5, '99,999 repeated'), 'escapes': (b'\x1b[2J\n', r'entry 1: .*\\x1b'),
    'nul-bytes': (bytes(100), 'entry 1'), 'empty': (b'', 'a list of one or more'),
    'binary': (bytes(range(256)), 'found byte 0x80'), 'line-of-a-megabyte': (b'a' * 10**6, 'entry 1'),
}
READERS: dict[str, tuple[str, Callable[[Path], object], dict]] = {
    'ego2exo': ('ego2exo.json', read_ego2exo, EGO2EXO), 'takes': ('takes.json', read_takes, TAKE),
    'keysteps': ('keystep_train.json', read_keysteps, KEYSTEP),
    'descriptions': ('atomic_descriptions_train.json', read_atomic_descriptions, SENTENCES),
    'pseudo-labels': ('ego2exo_ego_exo.txt', lambda path: read_pseudo_labels(path, num_classes=24), PSEUDO),
    'ego2exo-recipe': ('ego2exo_recipe.json', read_recipe, RECIPES),
    'take-ids': ('take_ids.txt', read_take_ids, TAKE_LISTS),
}
#: Sound files, for damage at random places.
SOUND: dict[str, bytes] = {
    'ego2exo': json.dumps(support.ego2exo_json()).encode(), 'takes': json.dumps(TAKES).encode(),
    'keysteps': json.dumps(KEYSTEPS).encode(), 'descriptions': json.dumps(DESCRIPTIONS).encode(),
    'pseudo-labels': LABELS, 'take-ids': b'\n'.join(b'take-%d' % key for key in range(50)),
}
IS_JSON = ('ego2exo', 'takes', 'keysteps', 'descriptions', 'ego2exo-recipe')


def _is_sound(content: object) -> None:
    assert content
    if isinstance(content, PseudoLabels):
        assert all(0 <= label < 24 for label in content.labels.values())
    if isinstance(content, Ego2Exo):
        rows = [row for rows in content.splits.values() for row in rows]
        assert all('..' not in row.feature_file.split('/') and row.feature_file[0] != '/' for row in rows)
    if isinstance(content, tuple) and not isinstance(content, PseudoLabels | Recipe):
        assert not any('/' in str(uid) for uid in content)


def _sound(name: str) -> Callable[[], bytes]:
    return lambda: SOUND[name]


CASES = [
    *(Case(f'{name}-{key}', 'annotation', bytes_file(file, content), read, AnnotationError, (found,))
      for name, (file, read, table) in READERS.items() for key, (content, found) in table.items()),
    *(Case(f'{name}-{key}', 'json', bytes_file(READERS[name][0], content), READERS[name][1], AnnotationError, (found,))
      for name in IS_JSON for key, (content, found) in JSON.items()),
    *(Case(f'{name}-{key}', 'link', make, read, AnnotationError, (found,))
      for name, (_, read, _) in READERS.items() for key, (make, found) in PLACES.items()),
    *(Case(f'{name}-flipped-{seed}', 'annotation', flipped(READERS[name][0], _sound(name), seed, 2), READERS[name][1],
           AnnotationError, check=_is_sound, may_load=True) for name in SOUND for seed in range(6)),
    *(Case(f'{name}-cut-{share:.2f}', 'annotation', truncated(READERS[name][0], _sound(name), share), READERS[name][1],
           AnnotationError, check=_is_sound, may_load=True) for name in SOUND for share in (0.31, 0.777)),
]
