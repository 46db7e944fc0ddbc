"""Segments with third-person clips of the same meaning."""

import json
import random
import shutil

import numpy as np
import pytest
import suml_support as support
import torch

from egoexo.datasets import collate_clips
from egoexo.datasets.base import seed_everything
from egoexo.datasets.samplers import SeededIndex
from egoexo.errors import AnnotationError, ConfigError, DataError
from egoexo.formats.epic_actions import read_epic_actions
from egoexo.formats.lemma_epic_map import read_label_map
from egoexo.models.data_preprocessors.clip import ClipDataPreprocessor
from egoexo.registry import DATASETS

CROP = dict(type='RandomScaleCropFlip', scale=(16, 20), size=12)
EGO_STEPS = [dict(type='SampleClips', clip_len=4, frame_interval=2), dict(type='LoadClipFrames'), CROP,
             dict(type='PackClip')]
TPV_STEPS = [dict(type='LoadClipFrames'), CROP, dict(type='PCALighting'),
             dict(type='PackClip', normalize_first=False, swap_channels=True)]


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    return support.write_world(tmp_path_factory.mktemp('suml'))


@pytest.fixture
def copy(root, tmp_path):
    return shutil.copytree(root, tmp_path / 'copy')


def build(root, ego=None, tpv=None, **options):
    return DATASETS.build(dict(
        type='SemanticPairDataset', data_root=str(root), pairs_file='pairs.json', text_embeddings='texts.npz',
        ego=dict(ann_file='train.csv', data_prefix=dict(frames='frames'), num_classes=dict(verb=4, noun=5),
                 pipeline=EGO_STEPS) | (ego or {}),
        tpv=dict(data_root=str(root / 'lemma'), clip_len=8, pipeline=TPV_STEPS) | (tpv or {})) | options)


def test_sample_of_both_views(root):
    dataset = build(root)
    assert len(dataset) == 5 and dataset.videos == ['P01_101', 'P02_101']
    item = dataset[SeededIndex(1, (0, 0, 1))]
    sample = item['data_samples']
    assert (sample.sample_id, sample.view, sample.subset, sample.narration) == ('P01_101_1', 'ego', 'train', 'cut cup')
    assert (sample.gt_verb_label.item(), sample.gt_noun_label.item()) == (3, 1)
    assert sample.same_idx == 1 and sample.tpv_index in (0, 1, 2) and sample.tpv_narration == 'cut cup with knife'
    assert sample.gt_tpv_verb_targets.tolist() == [1, 0, 0, 0]
    assert sample.gt_tpv_noun_targets.tolist() == [0, 1, 0, 0, 1]
    np.testing.assert_array_equal(sample.gt_text_embedding, dataset.embeddings['cut cup'])
    np.testing.assert_array_equal(sample.gt_tpv_text_embedding, dataset.embeddings['cut cup with knife'])
    ego, tpv = item['inputs']['ego'], item['inputs']['tpv']
    assert ego['normalize_first'] and ego['lighting'] is None and not ego['swap_channels']
    assert not tpv['normalize_first'] and tpv['lighting'].shape == (3,) and tpv['swap_channels']
    # Every fourth of the 32 pictures around frame 0 of k1, whose green tells the frame.
    assert tpv['frames'][tpv['views'][0], 0, 0, 1].tolist() == pytest.approx([0, 0, 0, 0, 0, 8, 16, 23], abs=2)
    assert dataset.metainfo['tpv_num_classes'] == dict(verb=4, noun=5)
    assert dataset.metainfo['num_classes'] == dict(verb=4, noun=5)


def test_the_seed_of_an_index_decides_everything(root):
    dataset = build(root)
    one, other, third = (dataset[SeededIndex(4, (0, number, 4))] for number in (0, 0, 1))
    for view in ('ego', 'tpv'):
        assert all(torch.equal(torch.as_tensor(one['inputs'][view][key]), torch.as_tensor(other['inputs'][view][key]))
                   for key in ('frames', 'crops', 'flip'))
    assert one['data_samples'].tpv_index == other['data_samples'].tpv_index
    assert not torch.equal(one['inputs']['tpv']['lighting'], third['inputs']['tpv']['lighting'])


