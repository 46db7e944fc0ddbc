"""What anticipation and planning have in common: windows, memory, batches, and reports on bad files."""

import copy
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from clip_support import ClipLayout
from torch.utils.data import DataLoader

from egoexo.datasets.clip_reader import ClipReader, pool_rows
from egoexo.datasets.collate import collate_domains
from egoexo.datasets.concat import ConcatSubsets
from egoexo.datasets.samplers import SeededSampler
from egoexo.errors import AnnotationError, ConfigError, DataError, FeatureError
from egoexo.registry import DATASETS


@pytest.fixture
def layout(tmp_path: Path) -> ClipLayout:
    """Three ego videos of 100 rows (20 s) and an exo one; eight planning rows, the first without a whole context."""
    layout = ClipLayout(tmp_path / 'official')
    for uid in 'abcx':
        layout.video(uid)
    layout.plan('ego_train', [('a', '1.9', 3), ('a', '6.0', 4), ('b', '2.0', 5), ('a', '8.4', 6), ('c', '12', 7),
                              ('b', '19.7', 8), ('a', '11.1', 9), ('c', '15.5', 10)])
    layout.plan('exo_train', [('x', '4.0', 1), ('x', '5.0', 2)])
    return layout


def build(layout: ClipLayout, subset: str = 'ego_train', **options: object) -> object:
    return DATASETS.build(layout.config('PlanningDataset', subset, **options))


def first_numbers(batch: dict) -> list[list[float]]:
    """Number 0 of each step of each clip, which is the row number it was taken from."""
    return [[round(value, 3) for value in clip[0].tolist()] for clip in batch['inputs']]


def test_a_batch(layout: ClipLayout) -> None:
    dataset = build(layout)
    batch = dataset.__getitems__([1, 0, 4, 1])
    assert batch['inputs'].shape == (4, 4, 5)
    assert batch['inputs'].dtype == torch.float32
    assert batch['inputs'].transpose(1, 2).is_contiguous()
    assert first_numbers(batch)[0] == [20.6, 22.8, 25.0, 27.2, 29.4]  # 4 s to 6 s: rows 20 to 30
    assert first_numbers(batch)[1] == [0.0] * 5
    assert first_numbers(batch)[2] == [50.6, 52.8, 55.0, 57.2, 59.4]
    sample = batch['data_samples'][0]
    assert sample.metainfo == dict(sample_id='a|6.0', uid='a', view='ego', subset='ego_train', start_sec=4.0,
                                   end_sec=6.0, has_context=True)
    assert not batch['data_samples'][1].has_context
    single = dataset[1]
    assert torch.equal(single['inputs'], batch['inputs'][0])
    assert single['data_samples'] is sample


@pytest.mark.parametrize('cache_bytes', [0, 4 * 80, 10**6])
def test_each_file_is_opened_once_where_memory_allows(layout: ClipLayout, cache_bytes: int) -> None:
    dataset = build(layout, clip_cache_bytes=cache_bytes)
    expected = build(layout).__getitems__(range(8))['inputs']
    for _ in range(3):
        assert torch.equal(dataset.__getitems__([7, 2, 5])['inputs'], expected[[7, 2, 5]])
        assert torch.equal(dataset.__getitems__(range(8))['inputs'], expected)
    # Video a, the first one, has four clips of 80 bytes.
    assert dataset.reader.num_opened == {0: 3 * 5, 320: 1 + 3 * 4, 10**6: 3}[cache_bytes]


def test_training_samples_are_kept_and_test_samples_are_fresh(layout: ClipLayout) -> None:
    dataset = build(layout)
    assert dataset[3]['data_samples'] is dataset.__getitems__([3])['data_samples'][0]
    testing = build(layout, test_mode=True)
    first, second = (testing.__getitems__([3])['data_samples'][0] for _ in range(2))
    first.pred_future_logits = torch.zeros(8, 27)
    first.set_metainfo(dict(extra=1))
    assert 'pred_future_logits' in first
    assert 'pred_future_logits' not in second
    assert 'extra' not in second.metainfo
    assert 'pred_future_logits' not in testing.__getitems__([3])['data_samples'][0]
    assert second.metainfo == dataset[3]['data_samples'].metainfo
    assert torch.equal(second.gt_future_steps, dataset[3]['data_samples'].gt_future_steps)


