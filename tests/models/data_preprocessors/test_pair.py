import torch

from egoexo.models.data_preprocessors.pair import PairDataPreprocessor
from egoexo.registry import MODELS


def batch() -> dict:
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (3, 3, 8, 8), generator=generator, dtype=torch.uint8)
    mask = torch.randint(0, 2, (2, 1, 8, 8), generator=generator, dtype=torch.uint8)
    inputs = dict(images=images, query=torch.tensor([0, 0]), target=torch.tensor([1, 2]), query_mask=mask,
                  hidden_tokens=torch.zeros(2, 4, 4, dtype=torch.bool))
    return dict(inputs=inputs, data_samples=['first', 'second'])


def test_normalises_as_published() -> None:
    raw = batch()
    made = MODELS.build(dict(type='PairDataPreprocessor'))(raw, training=True)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    expected = (raw['inputs']['images'].float() / 255 - mean.view(3, 1, 1)) / std.view(3, 1, 1)
    assert made['inputs']['images'].dtype == torch.float32
    assert torch.equal(made['inputs']['images'], expected)
    assert torch.allclose(made['inputs']['images'][0, :, 0, 0],
                          (raw['inputs']['images'][0, :, 0, 0] / 255 - mean) / std)


def test_masks_become_numbers_and_the_rest_stays() -> None:
    raw = batch()
    made = PairDataPreprocessor()(raw)
    assert made['inputs']['query_mask'].dtype == torch.float32
    assert torch.equal(made['inputs']['query_mask'], raw['inputs']['query_mask'].float())
    for name in ('query', 'target', 'hidden_tokens'):
        assert torch.equal(made['inputs'][name], raw['inputs'][name])
    assert made['data_samples'] == ['first', 'second']


def test_leaves_the_batch_alone() -> None:
    raw = batch()
    before = raw['inputs']['images'].clone()
    PairDataPreprocessor()(raw)
    assert raw['inputs']['images'].dtype == torch.uint8 and torch.equal(raw['inputs']['images'], before)


def test_has_no_state() -> None:
    assert PairDataPreprocessor().state_dict() == {}
