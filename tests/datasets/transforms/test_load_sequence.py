import numpy as np
import pytest

from egoexo.datasets.transforms.load_sequence import LoadSequence
from egoexo.errors import AnnotationError, FeatureError


def results(layout: object, uid: str = 'a') -> dict:
    return dict(sample_id=uid, feature_path=str(layout.root / f'feats/{uid}.pt'),
                label_path=str(layout.root / f'gts/{uid}.txt'))


def test_features_are_whole_and_the_last_label_is_lost(layout: object) -> None:
    layout.video('a', num_rows=23, labels=[3] * 12)
    load = LoadSequence(feature=dict(benchmark='segmentation', dim=8))
    loaded = load.transform(results(layout))
    assert loaded['feats'].shape == (23, 8)
    assert loaded['feature_fps'] == 25.0
    np.testing.assert_array_equal(loaded['gt_frame_labels'], [3] * 12)
    assert load.store(layout.root / 'feats') is load.store(str(layout.root / 'feats'))
    kept = load.transform(results(layout) | dict(label_options=dict(drop_last_line=False)))
    np.testing.assert_array_equal(kept['gt_frame_labels'], [3] * 12 + [0])


def test_unlabelled_videos(layout: object) -> None:
    layout.video('a')
    (layout.root / 'gts/a.txt').unlink()
    assert 'gt_frame_labels' not in LoadSequence(with_labels=False).transform(results(layout))
    with pytest.raises(AnnotationError, match=r'a\.txt: .*it does not exist'):
        LoadSequence().transform(results(layout))


def test_errors_of_the_readers_pass(layout: object) -> None:
    layout.video('a', labels=[1, 28, 2])
    with pytest.raises(AnnotationError, match=r"line 2: .*found unknown class id '28'"):
        LoadSequence().transform(results(layout))
    with pytest.raises(FeatureError, match=r'expected shape \(T, 1024\)'):
        LoadSequence(feature=dict(dim=1024)).transform(results(layout))
