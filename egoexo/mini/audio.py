"""Sound of a take: one timbre per group of verbs, quieter with distance, a clap at the start."""

import numpy as np

from egoexo.mini.camera import CameraPath
from egoexo.mini.seeding import rng
from egoexo.mini.state import RIGHT, FineAction, TakeState

__all__ = ['CLAP_SEC', 'synthesize_audio']

CLAP_SEC = 0.05
_SNR_DB = (10.0, 20.0)
# Pass band in Hz, loudness; water runs evenly, the others follow the speed of the hand.
_WATER = {'wash': (900, 3500, .16), 'fill': (300, 1200, .16), 'pour': (300, 1200, .16)}
_FRICTION = {'shake': (6000, 7800, .20), 'mix': (1800, 4200, .14), 'turn': (1800, 4200, .14),
             'scoop': (1800, 4200, .12)}
_KNOCKS = frozenset({'operate', 'open', 'cover'})


def synthesize_audio(state: TakeState, camera: CameraPath, rate: int = 16000) -> np.ndarray:
    """Sound at the place of a camera.

    Args:
        state (TakeState): World; turning points and speed of the right hand make the rhythm.
        camera (CameraPath): Where the microphone is.
        rate (int): Samples per second.

    Returns:
        np.ndarray: int16 mono, (round(T / fps * rate),).
    """
    draw = rng(state.seed, state.uid, 'audio')
    count = round(state.num_frames / state.fps * rate)
    source = np.zeros(count)
    for action in state.actions:
        span = slice(round(action.start_sec * rate), min(round(action.end_sec * rate), count))
        if span.stop > span.start:
            source[span] += _sound(state, action, span, rate, draw)
    _add_burst(source, round(CLAP_SEC * rate), draw.standard_normal(rate // 100) * .22)
    frame_times, times = state.times, np.arange(count) / rate
    distance = np.linalg.norm(state.wrists[:, RIGHT] - camera.center, axis=1)
    heard = source * (0.5 / np.interp(times, frame_times, np.maximum(distance, .25)))
    snr = draw.uniform(*_SNR_DB)
    # The noise is the microphone's own, the same at every distance.
    level = 0.05 * 10 ** (-snr / 20)
    noise = rng(state.seed, state.uid, f'audio noise {camera.view} {camera.center[0].round(3).tolist()}')
    hum = np.sin(2 * np.pi * 50 * times)
    heard += level * (noise.standard_normal(count) + .7 * hum)
    return np.clip(np.rint(heard * 32767), -32768, 32767).astype(np.int16)


def _sound(state: TakeState, action: FineAction, span: slice, rate: int, draw: np.random.Generator) -> np.ndarray:
    """Sound of one action, as long as its span; silence for verbs without one."""
    count = span.stop - span.start
    times = (span.start + np.arange(count)) / rate
    if action.verb == 'cut':
        return _clicks(state, action, times, rate, draw)
    if action.verb in _WATER:
        low, high, loud = _WATER[action.verb]
        return loud * _band_noise(count, low, high, rate, draw)
    if action.verb in _FRICTION:
        low, high, loud = _FRICTION[action.verb]
        speed = np.linalg.norm(np.gradient(state.wrists[:, RIGHT], 1 / state.fps, axis=0), axis=1)
        return loud * _band_noise(count, low, high, rate, draw) * np.minimum(np.interp(times, state.times, speed), 1.5)
    out = np.zeros(count)
    if action.verb in _KNOCKS:
        tail = np.arange(min(rate // 10, count)) / rate
        _add_burst(out, int(.3 * count), .5 * np.sin(2 * np.pi * 420 * tail) * np.exp(-40 * tail))
    return out


def _clicks(state: TakeState, action: FineAction, times: np.ndarray, rate: int,
            draw: np.random.Generator) -> np.ndarray:
    """5-ms clicks where the hand turns upwards."""
    out = np.zeros(len(times))
    height = state.wrists[:, RIGHT, 2]
    lowest = np.flatnonzero((height[1:-1] < height[:-2]) & (height[1:-1] <= height[2:])) + 1
    for frame in lowest:
        at = frame / state.fps
        if action.start_sec <= at < action.end_sec:
            burst = draw.standard_normal(rate // 200) * np.exp(-np.arange(rate // 200) / (rate / 800))
            _add_burst(out, round((at - times[0]) * rate), .6 * burst)
    return out


def _add_burst(out: np.ndarray, start: int, burst: np.ndarray) -> None:
    start = max(start, 0)
    length = min(len(burst), len(out) - start)
    if length > 0:
        out[start:start + length] += burst[:length]


def _band_noise(count: int, low: float, high: float, rate: int, draw: np.random.Generator) -> np.ndarray:
    """Noise of standard deviation one between two frequencies."""
    spectrum = np.fft.rfft(draw.standard_normal(count))
    frequency = np.fft.rfftfreq(count, 1 / rate)
    noise = np.fft.irfft(spectrum * ((frequency >= low) & (frequency <= high)), count)
    return noise / max(noise.std(), 1e-9)
