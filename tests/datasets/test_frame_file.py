from pathlib import Path

import cv2
import numpy as np
import pytest

from egoexo.datasets.frame_file import decode_frame, read_frame
from egoexo.errors import DataError
from tests.datasets.conftest import picture


@pytest.mark.parametrize('ending', ['.jpg', '.png'])
def test_blue_comes_first(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f'a{ending}'
    cv2.imwrite(str(path), np.full((5, 7, 3), (200, 100, 10), np.uint8))
    found = read_frame(path)
    assert found.shape == (5, 7, 3) and np.abs(found[2, 2].astype(int) - (200, 100, 10)).max() <= 3
    assert np.array_equal(found, cv2.imread(str(path)))


def jpeg() -> bytes:
    return cv2.imencode('.jpg', picture(3))[1].tobytes()


@pytest.mark.parametrize(('data', 'found'), [
    (b'', 'an empty file'), (b'hello', 'something else'), (jpeg()[:20], 'something else'),
    (jpeg()[:-400], 'bytes that cannot be decoded'),
    (b'\x89PNG\r\n\x1a\n' + b'\0\0\0\rIHDR' + (60000).to_bytes(4, 'big') * 2, '60000 x 60000 pixels'),
    (jpeg()[:2] + b'\xff\xc0\x00\x11\x08\xff\xff\xff\xff' + bytes(20), '65535 x 65535 pixels'),
    (jpeg()[:2] + b'\xff\xc0\x00\x11\x08\x00\x10\x00\x10' + bytes(20), 'bytes that cannot be decoded')])
def test_no_picture(data: bytes, found: str) -> None:
    with pytest.raises(DataError, match=rf'a.jpg: expected a JPEG or PNG picture.*, found .*{found}. It is damaged '
                                        'or of another kind. Extract or fetch it again'):
        decode_frame(data, 'a.jpg')


def test_padding_behind_the_end_is_fine() -> None:
    assert decode_frame(jpeg() + bytes(100), 'a.jpg').shape == picture(3).shape


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r'b.jpg: expected a frame of a video, found nothing: it does not exist'):
        read_frame(tmp_path / 'b.jpg')