def test_memory_is_shared_with_forked_workers(layout: ClipLayout) -> None:
    dataset = build(layout)
    loader = DataLoader(dataset, batch_size=4, num_workers=2, collate_fn=collate_domains,
                        multiprocessing_context='fork')
    inputs = torch.cat([batch['inputs'] for batch in loader])
    assert dataset.reader._filled.tolist() == [1, 1, 1]  # by the workers
    assert torch.equal(dataset.__getitems__(range(8))['inputs'], inputs)
    assert dataset.reader.num_opened == 0


@pytest.mark.parametrize('duplicate', [copy.deepcopy, lambda dataset: pickle.loads(pickle.dumps(dataset))])
def test_copies_begin_with_an_empty_memory(layout: ClipLayout, duplicate: Callable) -> None:
    dataset = build(layout)
    expected = dataset.__getitems__(range(8))['inputs']
    other = duplicate(dataset)
    assert other.reader._cache is None
    assert torch.equal(other.__getitems__(range(8))['inputs'], expected)
    assert torch.equal(other[4]['inputs'], expected[4])
    assert other.reader._cache.data_ptr() != dataset.reader._cache.data_ptr()


def test_the_caller_may_write_into_a_batch(layout: ClipLayout) -> None:
    dataset = build(layout)
    expected = dataset.__getitems__([1])['inputs'].clone()
    dataset.__getitems__([1])['inputs'].fill_(7)
    assert torch.equal(dataset.__getitems__([1])['inputs'], expected)


def test_parts_of_a_list(layout: ClipLayout) -> None:
    dataset = build(layout)
    assert [build(layout, indices=3)[index]['data_samples'].sample_id for index in range(3)] == [
        'a|1.9', 'a|6.0', 'b|2.0']
    part = dataset.get_subset([7, 1])
    assert torch.equal(part.__getitems__([0, 1])['inputs'], dataset.__getitems__([7, 1])['inputs'])
    late = build(layout, lazy_init=True)
    assert torch.equal(late.__getitems__([1])['inputs'], dataset.__getitems__([1])['inputs'])


def test_transforms_get_arrays_one_sample_at_a_time(layout: ClipLayout) -> None:
    def shift(results: dict) -> dict:
        return results | dict(feats=results['feats'] + 1)

    dataset = build(layout, pipeline=[shift, dict(type='PackInputs', keys=['gt_future_steps'],
                                                  meta_keys=['sample_id', 'subset', 'uid'])])
    items = dataset.__getitems__([1, 4])
    plain = build(layout).__getitems__([1, 4])
    assert torch.allclose(torch.stack([item['inputs'] for item in items]), plain['inputs'] + 1)
    assert [item['data_samples'].sample_id for item in items] == ['a|6.0', 'c|12']
    assert torch.equal(items[0]['data_samples'].gt_future_steps, plain['data_samples'][0].gt_future_steps)


def test_loader_and_mixed_lists(layout: ClipLayout) -> None:
    options = [layout.config('PlanningDataset', subset) for subset in ('ego_train', 'exo_train')]
    dataset = ConcatSubsets(datasets=options)
    assert len(dataset) == 10
    batch = dataset.__getitems__([9, 1, 8, 4])
    assert [sample.sample_id for sample in batch['data_samples']] == ['x|5.0', 'a|6.0', 'x|4.0', 'c|12']
    assert [sample.subset for sample in batch['data_samples']] == ['exo_train', 'ego_train'] * 2
    assert batch['inputs'].transpose(1, 2).is_contiguous()
    assert torch.equal(batch['inputs'], torch.stack([dataset[index]['inputs'] for index in (9, 1, 8, 4)]))
    assert dataset.__getitems__([8, 9])['data_samples'][1].sample_id == 'x|5.0'
    assert dataset.__getitems__([-1])['data_samples'][0].sample_id == 'x|5.0'
    loader = DataLoader(dataset, batch_size=4, sampler=SeededSampler(dataset, seed=3), collate_fn=collate_domains)
    seen = [sample.sample_id for batch in loader for sample in batch['data_samples']]
    assert sorted(seen) == sorted(item['data_samples'].sample_id for item in dataset)


