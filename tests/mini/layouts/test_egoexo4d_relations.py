"""Relations: the official fields, masks that decode to what the painter drew, the split of the benchmark."""

import uuid

import pytest
from pycocotools.mask import area, toBbox

from egoexo.formats.lz_string import decompress_from_uri
from egoexo.mini.layouts.egoexo4d_relations import object_name, write_relations
from egoexo.mini.vocabulary import OBJECTS

CAMERAS = {'aria01_214-1': 'aria01', **{f'cam{number:02d}': f'cam{number:02d}' for number in range(1, 5)}}


@pytest.fixture(scope='module')
def takes(take_world) -> dict[str, dict]:
    """Annotations of all takes by uid."""
    return {uid: take for split in ('train', 'val')
            for uid, take in take_world.read(f'annotations/relations_{split}.json')['annotations'].items()}


def test_split_and_order_of_the_takes_are_those_of_the_tables(take_world):
    table = [take['take_uid'] for take in take_world.read('takes.json')]
    split = take_world.read('annotations/split.json')
    assert list(split) == ['train', 'val', 'test']
    assert split['test'] == []
    assert split == take_world.read('annotations/splits.json')['split_to_take_uids']
    for name in ('train', 'val'):
        uids = list(take_world.read(f'annotations/relations_{name}.json')['annotations'])
        assert uids == split[name] == [uid for uid in table if uid in split[name]]


def test_takes_name_themselves_as_the_tables_do(take_world, takes):
    for entry in take_world.read('takes.json'):
        take = takes[entry['take_uid']]
        assert list(take) == ['scenario', 'take_name', 'object_names', 'object_masks']
        assert (take['scenario'], take['take_name']) == (entry['task_name'], entry['take_name'])
        streams = entry['frame_aligned_videos'].values()
        names = {stream['relative_path'].split('/')[-1].removesuffix('.mp4') for views in streams
                 for stream in views.values() if stream['relative_path']}
        assert {camera for views in take['object_masks'].values() for camera in views} <= names


def test_masks_decode_to_what_was_seen(take_world, takes):
    masks = 0
    for record in take_world.records[::3]:
        for name, views in record.masks.items():
            written = takes[record.plan.uid]['object_masks'][object_name(name)]
            assert [CAMERAS[camera] for camera in written] == list(views)
            for camera, view in written.items():
                size = (record.ego_size, record.ego_size) if 'aria' in camera else record.exo_size
                assert list(view['annotation']) == [str(frame) for frame in views[CAMERAS[camera]]]
                for entry, seen in zip(view['annotation'].values(), views[CAMERAS[camera]].values(), strict=True):
                    assert (entry['width'], entry['height']) == size
                    counts = decompress_from_uri(entry['encodedMask'])
                    rle = {'size': [entry['height'], entry['width']], 'counts': counts.encode()}
                    assert int(area(rle)) == seen.area >= 8
                    assert tuple(toBbox(rle).astype(int).tolist()) == seen.box
                    masks += 1
    assert masks > 1000


def test_frames_are_listed_whether_or_not_the_object_shows(take_world, takes):
    unseen = 0
    for record in take_world.records:
        expected = list(range(0, record.state.num_frames, 30))
        for views in takes[record.plan.uid]['object_masks'].values():
            assert views
            for view in views.values():
                assert view['annotated_frames'] == expected
                assert view['annotation_fps'] == 1
                frames = [int(frame) for frame in view['annotation']]
                assert frames == sorted(frames)
                assert set(frames) <= set(expected)
                unseen += len(expected) - len(frames)
    assert unseen > 100  # natural negatives


def test_object_names_have_spaces_and_slashes_and_stay_apart(takes):
    names = {object_name(name) for name in OBJECTS}
    assert len(names) == len(OBJECTS)
    assert {'chopping board_0', 'oil / sauce bottle_0', 'green vegetable_0', 'tomato_0'} <= names
    assert not any('//' in name for name in names)
    for take in takes.values():
        assert set(take['object_masks']) <= names
        assert sum('/' in name for name in take['object_masks']) >= 1


def test_every_object_the_head_camera_sees_has_one_box_there(takes):
    for take in takes.values():
        assert take['object_names']['annotation_fps'] == 30
        boxes = {box['track_id']: box for box in take['object_names']['annotation']}
        views = {name: views['aria01_214-1'] for name, views in take['object_masks'].items() if 'aria01_214-1' in views}
        assert list(boxes) == list(views)
        assert len(boxes) == len(take['object_names']['annotation'])
        for name, box in boxes.items():
            entry = views[name]['annotation'][str(box['frameNumber'])]
            rle = {'size': [entry['height'], entry['width']],
                   'counts': decompress_from_uri(entry['encodedMask']).encode()}
            assert [box[key] for key in ('x', 'y', 'width', 'height')] == toBbox(rle).tolist()
            assert box['original_width'] == box['original_height'] == entry['width']


def test_clicks_lie_in_the_box_and_annotators_are_named(takes):
    take = next(iter(takes.values()))
    for views in take['object_masks'].values():
        for view in views.values():
            metadata = view['annotation_metadata']
            assert str(uuid.UUID(metadata['annotation_uid'])) == metadata['annotation_uid']
            assert set(metadata) == {'annotation_uid', 'annotator_id', 'response_time', 'job_id', 'response_id'}
            assert isinstance(metadata['annotator_id'], str)
            for entry in view['annotation'].values():
                clicks = entry['intSegClicks']
                assert set(clicks) == {'positive', 'negative', 'upperLeft', 'bottomRight', 'unlabeled'}
                (click,) = clicks['positive']
                assert 0 <= click['x'] < entry['width']
                assert 0 <= click['y'] < entry['height']
                assert click['timestamp'] < 1000 * metadata['response_time']


def test_masks_are_counted_and_another_seed_changes_who_annotated(take_world, takes, tmp_path):
    count = sum(len(view['annotation']) for take in takes.values() for views in take['object_masks'].values()
                for view in views.values())
    assert sum(take_world.facts['relations'].values()) == count
    assert write_relations(tmp_path, take_world.records, 1) == take_world.facts['relations']
    for name in ('relations_train.json', 'relations_val.json'):
        ours, theirs = ((root / 'annotations' / name).read_bytes() for root in (take_world.root, tmp_path))
        assert ours != theirs
