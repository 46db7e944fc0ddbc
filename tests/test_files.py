"""Reading files of others; the hostile ones are in tests/hostile."""

import json
from pathlib import Path

import pytest

from egoexo.errors import AnnotationError, FeatureError
from egoexo.files import check_file, read_bytes, read_json, read_text


def test_size_and_content(tmp_path: Path) -> None:
    path = tmp_path / 'a.json'
    path.write_bytes(b'\xef\xbb\xbf' + json.dumps(dict(a=[1, 2.5, None, 'ä'])).encode())
    assert check_file(path, FeatureError, 'a file') == path.stat().st_size
    assert read_bytes(path, FeatureError, 'a file').startswith(b'\xef\xbb\xbf{')
    assert read_text(path, FeatureError, 'a file').startswith('{')  # without the mark
    assert read_json(path, FeatureError, 'a file') == dict(a=[1, 2.5, None, 'ä'])


@pytest.mark.parametrize('read', [check_file, read_bytes, read_text, read_json])
def test_refusals_are_of_the_class_that_was_asked_for(tmp_path: Path, read: object) -> None:
    (tmp_path / 'a').write_bytes(bytes(101))
    with pytest.raises(AnnotationError, match='a: expected a table of at most 100 bytes, found 101 bytes.*Fetch it'):
        read(tmp_path / 'a', AnnotationError, 'a table', 100)
    with pytest.raises(FeatureError, match='b: expected a table, found nothing: it does not exist. Check the path'):
        read(tmp_path / 'b', FeatureError, 'a table')
    with pytest.raises(FeatureError, match='expected a table, found a folder'):
        read(tmp_path, FeatureError, 'a table')
