import numpy as np
import pytest

from egoexo.datasets.transforms.sample_sequence import SampleSequence
from egoexo.errors import ConfigError, FeatureError


def sequence(num_rows: int, num_labels: int | None = None, **extra: object) -> dict:
    rows = np.repeat(np.arange(num_rows, dtype=np.float32)[:, None], 4, axis=1)
    labels = {} if num_labels is None else dict(gt_frame_labels=np.arange(num_labels))
    return dict(feats=rows, **labels, **extra)


@pytest.mark.parametrize(('num_rows', 'num_labels', 'steps'), [
    (23, 23, [0, 5, 10, 15, 20]),
    (40, 12, [0, 5, 10]),       # labels shorter: features are cut
    (12, 40, [0, 5, 10]),       # labels longer: labels are cut
    (1, 1, [0]),
])
def test_training_cuts_to_the_shorter_one(num_rows: int, num_labels: int, steps: list[int]) -> None:
    out = SampleSequence(step=5, trim=True).transform(sequence(num_rows, num_labels))
    assert out['feats'][:, 0].tolist() == out['gt_step_labels'].tolist() == steps
    assert len(out['gt_frame_labels']) == num_labels
    assert out['frames_per_step'] == 5


@pytest.mark.parametrize(('num_rows', 'num_labels', 'labels'), [
    (23, 12, [0, 5, 10, -100, -100]),
    (12, 40, [0, 5, 10]),
])
def test_prediction_keeps_all_features(num_rows: int, num_labels: int, labels: list[int]) -> None:
    out = SampleSequence(step=5, trim=False).transform(sequence(num_rows, num_labels))
    assert out['feats'][:, 0].tolist() == list(range(0, num_rows, 5))
    assert out['gt_step_labels'].tolist() == labels
    assert out['gt_step_labels'].dtype == np.int64


def test_features_alone() -> None:
    out = SampleSequence(step=5).transform(sequence(11))
    assert out['feats'][:, 0].tolist() == [0, 5, 10]
    assert 'gt_step_labels' not in out


def test_intervals_come_before_the_cut() -> None:
    out = SampleSequence(step=1, feature_interval=1, label_interval=5).transform(sequence(7, 23))
    assert out['feats'][:, 0].tolist() == [0, 1, 2, 3, 4]
    assert out['gt_step_labels'].tolist() == [0, 5, 10, 15, 20]
    assert out['frames_per_step'] == 5


def test_half_precision_becomes_single_and_the_source_stays() -> None:
    data = sequence(10)
    data['feats'] = source = data['feats'].astype(np.float16)
    source.flags.writeable = False
    out = SampleSequence(step=5).transform(data)['feats']
    assert out.dtype == np.float32
    out += 1
    assert source[0, 0] == 0


@pytest.mark.parametrize(('step', 'fails'), [(1, True), (5, False), (3, True)])
def test_only_the_rows_that_are_kept_are_checked(step: int, fails: bool) -> None:
    data = sequence(30, feature_path='feats/a.npy')
    data['feats'][12, 2] = np.nan
    if not fails:
        assert np.isfinite(SampleSequence(step=step).transform(data)['feats']).all()
        return
    with pytest.raises(FeatureError, match=r'feats/a\.npy: expected .* NaN or Inf in 1 of .* first in row 12\.'):
        SampleSequence(step=step).transform(data)


def test_rates_that_do_not_meet_are_refused() -> None:
    with pytest.raises(ConfigError, match='the row of second 60 would get the label of second 12'):
        SampleSequence(step=5).transform(sequence(10, 10, feature_fps=5.0, label_fps=25.0))
    SampleSequence(step=1, label_interval=5).transform(sequence(10, 50, feature_fps=5.0, label_fps=25.0))


@pytest.mark.parametrize('kwargs', [dict(step=0), dict(feature_interval=-1), dict(label_interval=2.5)])
def test_impossible_intervals(kwargs: dict) -> None:
    with pytest.raises(ConfigError, match=f'{next(iter(kwargs))}: expected a whole number >= 1'):
        SampleSequence(**kwargs)


@pytest.mark.parametrize(('num_rows', 'predicted'), [(1, 5), (5, 5), (6, 10), (20823, 20825)])
def test_number_of_predicted_frames(num_rows: int, predicted: int) -> None:
    assert SampleSequence(step=5).num_predicted(num_rows) == predicted