def test_batch(root):
    dataset = build(root)
    seed_everything((0,))
    batch = ClipDataPreprocessor()(collate_clips([dataset[0], dataset[1]]))
    assert {view: tuple(clips.shape) for view, clips in batch['inputs'].items()} == dict(
        ego=(2, 3, 4, 12, 12), tpv=(2, 3, 8, 12, 12))


def test_best_list_that_is_not_empty(root):
    dataset = build(root)
    found = [dataset.choose_entry(row) for row in range(5)]
    assert [kind for kind, _ in found] == [2, 1, 3, 4, 0]
    assert [entry.narration for _, entry in found] == [
        'open fridge', 'cut cup with knife', 'cut cup with knife', 'cut cup with knife', 'cut cup with knife']


def test_official_order_of_draws(root):
    """Clip with ``random``, third-person augmentation with numpy, then place and augmentation of the ego view."""
    dataset = build(root)
    seed_everything((5,))
    item = dataset[1]
    state = random.random(), np.random.rand()  # noqa: NPY002 the generator that is looked at
    seed_everything((5,))
    entry = dataset.pairs.of(1, 'sub')[random.randint(0, 2)]
    paths = dataset.tpv.find_frames(entry.frames[::4])
    clip = dataset._pipelines['tpv'](dict(sample_id='', uid='', subset='', view='tpv', sample_idx=1, frame_paths=paths))
    ego = dataset._pipelines['ego'](dataset.get_data_info(1))
    assert (random.random(), np.random.rand()) == state  # noqa: NPY002
    assert item['data_samples'].tpv_index == entry.index
    assert torch.equal(item['inputs']['tpv']['lighting'], clip['inputs']['lighting'])
    assert torch.equal(item['inputs']['ego']['crops'], ego['inputs']['crops'])


def test_segment_without_a_clip_takes_one_of_another_segment(root):
    dataset = build(root)
    random.seed(3)
    expected = random.Random(3)
    kind, entry = dataset.choose_entry(4)
    while expected.randint(0, 4) != 1:  # the only row with a list 'sub'
        pass
    assert kind == 0 and entry == dataset.pairs.of(1, 'sub')[expected.randint(0, 2)]


def test_lists_of_any_length(copy):
    content = json.loads((copy / 'pairs.json').read_text())
    content['0']['same'] = content['0']['same'][:1]
    (copy / 'pairs.json').write_text(json.dumps(content))
    dataset = build(copy)
    assert {dataset.choose_entry(0)[1].index for _ in range(20)} == {3}
    assert {dataset.choose_entry(1)[1].index for _ in range(40)} == {0, 1, 2}


def test_rows_count_in_the_file_not_in_the_list(root):
    dataset = build(root, ego=dict(exclude=['P01_101']))
    assert [dataset.get_data_info(index)['row'] for index in range(2)] == [3, 4]
    assert dataset[0]['data_samples'].same_idx == 4


def test_official_paths(copy):
    content = (copy / 'pairs.json').read_text().replace('"k1/', '"/usa/x/k1/').replace('"k2/', '"/usa/x/k2/')
    (copy / 'pairs.json').write_text(content)
    with pytest.raises(AnnotationError, match='Give path_prefix'):
        build(copy)
    for new in ('', str(copy / 'lemma')):
        dataset = build(copy, path_prefix=('/usa/x/', new))
        assert dataset[0]['data_samples'].tpv_narration == 'open fridge'


def test_second_official_file(copy):
    lines = ['0,2,a,1,b,c', '1,1,a,2,b,c', '2,3,a,0,b,c', '3,4,a,0,b,c', '4,0,a,-1,b,c']
    (copy / 'choices.txt').write_text('\n'.join(lines))
    dataset = build(copy, choices_file='choices.txt')
    assert [dataset.choose_entry(row)[1].index for row in range(4)] == [4, 2, 0, 0]
    assert dataset.choose_entry(4)[0] == 0
    for line in ('0,1,a,1,b,c', '0,2,a,3,b,c', '9,1,a,1,b,c'):
        (copy / 'choices.txt').write_text('\n'.join([line, *lines[1:]]))
        with pytest.raises(AnnotationError, match=r'choices\.txt row 0: expected match type 2 and an entry below 3'):
            build(copy, choices_file='choices.txt').choose_entry(0)


