import numpy as np
import pytest
import torch

from egoexo.datasets.transforms import CenterCropClip, PackClip, ResizeClipUint8, ThreeCropClip
from egoexo.errors import ConfigError
from egoexo.structures import ClipViews


def results(shape: tuple[int, int]) -> dict:
    frames = np.random.default_rng(0).integers(0, 256, (4, *shape, 3), np.uint8)
    return dict(frames=frames, frame_shape=shape, view_rows=np.array([[0, 1], [2, 3]]), sample_id='a', uid='v',
                subset='val', view='ego', sample_idx=0)


def clips(item: dict) -> torch.Tensor:
    return ClipViews(**PackClip()(item)['inputs']).make()


@pytest.mark.parametrize('shape', [(40, 70), (70, 40), (32, 50)])
@pytest.mark.parametrize('place', [ThreeCropClip(32), CenterCropClip(24, 32)])
def test_almost_the_same_numbers(shape: tuple[int, int], place: object) -> None:
    exact, fast = clips(place(results(shape))), clips(ResizeClipUint8()(place(results(shape))))
    gap = (exact - fast).abs()
    assert gap.max() < 0.02 and gap.mean() < 0.006
    if shape[0] == 32:
        assert not gap.any(), 'nothing is resized'


def test_only_what_is_shown_is_kept() -> None:
    found = ResizeClipUint8()(CenterCropClip(24, 32)(results((40, 70))))
    assert found['frames'].shape == (4, 24, 24, 3) and found['crops'].tolist() == [[0, 0]]
    assert found['short_side'] is None
    found = ResizeClipUint8()(ThreeCropClip(24, 32)(results((40, 70))))
    assert found['frames'].shape == (4, 24, 56, 3) and found['crops'].tolist() == [[0, 0], [0, 16], [0, 32]]


def test_order_of_transforms() -> None:
    with pytest.raises(ConfigError, match='ResizeClipUint8: expected crops in pictures that are not yet resized'):
        ResizeClipUint8()(results((40, 70)))
    with pytest.raises(ConfigError, match='Put it behind RandomScaleCropFlip, CenterCropClip or ThreeCropClip, once'):
        ResizeClipUint8()(ResizeClipUint8()(ThreeCropClip(24, 32)(results((40, 70)))))
