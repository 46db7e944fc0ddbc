import numpy as np
import pytest
import torch

from egoexo.datasets import collate_clips
from egoexo.errors import DataError
from egoexo.models.data_preprocessors import ClipDataPreprocessor
from egoexo.registry import MODELS
from egoexo.structures import ClipViews, EgoExoDataSample


def item(seed: int, num_views: int = 1, num_crops: int = 1, size: int = 8, clip_len: int = 4) -> dict:
    rng = np.random.default_rng(seed)
    views = ClipViews(
        frames=torch.from_numpy(rng.integers(0, 256, (9, 12, 15 + seed, 3), np.uint8)),
        views=torch.from_numpy(rng.integers(0, 9, (num_views, clip_len))), short_side=10,
        crops=torch.zeros(num_crops, 2, dtype=torch.int64), crop_size=size)
    return dict(inputs=views.fields(), data_samples=EgoExoDataSample(metainfo=dict(sample_id=f's{seed}')))


def test_single_clips_become_one_tensor() -> None:
    items = [item(0), item(1)]
    batch = MODELS.build(dict(type='ClipDataPreprocessor'))(collate_clips(items), training=True)
    assert batch['inputs'].shape == (2, 3, 4, 8, 8) and batch['inputs'].dtype == torch.float32
    for row, entry in zip(batch['inputs'], items, strict=True):
        assert torch.equal(row, ClipViews(**entry['inputs']).make()[0])
    assert [sample.sample_id for sample in batch['data_samples']] == ['s0', 's1']


def test_several_clips_wait() -> None:
    batch = ClipDataPreprocessor(mean=0.5, std=0.25)(collate_clips([item(0, num_crops=3), item(1, num_views=2)]))
    assert [len(views) for views in batch['inputs']] == [3, 2]
    assert (batch['inputs'][0].mean, batch['inputs'][0].std) == (0.5, 0.25)


def test_two_streams() -> None:
    pairs = [dict(inputs=dict(ego=item(seed)['inputs'], tpv=item(seed + 5, size=6)['inputs']), data_samples=None)
             for seed in range(3)]
    batch = ClipDataPreprocessor()(collate_clips(pairs))['inputs']
    assert batch['ego'].shape == (3, 3, 4, 8, 8) and batch['tpv'].shape == (3, 3, 4, 6, 6)


def test_mean_and_deviation() -> None:
    plain, other = (ClipDataPreprocessor(**options)(collate_clips([item(0)]))['inputs']
                    for options in (dict(), dict(mean=0.0, std=1.0)))
    torch.testing.assert_close(plain, (other - 0.45) / 0.225, rtol=0, atol=2e-6)
    assert other.min() >= 0 and other.max() <= 1


def test_autocast_changes_nothing() -> None:
    batch = collate_clips([item(0)])
    with torch.autocast('cpu', dtype=torch.bfloat16):
        inside = ClipDataPreprocessor()(batch)['inputs']
    assert inside.dtype == torch.float32 and torch.equal(inside, ClipDataPreprocessor()(batch)['inputs'])


def test_clips_that_do_not_fit_together() -> None:
    with pytest.raises(DataError, match=r'clips of one length and size, found s0: \(3, 4, 8, 8\), s1: \(3, 4, 6, 6\). '
                                        'Give all lists of the loader the same pipeline'):
        ClipDataPreprocessor()(collate_clips([item(0), item(1, size=6)]))
