from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from tests_support import data_dir

from egoexo.datasets.samplers import SeededIndex
from egoexo.datasets.segmentation import SegmentationDataset
from egoexo.errors import AnnotationError, ConfigError, DataError, FeatureError
from egoexo.formats.egoexolearn import read_class_names
from egoexo.registry import DATASETS


def build(config: dict) -> SegmentationDataset:
    return DATASETS.build(config)


@pytest.fixture
def filled(layout: object) -> object:
    for uid in 'abcdefg':
        layout.video(uid)
    layout.split('ego_train', list('gfedcba'))
    return layout


def test_items_and_samples(filled: object) -> None:
    dataset = build(filled.config('ego_train'))
    item = dataset.get_data_info(0)
    assert {key: item[key] for key in ('sample_id', 'view', 'subset', 'task', 'feature_path', 'label_path')} == dict(
        sample_id='g', view='ego', subset='ego_train', task=None, feature_path=str(filled.root / 'feats/g.pt'),
        label_path=str(filled.root / 'gts/g.txt'))
    sample = dataset[SeededIndex(1, (0, 0, 1))]
    assert sample['data_samples'].sample_id == 'f'
    assert sample['inputs'].shape == (8, 5)
    assert sample['inputs'][0].tolist() == [0, 5, 10, 15, 20]
    assert len(dataset) == 7
    assert len(sample['data_samples'].gt_frame_labels) == 23


def test_all_missing_files_in_one_report(filled: object) -> None:
    for uid in 'abcde':
        (filled.root / f'feats/{uid}.pt').unlink()
    for uid in 'ef':
        (filled.root / f'gts/{uid}.txt').unlink()
    for check_files in (True, False):
        with pytest.raises(DataError) as caught:
            build(filled.config('ego_train', check_files=check_files))
        text = str(caught.value)
        assert text.startswith('6 of 7 samples of SegmentationDataset ego_train (')
        assert text.count('\n  ') == 7
        assert '(1 more: python tools/data/verify_dataset.py CONFIG lists all)' in text
        assert 'links in data/README.md' in text
    dataset = build(filled.config('ego_train', on_bad='skip'))
    assert [dataset.get_data_info(index)['sample_id'] for index in range(len(dataset))] == ['g']


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:300])


def widen(path: Path) -> None:
    torch.save(torch.zeros(23, 2048), path)


def spoil(path: Path) -> None:
    rows = torch.zeros(23, 8)
    rows[10, 1] = float('nan')
    torch.save(rows, path)


