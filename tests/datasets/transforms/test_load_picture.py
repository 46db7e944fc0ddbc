from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from egoexo.datasets.transforms.load_picture import LoadPicture, read_picture
from egoexo.errors import DataError

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 5, 3), dtype=np.uint8)


def test_a_clip_of_one_frame(tmp_path: Path) -> None:
    Image.fromarray(PIXELS).save(tmp_path / 'a.png')
    frames = LoadPicture()(dict(picture_path=str(tmp_path / 'a.png')))['frames']
    np.testing.assert_array_equal(frames, PIXELS[None])


@pytest.mark.parametrize('mode', ['L', 'P', 'RGBA', 'CMYK', '1'])
def test_every_kind_becomes_rgb(tmp_path: Path, mode: str) -> None:
    path = tmp_path / ('a.jpg' if mode == 'CMYK' else 'a.png')
    Image.fromarray(PIXELS).convert(mode).save(path)
    assert read_picture(path).shape == (6, 5, 3) and read_picture(path).dtype == np.uint8


def test_name_does_not_matter_but_content_does(tmp_path: Path) -> None:
    Image.fromarray(PIXELS).save(tmp_path / 'a.png')
    (tmp_path / 'a.jpg').write_bytes((tmp_path / 'a.png').read_bytes())
    np.testing.assert_array_equal(read_picture(tmp_path / 'a.jpg'), PIXELS)
    Image.fromarray(PIXELS).save(tmp_path / 'a.eps')
    (tmp_path / 'b.jpg').write_bytes((tmp_path / 'a.eps').read_bytes())
    with pytest.raises(DataError, match=r'b.jpg: expected a picture, found data .* \(UnidentifiedImageError'):
        read_picture(tmp_path / 'b.jpg')


def test_truncated_and_missing(tmp_path: Path) -> None:
    Image.fromarray(PIXELS.repeat(30, 0).repeat(30, 1)).save(tmp_path / 'a.jpg')
    (tmp_path / 'a.jpg').write_bytes((tmp_path / 'a.jpg').read_bytes()[:1000])
    with pytest.raises(DataError, match=r'cannot be decoded \(OSError: .*truncated.* leave it out with exclude'):
        read_picture(tmp_path / 'a.jpg')
    with pytest.raises(DataError, match='none.jpg: expected a picture, found nothing: it does not exist'):
        read_picture(tmp_path / 'none.jpg')


def test_too_many_pixels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.fromarray(PIXELS).save(tmp_path / 'a.png')
    monkeypatch.setattr('egoexo.datasets.transforms.load_picture.MAX_PIXELS', 29)
    with pytest.raises(DataError, match=r'cannot be decoded \(ValueError: 5 x 6 pixels, more than 29\)'):
        read_picture(tmp_path / 'a.png')
