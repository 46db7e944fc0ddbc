import pickle

import numpy as np
import pytest
import torch
from tests_support import data_dir

from egoexo.datasets import ConcatSubsets, NarrationDataset
from egoexo.datasets.narration import held_out_videos
from egoexo.errors import AnnotationError, ConfigError
from egoexo.registry import DATASETS

HEAD = 'narration_id,video_id,start_timestamp,stop_timestamp,narration,verb_class,noun_class'


@pytest.fixture
def root(tmp_path):
    """Six videos of five narrations; verb 0 to 2, noun 0 to 4."""
    rows = [f'P01_{video}_{number},P01_{video},00:00:0{number}.00,00:00:0{number}.50,take thing {number},'
            f'{number % 3},{number}' for video in range(6) for number in range(5)]
    (tmp_path / 'epic.csv').write_text('\n'.join([HEAD, *rows]) + '\n')
    for name, count in (('verbs', 3), ('nouns', 6)):
        (tmp_path / f'{name}.csv').write_text(
            'id,key\n' + ''.join(f'{number},{name[:-1]}{number}\n' for number in range(count)))
    (tmp_path / 'exo.csv').write_text(
        'annotation_id,video_uid,start_sec,end_sec,narration_en,verb,noun\n'
        + ''.join(f'n{number},v{number % 4},0,1,text {number},"{verbs}",[]\n' for number, verbs in enumerate(
            ['[0]', '[1, 2]', '[]', '[2, 2]', '[2]', '[0, 1]', '[1]', '[0]'])))
    return tmp_path


def narrations(root, **options):
    return DATASETS.build(dict(dict(type='NarrationDataset', ann_file='epic.csv', class_file='verbs.csv',
                                    data_root=str(root)), **options))


def test_sides_share_no_video_and_hold_everything(root):
    train, val = narrations(root), narrations(root, split='test')
    assert (len(train), len(val)) == (20, 10)
    assert not set(train.videos) & set(val.videos)
    assert (train.subset, val.subset, val.split) == ('ego_train', 'ego_val', 'val')
    others = [frozenset(narrations(root, split='val', split_seed=seed).videos) for seed in range(5)]
    assert len(set(others)) > 1


def test_batches_and_samples(root):
    train = narrations(root)
    batch = train.__getitems__([3, 0])
    assert batch['inputs'] == ['take thing 3', 'take thing 0']
    sample = batch['data_samples'][0]
    assert (sample.gt_label.item(), sample.gt_label.dtype, sample.gt_label.shape) == (0, torch.int64, ())
    assert (sample.uid, sample.subset, sample.view, sample.start_sec, sample.end_sec) == (
        train.videos[0], 'ego_train', 'ego', 3.0, 3.5)
    assert sample.sample_id == f'{train.videos[0]}_3'
    assert train[3]['inputs'] == 'take thing 3'
    assert train.labels.tolist()[:5] == [0, 1, 2, 0, 1]
    assert train.metainfo['classes'] == ('verb0', 'verb1', 'verb2')
    assert train.metainfo['num_classes'] == 3


def test_training_samples_are_kept_and_test_samples_are_copies(root):
    train, test = narrations(root), narrations(root, split='val', test_mode=True)
    assert train.__getitems__([1])['data_samples'][0] is train.__getitems__([1])['data_samples'][0]
    test.__getitems__([1])['data_samples'][0].pred_class_logits = torch.zeros(3)
    assert 'pred_class_logits' not in test.__getitems__([1])['data_samples'][0]
    assert not pickle.loads(pickle.dumps(train))._samples


def test_nouns_and_a_cut_table(root):
    nouns = narrations(root, part='noun', class_file='nouns.csv', num_classes=5)
    assert nouns.metainfo['num_classes'] == 5
    assert nouns.labels.tolist()[:5] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(('several', 'labels'), [
    ('first', {'0': 0, '1': 1, '3': 2, '4': 2, '5': 0, '6': 1, '7': 0}), ('drop', {'0': 0, '3': 2, '4': 2, '6': 1,
                                                                                  '7': 0})])
def test_rows_with_several_verbs(root, several, labels):
    sides = [narrations(root, ann_file='exo.csv', form='egoexolearn', several=several, split=split, held_out=0.4)
             for split in ('train', 'val')]
    found = {side.get_data_info(place)['sample_id'][1:]: int(side.labels[place]) for side in sides
             for place in range(len(side))}
    assert found == labels
    assert sides[0].subset == 'exo_train'


def test_lists_are_joined_and_built_lazily(root):
    joined = ConcatSubsets([dict(type='NarrationDataset', split=split) for split in ('train', 'val')],
                           ann_file='epic.csv', class_file='verbs.csv', data_root=str(root))
    assert len(joined) == 30
    assert joined.__getitems__([0, 29])['inputs'] == ['take thing 0', 'take thing 4']
    lazy = narrations(root, pipeline=[], lazy_init=True, ann_file='missing.csv')
    assert lazy.metainfo['classes'] == ('verb0', 'verb1', 'verb2')


def test_held_out_share_is_reached_by_whole_videos():
    videos = ['a'] * 5 + ['b'] * 3 + ['c'] * 2
    for share in (0.1, 0.3, 0.6, 0.9):
        held = held_out_videos(videos, share)
        rows = sum(video in held for video in videos)
        assert rows >= share * 10
    assert held_out_videos(videos, 0.3) == held_out_videos(videos[::-1], 0.3)
    assert len({frozenset(held_out_videos(videos, 0.1, seed)) for seed in range(20)}) == 3


@pytest.mark.parametrize(('options', 'message'), [
    (dict(form='charades'), "form: expected 'epic' or 'egoexolearn', found 'charades'"),
    (dict(part='adverb'), "part: expected 'verb' or 'noun'"), (dict(split='all'), "found 'all'"),
    (dict(several='last'), "several: expected 'first' or 'drop'"), (dict(held_out=1.0), 'held_out: expected between'),
    (dict(pipeline=[dict(type='PackInputs')]), 'pipeline: expected')])
def test_wrong_options(root, options, message):
    with pytest.raises(ConfigError, match=message):
        narrations(root, **options)


def test_unknown_class(root):
    with pytest.raises(AnnotationError, match=r'verb classes from 0 to 1, as in .*verbs\.csv, found 2 of P01_0_2'):
        narrations(root, num_classes=2)


def test_official_tables():
    folder = data_dir('epic-kitchens-100')
    options = dict(ann_file='EPIC_100_validation.csv', class_file='EPIC_100_verb_classes.csv', num_classes=97)
    train, val = (narrations(folder, split=split, **options) for split in ('train', 'val'))
    assert (len(train), len(val)) == (6368, 3300)
    assert not set(train.videos) & set(val.videos)
    assert isinstance(NarrationDataset.METAINFO, dict)
    assert np.bincount(train.labels).argmax() == 0