def test_narration_without_a_row(copy):
    support.write_texts(copy / 'texts.npz', without='take pan')
    with pytest.raises(AnnotationError, match=r"texts\.npz: expected a row for each of 7 narrations, found none for 1, "
                                              r"first 'take pan'\. Make them with: python "
                                              r'tools/data/embed_narrations\.py --ann .*train\.csv --pairs '
                                              r'.*pairs\.json --out .*texts\.npz'):
        build(copy)


def test_missing_pictures_of_both_views_are_reported_together(copy):
    (copy / 'lemma' / 'k1' / 'img_00016.jpg').unlink()
    shutil.rmtree(copy / 'frames' / 'P02_101')
    with pytest.raises(DataError, match=r'(?s)5 of 5 samples .*P01_101_0: \d+ third-person pictures missing, first '
                                        r'.*k1/img_00016\.jpg.*P02_101_1: no folder of frames'):
        build(copy)
    assert len(build(copy, check_files=False, on_bad='skip')) == 3
    with pytest.raises(DataError, match='no folder of frames'):
        build(copy, check_files=False)


def test_a_clip_of_another_segment_has_its_pictures(copy, monkeypatch):
    (copy / 'lemma' / 'k1' / 'img_00000.jpg').unlink()
    dataset = build(copy, on_bad='skip')
    assert [dataset.get_data_info(index)['row'] for index in range(len(dataset))] == [4]
    monkeypatch.setattr('egoexo.datasets.semantic_pair._MAX_DRAWS', 50)
    with pytest.raises(DataError, match="row 4: expected an entry 'sub' of another row whose pictures are there"):
        dataset.choose_entry(4)


@pytest.mark.parametrize(('change', 'found'), [
    (lambda rows: rows.pop('2'), r'an entry for row 2 of the training list, found 4 other rows'),
    (lambda rows: rows.update({'5': rows['0']}), r'rows below 5, the length of .*train\.csv, found 1 others, first 5'),
    (lambda rows: rows['1'].update(sub=[]), r"entries 'sub', of which .* found none, and 1 such"),
    (lambda rows: rows['1']['sub'].append({'12': rows['1']['sub'][0]['0']}), 'entry 12: expected a number below 12'),
    (lambda rows: rows['1']['sub'].append({'3': rows['1']['sub'][0]['0']}),
     r'entry 3: expected k1/img_00016\.jpg in its middle, where segment 1 begins, found k1/img_00000\.jpg')])
def test_pairs_of_other_annotations(copy, change, found):
    rows = json.loads((copy / 'pairs.json').read_text())
    change(rows)
    (copy / 'pairs.json').write_text(json.dumps(rows))
    with pytest.raises(AnnotationError, match=found):
        build(copy)


def test_wrong_options(root):
    with pytest.raises(ConfigError, match=r"path_prefix: expected two texts.*found '/usa'"):
        build(root, path_prefix='/usa')
    with pytest.raises(ConfigError, match=r'expected 5 pictures \(tpv\.clip_len\) or a multiple, found 32'):
        build(root, tpv=dict(clip_len=5))


def test_mini_world(epic_root):
    """Files of a writer that shares no code with these readers."""
    dataset = build(epic_root, pairs_file='pairs/epic_lemma_pairs.json', text_embeddings='pairs/text_embeddings.npz',
                    ego=dict(ann_file='annotations/EPIC_100_train.csv', data_prefix=dict(frames='rgb_frames'),
                             num_classes=dict(verb=19, noun=26)))
    label_map = read_label_map(epic_root / 'lemma' / 'to_epic.json')
    for entry in dataset.pairs.entries:
        verbs, nouns = (np.flatnonzero(targets) for targets in dataset._labels[entry.index])
        assert entry.verbs == tuple(label_map.verbs[verb] for verb in verbs)
        assert entry.nouns == tuple(label_map.nouns[noun] for noun in nouns)
    for row, action in enumerate(read_epic_actions(epic_root / 'annotations' / 'EPIC_100_train.csv')):
        kind, entry = dataset.choose_entry(row)
        if kind in (1, 2):
            assert action.verb_class in entry.verbs and action.noun_class in entry.nouns
        if kind == 2:
            assert set(entry.verbs) == {action.verb_class} and set(entry.nouns) == {action.noun_class}
    seed_everything((0,))
    sample = dataset[0]['data_samples']
    assert sample.gt_text_embedding.norm() == pytest.approx(1, rel=1e-5) and len(sample.gt_text_embedding) == 384
