import copy
import json
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from correspondence_support import EGO, take_uid, write_correspondence_root

from egoexo.datasets.correspondence_list import (
    CorrespondenceList,
    list_file_pairs,
    list_pairs,
    missing_pictures,
    places_by_view,
)
from egoexo.datasets.correspondence_takes import CorrespondenceTakes, read_takes
from egoexo.formats.correspondence_pairs import PairItem, create_pairs, iter_tracks, read_pairs, write_pairs
from egoexo.formats.correspondence_take import read_take_annotation

UIDS = [take_uid('train', 0), take_uid('train', 1)]
SHARED = dict(view='ego2exo', subset='ego2exo_train', test_mode=False)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_correspondence_root(tmp_path / 'prepared')


def edit(root: Path, uid: str, change: Callable[[dict], object]) -> None:
    path = root / uid / 'annotation.json'
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def listed(root: Path, direction: str) -> CorrespondenceList:
    takes = read_takes(root, UIDS)
    return CorrespondenceList(takes, list_pairs(takes, UIDS, direction), SHARED)


@pytest.mark.parametrize('direction', ['ego2exo', 'exo2ego'])
def test_official_order_and_every_value(root: Path, direction: str) -> None:
    items = listed(root, direction)
    expected = []
    for uid in UIDS:
        take = read_take_annotation(root / uid / 'annotation.json')
        for track in iter_tracks(take, direction):
            for frame in track.frames:
                views = take.masks[track.object_name]
                looked = take.annotated_frames[track.object_name][track.target_camera]
                expected.append(dict(
                    sample_id=f'{uid}//{track.object_name}//{track.query_camera}//{track.target_camera}//{frame}',
                    uid=uid, object_name=track.object_name, query_camera=track.query_camera,
                    target_camera=track.target_camera, frame=frame, order=len(expected),
                    query_path=str(root / uid / track.query_camera / f'{frame}.jpg'),
                    target_path=str(root / uid / track.target_camera / f'{frame}.jpg'),
                    query_rle=views[track.query_camera][frame], target_rle=views[track.target_camera].get(frame),
                    is_annotated=int(frame) in looked, is_negative=frame not in views[track.target_camera], **SHARED))
    assert list(items) == expected and len(items) == 36
    assert sum(item['is_negative'] for item in expected) == 12
    assert sum(item['is_negative'] and not item['is_annotated'] for item in expected) > 0


def test_objects_without_one_of_the_views_have_no_pairs(root: Path) -> None:
    def change(content: dict) -> None:
        del content['masks']['cup_2'][EGO]
        content['masks']['steel pan_0'] = {EGO: content['masks']['steel pan_0'][EGO]}

    edit(root, UIDS[0], change)
    assert {item['object_name'] for item in listed(root, 'ego2exo') if item['uid'] == UIDS[0]} == {'salt/pepper_1'}


def test_last_of_several_ego_cameras_and_frames_in_any_order(root: Path) -> None:
    def change(content: dict) -> None:
        views = content['masks']['cup_2']
        views['aria02'] = {frame: views[EGO][frame] for frame in reversed(views[EGO])}

    edit(root, UIDS[0], change)
    items = [item for item in listed(root, 'ego2exo') if item['object_name'] == 'cup_2' and item['uid'] == UIDS[0]]
    assert {item['query_camera'] for item in items} == {'aria02'}
    assert [item['frame'] for item in items[:3]] == ['90', '60', '0']
    masks = json.loads((root / UIDS[0] / 'annotation.json').read_text())['masks']['cup_2']
    assert [item['target_rle'] for item in items] == [masks[item['target_camera']].get(item['frame'])
                                                      for item in items]


def test_null_masks(root: Path) -> None:
    def change(content: dict) -> None:
        content['masks']['cup_2'][EGO]['0'] = None
        content['masks']['cup_2']['cam01']['60'] = None

    edit(root, UIDS[0], change)
    items = listed(root, 'ego2exo')
    own = [item for item in items if item['object_name'] == 'cup_2' and item['uid'] == UIDS[0]]
    assert '0' not in [item['frame'] for item in own]
    null = next(item for item in own if item['frame'] == '60' and item['target_camera'] == 'cam01')
    assert null['target_rle'] is None and not null['is_negative']
    assert [item['order'] for item in items] == list(range(len(items)))


def test_unknown_whether_somebody_looked(root: Path) -> None:
    for uid in UIDS:
        edit(root, uid, lambda content: content.pop('annotated_frames'))
    assert {item['is_annotated'] for item in listed(root, 'exo2ego')} == {None}


