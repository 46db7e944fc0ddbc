"""Smooth paths: key frames, low-passed noise, windows. All work on whole videos at once."""

import numpy as np
from scipy.ndimage import gaussian_filter1d

__all__ = ['follow_keys', 'low_pass', 'smooth_noise', 'unit']

# Noise is drawn on this grid and interpolated, so that the same actor moves alike at 25, 30 and 50 fps.
NOISE_RATE = 50.0


def unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors of length one along the last axis.

    Args:
        vectors (np.ndarray): (..., 3).

    Returns:
        np.ndarray: (..., 3); zero vectors stay zero.
    """
    length = np.sqrt(np.einsum('...i,...i->...', vectors, vectors))[..., None]
    return vectors / np.maximum(length, 1e-12)


def low_pass(values: np.ndarray, sd_sec: float, rate: float) -> np.ndarray:
    """Gaussian low-pass along time, ends repeated.

    Args:
        values (np.ndarray): (T, ...).
        sd_sec (float): Standard deviation of the kernel in seconds.
        rate (float): Samples per second.

    Returns:
        np.ndarray: Same shape, float64.
    """
    return gaussian_filter1d(np.asarray(values, float), sd_sec * rate, axis=0, mode='nearest', truncate=3.0)


def smooth_noise(draw: np.random.Generator, times: np.ndarray, sd_sec: float, channels: int = 1) -> np.ndarray:
    """Low-passed Gaussian noise of standard deviation one.

    Args:
        draw (np.random.Generator): Random stream.
        times (np.ndarray): Where it is wanted in seconds, ascending from about 0, shape (T,).
        sd_sec (float): Width of the low-pass kernel in seconds.
        channels (int): Independent channels.

    Returns:
        np.ndarray: (T, channels).
    """
    # Coarse noise needs fewer knots than 50 per second.
    rate = min(NOISE_RATE, 8.0 / sd_sec)
    sigma = sd_sec * rate
    count = int(np.ceil(times[-1] * rate)) + 2
    # Padding, so that no sample depends on where the video ends.
    pad = int(3 * sigma + 1)
    white = draw.standard_normal((count + 2 * pad, channels))
    smooth = gaussian_filter1d(white, sigma, axis=0, truncate=3.0)[pad:pad + count]
    # Variance of white noise through a Gaussian kernel is 1 / (2 sqrt(pi) sigma), for kernels that are not tiny.
    smooth *= np.sqrt(2 * np.sqrt(np.pi) * max(sigma, 0.3))
    position = np.clip(times * rate, 0, count - 1.001)
    left = position.astype(np.int64)
    share = (position - left)[:, None]
    return smooth[left] * (1 - share) + smooth[left + 1] * share


def follow_keys(times: np.ndarray, key_times: np.ndarray, key_values: np.ndarray, *,
                transition_sec: float | None = None) -> np.ndarray:
    """Path through key values with minimum-jerk transitions.

    Args:
        times (np.ndarray): Wanted times in seconds, (T,).
        key_times (np.ndarray): Times of the keys, ascending, (K,); equal times are allowed.
        key_values (np.ndarray): (K, D).
        transition_sec (float | None): Hold each value and move to the next one in so many seconds before its key;
            None moves all the way from key to key.

    Returns:
        np.ndarray: (T, D).
    """
    right = np.clip(np.searchsorted(key_times, times, side='right'), 1, len(key_times) - 1)
    start, stop = key_times[right - 1], key_times[right]
    if transition_sec is not None:
        start = np.maximum(start, stop - transition_sec)
    share = np.clip((times - start) / np.maximum(stop - start, 1e-9), 0, 1)
    share = share ** 3 * (10 + share * (6 * share - 15))
    return key_values[right - 1] + share[:, None] * (key_values[right] - key_values[right - 1])
