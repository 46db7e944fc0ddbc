from pathlib import Path

import cv2
import numpy as np
import pytest

import egoexo.datasets.transforms.load_image_pair as module
from egoexo.datasets.transforms.load_image_pair import LoadImagePair
from egoexo.errors import DataError


def write(path: Path, seed: int, size: tuple[int, int] = (45, 80), *options: int) -> str:
    noise = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    cv2.imwrite(str(path), cv2.GaussianBlur(noise, (0, 0), 1.5), list(options))
    return str(path)


@pytest.mark.parametrize('quality', [95, 50])
@pytest.mark.parametrize('size', [(45, 80), (64, 64), (33, 17)])
def test_pixels_of_opencv(tmp_path: Path, size: tuple[int, int], quality: int) -> None:
    paths = [write(tmp_path / f'{seed}.jpg', seed, size, cv2.IMWRITE_JPEG_QUALITY, quality) for seed in range(2)]
    results = LoadImagePair()(dict(query_path=paths[0], target_path=paths[1]))
    for role, path in zip(('query', 'target'), paths, strict=True):
        assert np.array_equal(results[f'{role}_picture'], cv2.cvtColor(cv2.imread(path), cv2.COLOR_BGR2RGB))
        assert results[f'{role}_size'] == size


def test_neighbours_share_their_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    monkeypatch.setattr(module, 'read_picture', lambda path: read.append(path) or np.zeros((2, 2, 3), np.uint8))
    load = LoadImagePair()
    pairs = [load(dict(query_path='ego', target_path=target)) for target in ('cam01', 'cam02', 'cam01')]
    assert read == ['ego', 'cam01', 'cam02']
    assert pairs[0]['query_picture'] is pairs[2]['query_picture']
    read.clear()
    load = LoadImagePair(cache_bytes=0)
    load(dict(query_path='ego', target_path='ego'))
    assert read == ['ego', 'ego']


def test_a_shared_picture_cannot_be_written_to(tmp_path: Path) -> None:
    path = write(tmp_path / 'a.jpg', 0)
    results = LoadImagePair()(dict(query_path=path, target_path=path))
    with pytest.raises(ValueError, match='read-only'):
        results['query_picture'][0] = 0


def test_missing_and_damaged_pictures_are_named(tmp_path: Path) -> None:
    path = write(tmp_path / 'a.jpg', 0)
    with pytest.raises(DataError, match=r'gone\.jpg: expected a picture, found nothing: it does not exist'):
        LoadImagePair()(dict(query_path=path, target_path=str(tmp_path / 'gone.jpg')))
    (tmp_path / 'cut.jpg').write_bytes(Path(path).read_bytes()[:300])
    with pytest.raises(DataError, match=r'cut\.jpg: expected a picture, found data that cannot be decoded'):
        LoadImagePair()(dict(query_path=str(tmp_path / 'cut.jpg'), target_path=path))