def test_mixed_lists_with_transforms_give_single_samples(layout: ClipLayout) -> None:
    pack = dict(type='PackInputs', keys=['gt_future_steps'], meta_keys=['sample_id'])
    dataset = ConcatSubsets(datasets=[layout.config('PlanningDataset', 'ego_train'),
                                      layout.config('PlanningDataset', 'exo_train', pipeline=[pack])])
    items = dataset.__getitems__([9, 1])
    assert [item['data_samples'].sample_id for item in items] == ['x|5.0', 'a|6.0']
    assert collate_domains(items)['inputs'][0].shape == (4, 5)


# ---------------------------------------------------------------------------------------------------- windows

@pytest.mark.parametrize(('num_rows', 'taken'), [
    (100, [90.6, 92.8, 95.0, 97.2, 99.4]), (98, [88 + (step + .5) * 10 / 5 - .5 for step in range(5)]),
    (91, [90.0, 90.0, 90.0, 90.0, 90.0]), (60, [59.0] * 5), (1, [0.0] * 5)])
def test_short_features_are_clamped(
        tmp_path: Path, said: list[str], num_rows: int, taken: list[float]) -> None:
    layout = ClipLayout(tmp_path / 'short')
    layout.video('a', num_rows)
    layout.plan('exo_val', [('a', '20.0', 1)])  # rows 90 to 100
    if num_rows == 98:
        taken = np.interp([(step + .5) * 8 / 5 - .5 for step in range(5)], range(8), range(90, 98)).tolist()
    if num_rows == 100:
        taken = np.interp([(step + .5) * 10 / 5 - .5 for step in range(5)], range(10), range(90, 100)).tolist()
    dataset = build(layout, 'exo_val')
    assert first_numbers(dataset.__getitems__([0])) == [[round(value, 3) for value in taken]]
    assert dataset.num_short == 1
    text = [message for message in said if 'end past the features' in message]
    assert text == [f'exo_val: 1 of 1 contexts, in 1 videos, end past the features of their video, most in a by '
                    f"{101 - num_rows} rows; the last row stands in. on_short_feature='error' stops instead."]


def test_short_features_unseen_at_first_are_said_when_read(tmp_path: Path, said: list[str]) -> None:
    layout = ClipLayout(tmp_path / 'short')
    layout.video('a', 50)
    layout.plan('exo_val', [('a', '20.0', 1), ('a', '19.0', 1)])
    dataset = build(layout, 'exo_val', check_files=False, clip_cache_bytes=0)
    assert not any('stands in' in text for text in said)
    for _ in range(2):
        dataset.__getitems__([0, 1])
    assert len([text for text in said if 'a.pt ends with row 49, before a context that needs row 100' in text]) == 1


def test_short_features_are_refused_on_demand(layout: ClipLayout) -> None:
    layout.video('b', 60)
    with pytest.raises(DataError, match=r'^1 of 8 rows of PlanningDataset ego_train \(.*\) cannot be used, in 1 videos:'
                       r'\n  b \(1 rows\): its 60 feature rows end before some contexts\n'):
        build(layout, on_short_feature='error')
    left = build(layout, on_short_feature='error', on_bad='skip')
    assert [item['sample_id'] for item in left.data_list].count('b|19.7') == 0
    assert len(left) == 7
    strict = build(layout, on_short_feature='error', check_files=False)
    with pytest.raises(FeatureError, match=r"ego_train .*b\.pt: expected at least 99 rows, up to the last context, "
                       r"found 60\. Extract the whole video, or pass on_short_feature='clamp'\."):
        strict.__getitems__([5])


