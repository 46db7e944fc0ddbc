import json
from collections.abc import Callable
from pathlib import Path

import pytest
from geonet_support import write_geonet_root

from egoexo.errors import AnnotationError
from egoexo.formats.geonet import GeoNetImage, read_geonet


@pytest.fixture(scope='module')
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_geonet_root(tmp_path_factory.mktemp('geonet'), num_classes=3, per_class=2)


def changed(root: Path, folder: Path, change: Callable[[dict], object]) -> Path:
    content = json.loads((root / 'metadata/geoimnet.json').read_text())
    change(content)
    path = folder / 'geoimnet.json'
    path.write_text(json.dumps(content))
    return path


def test_tables_are_joined_by_id(root: Path, tmp_path: Path) -> None:
    path = changed(root, tmp_path, lambda content: [content['usa_train'][name].reverse() for name in
                                                   ('annotations', 'metadata')])
    found = read_geonet(path)
    assert found == read_geonet(root / 'metadata/geoimnet.json')
    assert found.classes == ('tower', 'forest', 'lake')
    assert list(found.splits) == ['usa_train', 'usa_test', 'asia_train', 'asia_test']
    first, *_, last = found.splits['usa_train']
    assert first == GeoNetImage(1000000007, 'images/usa/tower/1000000007.jpg', 0, dict(
        caption='The tower', tags='tower,usa', url='http://x'))
    assert (last.image_id, last.label) == (1000000042, 2)


@pytest.mark.parametrize(('texts', 'field', 'expected'), [
    (dict(caption='A', tags='b,c', description='D'), 'combined_captions', 'A b c D'),
    (dict(tags='b,,c'), 'combined_captions', 'NULL b  c NULL'),
    ({}, 'combined_captions', 'NULL NULL NULL'),
    (dict(combined_captions='ready', caption='A'), 'combined_captions', 'ready'),
    (dict(caption='A'), 'caption', 'A'),
    (dict(caption='A'), 'blip2_cap', 'NULL'),
])
def test_text(texts: dict, field: str, expected: str) -> None:
    assert GeoNetImage(1, 'a.jpg', 0, texts).text(field) == expected


def test_ids_may_be_text_and_metadata_may_lack(root: Path, tmp_path: Path) -> None:
    def change(content: dict) -> None:
        for row in content['usa_train']['images']:
            row['id'] = str(row['id'])
        del content['usa_train']['metadata']
        content['usa_test']['metadata'][0]['caption'] = None

    splits = read_geonet(changed(root, tmp_path, change)).splits
    assert splits['usa_train'][0].image_id == 1000000007
    assert splits['usa_train'][0].text() == 'NULL NULL NULL'
    assert splits['usa_test'][0].text() == 'NULL tower usa NULL'


@pytest.mark.parametrize(('change', 'message'), [
    (lambda c: c.pop('categories'), 'expected an object with categories and lists such as usa_train, found the keys'),
    (lambda c: c['categories'][1].update(category_id=7), 'expected objects .* counts from 0, found 3 usable'),
    (lambda c: c['usa_train']['images'].append(dict(id=-1)), r"usa_train images row 6: expected .* whole number 'id'"),
    (lambda c: c['usa_train'].pop('annotations'), 'usa_train annotations: expected a list of objects, found NoneType'),
    (lambda c: [row.update(category=9) for row in c['usa_test']['annotations']],
     r'usa_test: .* found 6 without a class from 0 to 2 \(1000000049: 9, .*\)\. Fetch'),
    (lambda c: c['usa_test']['annotations'].pop(), r'found 1 without a class from 0 to 2 \(1000000084: None\)'),
    (lambda c: c['asia_test']['images'].append(dict(c['asia_test']['images'][0])), 'found 1 listed twice'),
    (lambda c: c['asia_test']['annotations'].append(dict(c['asia_test']['annotations'][0], category=2)),
     r'found 1 with two classes \(\d+: 0 and 2\)'),
    (lambda c: c['asia_test']['images'][0].update(filename='../a.jpg'), 'found 1 with a file name that leads out'),
    (lambda c: c['asia_test']['images'][0].update(filename='/etc/a.jpg'), "file name that leads out .*'/etc/a.jpg'"),
])
def test_refusals(root: Path, tmp_path: Path, change: Callable, message: str) -> None:
    with pytest.raises(AnnotationError, match=message):
        read_geonet(changed(root, tmp_path, change))