def rewrite(content: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(content)


@pytest.mark.parametrize(('file', 'damage', 'message'), [
    ('feats/c.pt', Path.unlink, r'c: .*expected features of c in c'),
    ('feats/c.pt', truncate, r'c: .*c\.pt: .* found 300 bytes that cannot be read'),
    ('feats/c.pt', widen, r'c: .*c\.pt: expected shape \(T, 8\), found \(23, 2048\)'),
    ('gts/c.txt', Path.unlink, r'c: .*c\.txt: .*it does not exist'),
    ('gts/c.txt', rewrite(b'1\r\n28\r\n1'), r"c\.txt line 2: .*found unknown class id '28'"),
    ('gts/c.txt', rewrite(b'1\r\n\r\n1'), r'c\.txt line 2: .*found empty label'),
    ('gts/c.txt', rewrite(b''), r'c\.txt: .*found no label'),
])
def test_unusable_file_is_found_when_the_list_is_made(
        filled: object, said: list[str], file: str, damage: Callable, message: str) -> None:
    damage(filled.root / file)
    with pytest.raises(DataError, match=message) as caught:
        build(filled.config('ego_train'))
    assert str(caught.value).startswith('1 of 7 samples')
    assert len(build(filled.config('ego_train', on_bad='skip'))) == 6
    assert any(text.startswith('1 of 7 samples') for text in said)


def test_nan_is_found_when_read_or_by_full_inspection(filled: object) -> None:
    spoil(filled.root / 'feats/f.pt')
    dataset = build(filled.config('ego_train'))
    with pytest.raises(FeatureError, match=r"sample 'f' of SegmentationDataset ego_train .*first in row 10"):
        dataset[1]
    assert dataset.inspect_sample(dataset.get_data_info(1)).problems == []
    report = dataset.inspect_sample(dataset.get_data_info(1), full=True)
    assert len(report.problems) == 1
    assert report.facts == dict(rows=23, labels=23)


@pytest.mark.parametrize(('num_rows', 'num_labels', 'trained', 'predicted', 'told'), [
    (23, 40, 5, 5, 15),   # labels go on for 40 frames, 5 steps give 25
    (40, 23, 5, 8, None),
    (23, 25, 5, 5, None),  # 5 steps of 5 frames are enough
    (23, 26, 5, 5, 1),
])
def test_labels_longer_or_shorter_than_features(
        layout: object, said: list[str], num_rows: int, num_labels: int, trained: int, predicted: int,
        told: int | None) -> None:
    layout.video('a', num_rows, labels=[4] * num_labels)
    layout.split('exo_val', ['a'])
    training = build(layout.config('exo_val', trim=True))[0]
    assert training['inputs'].shape[1] == len(training['data_samples'].gt_step_labels) == trained
    testing = build(layout.config('exo_val', trim=False))[0]
    assert testing['inputs'].shape[1] == len(testing['data_samples'].gt_step_labels) == predicted
    assert len(testing['data_samples'].gt_frame_labels) == num_labels
    warned = [text for text in said if 'end before their labels' in text]
    assert len(warned) == (0 if told is None else 2)
    if told is not None:
        assert f'most in a by {told} frames; these labels are not trained on' in warned[0]
        assert 'scoring will refuse them' in warned[1]


def test_missing_list(layout: object, said: list[str]) -> None:
    with pytest.raises(AnnotationError, match=r"ego_test.*bundle: expected a split list.*missing_list='skip'"):
        build(layout.config('ego_test'))
    dataset = build(layout.config('ego_test', missing_list='skip'))
    assert len(dataset) == 0
    assert dataset.subset == 'ego_test'
    assert said[-1].endswith("missing_list='skip': ego_test is left out, nothing of it is trained or scored.")


@pytest.mark.parametrize(('content', 'message'), [
    (b'', 'expected a split list with one <uid>.txt per line, found an empty file'),
    (b'\n', 'found an empty file'),
    (b'a.txt\nb.txt\na.txt', 'line 3: .*found a, which is already in line 1'),
])
def test_malformed_list(filled: object, content: bytes, message: str) -> None:
    (filled.root / 'splits/ego_train_annotations.bundle').write_bytes(content)
    with pytest.raises(AnnotationError, match=message):
        build(filled.config('ego_train', missing_list='skip'))


def test_exclude(filled: object, said: list[str]) -> None:
    dataset = build(filled.config('ego_train', exclude=['a', 'g', 'not in this list']))
    assert len(dataset) == 5
    assert 'ego_train: 2 of 7 videos excluded by name' in said
    assert said[-1].startswith('ego_train: 5 videos, features ')


def test_view_and_list_must_agree(filled: object) -> None:
    with pytest.raises(ConfigError, match="ego_train.*: expected a list of view='exo', found a list of the other view"):
        build(filled.config('ego_train', view='exo'))
    swapped = filled.config('ego_train') | dict(view='exo', subset='swapped')
    assert build(swapped)[0]['data_samples'].view == 'exo'


def test_every_list_has_its_own_features(filled: object) -> None:
    filled.video('a', num_rows=40, folder='gazed')
    filled.split('ego_gaze_train', ['a'])
    gazed = build(filled.config('ego_gaze_train', data_prefix=dict(features='gazed', labels='gts')))
    assert gazed.get_data_info(0)['subset'] == 'ego_gaze_train'
    assert gazed[0]['inputs'].shape[1] == 8
    assert gazed.get_data_info(0)['feature_path'].endswith('gazed/a.pt')


@pytest.mark.parametrize(('change', 'message'), [
    (dict(view='top'), "view: expected 'ego' or 'exo', found 'top'"),
    (dict(missing_list='no'), "missing_list: expected 'error' or 'skip', found 'no'"),
    (dict(data_prefix=dict(feats='feats')), r"expected the folders 'features' and 'labels', found \['feats'\]"),
])
def test_unknown_options(filled: object, change: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build(filled.config('ego_train') | change)


def test_feature_options_of_the_data_set_win(filled: object) -> None:
    with pytest.raises(DataError, match=r'expected shape \(T, 7\)'):
        build(filled.config('ego_train', feature=dict(dim=7)))


def test_last_label_can_be_kept(filled: object) -> None:
    sample = build(filled.config('ego_train', drop_last_line=False))[0]['data_samples']
    assert len(sample.gt_frame_labels) == 24


def test_built_in_names_are_the_released_ones_with_typing_errors_mended() -> None:
    released = read_class_names(
        data_dir('egoexolearn') / 'temporal_action_segmentation_benchmark/tas_annotation/semantic_en.json')
    names = SegmentationDataset.METAINFO['classes']
    assert len(names) == len(released) == 28
    differing = {index: (released[index], names[index]) for index in range(28)
                 if names[index].lower() != released[index].lower()}
    assert {index: mended for index, (_, mended) in differing.items()} == {
        5: 'Prepare green/red pepper', 9: 'Prepare sauce', 25: 'Add sauce'}


def test_real_annotations(layout: object) -> None:
    root = data_dir('egoexolearn')
    tas = root / 'temporal_action_segmentation_benchmark/tas_annotation'
    uids = (tas / 'splits/ego_val_annotations.bundle').read_text().split()
    generator = np.random.default_rng(0)
    for uid in uids[:2]:
        num_rows = len((tas / 'gts_fps25' / uid).read_text().splitlines())
        np.save(layout.root / 'feats' / uid.replace('.txt', '.npy'),
                generator.standard_normal((num_rows, 8)).astype(np.float16))
    layout.split('ego_val', [uid.removesuffix('.txt') for uid in uids[:2]])
    dataset = build(layout.config(
        'ego_val', data_prefix=dict(features='feats', labels=str(tas / 'gts_fps25')),
        class_file=str(tas / 'semantic_en.json'), video_meta_file=str(root / 'video_meta_downsampled.json')))
    sample = dataset[0]['data_samples']
    assert sample.task in {f'task{number}' for number in range(1, 6)}
    assert dataset.metainfo['classes'][24] == 'Stir-frying'
    assert len(sample.gt_step_labels) == -(-(len(sample.gt_frame_labels) + 1) // 5)
