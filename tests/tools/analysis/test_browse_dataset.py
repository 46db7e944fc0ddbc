import importlib.util
import re
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from correspondence_support import write_correspondence_root
from matplotlib.figure import Figure
from recognition_report_support import dataset_config, write_epic
from suml_support import write_world
from tests_support import REPO
from transfer_support import write_ego2exo_root

from tests.datasets.conftest import Layout

SPEC = importlib.util.spec_from_file_location('browse_dataset', REPO / 'tools/analysis/browse_dataset.py')
tool = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(tool)


@pytest.fixture
def config(tmp_path: Path) -> str:
    layout = Layout(tmp_path / 'official')
    for uid, labels in (('a', [3] * 60), ('b', [5] * 40 + [7] * 20), ('c', [0] * 60)):
        layout.video(uid, num_rows=60, labels=labels)
    layout.split('ego_train', ['a', 'b', 'c'])
    layout.split('exo_train', ['c'])
    datasets = [layout.config(subset, missing_list='skip') for subset in ('ego_train', 'exo_train', 'exo_val')]
    path = tmp_path / 'config.py'
    path.write_text(f"default_scope = 'egoexo'\n"
                    f"train_dataloader = dict(batch_size=1, dataset=dict(type='ConcatSubsets', datasets={datasets!r}))")
    return str(path)