def test_windows_before_the_video(layout: ClipLayout, said: list[str]) -> None:
    layout.plan('ego_val', [('a', '0', 1), ('a', '1.99', 2), ('a', '2.0', 3)])
    dataset = build(layout, 'ego_val')
    batch = dataset.__getitems__([0, 1, 2])
    assert [sample.has_context for sample in batch['data_samples']] == [False, False, True]
    assert batch['inputs'][:2].abs().sum() == 0
    assert first_numbers(batch)[2] == [0.6, 2.8, 5.0, 7.2, 9.4]
    assert [sample.gt_future_steps[0] for sample in batch['data_samples']] == [-1, -1, 3]
    dropped = build(layout, 'ego_val', drop_invalid=True)
    assert [item['sample_id'] for item in dropped.data_list] == ['a|2.0']
    assert 'ego_val: 2 of 3 rows dropped because their context begins before the video' in said


def test_other_windows(layout: ClipLayout) -> None:
    dataset = build(layout, context_sec=1.0, num_segments=6)
    assert first_numbers(dataset.__getitems__([1]))[0] == [25.0, 26.0, 27.0, 28.0, 29.0, 30.0]  # six rows, as they are
    assert dataset[1]['inputs'].shape == (4, 6)
    fps = dict(feature=dict(dim=4, benchmark=None, recipe=dict(feature_fps=10.0)))
    (layout.features / 'recipe.json').write_text('{"feature_fps": 10.0, "dim": 4}')
    assert first_numbers(build(layout, num_segments=21, **fps).__getitems__([1]))[0][::20] == [40.0, 60.0]


@pytest.mark.parametrize(('options', 'message'), [
    (dict(), 'feature_fps: 10.0 in the folder, 5.0 expected by the config'),
    (dict(feature=dict(benchmark=None), feature_fps=5.0), 'feature_fps: 10.0 in the folder, 5.0 expected'),
    (dict(feature=dict(dim=5, benchmark=None)), 'dim: 4 in the folder, 5 expected'),
])
def test_a_recipe_that_contradicts_is_refused(layout: ClipLayout, options: dict, message: str) -> None:
    (layout.features / 'recipe.json').write_text('{"feature_fps": 10.0, "first_row_sec": 0.08, "dim": 4}')
    with pytest.raises(FeatureError, match=message):
        build(layout, **options)


def test_rows_without_a_rate_are_refused(layout: ClipLayout) -> None:
    with pytest.raises(FeatureError, match=r'clip_5fps: expected feature_fps, without which rows have no time, found '
                       r'none\. Add it to recipe\.json of the folder, or pass feature_fps'):
        build(layout, feature=dict(benchmark=None))


@pytest.mark.parametrize(('num_rows', 'num_segments'), [(11, 5), (12, 5), (3, 5), (1, 5), (7, 8), (5, 5)])
def test_pooling_is_the_interpolation_of_torch(num_rows: int, num_segments: int) -> None:
    for dim, rounding in ((768, 0), (33, 1e-6)):  # equal bits for whole vector registers
        rows = torch.randn(6, num_rows, dim, generator=torch.Generator().manual_seed(0))
        expected = rows if num_rows == num_segments else torch.nn.functional.interpolate(
            rows.transpose(1, 2), num_segments, mode='linear', align_corners=False).transpose(1, 2)
        assert (pool_rows(rows, num_segments) - expected).abs().max() <= rounding


# ---------------------------------------------------------------------------------------------------- bad input

def spoil(path: Path, row: int, value: float = float('nan')) -> None:
    rows = torch.load(path)
    rows[row, 1] = value
    torch.save(rows, path)


@pytest.mark.parametrize('value', [float('nan'), float('inf'), -float('inf')])
def test_nan_in_a_row_that_is_read(layout: ClipLayout, value: float) -> None:
    spoil(layout.features / 'a.pt', 41, value)  # 6.4 s to 8.4 s
    dataset = build(layout, clip_cache_bytes=0)
    dataset.__getitems__([1, 2])
    with pytest.raises(FeatureError, match=r'^PlanningDataset ego_train .*a\.pt: expected finite numbers, found NaN or '
                       r'Inf in 1 of 11 rows read, first in row 41\. Extract it again'):
        dataset.__getitems__([3])
    with pytest.raises(FeatureError, match=r"^sample 'a\|8\.4' of PlanningDataset .*first in row 41"):
        dataset[3]


