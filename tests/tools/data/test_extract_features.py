from pathlib import Path

import numpy as np
import pytest
import torch
from tests_support import REPO

from egoexo.datasets.feature_store import FeatureStore
from tools.data import extract_features as tool


@pytest.fixture(scope='module')
def videos(tmp_path_factory: pytest.TempPathFactory, mini_root: Path) -> Path:
    """Three short videos of the mini world."""
    folder = tmp_path_factory.mktemp('videos')
    for path in sorted((mini_root / 'egoexolearn/videos').iterdir(), key=lambda path: path.stat().st_size)[:3]:
        (folder / path.name).symlink_to(path)
    return folder


def run(videos: Path, out: Path, *options: str) -> int:
    return tool.main([str(videos), str(out), '--device', 'cpu', *options])


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_mini_features_are_those_of_the_mini_world(videos: Path, tmp_path: Path, mini_root: Path) -> None:
    for name, folder, options in (('i3d', 'i3d_rgb_25fps', ('--stride', '1', '--dtype', 'float16', '--format', 'pt')),
                                  ('clip', 'clip_5fps', ('--format', 'pt'))):
        out = tmp_path / name
        assert run(videos, out, '--extractor', f'mini:{name}', *options) == 0
        official = FeatureStore(mini_root / 'egoexolearn/features' / folder)
        ours = FeatureStore(out)
        assert ours.recipe.updated(source=None) == official.recipe
        for path in videos.iterdir():
            np.testing.assert_array_equal(ours.read(path.stem), official.read(path.stem))


def test_thinned_rows_are_the_middle_ones(videos: Path, tmp_path: Path) -> None:
    run(videos, tmp_path / 'every', '--extractor', 'mini:i3d', '--stride', '1')
    run(videos, tmp_path / 'fifth', '--extractor', 'mini:i3d', '--feature-fps', '5')
    uid = next(videos.iterdir()).stem
    every, fifth = FeatureStore(tmp_path / 'every'), FeatureStore(tmp_path / 'fifth')
    rows = every.recipe.rows(fifth.recipe.seconds(np.arange(fifth.length(uid))))
    np.testing.assert_array_equal(rows[:3], [2, 7, 12])
    np.testing.assert_array_equal(fifth.read(uid), every.read(uid)[rows.clip(max=every.length(uid) - 1)])


@pytest.mark.cli
def test_two_processes_write_the_same_bytes(videos: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    config = tmp_path / 'resnet18.py'
    config.write_text("extractor = dict(type='BackboneExtractor', backbone=dict(type='mmaction.ResNet', depth=18),\n"
                      "    input_format='NCHW', clip_len=2, short_side=36, crop_size=32)\n")
    options = ('--extractor', str(config), '--stride', '50')
    assert run(videos, tmp_path / 'one', *options) == 0
    broken = videos / 'broken.mp4'
    broken.write_bytes(b'no video')
    try:
        assert run(videos, tmp_path / 'two', *options, '--jobs', '2') == 1
    finally:
        broken.unlink()
    printed = capsys.readouterr()
    assert f'FAILED broken: {broken}' in printed.out
    assert '1 video(s) have no features; why stands in' in printed.err
    two = contents(tmp_path / 'two')
    assert 'broken.mp4' in two.pop('failed.json').decode()
    assert two == contents(tmp_path / 'one')
    assert len(two) == 4


def test_hugging_face_folder(videos: Path, tmp_path: Path) -> None:
    transformers = pytest.importorskip('transformers')
    torch.manual_seed(0)
    config = transformers.ViTConfig(hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
                                    image_size=32, patch_size=16)
    transformers.ViTModel(config).save_pretrained(tmp_path / 'vit')
    transformers.ViTImageProcessorPil(size=dict(height=32, width=32)).save_pretrained(tmp_path / 'vit')
    assert run(videos, tmp_path / 'out', '--extractor', f'hf:{tmp_path / "vit"}', '--pooling', 'mean', '--stride',
               '25', '--amp') == 0
    recipe = FeatureStore(tmp_path / 'out').recipe
    assert (recipe.backbone, recipe.dim, recipe.feature_fps) == ('vit', 32, 1.0)
    assert (recipe.source['pooling'], recipe.source['amp']) == ('mean', 'bfloat16')


@pytest.mark.parametrize(('options', 'message'), [
    (('--extractor', 'mini:i3'), "mini:i3: choose 'mini:i3d' or 'mini:clip'"),
    (('--extractor', 'mini:clip', '--stride', '2'), 'has one row per 5 frames at 25 frames per second'),
    (('--extractor', 'mini:i3d', '--checkpoint', 'a.pth'), 'belongs to an extractor config'),
    (('--extractor', 'extraction/slowfast'), "There is no config 'extraction/slowfast'. Nearest: extraction/slowfast_"),
    (('--extractor', 'hf:nowhere'), 'nowhere holds no config.json'),
])
def test_wrong_command_lines(videos: Path, tmp_path: Path, capsys: pytest.CaptureFixture, options: tuple,
                             message: str) -> None:
    with pytest.raises(SystemExit) as caught:
        run(videos, tmp_path / 'out', *options)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / 'out').exists()


def test_wrong_shards_and_devices(videos: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        run(videos, tmp_path, '--extractor', 'mini:i3d', '--shard', '1-2')
    assert "'1-2': expected i/n, e.g. 1/4" in capsys.readouterr().err
    if not torch.cuda.is_available():
        with pytest.raises(SystemExit):
            tool.main([str(videos), str(tmp_path / 'out'), '--extractor', 'mini:i3d', '--device', 'cuda'])
        assert '--device cuda: no GPU can be used here' in capsys.readouterr().err


def test_the_tool_is_where_the_documents_say() -> None:
    assert Path(tool.__file__) == REPO / 'tools/data/extract_features.py'
