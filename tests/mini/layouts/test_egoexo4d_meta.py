"""Tables about takes, captures and people, read the way official code reads them."""

import json
import uuid

import pytest


@pytest.fixture(scope='module')
def takes(take_world) -> list[dict]:
    return take_world.read('takes.json')


def test_a_take_says_where_its_videos_are(take_world, takes):
    for record, take in zip(take_world.records, takes, strict=True):
        assert take['root_dir'] == f'takes/{take["take_name"]}'
        videos = take['frame_aligned_videos']
        paths = {f'{cam_id}/{stream}': video['relative_path']
                 for cam_id, streams in videos.items() for stream, video in streams.items()}
        assert paths.pop('collage/0') is None
        assert paths.pop('best_exo/0') is None
        assert {take_world.root / take['root_dir'] / path for path in paths.values()} == set(
            record.video_paths.values())
        assert list(paths) == ['aria01/rgb', 'cam01/0', 'cam02/0', 'cam03/0', 'cam04/0']
        assert videos['aria01']['rgb']['stream_id'] == '214-1'


def test_the_ego_camera_is_found_by_the_official_rule(takes):
    for take in takes:
        ego = [camera['cam_id'] for camera in take['capture']['cameras'] if str(camera['is_ego']).lower() == 'true']
        assert ego == ['aria01']
        assert all(camera['cam_id'] in take['frame_aligned_videos'] for camera in take['capture']['cameras'])


def test_number_of_frames_is_that_of_the_clock_rows(take_world, takes):
    for record, take in zip(take_world.records, takes, strict=True):
        frames = take['timesync_end_idx'] - take['timesync_start_idx'] - 1
        assert frames == record.state.num_frames == int(take['duration_sec'] * 30)
        assert 0 <= take['task_start_sec'] < take['task_end_sec'] <= take['duration_sec']


def test_ids_are_uuids_and_tables_refer_to_each_other(take_world, takes):
    captures = {capture['capture_uid']: capture for capture in take_world.read('captures.json')}
    people = {person['participant_uid']: person for person in take_world.read('participants.json')}
    places = {place['physical_setting_uid'] for place in take_world.read('physical_setting.json')}
    for take in takes:
        for name in ('take_uid', 'capture_uid', 'take_timing_uid', 'timesync_uid'):
            assert str(uuid.UUID(take[name])) == take[name]
        assert captures[take['capture_uid']] == take['capture']
        assert take['physical_setting_uid'] in places
        assert 'years_of_experience' in json.loads(people[take['participant_uid']]['metadata'])
        assert take['best_exo'] in take['frame_aligned_videos']
        assert (take['parent_task_name'], take['parent_task_id'], take['task_id'] // 1000) == ('Cooking', 1000, 1)


def test_splits_are_those_of_the_plans(take_world):
    splits = take_world.read('annotations/splits.json')
    for record in take_world.records:
        split = {'train': 'train', 'test': 'val'}[record.plan.split]
        assert splits['take_uid_to_split'][record.plan.uid] == split
        assert record.plan.uid in splits['split_to_take_uids'][split]
        assert 'keystep' in splits['take_uid_to_benchmark'][record.plan.uid]
    assert splits['split_to_take_uids']['test'] == []
    assert take_world.facts['takes'] == {'train': 7, 'val': 5, 'test': 0}
