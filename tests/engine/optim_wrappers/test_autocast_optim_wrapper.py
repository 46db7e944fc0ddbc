import pytest
import torch
from mmengine.optim import AmpOptimWrapper
from toy_run import toy_config, toy_train

from egoexo.engine.optim_wrappers import AutocastOptimWrapper
from egoexo.registry import OPTIM_WRAPPERS


def build(model, **kwargs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    return OPTIM_WRAPPERS.build(dict(type='AutocastOptimWrapper', optimizer=optimizer, **kwargs))


def test_forward_is_bfloat16_and_weights_stay_float32():
    model = torch.nn.Linear(3, 1)
    before = model.weight.clone()
    wrapper = build(model)
    with wrapper.optim_context(model):
        output = model(torch.ones(2, 3))
    assert output.dtype is torch.bfloat16 and not torch.is_autocast_enabled('cpu')
    wrapper.update_params(output.float().sum())
    assert model.weight.dtype is torch.float32
    torch.testing.assert_close(model.weight, before - 0.1 * 2)


def test_accumulation_still_works():
    model = torch.nn.Linear(1, 1, bias=False)
    wrapper = build(model, accumulative_counts=2)
    start = model.weight.item()
    for step in range(2):
        with wrapper.optim_context(model):
            loss = model(torch.ones(1, 1)).float().sum()
        wrapper.update_params(loss)
        assert (model.weight.item() == start) is (step == 0)
    assert model.weight.item() == pytest.approx(start - 0.1)


def test_toy_training_in_bfloat16(tmp_path):
    runner = toy_train(toy_config(tmp_path, length=1, **{'optim_wrapper.type': 'AutocastOptimWrapper'}))
    losses = runner.message_hub.get_scalar('train/loss').data[0]
    full = toy_train(toy_config(tmp_path / 'full', length=1)).message_hub.get_scalar('train/loss').data[0]
    assert abs(losses - full).max() < 0.02 and (losses != full).any()


def test_float16_points_to_the_wrapper_with_a_scaler():
    with pytest.raises(ValueError, match="dtype='float16', expected 'bfloat16'.*AmpOptimWrapper"):
        build(torch.nn.Linear(1, 1), dtype='float16')


@pytest.mark.skipif(torch.cuda.is_available(), reason='the gap exists without CUDA only')
def test_gap_amp_wrapper_of_mmengine_refuses_cpu():
    assert AutocastOptimWrapper.__mro__[1] is not AmpOptimWrapper
    with pytest.raises(AssertionError, match='only available training on gpu'):
        AmpOptimWrapper(optimizer=torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1))
