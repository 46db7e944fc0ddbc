import importlib.util
import json
from pathlib import Path

import pytest
import torch
from clip_support import ClipLayout
from correspondence_support import EGO, take_uid, write_correspondence_root
from recognition_report_support import dataset_config, write_epic
from suml_support import write_texts, write_world
from tests_support import REPO
from transfer_support import write_ego2exo_root

from tests.datasets.conftest import Layout

SPEC = importlib.util.spec_from_file_location('verify_dataset', REPO / 'tools/data/verify_dataset.py')
tool = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(tool)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path / 'official')
    for uid in 'abcdefgh':
        layout.video(uid)
    layout.split('ego_train', list('abcdefgh'))
    layout.split('exo_val', ['a', 'b'])
    return layout


def config_file(layout: Layout, **loaders: list[str]) -> str:
    path = layout.root / 'config.py'
    lines = ["default_scope = 'egoexo'"]
    for name, subsets in loaders.items():
        datasets = [layout.config(subset, missing_list='skip') for subset in subsets]
        dataset = dict(type='ConcatSubsets', datasets=datasets)
        lines.append(f'{name}_dataloader = dict(batch_size=1, dataset={dataset!r})')
    path.write_text('\n'.join(lines))
    return str(path)


def test_good_data(layout: Layout, capsys: pytest.CaptureFixture) -> None:
    config = config_file(layout, train=['ego_train'], val=['exo_val', 'ego_test'], test=['exo_val'])
    lengths = layout.root / 'lengths.csv'
    assert tool.main([config, '--full', '--lengths', str(lengths)]) == 0
    out = capsys.readouterr().out
    assert 'ego_train: 8 of 8 usable' in out
    assert out.count('exo_val: 2 of 2 usable') == 1
    assert 'ego_test: left out, there is no list' in out
    assert 'rows T minus labels N - 1: 0 or 1 in 8 of 8, from +0 (a) to +0 (a)' in out
    assert '3 lists, 0 problem(s): ready (every feature row was read)' in out
    assert 'WARNING: 2 videos are trained on and scored as well: a, b. Their scores' in out
    assert lengths.read_text().splitlines()[:2] == ['subset,sample_id,rows,labels', 'ego_train,a,23,23']


def test_every_kind_of_damage_is_counted(layout: Layout, capsys: pytest.CaptureFixture) -> None:
    feats, gts = layout.root / 'feats', layout.root / 'gts'
    (feats / 'a.pt').unlink()
    (feats / 'b.pt').write_bytes((feats / 'b.pt').read_bytes()[:200])
    torch.save(torch.zeros(23, 9), feats / 'c.pt')
    (gts / 'd.txt').unlink()
    (gts / 'e.txt').write_bytes(b'1\r\n99\r\n0')
    layout.video('f', num_rows=23, labels=[1] * 40)
    rows = torch.zeros(23, 8)
    rows[7] = float('inf')
    torch.save(rows, feats / 'h.pt')
    config = config_file(layout, train=['ego_train'])
    assert tool.main([config]) == 1
    out = capsys.readouterr().out
    assert 'ego_train: 3 of 8 usable' in out
    assert 'from -17 (f) to +' in out
    assert '--full searches for NaN' in out
    assert tool.main([config, '--full', '--all']) == 1
    out = capsys.readouterr().out
    assert 'ego_train: 2 of 8 usable' in out
    for line in ('feats: expected features of a in a', 'c.pt: expected shape (T, 8), found (23, 9)',
                 'd.txt: expected a label file', 'e.txt line 2: expected a class id', "found unknown class id '99'",
                 'h.pt: expected finite numbers, found NaN or Inf in 1 of 23 rows read, first in row 7'):
        assert line in out


def test_lists_without_common_videos_raise_no_warning(layout: Layout, capsys: pytest.CaptureFixture) -> None:
    layout.split('exo_train', ['c', 'd'])
    assert tool.main([config_file(layout, train=['exo_train'], val=['exo_val'])]) == 0
    assert 'WARNING' not in capsys.readouterr().out