@pytest.mark.parametrize('direction', ['ego2exo', 'exo2ego'])
def test_pair_file_of_all_pairs(root: Path, direction: str) -> None:
    takes = read_takes(root, UIDS)
    annotations = [read_take_annotation(root / uid / 'annotation.json') for uid in UIDS]
    write_pairs(root / 'pairs.json', create_pairs(annotations, direction, 'd/'))
    pairs, problems = list_file_pairs(takes, read_pairs(root / 'pairs.json'), direction)
    assert list(CorrespondenceList(takes, pairs, SHARED)) == list(listed(root, direction)) and not problems


def test_pair_file_in_its_own_order_and_with_strangers(root: Path) -> None:
    takes = read_takes(root, UIDS)
    pairs = [PairItem(UIDS[1], 'cup_2', EGO, 'cam02', '60'), PairItem(UIDS[0], 'cup_2', EGO, 'cam01', '0'),
             PairItem(UIDS[1], 'cup_2', EGO, 'cam02', '31'), PairItem(UIDS[1], 'no cup', EGO, 'cam02', '0'),
             PairItem('elsewhere', 'cup_2', EGO, 'cam02', '0'), PairItem(UIDS[1], 'cup_2', EGO, 'cam02', '0')]
    columns, problems = list_file_pairs(takes, pairs, 'ego2exo')
    ids = [item['sample_id'] for item in CorrespondenceList(takes, columns, SHARED)]
    assert ids == [f'{UIDS[1]}//cup_2//{EGO}//cam02//60', f'{UIDS[0]}//cup_2//{EGO}//cam01//0',
                   f'{UIDS[1]}//cup_2//{EGO}//cam02//0']
    assert problems == {UIDS[1]: ["2 pairs of the pair file are not in its annotation, first object 'cup_2' of "
                                  f'{EGO} and cam02, frame 31']}


def test_missing_pictures_by_camera(root: Path) -> None:
    takes = read_takes(root, UIDS)
    pairs = list_pairs(takes, UIDS, 'ego2exo')
    missing, problems = missing_pictures(takes, pairs)
    assert not missing.any() and problems == {}
    (root / UIDS[0] / 'cam01' / '30.jpg').unlink()
    for path in (root / UIDS[1] / EGO).iterdir():
        path.unlink()
    missing, problems = missing_pictures(takes, pairs)
    assert problems == {
        UIDS[0]: [f'cam01: 1 of 4 pictures missing, first {root / UIDS[0] / "cam01" / "30.jpg"}'],
        UIDS[1]: [f'{EGO}: 4 of 4 pictures missing, first {root / UIDS[1] / EGO / "0.jpg"}']}
    for gone, item in zip(missing, CorrespondenceList(takes, pairs, SHARED), strict=True):
        assert gone == (not Path(item['query_path']).exists() or not Path(item['target_path']).exists())
    (root / UIDS[1] / 'cam02' / '0.jpg').rename(root / UIDS[1] / 'cam02' / '0.png')
    assert 'cam02: 1 of 4' in missing_pictures(takes, pairs)[1][UIDS[1]][1]


def test_parts_of_a_list(root: Path) -> None:
    items = listed(root, 'ego2exo')
    everything = list(items)
    assert list(items[3:7]) == everything[3:7] and items[-1] == everything[-1]
    assert list(items.select([5, 2])) == [everything[5], everything[2]]
    assert list(items.select([])) == []
    assert items.select([5, 2]).takes is items.takes and copy.deepcopy(items) is items
    with pytest.raises(IndexError, match='pair 36 of 36'):
        items[36]
    key, frame = items.views(3)
    assert (key.uid, key.object_name, frame) == (UIDS[0], 'steel pan_0', '0')


def test_survives_the_way_to_a_worker(root: Path) -> None:
    items = listed(root, 'exo2ego')
    assert list(pickle.loads(pickle.dumps(items))) == list(items)


def test_places_by_view(root: Path) -> None:
    items = listed(root, 'exo2ego')
    views = places_by_view(items.pairs)
    assert set(views) == {(uid, camera) for uid in UIDS for camera in (EGO, 'cam01', 'cam02')}
    for (uid, camera), places in views.items():
        assert {(items[place]['uid'], camera in (items[place]['query_camera'], items[place]['target_camera']))
                for place in places.tolist()} == {(uid, True)}


def test_takes_without_anything(root: Path) -> None:
    takes = CorrespondenceTakes(root)
    pairs = list_pairs(takes, UIDS, 'ego2exo')
    missing, problems = missing_pictures(takes, pairs)
    assert len(CorrespondenceList(takes, pairs, SHARED)) == len(missing) == 0 and problems == {}
    assert pairs.query.dtype == np.int32
    assert list_file_pairs(takes, [], 'ego2exo')[0].tracks == []
