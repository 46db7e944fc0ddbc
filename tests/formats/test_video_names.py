import pytest

from egoexo.formats.video_names import video_uid


@pytest.mark.parametrize(('name', 'uid'), [
    ('a.mp4', 'a'), ('kitchen/a.MKV', 'kitchen__a'), ('kitchen\\a.mov', 'kitchen__a'), ('a', 'a'),
    ('v1.2', 'v1.2'), ('v1.2.webm', 'v1.2'), ('kitchen__a', 'kitchen__a')])
def test_uid_is_the_flat_name_without_the_ending(name: str, uid: str) -> None:
    assert video_uid(name) == uid
