import numpy as np
import torch
from mmengine.registry import FUNCTIONS

from egoexo.datasets.collate_pairs import collate_pairs
from egoexo.structures import EgoExoDataSample

RNG = np.random.default_rng(0)
PICTURES = {name: RNG.integers(0, 256, (4, 4, 3), dtype=np.uint8) for name in 'abcd'}


def item(query: str, target: str, number: int) -> dict:
    sample = EgoExoDataSample(metainfo=dict(sample_id=str(number)))
    sample.gt_target_mask = torch.full((4, 4), number % 2 == 1)
    sample.gt_visible = torch.tensor(number % 2 == 1)
    views = {name: torch.from_numpy(pixels).permute(2, 0, 1) for name, pixels in PICTURES.items()}
    inputs = dict(query=views[query], target=views[target], keys=(query, target),
                  query_mask=torch.full((1, 4, 4), number, dtype=torch.uint8),
                  hidden_tokens=torch.full((2, 2), number == 2))
    return dict(inputs=inputs, data_samples=sample)


def test_each_picture_once() -> None:
    batch = collate_pairs([item('a', 'b', 0), item('a', 'c', 1), item('b', 'a', 2), item('d', 'd', 3)])
    inputs = batch['inputs']
    assert inputs['images'].shape == (4, 3, 4, 4) and inputs['images'].dtype == torch.uint8
    assert inputs['images'].is_contiguous()
    for number, name in enumerate('abcd'):
        assert np.array_equal(inputs['images'][number].numpy(), PICTURES[name].transpose(2, 0, 1))
    assert inputs['query'].tolist() == [0, 0, 1, 3] and inputs['target'].tolist() == [1, 2, 0, 3]
    assert inputs['query'].dtype == inputs['target'].dtype == torch.int64
    assert inputs['query_mask'].shape == (4, 1, 4, 4) and inputs['query_mask'][:, 0, 0, 0].tolist() == [0, 1, 2, 3]
    assert inputs['hidden_tokens'].dtype == torch.bool
    assert inputs['hidden_tokens'].flatten(1).any(1).tolist() == [False, False, True, False]


def test_samples_keep_their_order_and_share_their_memory() -> None:
    samples = collate_pairs([item('a', 'b', number) for number in range(3)])['data_samples']
    assert [sample.sample_id for sample in samples] == ['0', '1', '2']
    assert [bool(sample.gt_visible) for sample in samples] == [False, True, False]
    assert [bool(sample.gt_target_mask.all()) for sample in samples] == [False, True, False]
    assert samples[0].gt_visible.ndim == 0 and samples[0].gt_target_mask.shape == (4, 4)
    assert len({sample.gt_target_mask.untyped_storage().data_ptr() for sample in samples}) == 1


def test_pictures_that_lie_otherwise_in_memory() -> None:
    single = item('a', 'b', 0)
    single['inputs']['target'] = single['inputs']['target'].contiguous()
    images = collate_pairs([single])['inputs']['images']
    assert np.array_equal(images[1].numpy(), PICTURES['b'].transpose(2, 0, 1))


def test_config_finds_it_by_name() -> None:
    assert FUNCTIONS.get('collate_pairs') is collate_pairs
