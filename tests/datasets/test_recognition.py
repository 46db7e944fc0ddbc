import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from clip_frames_support import CLASSES, make_dataset, numbers_shown, write_frames, write_list
from torch.utils.data import DataLoader
from video_support import write_video

from egoexo.datasets import ConcatSubsets, RecognitionDataset, collate_clips
from egoexo.datasets.samplers import SeededIndex
from egoexo.errors import AnnotationError, ConfigError, DataError
from egoexo.registry import DATASETS
from egoexo.structures import ClipViews

TEST = [dict(type='SampleClips', clip_len=4, mode='test', num_views=3), dict(type='LoadClipFrames'),
        dict(type='ThreeCropClip', size=64), dict(type='PackClip')]
TRAIN = [dict(type='SampleClips', clip_len=4), dict(type='LoadClipFrames'),
         dict(type='RandomScaleCropFlip', scale=(64, 80), size=56), dict(type='PackClip')]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two videos in two layouts, four segments."""
    write_frames(tmp_path / 'frames/P01/rgb_frames/P01_101', range(1, 31))
    write_frames(tmp_path / 'frames/P02/P02_02', range(1, 11))
    write_list(tmp_path / 'val.csv', [
        dict(), dict(start_frame=11, stop_frame=30, verb_class=0), dict(video_id='P02_02', stop_frame=10, noun_class=4),
        dict(video_id='P02_02', start_frame=5, stop_frame=5)])
    return tmp_path


def test_the_list(root: Path, said: list[str]) -> None:
    data = make_dataset(root)
    assert said[-1] == f'val: 4 segments of {root}/val.csv'
    assert data.videos == ['P01_101', 'P02_02']
    first, last = data.get_data_info(0), data.get_data_info(3)
    assert first == dict(
        sample_id='P01_101_0', uid='P01_101', subset='val', view='ego', participant_id='P01', start_frame=1,
        stop_frame=20, narration='take it', verb_class=1, noun_class=2, on_missing_frame='error', sample_idx=0,
        frame_pattern=f'{root}/frames/P01/rgb_frames/P01_101/frame_{{frame:010d}}.jpg')
    assert last['frame_pattern'] == f'{root}/frames/P02/P02_02/frame_{{frame:010d}}.jpg'
    assert data.metainfo == dict(benchmark='recognition', num_classes=CLASSES)


def test_a_test_sample_is_all_clips_of_a_segment(root: Path) -> None:
    packed = make_dataset(root, pipeline=TEST)[1]
    views = ClipViews(**packed['inputs'])
    assert len(views) == 9
    numbers = numbers_shown(views.frames.numpy())
    assert numbers == sorted(set(numbers)) and min(numbers) == 11 and max(numbers) == 30
    assert [numbers[row] for row in views.views[1].tolist()] == [17, 19, 21, 23]  # 20 - 7 = 13 frames of room
    sample = packed['data_samples']
    assert (sample.gt_verb_label.item(), sample.gt_noun_label.item(), sample.participant_id) == (0, 2, 'P01')


def test_a_segment_of_one_frame(root: Path) -> None:
    for pipeline in (TRAIN, TEST):
        views = ClipViews(**make_dataset(root, pipeline=pipeline)[3]['inputs'])
        assert len(views.frames) == 1 and not views.views.any() and torch.isfinite(views.make()).all()


def test_portrait_frames(root: Path) -> None:
    folder = root / 'frames/P02/P02_02'
    for number in range(1, 11):
        cv2.imwrite(str(folder / f'frame_{number:010d}.jpg'), np.zeros((192, 64, 3), np.uint8))
    views = ClipViews(**make_dataset(root, pipeline=TEST)[2]['inputs'])
    assert views.crops.tolist() == [[0, 0], [64, 0], [128, 0]] and views.make().shape == (9, 3, 4, 64, 64)


def test_workers_make_the_same_samples(root: Path) -> None:
    data = make_dataset(root, pipeline=TRAIN)
    indices = [SeededIndex(number, (5, 0, number)) for number in range(4)]
    batches = [list(DataLoader(data, batch_size=2, sampler=indices, num_workers=number, collate_fn=collate_clips))
               for number in (0, 2)]
    for alone, worker in zip(*batches, strict=True):
        for one, other in zip(alone['inputs'], worker['inputs'], strict=True):
            assert torch.equal(ClipViews(**one).make(), ClipViews(**other).make())


def test_samples_follow_their_seed(root: Path) -> None:
    data = make_dataset(root, pipeline=TRAIN)
    first, again, other = (ClipViews(**data[SeededIndex(0, (seed, 0, 0))]['inputs']).make() for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_a_list_without_labels(root: Path) -> None:
    write_list(root / 'test.csv', [dict(), dict(start_frame=4)], labelled=False)
    data = make_dataset(root, ann_file='test.csv', subset='test', pipeline=TEST)
    sample = data[1]['data_samples']
    assert (sample.gt_verb_label.item(), sample.gt_noun_label.item(), sample.subset) == (-1, -1, 'test')


def write_tables(root: Path) -> dict:
    (root / 'verbs.csv').write_text('id,key\n' + ''.join(f'{number},verb{number}\n' for number in range(4)))
    (root / 'nouns.csv').write_text('id,key\n' + ''.join(f'{number},noun{number}\n' for number in range(5)))
    (root / 'tail_verbs.csv').write_text('verb\n3\n1\n')
    (root / 'tail_nouns.csv').write_text('noun\n2\n')
    (root / 'unseen.csv').write_text('participant_id\nP02\n')
    return dict(class_files=dict(verb='verbs.csv', noun='nouns.csv'),
                subset_files=dict(tail_verbs='tail_verbs.csv', tail_nouns='tail_nouns.csv',
                                  unseen_participants='unseen.csv'))


def test_classes_and_subsets(root: Path) -> None:
    data = make_dataset(root, **write_tables(root))
    assert data.metainfo['classes'] == dict(verb=['verb0', 'verb1', 'verb2', 'verb3'],
                                            noun=[f'noun{number}' for number in range(5)])
    assert [data.metainfo[key] for key in ('tail_verbs', 'tail_nouns', 'unseen_participants')] == [[1, 3], [2], ['P02']]


def test_tables_may_be_absent(root: Path, said: list[str]) -> None:
    tables = write_tables(root)
    for name in ('nouns.csv', 'tail_verbs.csv'):
        (root / name).unlink()
    data = make_dataset(root, **tables)
    assert list(data.metainfo['classes']) == ['verb'] and 'tail_verbs' not in data.metainfo
    assert f'{root}/nouns.csv is absent: classes of the noun are called by their numbers.' in said
    assert f'{root}/tail_verbs.csv is absent: nothing is scored on tail verbs alone.' in said


def test_a_table_of_another_release(root: Path) -> None:
    with pytest.raises(AnnotationError, match=r"verbs.csv: expected 3 classes, as num_classes\['verb'\] says, found 4"):
        make_dataset(root, **write_tables(root), num_classes=dict(verb=3, noun=5))


def test_a_class_that_the_network_does_not_have(root: Path) -> None:
    with pytest.raises(AnnotationError, match=r"narration 'P02_02_2': expected a noun class from 0 to 3, as "
                                              r"num_classes\['noun'\] says, found 4. Set num_classes in the data set"):
        make_dataset(root, num_classes=dict(verb=4, noun=4))


def test_missing_frames_are_counted_when_the_list_is_made(root: Path, said: list[str]) -> None:
    folder = root / 'frames/P01/rgb_frames/P01_101'
    for number in (5, 6, 15, 30):
        (folder / f'frame_{number:010d}.jpg').unlink()
    with pytest.raises(DataError) as caught:
        make_dataset(root)
    text = str(caught.value)
    assert f'2 of 4 segments of RecognitionDataset val ({root}/val.csv) cannot be used:' in text
    assert f'P01_101_0: 3 of 20 frames missing, first {folder}/frame_0000000005.jpg' in text
    assert f'P01_101_1: 2 of 20 frames missing, first {folder}/frame_0000000015.jpg' in text
    assert len(make_dataset(root, on_bad='skip')) == 2
    data = make_dataset(root, on_missing_frame='nearest', pipeline=TEST)
    assert len(data) == 4 and data.num_missing == 5
    assert "val: 5 frames in 2 segments have no file; the nearest one that is there stands in" in said[-1]
    packed = data[1]
    assert packed['data_samples'].num_replaced == 2  # 15 and 30
    assert numbers_shown(packed['inputs']['frames'].numpy())[-1] == 29


def test_frames_that_were_not_looked_for_are_missed_when_read(root: Path) -> None:
    (root / 'frames/P01/rgb_frames/P01_101/frame_0000000019.jpg').unlink()
    data = make_dataset(root, check_files=False, pipeline=TEST)
    with pytest.raises(DataError, match=r"sample 'P01_101_1' of .*: segment P01_101_1, frames 11 to 30: .*0019.jpg"):
        data[1]


def test_a_folder_is_listed_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed: list[str] = []
    listdir = os.listdir
    monkeypatch.setattr(os, 'listdir', lambda path: (listed.append(str(path)), listdir(path))[1])
    make_dataset(root)
    assert sorted(Path(path).name for path in listed) == ['P01_101', 'P02_02']


def test_a_video_without_a_folder(root: Path) -> None:
    shutil.rmtree(root / 'frames/P02')
    with pytest.raises(DataError, match=r'2 of 4 .*\n  P02_02_2: no folder of frames of P02_02, looked for .*/P02'
                                        r'/rgb_frames/P02_02, .*P02/P02_02, .*frames/P02_02; the same of 1 more\n'):
        make_dataset(root)


def test_the_first_template_with_a_folder_counts(root: Path) -> None:
    write_frames(root / 'old/P01_101', range(1, 31))
    data = make_dataset(root, frame_templates=(f'{root}/old/{{video}}/frame_{{frame:010d}}.jpg',
                                               '{participant}/{video}/frame_{frame:010d}.jpg'))
    assert data.get_data_info(0)['frame_pattern'].startswith(f'{root}/old/P01_101')
    assert data.get_data_info(2)['frame_pattern'].startswith(f'{root}/frames/P02')


def test_full_inspection_decodes(root: Path) -> None:
    data = make_dataset(root)
    items = data.list_samples()
    assert [data.inspect_sample(item, full=True).problems for item in items] == [[]] * 4
    path = root / 'frames/P02/P02_02/frame_0000000007.jpg'
    path.write_bytes(path.read_bytes()[:600])
    assert data.inspect_sample(items[2]).problems == []
    problem = data.inspect_sample(items[2], full=True).problems[0]
    assert 'frame_0000000007.jpg: expected a JPEG or PNG picture' in problem
    cv2.imwrite(str(path), np.zeros((32, 32, 3), np.uint8))
    assert data.inspect_sample(items[2], full=True).problems[0].endswith(
        'found 32 x 32. Extract all frames of this video again in one size.')


def test_videos_instead_of_frames(root: Path) -> None:
    write_video(root / 'videos/P01/videos/P01_101.MP4', 16, fps=25.0)
    write_video(root / 'videos/P02_02.mp4', 5, fps=30.0)
    data = make_dataset(root, data_prefix=dict(videos='videos'), pipeline=TEST)
    info = data.get_data_info(2)
    assert info['video_path'] == f'{root}/videos/P02_02.mp4' and info['frame_rate'] == 60.0
    frames = data[1]['inputs']['frames'].numpy()
    # The views begin 0, 6 and 13 frames into the segment; two numbers of 50 per second show one picture of 25.
    numbers = {11 + start + step for start in (0, 6, 13) for step in (0, 2, 4, 6)}
    assert numbers_shown(frames) == sorted({(number - 1) // 2 for number in numbers})
    assert numbers_shown(data[3]['inputs']['frames'].numpy()) == [2]  # frame 5 of 60 per second is shown after 4 / 60 s
    assert not data.inspect_sample(data.list_samples()[0], full=True).problems
    (root / 'videos/P02_02.mp4').unlink()
    with pytest.raises(DataError, match=r'P02_02_2: no video file of P02_02, looked for .*/P02/videos/P02_02.MP4, '):
        make_dataset(root, data_prefix=dict(videos='videos'))


def test_a_segment_behind_the_end_of_its_video(root: Path) -> None:
    write_video(root / 'videos/P01_101.mp4', 5, fps=50.0)
    write_list(root / 'val.csv', [dict(start_frame=20, stop_frame=30)])
    data = make_dataset(root, data_prefix=dict(videos='videos'))
    problem = data.inspect_sample(data.list_samples()[0], full=True).problems[0]
    assert 'P01_101.mp4: expected 0.38 s or more, where the segment begins, found 0.08 s. Fetch the video' in problem


def test_interaction_maps(root: Path) -> None:
    (root / 'maps').mkdir()
    (root / 'maps/P01_101.npy').touch()
    with pytest.raises(DataError, match=r'2 of 4 .*\n  P02_02_2: no interaction map .*maps/P02_02.npy'):
        make_dataset(root, interaction_maps='maps')
    data = make_dataset(root, interaction_maps='maps', on_bad='skip')
    assert data.get_data_info(0)['interaction_map'] == f'{root}/maps/P01_101.npy'


def test_excluded_videos(root: Path, said: list[str]) -> None:
    assert make_dataset(root, exclude=['P01_101']).videos == ['P02_02']
    assert 'val: 2 of 4 segments excluded by video' in said
    with pytest.raises(AnnotationError, match='expected at least one segment, found 4 rows, all excluded'):
        make_dataset(root, exclude=['P01_101', 'P02_02'])


def test_shuffled_labels(root: Path, said: list[str]) -> None:
    pairs = [[(item['verb_class'], item['noun_class']) for item in make_dataset(root, **options).data_list]
             for options in (dict(), dict(shuffle_labels=1), dict(shuffle_labels=1))]
    assert sorted(pairs[0]) == sorted(pairs[1]) and pairs[1] == pairs[2]
    assert any('no model can learn' in text for text in said)


@pytest.mark.parametrize('rows', [[], [dict(narration_id='a'), dict(narration_id='a')]])
def test_lists_that_are_none(rows: list[dict], root: Path) -> None:
    write_list(root / 'val.csv', rows)
    with pytest.raises(AnnotationError, match=r'val.csv.*: expected .*(at least one line|an id that no other row has)'):
        make_dataset(root)


@pytest.mark.parametrize(('options', 'text'), [
    (dict(on_missing_frame='skip'), "on_missing_frame: expected 'error' or 'nearest', found 'skip'"),
    (dict(data_prefix=None), "data_prefix: expected one folder, 'frames' or 'videos', found nothing"),
    (dict(data_prefix=dict(frames='a', videos='b')), "found frames and videos"),
    (dict(num_classes=dict(verb=3)), 'num_classes: expected verb, noun, found verb'),
    (dict(class_files=dict(action='a')), 'class_files: expected verb, noun, found action'),
    (dict(subset_files=dict(tail='a')), 'subset_files: expected tail_verbs, tail_nouns, unseen_participants, found'),
    (dict(frame_templates=('{video}/{number}.jpg',)), 'frame_templates: expected paths like'),
    (dict(data_prefix=dict(videos='b'), video_templates=('{uid}.mp4',)), 'video_templates: expected paths like')])
def test_bad_options(options: dict, text: str, root: Path) -> None:
    with pytest.raises(ConfigError, match=text):
        make_dataset(root, **options)


def test_lists_go_together(root: Path) -> None:
    write_list(root / 'test.csv', [dict(narration_id='t', video_id='P02_02', stop_frame=10)], labelled=False)
    data = DATASETS.build(dict(
        type='ConcatSubsets', data_root=str(root), data_prefix=dict(frames='frames'), num_classes=CLASSES,
        pipeline=TEST, datasets=[dict(type='RecognitionDataset', ann_file='val.csv', subset='val'),
                  dict(type='RecognitionDataset', ann_file='test.csv', subset='test')], test_mode=True))
    assert isinstance(data, ConcatSubsets) and len(data) == 5 and data.subsets == ['val', 'test']
    assert data[4]['data_samples'].sample_id == 't'
    assert isinstance(data.datasets[0], RecognitionDataset)


def test_the_mini_world(epic_root: Path) -> None:
    data = RecognitionDataset(
        ann_file='annotations/EPIC_100_validation.csv', data_root=str(epic_root), num_classes=dict(verb=19, noun=26),
        data_prefix=dict(frames='rgb_frames'), pipeline=TEST)
    views = ClipViews(**data[0]['inputs'])
    assert len(views) == 9 and views.make(0, 1).shape == (1, 3, 4, 64, 64)


def test_interaction_maps_of_the_mini_world(epic_root: Path) -> None:
    pipeline = [dict(type='SampleClips', clip_len=8, frame_interval=6), dict(type='LoadClipFrames'),
                dict(type='RandomScaleCropFlip', scale=(64, 72), size=56, flip=0), dict(type='LoadInteractionBoxes'),
                dict(type='PackClip')]
    data = RecognitionDataset(
        ann_file='annotations/EPIC_100_train.csv', data_root=str(epic_root), num_classes=dict(verb=19, noun=26),
        data_prefix=dict(frames='rgb_frames'), interaction_maps='interaction_maps', pipeline=pipeline)
    for key in ('gt_hand_boxes', 'gt_object_boxes'):
        boxes = torch.cat([data[index]['data_samples'].get(key) for index in range(0, len(data), 5)])
        assert len(boxes) > len(data)  # in 9 segments with 8 frames each
        assert boxes[:, :4].min() >= 0 and boxes[:, :4].max() < 1 and (boxes[:, :2] <= boxes[:, 2:4]).all()
        assert (boxes[:, 2:4] - boxes[:, :2]).prod(1).mean() > 0.01
        assert 0.75 <= boxes[:, 4].min() < 0.9 < boxes[:, 4].max() < 1
        assert set(boxes[:, 5].tolist()) == set(range(8))
