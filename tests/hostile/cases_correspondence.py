"""Files of the benchmark correspondence: relations, prepared takes, pairs, ground truth, predictions and masks."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import relations_support as support
from hostile.case import Case
from hostile.cases_annotation import PLACES
from hostile.files import bytes_file, flipped, truncated

from egoexo.errors import AnnotationError, PredictionError
from egoexo.files import read_json
from egoexo.formats.correspondence_pairs import PairItem, create_pairs, read_pairs
from egoexo.formats.correspondence_results import TakePredictions, iter_predictions
from egoexo.formats.correspondence_take import TakeAnnotation, read_split, read_take_annotation
from egoexo.formats.correspondence_truth import iter_ground_truth
from egoexo.formats.relations import RelationTake, iter_relations, parse_relation_take
from egoexo.formats.rle import decode_rle, encode_mask, rle_area, rle_box
from egoexo.mini.layouts.lz_text import lz_text

BOWL = 'steel bowl_0'
RLE = encode_mask(support.box((36, 64)))
RELATIONS = {'annotations': {'u0': support.relation_take('n'), 'u1': support.relation_take('m')}}
PARSED = parse_relation_take('u0', json.dumps(support.relation_take('n')))
TAKE = {'masks': PARSED.masks, 'subsample_idx': [0, 30, 60], 'annotated_frames': PARSED.annotated_frames}
TRUTH = {'version': 'xx', 'challenge': 'xx', 'annotations': {'u0': TAKE}}
PAIRS = list(create_pairs([TakeAnnotation('u0', PARSED.masks, [])], 'ego2exo', 'd'))
RESULTS = {'ego-exo': {'version': 'xx', 'results': {'u0': {'subsample_idx': [0], 'masks': {BOWL: {
    f'{support.EGO}_cam01': {'0': {'pred_mask': RLE, 'confidence': 0.75}}}}}}}}
FRAME = ('annotations', 'u0', 'object_masks', BOWL, 'cam01', 'annotation', '30')
MASK = ('masks', BOWL, 'cam01', '30')
RESULT = ('ego-exo', 'results', 'u0', 'masks', BOWL, f'{support.EGO}_cam01', '0')


def _changed(content: object, *path: str | int, value: object) -> bytes:
    """JSON of ``content`` with another value at a place."""
    content = json.loads(json.dumps(content))
    part = content
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    return json.dumps(content).encode()


def _pairs(old: str, new: str) -> bytes:
    return json.dumps(PAIRS).replace(old, new, 1).encode()


def _all(read: Callable[[Path], Iterator]) -> Callable[[Path], list]:
    return lambda path: list(read(path))


def _read_mask(path: Path) -> tuple:
    """A mask in a file of its own, through all that decodes it."""
    rle = read_json(path, AnnotationError, 'a mask')
    where = str(path)
    return decode_rle(rle, where).shape, rle_area(rle, where), rle_box(rle, where)


#: What a stream of JSON makes of broken text: name -> (content, what the message shows).
STREAM: dict[str, tuple[bytes, str]] = {
    'nested-lists': (b'{"annotations": {"u": ' + b'[' * 200_000, 'nested a thousand deep'),
    'nested-objects': (b'{"a":' * 200_000, 'nested a thousand deep'),
    'integer-of-10000-digits': (b'{"version": ' + b'9' * 10_000 + b'}', 'valid JSON'),
    'key-twice': (b'{"version": 1, "version": 2}', "each key once, found 'version'"),
    'key-twice-with-escapes': (b'{"\\u001b[2J": 1, "\\u001b[2J": 2}', r"each key once, found '\\x1b\[2J'"),
    'utf-16': ('{"a": 1}'.encode('utf-16'), 'in UTF-8, found byte 0xff'),
    'nul-bytes': (bytes(10_000), r"found '\\x00'"), 'empty': (b'', 'the end of the file'),
    'html': (b'<!DOCTYPE html>', "found '<'"), 'a-list-of-numbers': (b'[1, 2]', 'expected'),
    'two-documents': (b'{"version": 1} {}', 'the end of the file, found'),
    'half-a-surrogate': (b'{"\xed\xa0\x80', 'text in UTF-8'),
    'spaces': (b' ' * 5 * 10**6, 'the end of the file'), 'text-that-never-ends': (b'{"' + b'a' * 10**6, 'Unterminated'),
}
RELATION: dict[str, tuple[bytes, str]] = {
    'take-upwards': (b'{"annotations": {"../../u": {}}}', 'take: expected a name that may be part of a file name'),
    'name-upwards': (_changed(RELATIONS, 'annotations', 'u0', 'take_name', value='../../etc'), 'take u0 take_name'),
    'name-absolute': (_changed(RELATIONS, 'annotations', 'u0', 'take_name', value='/etc'), 'take u0 take_name'),
    'camera-upwards': (_changed(RELATIONS, *FRAME[:4], '../cam', value={}), "object 'steel bowl_0' camera: expected"),
    'frame-upwards': (_changed(RELATIONS, *FRAME[:6], '../../x', value={}), 'camera cam01 frame: expected a frame'),
    'frame-of-100-digits': (_changed(RELATIONS, *FRAME[:6], '9' * 100, value={}), 'camera cam01 frame'),
    'object-with-escapes': (_changed(RELATIONS, *FRAME[:3], '\x1b[2J', value={}), r'object: .*\\x1b'),
    'object-of-a-megabyte': (_changed(RELATIONS, *FRAME[:3], 'a' * 10**6, value={}), 'of at most 200 characters'),
    'masks-a-list': (_changed(RELATIONS, *FRAME[:3], value=[]), 'object_masks: expected an object'),
    'frame-a-text': (_changed(RELATIONS, *FRAME, value='x'), 'camera cam01 frame 30: expected an object'),
    'looked-at-negative': (_changed(RELATIONS, *FRAME[:5], 'annotated_frames', value=[-1]), 'a list of frame numbers'),
    'looked-at-of-100-digits': (_changed(RELATIONS, *FRAME[:5], 'annotated_frames', value=[10**100]), 'frame numbers'),
    'member-nan': (b'{"annotations": {"u": {"a": NaN}}}', 'take u: expected valid JSON, found the number NaN'),
    'member-key-twice': (b'{"annotations": {"u": {"a": 1, "a": 2}}}', "holds the key 'a' twice"),
    'without-annotations': (b'{"version": "1"}', "with the key 'annotations', found none"),
}
#: Masks that no longer can be read are passed over and counted, here the second of the camera.
BAD_MASKS: dict[str, object] = {
    'a-text': 'x', 'escapes': '\x1b[2J', 'empty': '', 'a-number': 3, 'cut-short': lz_text(RLE['counts'])[:5],
    'of-a-megabyte': 'A' * 10**6, 'that-grows-without-end': lz_text('a' * 10**6), 'of-other-pixels': lz_text('1' * 50),
    'that-goes-on': lz_text('P' * 50), 'negative': lz_text('13O'), 'not-ascii': lz_text('\xe9'),
}
PREPARED: dict[str, tuple[bytes, str]] = {
    'camera-upwards': (_changed(TAKE, 'masks', BOWL, '../cam', value={}), 'camera: expected a name that may be part'),
    'frame-upwards': (_changed(TAKE, *MASK[:3], '../x', value=RLE), 'camera cam01 frame: expected a frame number'),
    'mask-a-text': (_changed(TAKE, *MASK, value='x'), 'frame 30: expected a mask'),
    'mask-a-megabyte-long': (_changed(TAKE, *MASK, value='x' * 10**6), 'expected a mask'),
    'mask-of-a-terabyte': (_changed(TAKE, *MASK, 'size', value=[10**6, 10**6]), 'frame 30 size: expected height and'),
    'mask-of-100-digits': (_changed(TAKE, *MASK, 'size', value=[10**100, 1]), 'frame 30 size: expected height'),
    'mask-negative': (_changed(TAKE, *MASK, 'size', value=[-36, -64]), 'frame 30 size'),
    'mask-not-ascii': (_changed(TAKE, *MASK, 'counts', value='\u0663'), 'frame 30 counts: expected at most'),
    'masks-missing': (b'{}', 'masks: expected an object, found nothing'), 'a-list': (b'[]', 'expected an object'),
    'sample-negative': (_changed(TAKE, 'subsample_idx', value=[-1]), 'subsample_idx: expected a list of frame numbers'),
    'sample-of-10000-digits': (_changed(TAKE, 'subsample_idx', value=['9' * 10_000]), 'subsample_idx'),
    'looked-at-a-text': (_changed(TAKE, 'annotated_frames', BOWL, 'cam01', value='x'), 'a list of frame numbers'),
    'looked-at-upwards': (_changed(TAKE, 'annotated_frames', BOWL, '../c', value=[]), 'camera: expected a name'),
    'nested-lists': (b'[' * 200_000, 'nested a thousand deep'), 'nan': (b'{"masks": NaN}', 'the number NaN'),
    'key-twice': (b'{"masks": {}, "masks": {}}', "holds the key 'masks' twice"),
}
GROUND_TRUTH: dict[str, tuple[bytes, str]] = {
    'take-upwards': (b'{"annotations": {"../u": {}}}', 'take: expected a name that may be part of a file name'),
    'take-a-text': (b'{"annotations": {"u": "x"}}', "take u: expected an object, found 'x'"),
    'without-looked-at': (_changed(TRUTH, 'annotations', 'u0', 'annotated_frames', value=None), "the key 'annotated"),
    'mask-of-a-terabyte': (_changed(TRUTH, 'annotations', 'u0', *MASK, 'size', value=[10**6, 10**6]), 'frame 30 size'),
    'without-annotations': (b'{"version": "xx"}', "with the key 'annotations', found none"),
}
PAIR: dict[str, tuple[bytes, str]] = {
    'take-upwards': (json.dumps(PAIRS).replace('//u0//', '//..//').encode(), "pair 0 take: .*found '..'"),
    'camera-upwards': (json.dumps(PAIRS).replace('//cam01//', '//..//').encode(), "pair 0 camera: .*found '..'"),
    'frame-a-text': (json.dumps(PAIRS).replace('rgb//0', 'rgb//x').replace('mask//0', 'mask//x').encode(), 'frame: '),
    'of-two-takes': (_pairs('//u0//', '//u1//'), 'of one take, object and frame'),
    'masks-for-pictures': (_pairs('//rgb//', '//mask//'), 'picture and mask of an ego camera'),
    'cut-short': (json.dumps([['d//u']]).encode(), 'pair 0: expected four texts'),
    'numbers': (b'[[1, 2, 3, 4]]', 'pair 0: expected four texts'), 'a-number': (b'[3]', 'pair 0: expected four texts'),
    'an-object': (b'{}', "a list, found '{'"), 'without-end': (json.dumps(PAIRS)[:-1].encode(), 'the end of the file'),
    'separators': (json.dumps([['//' * 10**5] * 4]).encode(), r'characters \.\.\.\]|pair 0'),
    'text-of-a-megabyte': (json.dumps([['a' * 10**6] * 4]).encode(), 'pair 0: expected four texts'),
    'nested-lists': (b'[' * 200_000, 'nested a thousand deep'), 'nan': (b'[NaN]', 'pair 0: .*the number NaN'),
}
PREDICTED: dict[str, tuple[bytes, str]] = {
    'take-upwards': (b'{"ego-exo": {"results": {"../u": {}}}}', 'take: expected a name that may be part'),
    'views-upwards': (_changed(RESULTS, *RESULT[:5], '../a_b', value={}), 'pair of views: expected a name'),
    'confidence-a-text': (_changed(RESULTS, *RESULT, 'confidence', value='1'), 'frame 0 confidence: expected a number'),
    'confidence-nan': (_changed(RESULTS, *RESULT, 'confidence', value=float('nan')), 'the number NaN'),
    'confidence-of-400-digits': (_changed(RESULTS, *RESULT, 'confidence', value=10**400), 'confidence: expected a'),
    'mask-missing': (_changed(RESULTS, *RESULT, 'pred_mask', value=None), 'pred_mask: expected a mask'),
    'mask-of-a-terabyte': (_changed(RESULTS, *RESULT, 'pred_mask', value={'size': [10**6] * 2, 'counts': '0'}),
                           'pred_mask size: expected height and width'),
    'sample-a-text': (_changed(RESULTS, *RESULT[:3], 'subsample_idx', value='0'), 'subsample_idx: expected a list'),
    'results-a-list': (b'{"ego-exo": {"results": []}}', "an object, found '\\['"),
    'without-results': (b'{"ego-exo": {"version": "xx"}}', "expected the key 'results', found none"),
    'of-another-benchmark': (b'{"results": {}}', 'with the key ego-exo or exo-ego, found none of them'),
}
ONE_MASK: dict[str, tuple[bytes, str]] = {
    'of-a-terabyte': (b'{"size": [1000000, 1000000], "counts": "0"}', 'size: expected height and width of at most'),
    'of-no-pixel': (b'{"size": [0, 5], "counts": "0"}', 'size: expected'), 'a-list': (b'[]', 'expected a mask'),
    'empty': (b'{"size": [2, 3], "counts": ""}', 'in the compressed form of COCO'),
    'escapes': (b'{"size": [2, 3], "counts": "\\u001b[2J"}', r'compressed form of COCO, found .*\\x1b'),
    'that-goes-on': (b'{"size": [2, 3], "counts": "13P"}', 'in the compressed form of COCO'),
    'of-a-number-without-end': (b'{"size": [2, 3], "counts": "' + b'P' * 10**6 + b'1"}', 'of at most 7 characters'),
    'of-too-many-pixels': (b'{"size": [2, 3], "counts": "' + b'1' * 10**5 + b'"}', 'add up to 2 x 3 = 6 pixels'),
    'of-huge-runs': (b'{"size": [2, 3], "counts": "' + b'oooooo0' * 10**4 + b'"}', 'add up to 2 x 3 = 6 pixels'),
    'of-negative-runs': (b'{"size": [2, 3], "counts": "7OO"}', 'found a negative one'),
    'uncompressed': (b'{"size": [2, 3], "counts": [1, 3, 2]}', 'expected a mask'),
}
SPLIT: dict[str, tuple[bytes, str]] = {
    'take-upwards': (b'{"val": ["../x"]}', 'val: expected a name'), 'a-text': (b'{"val": "x"}', 'a list of take uids'),
    'twice': (json.dumps({'val': ['a'] * 10**5}).encode(), '1 more than once'), 'a-list': (b'[]', 'expected an object'),
    'nested-lists': (b'[' * 200_000, 'nested a thousand deep'), 'empty': (b'', 'not valid JSON'),
}
READERS: dict[str, tuple[str, Callable[[Path], object], type[Exception], dict]] = {
    'relations': ('relations_val.json', _all(iter_relations), AnnotationError, RELATION | STREAM),
    'prepared': ('annotation.json', read_take_annotation, AnnotationError, PREPARED),
    'truth': ('correspondence-gt.json', _all(iter_ground_truth), AnnotationError, GROUND_TRUTH | STREAM),
    'pairs': ('val_egoexo_pairs.json', read_pairs, AnnotationError, PAIR),
    'predictions': ('ego-exo_val_results.json', _all(iter_predictions), PredictionError, PREDICTED | STREAM),
    'mask': ('mask.json', _read_mask, AnnotationError, ONE_MASK),
    'takes-of-splits': ('split.json', read_split, AnnotationError, SPLIT),
}
#: These take a data root in place of the file.
DATA_ROOTS = ('truth', 'takes-of-splits')
#: Sound files, for damage at random places.
SOUND: dict[str, bytes] = {
    'relations': json.dumps(RELATIONS).encode(), 'prepared': json.dumps(TAKE).encode(),
    'truth': json.dumps(TRUTH).encode(), 'pairs': json.dumps(PAIRS).encode(),
    'predictions': json.dumps(RESULTS).encode(), 'mask': json.dumps(RLE).encode(),
}


def _is_sound(content: object) -> None:
    """Whatever was read can be used: names stay in their folder, masks are masks."""
    for row in [content] if isinstance(content, TakeAnnotation) else content:
        found = row[1] if isinstance(row, tuple) and len(row) == 2 else row
        if isinstance(found, PairItem):
            assert found.take_uid not in ('.', '..') and '/' not in found.take_uid + found.ego_camera + found.exo_camera
        if isinstance(found, RelationTake | TakeAnnotation):
            assert '/' not in found.take_uid
            for camera, frames in ((camera, frames) for views in found.masks.values()
                                   for camera, frames in views.items()):
                assert '/' not in camera and all(frame.isdigit() for frame in frames)
                assert all(mask is None or mask['size'][0] * mask['size'][1] <= 2**26 for mask in frames.values())
        if isinstance(found, TakePredictions):
            assert all(isinstance(one.confidence, float) for pairs in found.masks.values() for frames in pairs.values()
                       for one in frames.values())


def _is_counted(takes: list[tuple[str, RelationTake]]) -> None:
    take = takes[0][1]
    assert take.masks[BOWL]['cam01']['30'] is None and take.masks[BOWL]['cam01']['0'] is not None
    assert len(take.problems) == 1 and len(take.problems[0]) < 4000
    assert "take u0 object 'steel bowl_0' camera cam01 frame 30" in take.problems[0]


def _sound(name: str) -> Callable[[], bytes]:
    return lambda: SOUND[name]


FAMILY = {AnnotationError: 'annotation', PredictionError: 'prediction'}
CASES = [
    *(Case(f'correspondence-{name}-{key}', FAMILY[error], bytes_file(file, content), read, error, (found,))
      for name, (file, read, error, table) in READERS.items() for key, (content, found) in table.items()),
    *(Case(f'correspondence-{name}-{key}', 'link', make, read, error, () if key == 'two-gigabytes' else (found,))
      for name, (_, read, error, _) in READERS.items() for key, (make, found) in PLACES.items()
      if key != 'folder' or name not in DATA_ROOTS),
    *(Case(f'correspondence-bad-mask-{key}', 'annotation', bytes_file(
        'relations_val.json', _changed(RELATIONS, *FRAME, 'encodedMask', value=value)), _all(iter_relations),
        check=_is_counted) for key, value in BAD_MASKS.items()),
    *(Case(f'correspondence-{name}-flipped-{seed}', FAMILY[READERS[name][2]],
           flipped(READERS[name][0], _sound(name), seed, 2), READERS[name][1], READERS[name][2], check=_is_sound,
           may_load=True) for name in SOUND for seed in range(6)),
    *(Case(f'correspondence-{name}-cut-{share:.2f}', FAMILY[READERS[name][2]],
           truncated(READERS[name][0], _sound(name), share), READERS[name][1], READERS[name][2], check=_is_sound,
           may_load=True) for name in SOUND for share in (0.31, 0.777)),
]
