"""Masks of the relations annotations, and official lists of pairs."""

import json
import zlib
from functools import cache

import pytest
from tests_support import parity_dir

from egoexo.formats.correspondence_pairs import DIRECTIONS, PAIR_SETTINGS, PairItem, create_pairs, read_pairs
from egoexo.formats.correspondence_take import TakeAnnotation
from egoexo.formats.correspondence_truth import iter_ground_truth
from egoexo.formats.lz_string import decompress_from_uri
from egoexo.formats.relations import parse_relation_take
from egoexo.formats.rle import decode_rle, rle_area

OWNS = {'correspondence': ['lz_masks.json', 'pairs_expected.json']}

TOPIC = parity_dir('correspondence')


@cache
def fixture(name: str) -> object:
    if not (TOPIC / name).is_file():
        pytest.skip(f'{name} is not part of the repository; set EGOEXO_PARITY_DIR')
    return json.loads((TOPIC / name).read_text())


def test_masks() -> None:
    for case in fixture('lz_masks.json'):
        assert decompress_from_uri(case['encodedMask']) == case['rle']['counts']
        assert rle_area(case['rle']) == decode_rle(case['rle']).sum() == case['area']


def test_masks_of_a_relations_file() -> None:
    """Through the reader of the whole file."""
    cases = fixture('lz_masks.json')
    frames = {str(30 * key): {name: case[name] for name in ('width', 'height', 'encodedMask')}
              for key, case in enumerate(cases)}
    take = {'take_name': 'n', 'object_masks': {'o': {'cam01': {'annotation': frames, 'annotated_frames': [0]}}}}
    found = parse_relation_take('u', json.dumps(take))
    assert found.problems == []
    assert list(found.masks['o']['cam01'].values()) == [case['rle'] for case in cases]


@cache
def takes() -> dict[str, TakeAnnotation]:
    if not (TOPIC / 'take_gt.json').is_file():
        pytest.skip('take_gt.json is not part of the repository; set EGOEXO_PARITY_DIR')
    return {take.take_uid: take for take in iter_ground_truth(TOPIC / 'take_gt.json')}


@pytest.mark.parametrize('direction', DIRECTIONS)
@pytest.mark.parametrize('split', ['train', 'val'])
def test_lists_of_pairs(split: str, direction: str, tmp_path: object) -> None:
    official = fixture('pairs_expected.json')
    expected = official['pairs'][f'{split}_{PAIR_SETTINGS[direction]}']
    pairs = list(create_pairs([takes()[uid] for uid in official['split'][split]], direction, official['data_dir']))
    assert len(pairs) == expected['n']
    assert pairs[:len(expected['first'])] == expected['first']
    assert pairs[-len(expected['last']):] == expected['last']
    assert zlib.crc32(json.dumps(pairs).encode()) == expected['crc32']
    (tmp_path / 'pairs.json').write_text(json.dumps(pairs))
    items = read_pairs(tmp_path / 'pairs.json')
    assert items == [PairItem(*(pair[0].split('//')[place] for place in (1, 3, 2)), *(pair[2].split('//')[place]
                              for place in (2, 5))) for pair in pairs]
