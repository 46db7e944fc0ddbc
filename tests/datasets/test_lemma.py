"""Clips of LEMMA."""

import numpy as np
import pytest
import suml_support as support

from egoexo.datasets.base import seed_everything
from egoexo.errors import AnnotationError, ConfigError, DataError
from egoexo.registry import DATASETS

PIPELINE = [dict(type='LoadClipFrames'), dict(type='CenterCropClip', size=16),
            dict(type='PackClip', normalize_first=False, swap_channels=True)]


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    return support.write_lemma(tmp_path_factory.mktemp('lemma') / 'lemma')


def build(root, **options):
    options = dict(clip_len=4, frame_interval=1) | options
    return DATASETS.build(dict(type='LemmaDataset', data_root=str(root), **options))


def test_segments_three_times(root):
    dataset = build(root)
    assert len(dataset) == 12 and dataset.videos == ['k1|P1', 'k2|P1']
    assert [dataset.get_data_info(index)['sample_id'] for index in range(4)] == [
        'k1|P1:0', 'k1|P1:0:1', 'k1|P1:0:2', 'k1|P1:16']
    assert len(build(root, repeat=1)) == 4
    assert dataset.metainfo['num_classes'] == dict(verb=4, noun=5)
    assert dataset.metainfo['classes']['noun'] == support.OBJS
    assert dataset.metainfo['benchmark'] == 'recognition'


def test_clip_begins_within_the_room_of_the_segment(root):
    dataset = build(root, repeat=1)
    starts = set()
    for seed in range(60):
        seed_everything((seed,))
        paths = dataset[0]['frame_paths']
        assert len(paths) == 4
        starts.add(int(paths[2][-9:-4]))
    # 10 frames, 4 of which are the clip; the official room is one less.
    assert starts == set(range(10 - 4))


def test_sample(root):
    seed_everything((0,))
    item = build(root, repeat=1, pipeline=PIPELINE)[2]
    sample = item['data_samples']
    assert sample.sample_id == 'k2|P1:0' and sample.view == 'tpv' and sample.subset == '1tpv_train'
    assert sample.narration == 'put cup and knife to the board'
    assert sample.gt_verb_targets.tolist() == [0, 0, 0, 1]
    assert sample.gt_noun_targets.tolist() == [1, 1, 0, 0, 1]
    assert item['inputs']['swap_channels'] and not item['inputs']['normalize_first']
    frames = item['inputs']['frames']
    assert frames.shape[1:] == (16, 20, 3) and abs(int(frames[0, 0, 0, 0]) - 2) <= 1  # blue: the kitchen


def test_every_fourth_frame(root):
    dataset = build(root, mode='test', subset='tpv_test')
    ids = [dataset.get_data_info(index)['sample_id'] for index in range(len(dataset))]
    assert ids == [*(f'k1|P1:{frame}' for frame in range(3, 24, 4)), *(f'k2|P1:{frame}' for frame in range(3, 16, 4))]
    assert [path[-9:-4] for path in dataset[0]['frame_paths']] == ['00001', '00002', '00003', '00004']
    idle = dataset[2]  # frame 11, in which nobody does anything
    assert idle['verb_targets'].sum() == idle['noun_targets'].sum() == 0 and idle['narration'] == 'null$'
    assert len(build(root, mode='test', every=10)) == 3


def test_missing_pictures_are_reported_together(root, tmp_path):
    bare = support.write_lemma(tmp_path / 'bare', pictures=False)
    with pytest.raises(DataError, match=r'(?s)12 of 12 samples .*k1\|P1:0: \d+ of \d+ pictures missing, first .*'
                                        r'img_00000\.jpg.*Fetch the pictures of LEMMA'):
        build(bare)
    assert len(build(bare, check_files=False)) == 12
    assert len(build(bare, data_prefix=dict(frames=str(root)))) == 12


def test_frames_that_a_clip_may_show(root):
    dataset = build(root, repeat=1)
    report = dataset.inspect_sample(dataset.get_data_info(0), full=True)
    # Frames 0 to 6 for centres 0 to 5, of which the clip has two before and one behind.
    assert report.problems == [] and report.facts == dict(frames=7)


def test_damaged_picture(tmp_path):
    root = support.write_lemma(tmp_path / 'lemma')
    (root / 'k1' / 'img_00001.jpg').write_bytes(b'\xff\xd8 no picture')
    dataset = build(root, repeat=1)
    assert 'img_00001.jpg: expected' in dataset.inspect_sample(dataset.get_data_info(0), full=True).problems[0]


def test_annotations_are_forgotten_and_read_again(root):
    dataset = build(root)
    dataset.forget()
    assert 'lemma' not in vars(dataset)
    assert dataset.metainfo['num_classes'] == dict(verb=4, noun=5)
    assert 'lemma' not in vars(dataset)
    np.testing.assert_array_equal(dataset.targets(dataset.lemma.label(dataset.lemma.segments[0]))[0], [1, 0, 0, 0])


@pytest.mark.parametrize(('options', 'found'), [
    (dict(mode='val'), r"LemmaDataset, mode: expected 'train' or 'test', found 'val'"),
    (dict(repeat=0), 'LemmaDataset, repeat: expected a number of at least 1, found 0'),
    (dict(clip_len=2.0), r'LemmaDataset, clip_len: .*found 2\.0'), (dict(every=-1), 'every')])
def test_wrong_options(root, options, found):
    with pytest.raises(ConfigError, match=found):
        build(root, **options)


def test_nothing_to_test_on(root):
    with pytest.raises(AnnotationError, match='videos of 100 frames or more, found none'):
        build(root, mode='test', every=100)