def test_one_picture_per_list_that_holds_videos(config: str, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    written = tool.main([config, '--num', '2', '--out-dir', str(tmp_path / 'out')])
    assert [path.name for path in written] == ['ego_train.png', 'exo_train.png']
    assert str(written[0]) in capsys.readouterr().out
    two, one = (matplotlib.image.imread(path) for path in written)
    assert two.shape[1] == one.shape[1]
    assert two.shape[0] > one.shape[0]


def test_feature_map_shows_a_change_where_it_happens() -> None:
    feats = np.zeros((100, 40), dtype=np.float32)
    feats[:, 30:] = 1
    picture = tool.feature_map(feats, num_columns=80)
    assert picture.shape == (62, 80, 3)
    red, blue = picture[..., 0].astype(int), picture[..., 2].astype(int)
    assert (blue[:, :60] >= red[:, :60]).all()
    assert (red[:, 60:] > blue[:, 60:]).all()


@pytest.mark.parametrize(('arguments', 'message'), [
    (['--num', '0'], '--num 0: expected at least 1 video'),
    (['--split', 'val'], 'has no val_dataloader to draw'),
])
def test_wrong_options(config: str, arguments: list[str], message: str, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as ended:
        tool.main([config, *arguments])
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(('config', 'key'), [('planning/mini_trn_clip_egoexolearn-ego.py', 'step +8'),
                                              ('anticipation/mini_trn_clip_egoexolearn-noun-ego.py', '✓ ')])
def test_clips_show_their_truth(config: str, key: str, mini_root: Path, tmp_path: Path,
                                monkeypatch: pytest.MonkeyPatch) -> None:
    figures = []
    draw = tool.draw_clips
    monkeypatch.setattr(tool, 'draw_clips', lambda *args: figures.append(draw(*args)) or figures[-1])
    root = mini_root / 'egoexolearn'
    written = tool.main([str(REPO / 'configs' / config), '--split', 'val', '--num', '2', '--out-dir', str(tmp_path),
                         '--cfg-options', f'val_dataloader.dataset.data_root={root}'])
    assert [path.name for path in written] == ['ego_val.png', 'exo_val.png']
    texts = [text.get_text() for text in figures[0].texts]
    assert re.match(r'ego_val: [12] of \d+ clips', texts[0])
    assert texts[0].endswith('each 768 x 5 steps of features')
    drawn = [text.get_text() for axes in figures[0].axes for text in (*axes.texts, *axes.get_xticklabels())]
    assert any(text.startswith(key) for text in drawn)


def drawn_texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in (*figure.texts, *(text for axes in figure.axes for text in axes.texts))]


def test_segments_show_their_class_and_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = []
    draw = tool.draw_labelled
    monkeypatch.setattr(tool, 'draw_labelled', lambda *args: figures.append(draw(*args)) or figures[-1])
    root = write_ego2exo_root(tmp_path / 'ego2exo')
    pseudo = dict(labels='pseudo', pseudo_labels='phase:text')
    dataset = dict(
        type='DomainPairDataset', data_root=str(root), datasets=[dict(type='SegmentTextDataset', view='ego')],
        target_datasets=[dict(type='TransferDataset', view='exo', feature=dict(dim=16), **pseudo)])
    path = tmp_path / 'config.py'
    path.write_text(f"default_scope = 'egoexo'\ntrain_dataloader = dict(batch_size=8, dataset={dataset!r})")
    written = tool.main([str(path), '--num', '2', '--out-dir', str(tmp_path / 'out')])
    assert [file.name for file in written] == ['ego_train.png', 'exo_train.png']
    texts, features = map(drawn_texts, figures)
    assert texts[0] == 'ego_train: 2 of 48 samples, each a text'
    assert 'whole list   6 of 6 classes occur, the rarest 8 times' in texts
    assert {'16.7 %', '✓ Prepare onion', '✓ Prepare noodle'} <= set(texts)
    assert any(text.startswith('“') and 'onion' in text for text in texts)
    assert features[0] == 'exo_train: 2 of 48 samples, each 16 numbers'
    assert features.count('no label') == 2


def test_pairs_show_their_masks_and_negatives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = []
    draw = tool.draw_pairs
    monkeypatch.setattr(tool, 'draw_pairs', lambda *args: figures.append(draw(*args)) or figures[-1])
    root = write_correspondence_root(tmp_path / 'root', dict(train=1, val=2), ('steel pan_0', 'cup_2'), ('cam01',))
    pipeline = [dict(type='LoadImagePair'), dict(type='PadSquareResizeNearest', size=64),
                dict(type='HideTargetTokens', prob=1.0), dict(type='PackPair')]
    lists = [dict(type='CorrespondenceDataset', direction=direction, split=split, negative_prob=prob)
             for direction, split, prob in (('ego2exo', 'train', 0.0), ('exo2ego', 'train', 0.0),
                                            ('exo2ego', 'val', 1.0))]
    dataset = dict(type='ConcatSubsets', data_root=str(root), pipeline=pipeline, datasets=lists)
    path = tmp_path / 'config.py'
    path.write_text(f"default_scope = 'egoexo'\ntrain_dataloader = dict(batch_size=8, dataset={dataset!r})")
    written = tool.main([str(path), '--num', '6', '--out-dir', str(tmp_path / 'out')])
    assert [file.name for file in written] == ['ego2exo_train.png', 'exo2ego_train.png', 'exo2ego_val.png']
    texts = list(map(drawn_texts, figures))
    assert texts[0][0] == 'ego2exo_train: 6 of 6 pairs'
    notes = [[text for text in part if text.startswith('frame ')] for part in texts]
    assert any('surroundings hidden' in note for note in notes[0])
    assert sum('negative: not there' in note for note in notes[0]) == texts[0].count('not visible in this view') > 0
    assert any('negative: nobody looked' in note for note in notes[1])
    assert all('negative: picture of another take' in note for note in notes[2])


def test_segments_as_the_network_sees_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = []
    draw = tool.draw_segments
    monkeypatch.setattr(tool, 'draw_segments', lambda *args: figures.append(draw(*args)) or figures[-1])
    pipelines = {
        'train': [dict(type='SampleClips', clip_len=8), dict(type='LoadClipFrames'),
                  dict(type='RandomScaleCropFlip', scale=(24, 30), size=20), dict(type='PackClip')],
        'val': [dict(type='SampleClips', clip_len=8, mode='test', num_views=2),
                dict(type='LoadClipFrames', channel_order='rgb'), dict(type='ThreeCropClip', size=24),
                dict(type='PackClip')]}
    root = write_epic(tmp_path / 'epic')
    path = tmp_path / 'config.py'
    path.write_text('\n'.join(["default_scope = 'egoexo'", *(
        f'{split}_dataloader = dict(batch_size=2, dataset={dataset_config(root, pipeline=steps, subset=split)!r})'
        for split, steps in pipelines.items())]))
    for split in pipelines:
        written = tool.main([str(path), '--split', split, '--num', '2', '--out-dir', str(tmp_path / 'out')])
        assert [file.name for file in written] == [f'{split}.png']
    train, val = map(drawn_texts, figures)
    assert train[0] == 'train: 2 of 12 segments' and {'P01_101_0', 'P02_101_3', '“take the plate”'} <= set(train)
    assert 'train, P01_101, 0.0 to 0.8 s, 8 x 20 x 20' in train and 'verb: take   noun: plate' in train
    assert 'val, P01_101, 0.0 to 0.8 s, clip 5 of 6, 8 x 24 x 24' in val
    for figure in figures:  # red and blue videos, whatever the order of the channels
        colors = [axes.images[0].get_array()[10, 10].argmax() for axes in figure.axes if axes.get_gid() == 'ego_0']
        assert colors == [0, 2]


def test_pairs_of_ego_and_third_person_clips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = []
    draw = tool.draw_segments
    monkeypatch.setattr(tool, 'draw_segments', lambda *args: figures.append(draw(*args)) or figures[-1])
    root = write_world(tmp_path / 'world')
    steps = [dict(type='LoadClipFrames'), dict(type='CenterCropClip', size=16)]
    lemma = dict(type='LemmaDataset', data_root=str(root / 'lemma'), clip_len=8, subset='clips', pipeline=[
        *steps, dict(type='PackClip', normalize_first=False, swap_channels=True)])
    pairs = dict(type='SemanticPairDataset', data_root=str(root), pairs_file='pairs.json', text_embeddings='texts.npz',
                 ego=dict(ann_file='train.csv', data_prefix=dict(frames='frames'), num_classes=dict(verb=4, noun=5),
                          pipeline=[dict(type='SampleClips', clip_len=8), *steps, dict(type='PackClip')]), tpv=lemma)
    path = tmp_path / 'config.py'
    path.write_text(f"default_scope = 'egoexo'\ntrain_dataloader = dict(batch_size=1, dataset={pairs!r})\n"
                    f'val_dataloader = dict(batch_size=1, dataset={lemma!r})')
    for split in ('train', 'val'):
        tool.main([str(path), '--split', split, '--num', '1', '--out-dir', str(tmp_path / 'out')])
    paired, alone = map(drawn_texts, figures)
    assert {'EGO', 'TPV', '“open fridge”', 'verb: open   noun: fridge', 'verb: class 2   noun: class 2'} <= set(paired)
    assert 'TPV' in alone and 'EGO' not in alone and 'verb: cut   noun: cup, knife' in alone
