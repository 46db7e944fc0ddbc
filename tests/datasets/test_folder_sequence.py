from pathlib import Path

import numpy as np
import pytest
import torch

from egoexo.datasets.recipe import FeatureRecipe
from egoexo.errors import AnnotationError, ConfigError, DataError, FeatureError
from egoexo.registry import DATASETS

HEAD = 'video,start_sec,end_sec,label,view\n'
PIPELINE = [dict(type='LoadSequence', with_labels=False), dict(type='SampleSequence', step=1, trim=False),
            dict(type='PackInputs')]


class Folder:
    """Features of 4 numbers at 2 rows per second, row r in the middle of its half second."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / 'features').mkdir()
        FeatureRecipe('toy', 2.0, 12, 12, 0.25, 'full', 'float32', 4).write(root / 'features')
        for uid, num_rows in (('a', 6), ('b', 4), ('sub__c', 5)):
            np.save(root / 'features' / f'{uid}.npy', np.arange(num_rows * 4, dtype=np.float32).reshape(-1, 4))
        self.write('train.csv', 'a.mp4,0.5,1.5,Cut,ego\na.mp4,1.5,2.4,Add,ego\n')
        self.write('val.csv', 'b,0,2,Cut,exo\nsub/c.mp4,,,,exo\n')
        (root / 'classes.txt').write_text('Cut\nAdd\n')

    def write(self, name: str, lines: str) -> None:
        (self.root / name).write_text(HEAD + lines)

    def build(self, ann_file: str = 'train.csv', **options: object) -> object:
        return DATASETS.build(dict(type='FolderSequenceDataset', ann_file=ann_file, data_root=str(self.root),
                                   pipeline=PIPELINE) | options)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_samples_have_the_fields_of_the_official_data_set(folder: Folder) -> None:
    dataset = folder.build()
    assert dataset.metainfo == dict(benchmark='segmentation', label_fps=2.0, classes=('background', 'Cut', 'Add'))
    sample = dataset[0]
    # Row times 0.25, 0.75, 1.25, 1.75, 2.25, 2.75 s.
    assert sample['data_samples'].gt_frame_labels.tolist() == [0, 1, 1, 2, 2, 0]
    assert sample['data_samples'].gt_step_labels.tolist() == [0, 1, 1, 2, 2, 0]
    assert sample['data_samples'].metainfo == dict(
        sample_id='a', view='ego', subset='train', task=None, frames_per_step=1)
    torch.testing.assert_close(sample['inputs'], torch.arange(24.0).reshape(6, 4).T)


def test_videos_in_sub_folders_and_videos_without_action(folder: Folder) -> None:
    dataset = folder.build('val.csv')
    assert [(dataset.get_data_info(index)['sample_id'], dataset.get_data_info(index)['view'])
            for index in range(2)] == [('b', 'exo'), ('sub__c', 'exo')]
    assert dataset[1]['data_samples'].gt_frame_labels.tolist() == [0] * 5


def test_classes_without_a_list_come_from_training(folder: Folder, said: list[str]) -> None:
    (folder.root / 'classes.txt').unlink()
    assert folder.build('val.csv').metainfo['classes'] == ('background', 'Add', 'Cut')
    assert any(text.endswith('2 classes taken from train.csv in alphabetical order: Add, Cut') for text in said)
    folder.write('val.csv', 'b,0,2,Cutt,exo\n')
    with pytest.raises(AnnotationError, match=r"val\.csv line 2: expected one of the 3 classes of train\.csv, found "
                                              r"'Cutt' .* Did you mean 'Cut'\?"):
        folder.build('val.csv')


def test_class_count_must_be_that_of_the_model(folder: Folder) -> None:
    assert len(folder.build(num_classes=3)) == 1
    with pytest.raises(ConfigError, match=r'classes\.txt: expected num_classes=28, as the config says, found '
                                          r'2 classes, 3 with background\. Set num_classes = 3'):
        folder.build(num_classes=28)


def test_feature_dimension_must_be_that_of_the_model(folder: Folder) -> None:
    with pytest.raises(FeatureError, match='dim: 4 in the folder, 1024 expected by the config'):
        folder.build(feature=dict(dim=1024))


def test_unusable_videos_are_reported_together(folder: Folder, said: list[str]) -> None:
    folder.write('train.csv', 'a,0,9,Cut,ego\nnone,0,1,Cut,ego\nb,0,1,Cut,exo\n')
    with pytest.raises(DataError) as caught:
        folder.build()
    text = str(caught.value)
    assert '2 of 3 samples' in text
    assert 'train.csv line 2: the segment ends at 9 s, the features at 3 s (6 rows)' in text
    assert 'none' in text and 'extract_features.py VIDEOS FEATURES' in text
    assert [info['sample_id'] for info in map(folder.build(on_bad='skip').get_data_info, range(1))] == ['b']
    assert any('going on with 1 samples' in line for line in said)


def test_an_end_that_was_rounded_up_is_cut(folder: Folder) -> None:
    folder.write('train.csv', 'a,2,4,Cut,ego\n')
    assert folder.build()[0]['data_samples'].gt_frame_labels.tolist() == [0, 0, 0, 0, 1, 1]


def test_segments_between_two_rows_are_said_aloud(folder: Folder, said: list[str]) -> None:
    folder.write('train.csv', 'a,0.3,0.6,Cut,ego\na,1,2,Add,ego\n')
    folder.build()
    assert any('train: 1 of 2 segments are so short that no feature row lies in them (2 rows per second)' in text
               for text in said)


def test_missing_test_list_may_be_left_out(folder: Folder, said: list[str]) -> None:
    with pytest.raises(AnnotationError, match=r'test\.csv: expected an annotation file'):
        folder.build('test.csv')
    both = DATASETS.build(dict(
        type='ConcatSubsets', data_root=str(folder.root), pipeline=PIPELINE, num_classes=3,
        datasets=[dict(type='FolderSequenceDataset', ann_file='val.csv'),
                  dict(type='FolderSequenceDataset', ann_file='test.csv', missing_list='skip')]))
    assert (len(both), both.subsets) == (2, ['val'])
    assert any("missing_list='skip': test is left out" in text for text in said)


def test_rows_need_times(folder: Folder) -> None:
    (folder.root / 'features/recipe.json').unlink()
    with pytest.raises(FeatureError, match=r'expected a recipe\.json with feature_fps'):
        folder.build()
    stated = folder.build(feature=dict(recipe=dict(feature_fps=2.0, first_row_sec=0.25)))
    assert stated[0]['data_samples'].gt_frame_labels.tolist() == [0, 1, 1, 2, 2, 0]


def test_nan_is_found_by_a_full_look(folder: Folder) -> None:
    rows = np.zeros((6, 4), np.float32)
    rows[3, 1] = np.nan
    np.save(folder.root / 'features/a.npy', rows)
    dataset = folder.build(lazy_init=True)
    info, = dataset.list_samples()
    assert dataset.inspect_sample(info).problems == []
    assert 'first in row 3' in dataset.inspect_sample(info, full=True).problems[0]


@pytest.mark.parametrize(('options', 'message'), [
    (dict(missing_list='ignore'), "missing_list: expected 'error' or 'skip', found 'ignore'"),
    (dict(data_prefix=dict(labels='gts')), r"expected the folder 'features' alone, found \['labels'\]"),
])
def test_unknown_options(folder: Folder, options: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        folder.build(**options)
