"""Cameras and files of segments."""

import random

import ego2exo_support as support
import pytest

from egoexo.errors import AnnotationError
from egoexo.formats.ego2exo_cameras import ego_cameras, ego_view, exo_cameras, exo_view, val_best_exo
from egoexo.formats.egoexo4d import parse_takes


def take(*cameras):
    return parse_takes([support.take('u', cameras)])['u']


ARIA = take('cam02', 'aria01', 'cam10')
GOPRO = take('gp05', 'gp01', 'gp04')
FEATURES = 'features/omnivore_video/u_'
VIDEOS = 'takes/u/frame_aligned_videos/downscaled/448/'


@pytest.mark.parametrize(('cameras', 'ego', 'exo'), [
    (('cam01', 'aria01', 'moblie'), ['aria01'], ['cam01']),
    (('gp01', 'gp02', 'gp03', 'gp04', 'gp05', 'gp06', 'gp07'), ['gp05'], ['gp01', 'gp02', 'gp03', 'gp04', 'gp06'])])
def test_which_camera_is_which(cameras, ego, exo):
    assert (ego_cameras(take(*cameras)), exo_cameras(take(*cameras))) == (ego, exo)


def test_ego_files():
    assert ego_view(ARIA, random.Random(0)) == (f'{FEATURES}aria01_rgb.pt', f'{VIDEOS}aria01_214-1.mp4', False)
    assert ego_view(GOPRO, random.Random(0)) == (f'{FEATURES}gp05_0.pt', f'{VIDEOS}gp05.mp4', False)
    two = take('aria01', 'gp05')
    expected = [random.Random(seed).choice(['aria01_rgb', 'gp05_0']) for seed in range(9)]
    assert [ego_view(two, random.Random(seed)).feature_file for seed in range(9)] == [
        f'{FEATURES}{name}.pt' for name in expected]


@pytest.mark.parametrize('best', [None, {}, {'cam_id': None}])
@pytest.mark.parametrize('legacy', [True, False])
def test_exo_camera_is_drawn_where_none_is_best(best, legacy):
    found = [exo_view(ARIA, best, random.Random(seed), legacy) for seed in range(9)]
    names = [random.Random(seed).sample(['cam02', 'cam10'], 1)[0] for seed in range(9)]
    assert found == [(f'{FEATURES}{name}_0.pt', f'{VIDEOS}{name}.mp4', False) for name in names]


@pytest.mark.parametrize(('found', 'best', 'legacy', 'feature', 'video'), [
    (ARIA, 'cam10', False, 'cam10_0', 'cam10'), (ARIA, 'cam10', True, 'cam10_0', 'cam10'),
    (GOPRO, 'gp05', True, 'gp05_0', 'gp04'), (GOPRO, 'gp05', False, 'gp04_0', 'gp04'),
    (ARIA, 'cam99', True, 'cam99_0', 'cam99'), (take('cam01', 'aria01'), 'cam99', False, 'cam01_0', 'cam01'),
    (take('cam01', 'aria01'), 'gp05', False, 'cam01_0', 'cam01')])
def test_best_exo_camera(found, best, legacy, feature, video):
    view = exo_view(found, {'cam_id': best}, random.Random(0), legacy)
    assert view == (f'{FEATURES}{feature}.pt', f'{VIDEOS}{video}.mp4', video != best and not legacy)


@pytest.mark.parametrize(('camera', 'number'), [('cam02', '2'), ('cam10', '10'), ('gp04', '4'), ('camera', None)])
def test_camera_of_a_validation_take(camera, number):
    assert val_best_exo(take('aria01', camera), random.Random(0)) == dict(cam_id=camera, raw_cam_id=number)


def test_takes_without_such_a_camera():
    with pytest.raises(AnnotationError, match=r"take u: expected an ego camera .*found the cameras \['cam01'\]"):
        ego_view(take('cam01'), random.Random(0))
    for call in (lambda: exo_view(take('aria01'), None, random.Random(0)),
                 lambda: val_best_exo(take('aria01'), random.Random(0))):
        with pytest.raises(AnnotationError, match=r"take u: expected an exo camera .*found the cameras \['aria01'\]"):
            call()


def test_ego_camera_without_its_stream():
    row = support.take('u', ('aria01',))
    row['frame_aligned_videos']['aria01'] = {'slam-left': dict(cam_id='aria01', stream_id='1201-1')}
    with pytest.raises(AnnotationError, match=r"camera aria01: expected a stream 'rgb', found \['slam-left'\]"):
        ego_view(parse_takes([row])['u'], random.Random(0))