def test_folder_with_a_wrong_recipe(layout: Layout, capsys: pytest.CaptureFixture) -> None:
    (layout.root / 'feats/recipe.json').write_text('{"feature_fps": 5.0}')
    assert tool.main([config_file(layout, train=['ego_train'])]) == 1
    out = capsys.readouterr().out
    assert 'ego_train: UNUSABLE' in out
    assert 'time shift: +0.000 s at row 0, +240.000 s at row 1500' in out


def test_broken_list_and_missing_config(layout: Layout, capsys: pytest.CaptureFixture) -> None:
    layout.split('ego_train', ['a', 'b', 'a'])
    assert tool.main([config_file(layout, train=['ego_train'])]) == 1
    assert 'found a, which is already in line 1' in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        tool.main([str(layout.root / 'nowhere.py')])
    assert ended.value.code == 2
    assert 'nowhere.py' in capsys.readouterr().err


def test_lists_named_by_view_and_split(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    layout = ClipLayout(tmp_path / 'clips')
    layout.video('a')
    layout.video('b', dim=5)
    layout.plan('ego_train', [('a', '4.0', 1), ('b', '5.0', 2), ('b', '6.0', 2)])
    layout.plan('ego_val', [('a', '4.0', 1)])
    lists = {name: dict(type='ConcatSubsets', datasets=[layout.config('PlanningDataset', f'ego_{name}')])
             for name in ('train', 'val')}
    path = tmp_path / 'config.py'
    path.write_text("default_scope = 'egoexo'\n" + '\n'.join(
        f'{name}_dataloader = dict(batch_size=1, dataset={dataset!r})' for name, dataset in lists.items()))
    assert tool.main([str(path), '--full']) == 1
    out = capsys.readouterr().out
    assert 'ego_train: 1 of 3 usable' in out
    assert '  b (2 rows): ' in out
    assert 'ego_val: 1 of 1 usable' in out
    assert 'WARNING: 1 actions are trained on and scored as well: a|4.0.' in out


@pytest.fixture
def transfer_config(tmp_path: Path) -> Path:
    """LaGTran before its text phase; the target's pseudo-labels are yet to be written."""
    root = write_ego2exo_root(tmp_path / 'ego2exo')
    shared = dict(data_root=str(root), feature=dict(dim=16))
    segments = [dict(type='TransferDataset', view=view, split=split) for split in ('train', 'val')
                for view in ('ego', 'exo')]
    pseudo = dict(labels='pseudo', pseudo_labels='phase:text')
    loaders = dict(
        train=dict(type='DomainPairDataset', datasets=segments[:1], target_datasets=[segments[1] | pseudo], **shared),
        val=dict(type='ConcatSubsets', datasets=segments[2:], **shared),
        test=dict(type='SegmentTextDataset', view='exo', data_root=str(root)))
    path = tmp_path / 'config.py'
    path.write_text("default_scope = 'egoexo'\n" + '\n'.join(
        f'{name}_dataloader = dict(batch_size=8, dataset={dataset!r})' for name, dataset in loaders.items()))
    return path


def test_segments_before_the_first_training(transfer_config: Path, tmp_path: Path,
                                            capsys: pytest.CaptureFixture) -> None:
    lengths = tmp_path / 'lengths.csv'
    assert tool.main([str(transfer_config), '--full', '--lengths', str(lengths)]) == 0
    out = capsys.readouterr().out
    for subset in ('ego_train', 'exo_train', 'ego_val', 'exo_val'):
        assert f'{subset}: 48 of 48 usable' in out
    assert 'not looked at, because training writes them first: pseudo-labels phase:text' in out
    assert 'WARNING: 48 segments are trained on and scored as well: ' in out
    assert '5 lists, 0 problem(s): ready (every feature row was read)' in out
    assert lengths.read_text().splitlines()[1].endswith(',72,')


def test_damaged_features_of_segments(transfer_config: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    folder = tmp_path / 'ego2exo/features/omnivore_video'
    (folder / 'train-take-1_aria01_rgb.pt').unlink()
    rows = torch.load(folder / 'val-take-0_cam01_0.pt', weights_only=True)
    rows[5] = float('nan')
    torch.save(rows, folder / 'val-take-0_cam01_0.pt')
    assert tool.main([str(transfer_config)]) == 1
    out = capsys.readouterr().out
    assert 'ego_train: 36 of 48 usable' in out
    assert '12 segments: ' in out
    assert 'exo_val: 48 of 48 usable' in out
    assert tool.main([str(transfer_config), '--full']) == 1
    assert 'exo_val: 24 of 48 usable' in capsys.readouterr().out


def test_segments_without_their_list(transfer_config: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / 'ego2exo/metadata/ego2exo.json').unlink()
    assert tool.main([str(transfer_config)]) == 1
    out = capsys.readouterr().out
    assert out.count('UNUSABLE') == 5
    assert 'ego2exo.json: expected an ego2exo.json, found no' in out


def pair_config(root: Path) -> str:
    """Training and validation of both directions."""
    lists = {split: dict(type='ConcatSubsets', data_root=str(root), split=split, datasets=[
        dict(type='CorrespondenceDataset', direction=direction) for direction in ('ego2exo', 'exo2ego')])
        for split in ('train', 'val')}
    path = root / 'config.py'
    path.write_text("default_scope = 'egoexo'\n" + '\n'.join(
        f'{split}_dataloader = dict(batch_size=8, dataset={dataset!r})' for split, dataset in lists.items()))
    return str(path)


def test_sound_pairs(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    config = pair_config(write_correspondence_root(tmp_path / 'prepared'))
    for options in ([], ['--full']):
        assert tool.main([config, *options]) == 0
        out = capsys.readouterr().out
        for line in ('ego2exo_train: 2 of 2 usable', 'exo2ego_train: 2 of 2 usable', 'ego2exo_val: 1 of 1 usable',
                     'exo2ego_val: 1 of 1 usable', '4 lists, 0 problem(s): ready'):
            assert line in out
        assert 'WARNING' not in out


def test_damaged_pairs(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    root = write_correspondence_root(tmp_path / 'prepared')
    first, second, tested = take_uid('train', 0), take_uid('train', 1), take_uid('val', 0)
    annotation = json.loads((root / tested / 'annotation.json').read_text())
    annotation['masks']['cup_2'][EGO]['0'] = None
    (root / tested / 'annotation.json').write_text(json.dumps(annotation))
    (root / first / 'cam01' / '30.jpg').unlink()
    (root / second / 'cam01' / '60.jpg').write_bytes((root / second / EGO / '60.jpg').read_bytes())
    config = pair_config(root)
    assert tool.main([config]) == 1
    out = capsys.readouterr().out
    assert 'ego2exo_train: 1 of 2 usable' in out and 'exo2ego_train: 1 of 2 usable' in out
    assert 'cam01: 1 of 4 pictures missing, first ' in out
    assert 'ego2exo_val: 1 of 1 usable\n  1 masks in 1 takes could not be decoded when they were prepared' in out
    assert tool.main([config, '--full']) == 1
    out = capsys.readouterr().out
    assert 'ego2exo_train: 0 of 2 usable' in out
    assert '60.jpg is 32x32, which has not the proportions of masks of 128x72' in out
    (root / 'split.json').write_text('{"train": 3}')
    assert tool.main([config]) == 1
    assert 'split.json train: expected a list of take uids, found 3' in capsys.readouterr().out


def recognition_config(root: Path, path: Path, **changes: object) -> str:
    lists = {split: dataset_config(root, **changes) for split in ('train', 'val')}
    lists['train'] |= dict(subset='train', on_missing_frame='nearest', ann_file='annotations/EPIC_100_train.csv')
    (root / 'annotations/EPIC_100_train.csv').write_bytes((root / 'annotations/EPIC_100_validation.csv').read_bytes())
    path.write_text('\n'.join(["default_scope = 'egoexo'", *(
        f'{split}_dataloader = dict(batch_size=1, dataset={dataset!r})' for split, dataset in lists.items())]))
    return str(path)


def test_frames_and_tables_of_segments(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    root = write_epic(tmp_path / 'epic')
    config = recognition_config(root, tmp_path / 'config.py')
    assert tool.main([config]) == 0
    out = capsys.readouterr().out
    assert 'train: 12 of 12 usable' in out and '2 lists, 0 problem(s): ready' in out
    assert 'WARNING: 12 segments are trained on and scored as well: P01_101_0, P01_101_1' in out
    frames = root / 'rgb_frames/P01/rgb_frames'
    for number in (120, 121, 122):
        (frames / 'P01_101' / f'frame_{number:010d}.jpg').unlink()
    (frames / 'P01_102').rename(frames / 'elsewhere')
    (root / 'annotations/EPIC_100_verb_classes.csv').unlink()
    assert tool.main([config]) == 1
    captured = capsys.readouterr()
    out = captured.out
    assert 'train: 8 of 12 usable\n  3 frames in 2 segments have no file\n' in out  # one folder is absent
    assert 'val: 6 of 12 usable' in out
    assert 'unusable segments are of 2 of 3 videos: P01_102 (4), P01_101 (2)' in out
    assert 'P01_101_1: 1 of 80 frames missing, first ' in out and 'frame_0000000121.jpg' in out
    assert 'P01_102_0: no folder of frames of P01_102, looked for ' in out
    assert 'EPIC_100_verb_classes.csv is absent: classes of the verb are called by their numbers' in out + captured.err


def test_damaged_frames_are_found_when_all_are_read(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    root = write_epic(tmp_path / 'epic')
    damaged = root / 'rgb_frames/P02/rgb_frames/P02_101/frame_0000000007.jpg'
    damaged.write_bytes(damaged.read_bytes()[:-40])
    config = recognition_config(root, tmp_path / 'config.py')
    assert tool.main([config]) == 0
    assert tool.main([config, '--full']) == 1
    out = capsys.readouterr().out
    assert 'val: 11 of 12 usable' in out and 'P02_101_0: ' in out and str(damaged) in out


def test_pairs_pictures_and_embeddings(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    root = write_world(tmp_path / 'world')
    lemma = dict(type='LemmaDataset', data_root=str(root / 'lemma'))
    pairs = dict(type='SemanticPairDataset', data_root=str(root), pairs_file='pairs.json', text_embeddings='texts.npz',
                 ego=dict(ann_file='train.csv', data_prefix=dict(frames='frames'),
                          num_classes=dict(verb=4, noun=5)), tpv=lemma)
    path = tmp_path / 'config.py'
    path.write_text(f"default_scope = 'egoexo'\ntrain_dataloader = dict(batch_size=1, dataset={pairs!r})\n"
                    f'val_dataloader = dict(batch_size=1, dataset={lemma!r})')
    assert tool.main([str(path)]) == 0
    assert '2 lists, 0 problem(s): ready' in capsys.readouterr().out
    (root / 'lemma/k1/img_00002.jpg').unlink()
    assert tool.main([str(path)]) > 0
    assert 'img_00002.jpg' in capsys.readouterr().out
    write_texts(root / 'texts.npz', without='open fridge')
    tool.main([str(path)])
    captured = capsys.readouterr()
    assert 'open fridge' in captured.out + captured.err
    (root / 'pairs.json').unlink()
    tool.main([str(path)])
    captured = capsys.readouterr()
    assert 'pairs.json' in captured.out + captured.err
