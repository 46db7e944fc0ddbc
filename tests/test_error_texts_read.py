"""The most important messages, whole, as a user reads them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from egoexo.datasets.feature_store import FeatureStore
from egoexo.datasets.segmentation import SegmentationDataset
from egoexo.datasets.video_reader import VideoReader
from egoexo.errors import DataError, FeatureError, VideoError
from egoexo.formats.egoexolearn import read_frame_labels
from tests.datasets.conftest import Layout

ROWS = np.zeros((40, 8), np.float32)


def _nan(root: Path) -> None:
    rows = ROWS.copy()
    rows[[7, 9]] = np.nan
    np.save(root / 'a.npy', rows)


def _cut(root: Path) -> None:
    np.save(root / 'a.npy', ROWS)
    (root / 'a.npy').write_bytes((root / 'a.npy').read_bytes()[:1000])


def _recipe(root: Path) -> None:
    np.save(root / 'a.npy', ROWS)
    (root / 'recipe.json').write_text('{"feature_fps": 5.0}')


MESSAGES = [
    (lambda root: None,
     'ROOT: expected features of a in a with one of the endings .npy, .pt, .npz, found no such file. '
     'Check data_prefix.features.'),
    (lambda root: np.save(root / 'a.npy', ROWS[:, :6]),
     'ROOT/a.npy: expected shape (T, 8), found (40, 6). Check data_prefix.features and the feature dimension of the '
     'config (model.backbone.in_channels).'),
    (lambda root: np.save(root / 'a.npy', ROWS.T),
     'ROOT/a.npy: expected shape (T, 8), found (8, 40), which looks transposed. Check data_prefix.features and the '
     'feature dimension of the config (model.backbone.in_channels).'),
    (_nan,
     'ROOT/a.npy: expected finite numbers, found NaN or Inf in 2 of 40 rows read, first in row 7. Extract it again, or '
     'leave the video out with exclude=[...].'),
    (_cut,
     'ROOT/a.npy: expected 1,280 bytes of numbers for the shape (40, 8) of its header, found 872. It is damaged or was '
     'cut short. Fetch or extract it again.'),
    (lambda root: torch.save(dict(features=torch.zeros(40, 8)), root / 'a.pt'),
     'ROOT/a.pt: expected a bare tensor, found a dict. Save the tensor alone, with torch.save(tensor, path).'),
    (_recipe,
     'features in ROOT do not fit the config (found in the folder, expected by the config):\n'
     '  feature_fps: 5.0 in the folder, 25.0 expected by the config\n'
     '  time shift: +0.000 s at row 0, +240.000 s at row 1500, which would be taken for second 60.000 and shows second '
     '300.000\n'
     'Point data_prefix.features to another folder, correct recipe.json there, or state what you want with '
     'feature=dict(recipe=dict(...)).'),
]


@pytest.mark.parametrize(('make', 'text'), MESSAGES)
def test_features(tmp_path: Path, make: Callable[[Path], object], text: str) -> None:
    make(tmp_path)
    with pytest.raises(FeatureError) as caught:
        FeatureStore(tmp_path, dim=8, benchmark='segmentation').read('a')
    assert str(caught.value) == text.replace('ROOT', str(tmp_path))


def test_unknown_class(tmp_path: Path) -> None:
    (tmp_path / 'a.txt').write_bytes(b'0\r\n28\r\n1')
    with pytest.raises(DataError) as caught:
        read_frame_labels(tmp_path / 'a.txt')
    text = str(caught.value)
    assert text.startswith(f"{tmp_path}/a.txt line 2: expected a class id from 0 to 27, found unknown class id '28'")


def test_corrupt_video(tmp_path: Path) -> None:
    (tmp_path / 'a.mp4').write_text('<!DOCTYPE html><h1>404 Not Found</h1>')
    with pytest.raises(VideoError) as caught:
        VideoReader(tmp_path / 'a.mp4')
    assert str(caught.value) == (
        f'{tmp_path}/a.mp4: expected a video file (mp4, mov, mkv, webm, avi, ts or the like), found a web page or XML '
        '(Invalid data found when processing input). It is damaged, was cut short or is no video. Fetch or make it '
        'again.')


def test_a_list_with_two_unusable_videos(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    for uid in 'abc':
        layout.video(uid)
    layout.split('ego_train', list('abc'))
    (tmp_path / 'feats/a.pt').unlink()
    torch.save(torch.zeros(23, 4), tmp_path / 'feats/c.pt')
    config = layout.config('ego_train')
    config.pop('type')
    with pytest.raises(DataError) as caught:
        SegmentationDataset(**config)
    assert str(caught.value).replace(str(tmp_path), 'ROOT') == (
        '2 of 3 samples of SegmentationDataset ego_train (ROOT/splits/ego_train_annotations.bundle) cannot be used:\n'
        '  a: ROOT/feats: expected features of a in a with one of the endings .npy, .pt, .npz, found no such file. '
        'Check data_prefix.features.\n'
        '  c: ROOT/feats/c.pt: expected shape (T, 8), found (23, 4). Check data_prefix.features and the feature '
        'dimension of the config (model.backbone.in_channels).\n'
        '  Features: links in data/README.md; labels: the annotation folder of the official repository. Check '
        "data_prefix. Pass on_bad='skip' to leave them out, counted.")