def test_large_numbers_are_no_nan(layout: ClipLayout) -> None:
    rows = torch.full((100, 4), 3e38)
    torch.save(rows, layout.features / 'a.pt')
    assert torch.isfinite(build(layout)[1]['inputs']).all()


@pytest.mark.parametrize('dtype', [torch.float16, torch.float64, torch.bfloat16])
def test_other_number_types(layout: ClipLayout, dtype: torch.dtype) -> None:
    expected = build(layout)[1]['inputs']
    torch.save(torch.load(layout.features / 'a.pt').to(dtype), layout.features / 'a.pt')
    assert torch.allclose(build(layout)[1]['inputs'], expected, rtol=0.01)


@pytest.mark.parametrize(('damage', 'message'), [
    (Path.unlink, r'a \(4 rows\): .*clip_5fps: expected features of a in a with one of the endings'),
    (lambda path: path.write_bytes(path.read_bytes()[:200]), r'a \(4 rows\): .*a\.pt: .*cannot be read'),
    (lambda path: torch.save(torch.zeros(100, 9), path), r'a \(4 rows\): .*a\.pt: expected shape \(T, 4\), found'),
    (lambda path: torch.save(torch.zeros(0, 4), path), r'a \(4 rows\): .*a\.pt: expected shape'),
])
def test_bad_files_are_counted_by_video(
        layout: ClipLayout, said: list[str], damage: Callable, message: str) -> None:
    damage(layout.features / 'a.pt')
    with pytest.raises(DataError, match=message) as caught:
        build(layout)
    text = str(caught.value)
    assert text.startswith('4 of 8 rows of PlanningDataset ego_train (')
    assert text.count('\n') == 2
    assert text.endswith("Check data_prefix.features. Pass on_bad='skip' to leave them out, counted.")
    left = build(layout, on_bad='skip')
    assert [item['sample_id'] for item in left.data_list] == ['b|2.0', 'c|12', 'b|19.7', 'c|15.5']
    assert left.num_listed == 8
    assert sorted(left.unusable) == ['a|1.9', 'a|11.1', 'a|6.0', 'a|8.4']
    assert first_numbers(left.__getitems__([1]))[0] == [50.6, 52.8, 55.0, 57.2, 59.4]
    assert any(text.startswith('4 of 8 rows') for text in said)


def test_many_bad_files_are_shortened(layout: ClipLayout) -> None:
    layout.plan('exo_val', [(f'v{number}', '9.0', 1) for number in range(9)])
    with pytest.raises(DataError, match=r'9 of 9 rows .* in 9 videos:\n(  v\d .*\n){5}  \(4 more: python '
                       r'tools/data/verify_dataset\.py CONFIG lists all\)\n'):
        build(layout, 'exo_val')


def test_a_file_of_another_width_without_a_known_one(layout: ClipLayout) -> None:
    layout.video('b', dim=6)
    dataset = build(layout, feature=dict(benchmark=None, recipe=dict(feature_fps=5.0)), feature_fps=5.0)
    dataset.__getitems__([1])
    with pytest.raises(FeatureError, match=r'b\.pt: expected shape \(T, 4\) as in the other files, found \(100, 6\)'):
        dataset.__getitems__([2])


