from pathlib import Path

import numpy as np
import pytest

from egoexo.datasets.recipe import OFFICIAL_RECIPES, FeatureRecipe, refuse_contradiction
from egoexo.errors import FeatureError

CLIP = FeatureRecipe(backbone='clip', feature_fps=5.0, window=5, stride=5, first_row_sec=0.08, dim=768)


def test_written_and_read_back(tmp_path: Path) -> None:
    assert FeatureRecipe.read(tmp_path) is None
    assert CLIP.write(tmp_path).name == 'recipe.json'
    assert FeatureRecipe.read(tmp_path) == CLIP


def test_source_is_kept_and_not_shown(tmp_path: Path) -> None:
    made = CLIP.updated(source={'extractor': 'HuggingFaceExtractor', 'files': {'model.safetensors': 'ab12'}})
    made.write(tmp_path)
    assert FeatureRecipe.read(tmp_path) == made != CLIP
    assert 'null' not in (tmp_path / 'recipe.json').read_text()
    assert 'ab12' not in repr(made)


def test_official_segmentation_features_are_one_row_per_frame() -> None:
    official = OFFICIAL_RECIPES['segmentation']
    assert (official.feature_fps, official.dim) == (25.0, 1024)
    np.testing.assert_array_equal(official.seconds(np.array([0, 25, 1500])), [0, 1, 60])


def test_rows_and_seconds_are_inverse() -> None:
    rows = np.arange(1000)
    np.testing.assert_allclose(CLIP.seconds(rows[:3]), [0.08, 0.28, 0.48], atol=1e-12)
    np.testing.assert_array_equal(CLIP.rows(CLIP.seconds(rows)), rows)
    assert CLIP.rows(0.17).item() == 0
    assert CLIP.rows(0.19).item() == 1


@pytest.mark.parametrize(('content', 'message'), [
    ('{"feature_fps": 25', 'expected a feature recipe in JSON, found text that is not valid JSON'),
    ('[' * 100_000, 'nested a thousand deep'),
    ('{"feature_fps": NaN}', 'the number NaN'),
    ('{"dim": 3.5}', "'dim': expected a positive whole number, found the float 3.5"),
    ('{"backbone": ["i3d"]}', "'backbone': expected a string, found the list"),
    ('{"dim": 1e30}', 'expected a positive whole number'),
    ('{"dim": 3, "dim": 4}', "the key 'dim' twice"),
    ('[25]', 'expected one JSON object of recipe keys, found a list'),
    ('{"fps": 25}', "expected only the keys backbone, feature_fps.*, found unknown key 'fps'"),
    ('{"feature_fps": 0}', "'feature_fps': expected a positive number up to .*, found the int 0"),
    ('{"feature_fps": "25"}', "'feature_fps': expected a positive number .*, found the str '25'"),
    ('{"source": "clip"}', "'source': expected an object, found the str 'clip'"),
    ('{"first_row_sec": null}', "'first_row_sec': expected a finite number .*, found nothing"),
])
def test_malformed_recipes(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / 'recipe.json').write_text(content)
    with pytest.raises(FeatureError, match=message):
        FeatureRecipe.read(tmp_path)


def test_rows_without_a_rate_have_no_time() -> None:
    with pytest.raises(FeatureError, match='expected feature_fps, without which rows have no time, found none'):
        FeatureRecipe(dim=4).seconds(1)


def test_contradiction_states_the_shift() -> None:
    with pytest.raises(FeatureError) as caught:
        refuse_contradiction(CLIP, dict(feature_fps=25.0, first_row_sec=0.0, dim=768), 'features/clip_5fps')
    text = str(caught.value)
    assert 'features/clip_5fps' in text
    assert 'feature_fps: 5.0 in the folder, 25.0 expected' in text
    assert '+0.080 s at row 0, +240.080 s at row 1500' in text
    assert 'taken for second 60.000 and shows second 300.080' in text
    assert 'dim' not in text.split('Point')[0]


def test_other_contradictions_have_no_shift() -> None:
    with pytest.raises(FeatureError, match="crop: 'full' in the folder, 'gaze_50' expected") as caught:
        refuse_contradiction(FeatureRecipe(crop='full'), dict(crop='gaze_50'), 'somewhere')
    assert 'shift' not in str(caught.value)


def test_unknown_fields_agree_with_everything() -> None:
    refuse_contradiction(FeatureRecipe(), dict(feature_fps=25.0, crop='full', dim=None), 'somewhere')


def test_times_agree_when_they_were_rounded() -> None:
    official = OFFICIAL_RECIPES['transfer']
    assert (official.feature_fps, official.window, official.stride, official.dim) == (1.875, 32, 16, 1536)
    written = official.updated(first_row_sec=round(official.first_row_sec, 6))
    refuse_contradiction(written, dict(feature_fps=official.feature_fps, first_row_sec=official.first_row_sec), 'x')
    with pytest.raises(FeatureError, match='first_row_sec: 0.5 in the folder, 0.5166666666666667 expected'):
        refuse_contradiction(FeatureRecipe(first_row_sec=0.5), dict(first_row_sec=official.first_row_sec), 'x')


def test_rows_of_transfer_are_the_middles_of_their_windows() -> None:
    official = OFFICIAL_RECIPES['transfer']
    frames = official.seconds(np.arange(4)) * 30
    np.testing.assert_allclose(frames, [np.arange(16 * row, 16 * row + 32).mean() for row in range(4)])
