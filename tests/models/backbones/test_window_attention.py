import pytest
import torch

from egoexo.models.backbones.window_attention import MIN_BLOCK, WindowAttention, make_windows

CPU = torch.device('cpu')


def visible(step, steps, window, exact):
    """Steps that one step sees, written down from the definition."""
    if exact:
        first, last = step - window // 2, step - window // 2 + window - 1
    else:
        start = step // window * window  # the block: what any of its steps would see
        first, last = start - window // 2, start + window - 1 - window // 2 + window - 1
    return [key for key in range(steps) if first <= key <= last]


def attend_step_by_step(module, x, values, window, exact, real):
    """Softmax over the visible keys of one step after the other."""
    query, key = module.query(x), module.key(x)
    value = module.value(values)
    gathered = torch.zeros_like(query)
    for video in range(len(x)):
        for step in range(x.shape[2]):
            seen = [item for item in visible(step, x.shape[2], window, exact) if real[video, item]]
            if seen:
                scores = key[video, :, seen].T @ query[video, :, step] / query.shape[1] ** 0.5
                gathered[video, :, step] = value[video, :, seen] @ torch.softmax(scores, 0)
    return module.out(torch.relu(gathered))


@pytest.mark.parametrize('exact', [False, True])
@pytest.mark.parametrize('window', [1, 2, 8, 32, 64])
@pytest.mark.parametrize('steps', [1, 7, 32, 33, 64, 150])
def test_equals_attention_computed_step_by_step(steps, window, exact):
    torch.manual_seed(0)
    module = WindowAttention(8, 2)
    x, values = torch.randn(2, 8, steps) * 3, torch.randn(2, 8, steps)
    real = torch.ones(2, steps, dtype=torch.bool)
    expected = attend_step_by_step(module, x, values, window, exact, real)
    torch.testing.assert_close(module(x, values, make_windows(steps, window, CPU, exact=exact)), expected)
    real[1, steps // 2 + 1:] = False
    expected = attend_step_by_step(module, x, values, window, exact, real)
    found = module(x, values, make_windows(steps, window, CPU, real, exact))
    torch.testing.assert_close(found.transpose(1, 2)[real], expected.transpose(1, 2)[real])
    assert found.isfinite().all()


@pytest.mark.parametrize('exact', [False, True])
def test_gradients_equal_those_of_the_computation_step_by_step(exact):
    torch.manual_seed(1)
    module, x, real = WindowAttention(6, 3), torch.randn(1, 6, 45), torch.ones(1, 45, dtype=torch.bool)
    found = torch.autograd.grad(module(x, x, make_windows(45, 4, CPU, exact=exact)).square().sum(), module.parameters())
    expected = attend_step_by_step(module, x, x, 4, exact, real).square().sum()
    torch.testing.assert_close(found, torch.autograd.grad(expected, module.parameters()))


def test_hidden_keys_have_no_weight_at_all():
    module, x = WindowAttention(4, 1), torch.randn(1, 4, 100)
    real = torch.arange(100)[None] < 60
    windows = make_windows(100, 64, CPU, real)
    wild = x.clone()
    wild[..., 60:] = 1e3
    assert torch.equal(module(x, x, windows)[..., :60], module(wild, wild, windows)[..., :60])


@pytest.mark.parametrize('exact', [False, True])
def test_memory_grows_with_the_length_times_the_window(exact):
    for window in (1, 64, 512):
        block, bias = make_windows(8000, window, CPU, exact=exact)
        assert block == max(window, MIN_BLOCK)
        assert bias.numel() <= (8000 + block) * 2 * block
    block, bias = make_windows(500, 512, CPU)
    assert block == 500 and bias is None  # all see all: nothing to hide


def test_half_precision_keeps_the_weights():
    torch.manual_seed(0)
    module, x = WindowAttention(16, 2), torch.randn(1, 16, 80)
    windows = make_windows(80, 16, CPU, exact=True)
    expected = module(x, x, windows)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        found = module(x, x, windows)
    assert found.dtype == torch.bfloat16 and (found.float() - expected).abs().max() < 0.02
    assert windows.bias.half().isfinite().all()
