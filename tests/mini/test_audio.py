import numpy as np
import pytest

from egoexo.mini.audio import CLAP_SEC, synthesize_audio
from egoexo.mini.camera import ego_camera, static_exo_cameras

RATE = 16000


@pytest.fixture(scope='module')
def tracks(takes, preset):
    return [[synthesize_audio(state, camera) for camera in (ego_camera(state, preset),
                                                            *static_exo_cameras(state, preset)[:2])]
            for state in takes[:8]]


def test_length_type_and_repeatability(takes, preset, tracks):
    state = takes[0]
    assert tracks[0][0].dtype == np.int16
    assert len(tracks[0][0]) == round(state.num_frames / 30 * RATE)
    np.testing.assert_array_equal(synthesize_audio(state, ego_camera(state, preset)), tracks[0][0])


def test_the_ego_microphone_is_loudest(tracks):
    for ego, *others in tracks:
        loud = [np.abs(track[:RATE]).max() for track in (ego, *others)]
        assert loud[0] > 1.5 * max(loud[1:])


def test_the_clap_is_in_every_track_at_the_same_sample(tracks):
    for track in tracks[0]:
        # The loudest 10 ms of the first quarter of a second.
        energy = np.convolve(track[:RATE // 4].astype(float) ** 2, np.ones(RATE // 100), 'valid')
        assert np.argmax(energy) == pytest.approx(CLAP_SEC * RATE, abs=20)


def _spectrum(state, track, verb):
    """Mean power spectrum over all actions of one verb, or None."""
    spectra = []
    for action in state.actions:
        if action.verb == verb:
            piece = track[round(action.start_sec * RATE):round(action.end_sec * RATE)].astype(float)
            spectra.append(np.interp(np.arange(0, 8000, 50), np.fft.rfftfreq(len(piece), 1 / RATE),
                                     np.abs(np.fft.rfft(piece)) ** 2))
    return np.mean(spectra, 0) if spectra else None


@pytest.mark.parametrize(('verb', 'low', 'high'), [('mix', 1800, 4200), ('wash', 900, 3500), ('shake', 6000, 7800)])
def test_verbs_sound_in_their_band(takes, tracks, verb, low, high):
    found = 0
    frequencies = np.arange(0, 8000, 50)
    for state, (ego, *_) in zip(takes[:8], tracks, strict=True):
        spectrum = _spectrum(state, ego, verb)
        if spectrum is not None:
            inside = (frequencies >= low) & (frequencies <= high)
            assert spectrum[inside].sum() > .8 * spectrum[frequencies > 100].sum()
            found += 1
    assert found


def test_taking_is_silent(takes, tracks):
    quiet = [np.abs(ego[round(a.start_sec * RATE):round(a.end_sec * RATE)].astype(float)).mean()
             for state, (ego, *_) in zip(takes[:8], tracks, strict=True) for a in state.actions
             if a.verb == 'take' and a.start_sec > .2]
    loud = [np.abs(ego[round(a.start_sec * RATE):round(a.end_sec * RATE)].astype(float)).mean()
            for state, (ego, *_) in zip(takes[:8], tracks, strict=True) for a in state.actions if a.verb == 'wash']
    assert np.median(quiet) < .2 * np.median(loud)
