"""Names in the annotations of relations."""

import pytest

from egoexo.errors import AnnotationError, PredictionError
from egoexo.formats.relation_names import checked_frame, checked_name, checked_object, is_ego


@pytest.mark.parametrize(('camera', 'expected'), [('aria01_214-1', True), ('aria', True), ('cam01', False),
                                                  ('gp02', False)])
def test_ego_cameras(camera, expected):
    assert is_ego(camera) is expected


def test_sound_names_pass():
    assert checked_name('sfu_cooking_008_3', 'take') == 'sfu_cooking_008_3'
    assert checked_object('salt/pepper shaker_0', 'object') == 'salt/pepper shaker_0'
    assert checked_frame('0030', 'frame') == '0030'


@pytest.mark.parametrize('name', ['', '.', '..', '../x', 'a/b', 'a\\b', 'a\0', 'a\n', 'a' * 201, 3, None])
def test_names_stay_in_their_folder(name):
    with pytest.raises(AnnotationError, match='take: expected a name that may be part of a file name'):
        checked_name(name, 'take')


@pytest.mark.parametrize('name', ['', 'a\x1b[2J', 'a' * 201, None])
def test_names_of_objects(name):
    with pytest.raises(PredictionError, match='the name of an object, of at most 200 characters'):
        checked_object(name, 'object', PredictionError)


@pytest.mark.parametrize('frame', ['', '-1', '3.0', '1' * 10, ' 3', '\u0663', 3])
def test_frame_numbers(frame):
    with pytest.raises(AnnotationError, match='a frame number of at most nine digits'):
        checked_frame(frame, 'frame')
