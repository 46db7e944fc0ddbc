import numpy as np
import pytest

from egoexo.mini.paths import follow_keys, low_pass, smooth_noise, unit


def test_follow_keys_passes_through_keys_without_overshoot():
    times = np.linspace(-1, 4, 501)
    path = follow_keys(times, np.array([0.0, 1.0, 3.0]), np.array([[0.0], [2.0], [1.0]]))[:, 0]
    assert path[times <= 0] == pytest.approx(0)
    assert np.interp([0.5, 1.0, 2.0, 3.5], times, path) == pytest.approx([1.0, 2.0, 1.5, 1.0], abs=1e-6)
    assert path.max() <= 2 and path.min() >= 0
    # Minimum jerk: at rest on every key.
    assert abs(np.gradient(path, times)[np.isclose(times, 1.0)]).max() < 0.01


def test_follow_keys_with_transition_holds_then_jumps():
    path = follow_keys(np.array([0.0, 0.9, 0.95, 1.0]), np.array([0.0, 1.0]), np.array([[0.0], [1.0]]),
                       transition_sec=0.1)[:, 0]
    np.testing.assert_allclose(path, [0, 0, 0.5, 1], atol=1e-9)


def test_follow_keys_accepts_equal_times():
    path = follow_keys(np.array([0.5, 1.5]), np.array([0.0, 1.0, 1.0, 2.0]), np.array([[0.0], [0.0], [5.0], [5.0]]))
    np.testing.assert_allclose(path[:, 0], [0, 5])


@pytest.mark.parametrize('width', [0.03, 0.045, 0.5])
def test_smooth_noise_has_unit_deviation_and_the_width_asked_for(width):
    times = np.arange(1500) / 25
    noise = smooth_noise(np.random.default_rng(0), times, width, 60)
    assert noise.shape == (1500, 60)
    assert noise.std() == pytest.approx(1, abs=0.03)
    lag = round(2 * width * 25)
    correlation = (noise[lag:] * noise[:-lag]).mean() if lag else 1.0
    # A Gaussian kernel of sd w gives exp(-d^2 / 4 w^2); the coarse grid of narrow noise blurs it a little.
    assert correlation == pytest.approx(np.exp(-(lag / 25) ** 2 / (4 * width ** 2)), abs=0.12)


def test_smooth_noise_is_the_same_at_every_frame_rate():
    slow, fast = np.arange(100) / 25, np.arange(200) / 50
    first = smooth_noise(np.random.default_rng(5), slow, 0.05, 2)
    np.testing.assert_allclose(smooth_noise(np.random.default_rng(5), fast[:199], 0.05, 2)[::2], first, atol=1e-12)


def test_low_pass_keeps_constants_and_unit_has_length_one():
    np.testing.assert_allclose(low_pass(np.full((20, 2), 3.0), 0.2, 25), 3.0)
    vectors = np.random.default_rng(0).normal(size=(7, 2, 3))
    np.testing.assert_allclose(np.linalg.norm(unit(vectors), axis=-1), 1)
    np.testing.assert_array_equal(unit(np.zeros((1, 3))), 0)
