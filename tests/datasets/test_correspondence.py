import json
import logging
import pickle
import random
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from correspondence_support import EGO, take_uid, write_correspondence_root
from torch.utils.data import DataLoader

from egoexo.datasets.collate_pairs import collate_pairs
from egoexo.datasets.concat import ConcatSubsets
from egoexo.datasets.correspondence import CorrespondenceDataset
from egoexo.datasets.samplers import InfiniteSeededSampler, SeededIndex, SeededSampler
from egoexo.engine.hooks.input_report_hook import InputReportHook
from egoexo.errors import AnnotationError, ConfigError, DataError
from egoexo.evaluation.functional.correspondence_resize import nearest_resize, pad_square
from egoexo.formats.correspondence_pairs import create_pairs, write_pairs
from egoexo.formats.correspondence_take import read_take_annotation
from egoexo.formats.rle import decode_rle
from egoexo.registry import DATASETS

UIDS = [take_uid('train', 0), take_uid('train', 1)]
VAL = take_uid('val', 0)
SIDE = 96
PIPELINE = [dict(type='LoadImagePair'), dict(type='PadSquareResizeNearest', size=SIDE), dict(type='HideTargetTokens'),
            dict(type='PackPair')]


@pytest.fixture(scope='module')
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nobody writes to it."""
    return write_correspondence_root(tmp_path_factory.mktemp('sound') / 'prepared')


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_correspondence_root(tmp_path / 'prepared')


def build(root: Path, direction: str = 'ego2exo', split: str = 'train', **kwargs: object) -> CorrespondenceDataset:
    return DATASETS.build(dict(type='CorrespondenceDataset', data_root=str(root), direction=direction, split=split,
                               pipeline=PIPELINE) | kwargs)


def edit(root: Path, uid: str, **changed: object) -> None:
    path = root / uid / 'annotation.json'
    content = json.loads(path.read_text()) | changed
    path.write_text(json.dumps({key: value for key, value in content.items() if value is not None}))


def official_pairs(root: Path, direction: str) -> list[list[str]]:
    """Identifiers of the official list, in its form."""
    return list(create_pairs([read_take_annotation(root / uid / 'annotation.json') for uid in UIDS], direction, 'd'))


def official_sample(root: Path, pairs: list[list[str]], index: int, reverse: bool) -> dict:
    """The released loader's sample, written from its description: draws in its order, nothing shared."""
    query, target = (pairs[index][2], pairs[index][0]) if reverse else (pairs[index][0], pairs[index][2])
    _, take, _, name, _, frame = query.split('//')
    negative = bool(torch.rand(1) < 0.1)
    if negative:
        while True:
            other = pairs[random.randint(0, len(pairs) - 1)][2]
            if take not in other and name not in other:
                break
        target = other

    def picture(identifier: str) -> np.ndarray:
        _, uid, camera, _, _, number = identifier.split('//')
        pixels = cv2.cvtColor(cv2.imread(str(root / uid / camera / f'{number}.jpg')), cv2.COLOR_BGR2RGB)
        return cv2.resize(pad_square(pixels), (SIDE, SIDE), interpolation=cv2.INTER_NEAREST)

    masks = json.loads((root / take / 'annotation.json').read_text())['masks'][name]

    def mask(rle: dict | None) -> np.ndarray:
        return np.zeros((SIDE, SIDE), np.uint8) if rle is None else cv2.resize(
            pad_square(decode_rle(rle)), (SIDE, SIDE), interpolation=cv2.INTER_NEAREST)

    found = None if negative else masks[target.split('//')[2]].get(frame)
    target_mask = mask(found)
    small = nearest_resize(target_mask, (SIDE // 16, SIDE // 16))
    hide = bool(torch.rand(1) > 0.5) and small.any()
    return dict(query=picture(query), target=picture(target), query_mask=mask(masks[query.split('//')[2]][frame]),
                target_mask=target_mask, hidden=small < 0.5 if hide else np.zeros_like(small, dtype=bool),
                negative=found is None)


@pytest.mark.parametrize('direction', ['ego2exo', 'exo2ego'])
def test_samples_of_the_released_loader(sound: Path, direction: str) -> None:
    dataset, pairs = build(sound, direction), official_pairs(sound, direction)
    assert len(dataset) == len(pairs) == 36
    negatives = hidden = 0
    for seed in range(2):
        for index in range(len(pairs)):
            torch.manual_seed(1000 * seed + index)
            random.seed(1000 * seed + index)
            expected = official_sample(sound, pairs, index, reverse=direction == 'exo2ego')
            torch.manual_seed(1000 * seed + index)
            random.seed(1000 * seed + index)
            item = dataset[index]
            inputs, sample = item['inputs'], item['data_samples']
            for role in ('query', 'target'):
                assert np.array_equal(inputs[role].permute(1, 2, 0).numpy(), expected[role])
            assert np.array_equal(inputs['query_mask'][0].numpy(), expected['query_mask'])
            assert np.array_equal(inputs['hidden_tokens'].numpy(), expected['hidden'])
            assert np.array_equal(sample.gt_target_mask.numpy(), expected['target_mask'] > 0)
            assert bool(sample.gt_visible) is not expected['negative'] and sample.is_negative is expected['negative']
            negatives += sample.uid not in sample.target_path
            hidden += bool(expected['hidden'].any())
    assert negatives > 2 and hidden > 8


def test_random_negatives(sound: Path) -> None:
    for view, camera in (('exo', 'cam'), ('target', EGO)):
        dataset = build(sound, 'exo2ego', negative_prob=1, negative_view=view)
        for index in range(0, 36, 5):
            sample = dataset[SeededIndex(index, (0, 0, index))]['data_samples']
            assert sample.is_negative and not sample.gt_visible and not sample.gt_target_mask.any()
            assert sample.uid not in sample.target_path and Path(sample.target_path).parent.name.startswith(camera)
            assert sample.target_rle is None and sample.is_annotated is None
            assert sample.query_rle is not None and sample.target_camera == EGO
    samples = [item['data_samples'] for item in map(build(sound, negative_prob=0).__getitem__, range(36))]
    assert all(sample.uid in sample.target_path for sample in samples)


def test_no_other_take_to_draw_from(sound: Path) -> None:
    dataset = build(sound, takes=UIDS[:1], negative_prob=1)
    with pytest.raises(DataError, match=r'negative_prob: expected an item of another take and another object, for a '
                                        r'negative pair, found none in 10,000 draws\. Set negative_prob=0'):
        dataset[0]


def test_an_index_seeds_its_sample(sound: Path) -> None:
    dataset = build(sound, negative_prob=0.5)
    first = [dataset[SeededIndex(index, (7, 1, index))] for index in range(12)]
    again = [dataset[SeededIndex(index, (7, 1, index))] for index in reversed(range(12))][::-1]
    for one, other in zip(first, again, strict=True):
        assert one['inputs']['keys'] == other['inputs']['keys']
        assert torch.equal(one['inputs']['hidden_tokens'], other['inputs']['hidden_tokens'])


@pytest.mark.parametrize('direction', ['ego2exo', 'exo2ego'])
def test_testing_order(sound: Path, direction: str) -> None:
    training, dataset = build(sound, direction), build(sound, direction, test_mode=True)
    infos = [dataset.get_data_info(index) for index in range(len(dataset))]
    assert sorted(info['order'] for info in infos) == list(range(36))
    assert [info['sample_id'] for info in sorted(infos, key=lambda info: info['order'])] == [
        training.get_data_info(index)['sample_id'] for index in range(36)]
    assert [info['uid'] for info in infos] == [UIDS[0]] * 18 + [UIDS[1]] * 18
    moments = [(UIDS.index(info['uid']), int(info['frame']), info['query_camera'], info['target_camera'],
                info['order']) for info in infos]
    assert moments == sorted(moments)
    assert [info['sample_idx'] for info in infos] == list(range(36))


def test_nothing_is_drawn_in_testing(sound: Path) -> None:
    dataset = build(sound, test_mode=True, negative_prob=1)
    torch.manual_seed(0)
    state, python = torch.get_rng_state(), random.getstate()
    for index in range(len(dataset)):
        item = dataset[index]
        sample = item['data_samples']
        assert not item['inputs']['hidden_tokens'].any() and sample.uid in sample.target_path
        assert sample.is_negative is (sample.target_rle is None)
        assert sample.target_size == (36, 64) and sample.query_size == (32, 32)
    assert torch.equal(torch.get_rng_state(), state) and random.getstate() == python


def test_meta_information_of_a_sample(sound: Path) -> None:
    sample = build(sound, 'exo2ego', 'val', test_mode=True)[1]['data_samples']
    masks = json.loads((sound / VAL / 'annotation.json').read_text())['masks']['salt/pepper_1']
    assert sample.sample_id == f'{VAL}//salt/pepper_1//cam01//{EGO}//0'
    assert (sample.uid, sample.subset, sample.view, sample.frame) == (VAL, 'exo2ego_val', 'exo2ego', '0')
    assert (sample.object_name, sample.query_camera, sample.target_camera) == ('salt/pepper_1', 'cam01', EGO)
    assert (sample.query_rle, sample.target_rle) == (masks['cam01']['0'], masks[EGO]['0'])
    assert sample.query_path == str(sound / VAL / 'cam01' / '0.jpg') and sample.is_annotated is True
    assert sample.order == 6 and sample.sample_idx == 1


def test_every_nth_of_the_official_list(sound: Path) -> None:
    dataset = build(sound, test_mode=True, every=5)
    assert sorted(dataset.get_data_info(index)['order'] for index in range(len(dataset))) == list(range(0, 36, 5))


def test_where_nobody_looked(sound: Path, said: list[str]) -> None:
    everything, known = build(sound), build(sound, unknown='skip')
    left = {known.get_data_info(index)['sample_id'] for index in range(len(known))}
    for info in map(everything.get_data_info, range(len(everything))):
        assert (info['sample_id'] in left) == (info['is_annotated'] or info['target_rle'] is not None)
    assert len(known) == 30 and 'left out 6 because nobody looked at their target picture' in said[-1]


def test_takes_of_the_official_code_do_not_say_who_looked(root: Path, said: list[str]) -> None:
    truth = dict(annotations={VAL: json.loads((root / VAL / 'annotation.json').read_text())})
    (root / 'correspondence-gt.json').write_text(json.dumps(truth))
    expected = [build(root, split='val', test_mode=True).get_data_info(index)['is_annotated'] for index in range(18)]
    edit(root, VAL, annotated_frames=None)
    dataset = build(root, split='val', test_mode=True)
    assert {dataset.get_data_info(index)['is_annotated'] for index in range(18)} == {None}
    assert 'of 18 pairs it is unknown whether somebody looked for the object' in said[-1]
    with pytest.raises(ConfigError, match=r"found an annotation.json without 'annotated_frames'\. Give ground_truth"):
        build(root, split='val', unknown='skip')
    dataset = build(root, split='val', test_mode=True, ground_truth='correspondence-gt.json')
    assert [dataset.get_data_info(index)['is_annotated'] for index in range(18)] == expected
    assert False in expected and True in expected


def test_masks_that_could_not_be_decoded(root: Path, said: list[str]) -> None:
    masks = json.loads((root / VAL / 'annotation.json').read_text())['masks']
    masks['cup_2'][EGO]['0'] = None
    masks['cup_2']['cam01']['60'] = None
    edit(root, VAL, masks=masks)
    dataset = build(root, split='val', negative_prob=0)
    assert len(dataset) == 15 and all(dataset[index]['data_samples'].is_negative is
                                      (dataset.get_data_info(index)['target_rle'] is None) for index in range(15))
    assert 'left out 1 because their target mask could not be decoded' in said[-2]
    assert '2 of 27 masks could not be decoded when the takes were prepared' in said[-1]
    # In testing the pair stays, for a submission has to have it, but it cannot be scored.
    tested = build(root, split='val', test_mode=True)
    kept = [info for info in map(tested.get_data_info, range(len(tested)))
            if (info['object_name'], info['target_camera'], info['frame']) == ('cup_2', 'cam01', '60')]
    assert len(tested) == 16 and [info['is_annotated'] for info in kept] == [False]


def test_some_takes_only(sound: Path) -> None:
    dataset = build(sound, takes=[UIDS[1]])
    assert len(dataset) == 18 and dataset.videos == [UIDS[1]]
    with pytest.raises(ConfigError, match=r"ego2exo_train, takes: expected takes of .*split\.json, found 1 others, "
                                          r"first 'nothing'"):
        build(sound, takes=['nothing'])


def test_official_pair_file(root: Path) -> None:
    write_pairs(root / 'train_exoego_pairs.json', official_pairs(root, 'exo2ego')[::-1])
    plain, listed = build(root, 'exo2ego'), build(root, 'exo2ego', pairs_file='train_exoego_pairs.json')
    ids = [plain.get_data_info(index)['sample_id'] for index in range(36)]
    assert [listed.get_data_info(index)['sample_id'] for index in range(36)] == ids[::-1]
    chosen = build(root, 'exo2ego', pairs_file='train_exoego_pairs.json', takes=UIDS[1:])
    assert [chosen.get_data_info(index)['sample_id'] for index in range(18)] == ids[:17:-1]
    edit(root, UIDS[1], masks={})
    unread = build(root, 'exo2ego', pairs_file='train_exoego_pairs.json', lazy_init=True)
    reports = [unread.inspect_sample(item) for item in unread.list_samples()]
    assert [report.facts['pairs'] for report in reports] == [0, 18]
    with pytest.raises(DataError, match=r'1 of 2 takes of .* cannot be used:\n.*18 pairs of the pair file are not in '
                                        r'its annotation'):
        build(root, 'exo2ego', pairs_file='train_exoego_pairs.json')


def test_problems_are_reported_together(root: Path, said: list[str]) -> None:
    (root / UIDS[0] / 'annotation.json').unlink()
    (root / UIDS[1] / 'cam02' / '90.jpg').unlink()
    with pytest.raises(DataError) as caught:
        build(root)
    text = str(caught.value)
    assert text.startswith(f'2 of 2 takes of CorrespondenceDataset ego2exo_train ({root}) cannot be used:')
    assert f'{UIDS[0]}: no annotation.json in {root / UIDS[0]}' in text
    assert f'{UIDS[1]}: cam02: 1 of 4 pictures missing, first {root / UIDS[1] / "cam02" / "90.jpg"}' in text
    assert "tools/data/prepare_correspondence.py (data/README.md), or check data_root. Pass on_bad='skip'" in text
    dataset = build(root, on_bad='skip')
    assert len(dataset) == 16 and dataset.num_listed == 18 and list(dataset.unusable) == UIDS
    assert "on_bad='skip': going on with 16 pairs." in said[-2]
    assert all(Path(dataset.get_data_info(index)['target_path']).exists() for index in range(16))


def test_pictures_may_be_left_unchecked(root: Path) -> None:
    gone = root / UIDS[0] / EGO / '0.jpg'
    gone.unlink()
    dataset = build(root, check_files=False, negative_prob=0)
    assert len(dataset) == 36
    with pytest.raises(DataError, match=r"sample '[^']*//steel pan_0//aria01_214-1//cam01//0' of .*0\.jpg: expected a "
                                        'picture, found nothing'):
        dataset[0]


def test_empty_lists(root: Path) -> None:
    with pytest.raises(AnnotationError, match=r'split\.json test: expected at least one take, found none'):
        build(root, split='test')
    edit(root, VAL, masks={'cup_2': {EGO: {}}})
    with pytest.raises(AnnotationError, match='expected at least one mask of an object that an ego and an exo camera '
                                              'see, found none in 1 takes'):
        build(root, split='val')
    (root / 'split.json').rename(root / 'split_checking.json')
    assert len(build(root)) == 36
    (root / 'split_checking.json').unlink()
    with pytest.raises(AnnotationError, match=r'split\.json: expected .*found nothing: it does not exist'):
        build(root)


@pytest.mark.parametrize(('wrong', 'text'), [
    (dict(split='all'), "split: expected 'train' or 'val' or 'test', found 'all'"),
    (dict(direction='ego-exo'), "direction: expected 'ego2exo' or 'exo2ego', found 'ego-exo'"),
    (dict(unknown='positive'), "unknown: expected 'negative' or 'skip'"),
    (dict(negative_view='ego'), "negative_view: expected 'exo' or 'target'"),
    (dict(every=0), 'every: expected a number of at least 1, found 0'),
    (dict(negative_prob=1.5), r'negative_prob: expected a number from 0 to 1, found 1\.5'),
    (dict(on_bad='ignore'), "on_bad: expected 'error' or 'skip'"),
])
def test_wrong_options(sound: Path, wrong: dict, text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        build(sound, **wrong)


def test_meta_information_of_the_list(sound: Path, said: list[str]) -> None:
    dataset = build(sound, 'exo2ego', 'val')
    assert dataset.metainfo == dict(benchmark='correspondence', directions=['exo2ego'], splits=['val'])
    assert (dataset.subset, dataset.num_listed, dataset.unusable) == ('exo2ego_val', 18, {})
    assert said == [f'exo2ego_val: 18 pairs of 1 takes of {sound}, in 12 of them the object is in the target view']


def test_part_of_a_list(sound: Path) -> None:
    ids = [build(sound).get_data_info(index)['sample_id'] for index in range(36)]
    for indices, expected in ((5, ids[:5]), (-2, ids[-2:]), ([7, 3], [ids[7], ids[3]])):
        dataset = build(sound, indices=indices)
        assert [dataset.get_data_info(index)['sample_id'] for index in range(len(dataset))] == expected
    assert build(sound).get_subset([4]).get_data_info(-1)['sample_id'] == ids[4]


def test_both_directions_share_their_masks(sound: Path, said: list[str]) -> None:
    both = ConcatSubsets([dict(type='CorrespondenceDataset', direction=direction) for direction in
                          ('ego2exo', 'exo2ego')], data_root=str(sound), split='train', pipeline=PIPELINE)
    assert both.metainfo == dict(benchmark='correspondence', directions=['ego2exo', 'exo2ego'], splits=['train'])
    assert both.datasets[0].data_list.takes is both.datasets[1].data_list.takes
    assert len(both) == 72 and both.subsets == ['ego2exo_train', 'exo2ego_train']
    assert said[-1] == ('ego2exo_train, exo2ego_train share 2 of 2 videos, as published: they differ in the '
                        'direction.')
    views = [item['data_samples'].view for item in both.__getitems__([0, 40, 1])]
    assert views == ['ego2exo', 'exo2ego', 'ego2exo']


def test_batches_do_not_depend_on_the_workers(sound: Path) -> None:
    both = ConcatSubsets([dict(type='CorrespondenceDataset', direction=direction) for direction in
                          ('ego2exo', 'exo2ego')], data_root=str(sound), split='train', pipeline=PIPELINE)

    def batches(num_workers: int) -> list[dict]:
        loader = DataLoader(both, batch_size=8, sampler=SeededSampler(both, seed=3), num_workers=num_workers,
                            collate_fn=collate_pairs, persistent_workers=num_workers > 0)
        made = []
        for epoch in range(2):
            loader.sampler.set_epoch(epoch)
            made += list(loader)
        return made

    alone, shared = batches(0), batches(2)
    assert len(alone) == 18
    for one, other in zip(alone, shared, strict=True):
        assert all(torch.equal(one['inputs'][name], other['inputs'][name]) for name in one['inputs'])
        assert [sample.target_path for sample in one['data_samples']] == [
            sample.target_path for sample in other['data_samples']]
    assert {sample.target_path for sample in alone[0]['data_samples']} != {
        sample.target_path for sample in alone[9]['data_samples']}
    endless = DataLoader(both, batch_size=8, sampler=InfiniteSeededSampler(both, seed=3), collate_fn=collate_pairs)
    assert next(iter(endless))['inputs']['query'].shape == (8,)


def test_a_batch_in_testing_has_few_pictures(sound: Path) -> None:
    dataset = build(sound, test_mode=True)
    inputs = collate_pairs([dataset[index] for index in range(6)])['inputs']
    assert inputs['images'].shape == (3, 3, SIDE, SIDE)  # 3 objects x 2 exo cameras of one moment
    assert inputs['query'].tolist() == [0] * 6 and inputs['target'].tolist() == [1] * 3 + [2] * 3


def test_survives_the_way_to_a_worker(sound: Path) -> None:
    dataset = build(sound, test_mode=True)
    copy = pickle.loads(pickle.dumps(dataset))
    assert torch.equal(copy[5]['inputs']['target'], dataset[5]['inputs']['target'])


def test_account_for_the_run(root: Path) -> None:
    (root / VAL / 'cam02' / '30.jpg').unlink()
    dataset = build(root, split='val', test_mode=True, on_bad='skip')
    runner = SimpleNamespace(work_dir=root, test_dataloader=SimpleNamespace(dataset=dataset),
                             logger=logging.getLogger())
    InputReportHook().before_test(runner)
    noted, = json.loads((root / 'inputs.json').read_text())['test']['lists']
    assert noted == dict(subset='ego2exo_val', ann_file=str(root / 'split.json'), listed=18, used=16, missing=False,
                         left_out={VAL: [f'cam02: 1 of 4 pictures missing, first {root / VAL / "cam02" / "30.jpg"}']})


def test_inspection_of_a_take(root: Path) -> None:
    (root / UIDS[0] / 'cam01' / '60.jpg').unlink()
    (root / UIDS[1] / EGO / '90.jpg').write_bytes(b'no picture')
    masks = json.loads((root / UIDS[1] / 'annotation.json').read_text())['masks']
    masks['cup_2']['cam01']['60'] = None
    edit(root, UIDS[1], masks=masks)
    dataset = build(root, lazy_init=True)
    items = dataset.list_samples()
    assert items == [dict(sample_id=uid, uid=uid) for uid in UIDS]
    quick = [dataset.inspect_sample(item) for item in items]
    assert [report.facts for report in quick] == [dict(pairs=18, null_masks=0), dict(pairs=18, null_masks=1)]
    assert [len(report.problems) for report in quick] == [1, 0]
    assert quick[0].problems[0].startswith('cam01: 1 of 4 pictures missing')
    full = dataset.inspect_sample(items[1], full=True)
    assert len(full.problems) == 1 and 'pictures cannot be read, first' in full.problems[0]
    (root / UIDS[1] / 'annotation.json').write_text('[]')
    assert 'expected an object' in dataset.inspect_sample(items[1]).problems[0]