def test_inspection_by_row_opens_each_file_once(layout: ClipLayout, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(layout.features / 'c.pt', 99)
    dataset = build(layout, lazy_init=True)
    items = dataset.list_samples()
    opened = []
    real = dataset.feature_store.open
    monkeypatch.setattr(dataset.feature_store, 'open', lambda uid: opened.append(uid) or real(uid))
    assert all(not dataset.inspect_sample(item).problems for item in items)
    assert opened == ['a', 'b', 'c']
    bad = {item['uid'] for item in items if dataset.inspect_sample(item, full=True).problems}
    assert bad == {'c'}
    assert dataset.inspect_sample(items[0]).facts == dict(rows=100)


@pytest.mark.parametrize(('options', 'message'), [
    (dict(view='third'), r"PlanningDataset, view: expected 'ego' or 'exo', found 'third'\. Choose one of them\."),
    (dict(split='all'), "split: expected 'train' or 'val' or 'test', found 'all'"),
    (dict(on_short_feature='skip'), "on_short_feature: expected 'clamp' or 'error', found 'skip'"),
    (dict(missing_list='warn'), "missing_list: expected 'error' or 'skip', found 'warn'"),
    (dict(view='exo', gaze=True), r"gaze: expected False for view='exo', whose people wear no glasses, found True\."),
    (dict(context_sec=-1), 'context_sec: expected at least 0, found -1'),
    (dict(num_segments=0), 'num_segments: expected at least 1, found 0'),
    (dict(clip_cache_bytes=-5), 'clip_cache_bytes: expected at least 0, found -5'),
    (dict(num_rows=-5), 'num_rows: expected at least 1, found -5'),
    (dict(data_prefix=dict()), r"data_prefix: expected the folder 'features', found nothing\. Name it\."),
])
def test_wrong_options(layout: ClipLayout, options: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build(layout, **options)


def test_missing_list(layout: ClipLayout, said: list[str]) -> None:
    with pytest.raises(AnnotationError, match=r'test_ego_anno_list\.txt: expected a list of the benchmark, found no '
                       r"such file\. Check ann_folder and data_root, or pass missing_list='skip' to do without it\."):
        build(layout, 'ego_test')
    dataset = build(layout, 'ego_test', missing_list='skip')
    assert len(dataset) == 0
    assert 'ego_test is left out, nothing of it is trained or scored.' in said[-1]
    joined = ConcatSubsets(datasets=[build(layout), dataset])
    assert said[-1] == 'left out because empty: ego_test; 8 rows remain in 1 of 2 lists.'
    assert len(joined.__getitems__([0, 7])['data_samples']) == 2


def test_excluded_videos(layout: ClipLayout, said: list[str]) -> None:
    dataset = build(layout, exclude=['a', 'unknown'])
    assert dataset.videos == ['b', 'c']
    assert 'ego_train: 4 of 8 rows excluded with 1 videos by name' in said


def test_without_features(layout: ClipLayout) -> None:
    dataset = build(layout, with_features=False, data_prefix=None)
    batch = dataset.__getitems__([1, 0])
    assert batch['inputs'].shape == (2, 0, 5)
    assert batch['data_samples'][0].has_context
    assert not batch['data_samples'][1].has_context
    assert dataset.inspect_sample(dataset.data_list[0]).problems == []


def test_lists_with_a_common_video_are_said(layout: ClipLayout, said: list[str]) -> None:
    layout.plan('ego_val', [('a', '6.0', 1)])
    ConcatSubsets(datasets=[build(layout), build(layout, 'ego_val')])
    assert said[-1].startswith('1 of 3 videos are in more than one list: a in ego_train and ego_val.')


def test_the_reader_alone(layout: ClipLayout) -> None:
    store = build(layout).feature_store
    reader = ClipReader(store, ['a', 'b'], np.array([0, -1]), np.array([4, -1]), num_segments=5)
    assert reader.read([1, 0]).shape == (2, 5, 4)
    assert reader.read([0])[0, :, 0].tolist() == [0, 1, 2, 3, 4]
    assert reader.read([]).shape == (0, 5, 4)
    assert reader.num_opened == 1


def test_sabotage_gives_rows_the_labels_of_others(layout: ClipLayout) -> None:
    whole, permuted, again = (build(layout, shuffle_labels=seed) for seed in (None, 0, 0))

    def labels(dataset: object) -> list[list[int]]:
        return [item['labels'] for item in dataset.data_list]

    assert sorted(map(tuple, labels(permuted))) == sorted(map(tuple, labels(whole)))
    assert labels(permuted) == labels(again) != labels(whole)
    assert [item['sample_id'] for item in permuted.data_list] == [item['sample_id'] for item in whole.data_list]
