import json
from pathlib import Path

import numpy as np
import pytest
import torch

from egoexo.datasets.recipe import FeatureRecipe
from egoexo.formats.egoexolearn import write_frame_labels, write_split
from tools.data import make_standin_features

TAS = make_standin_features.TAS


@pytest.fixture
def annotations(tmp_path: Path) -> Path:
    root = tmp_path / 'official'
    (root / TAS / 'splits').mkdir(parents=True)
    (root / TAS / 'gts_fps25').mkdir()
    for number, uid in enumerate('abc'):
        write_frame_labels(root / TAS / 'gts_fps25' / f'{uid}.txt', np.repeat([0, 3, 5], 11 + number))
    write_split(root / TAS / 'splits' / 'ego_train_annotations.bundle', ['a', 'b', 'c'])
    return root


def test_layout_is_linked_and_features_have_the_official_shape(annotations: Path, tmp_path: Path) -> None:
    out = tmp_path / 'standin'
    assert make_standin_features.main(
        ['--annotations', str(annotations), '--out', str(out), '--videos', '2', '--noise', '0']) == 0
    files = sorted((out / make_standin_features.FEATURES).glob('*.pt'))
    assert [file.stem for file in files] == ['a', 'b']
    feature = torch.load(files[1], weights_only=True)
    assert feature.shape == (36, 1024)
    assert torch.equal(feature[0], feature[11])
    assert not torch.equal(feature[0], feature[12])
    assert (out / TAS).resolve() == (annotations / TAS).resolve()
    recipe = FeatureRecipe.read(out / make_standin_features.FEATURES)
    assert 'stand-in' in recipe.backbone
    assert json.loads((out / make_standin_features.FEATURES / 'recipe.json').read_text())['feature_fps'] == 25.0


def test_wrong_folder_is_named(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert make_standin_features.main(['--annotations', str(tmp_path), '--out', str(tmp_path / 'x')]) == 2
    assert 'holds no temporal_action_segmentation_benchmark' in capsys.readouterr().err
