from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader
from video_support import write_video

from egoexo.datasets import KineticsDataset, collate_clips
from egoexo.datasets.kinetics import read_video_labels
from egoexo.errors import AnnotationError, ConfigError, DataError
from egoexo.structures import ClipViews

PIPELINE = [dict(type='SampleVideoClips', clip_len=4), dict(type='LoadClipFrames', channel_order='rgb'),
            dict(type='RandomScaleCropFlip', scale=(64, 70), size=56), dict(type='PackClip')]


@pytest.fixture(scope='module')
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp('kinetics')
    (root / 'videos' / 'air drumming').mkdir(parents=True)
    for number, name in enumerate(('a', 'b')):
        write_video(root / f'videos/air drumming/{name}.mp4', 20 + number, fps=30.0)
    (root / 'train.csv').write_text('air drumming/a.mp4 1\nair drumming/b.mp4 0\n')
    np.savez(root / 'ego.npz', paths=np.array(['air drumming/b.mp4', 'air drumming/a.mp4']),
             rows=np.array([[1, 2], [3, 4]], dtype=np.float32))
    (root / 'maps').mkdir()
    for name in ('a', 'b'):
        frames = np.empty(21, dtype=object)
        frames[:] = [(None, np.array([[1, 2, 30, 40, 0.5, frame]], dtype=np.float32)) for frame in range(21)]
        np.save(root / f'maps/{name}.npy', frames, allow_pickle=True)
    return root


def make(root: Path, **options: object) -> KineticsDataset:
    known = dict(ann_file='train.csv', data_root=str(root), data_prefix=dict(videos='videos'), num_classes=2,
                 pipeline=PIPELINE)
    return KineticsDataset(**known | options)


def test_a_sample(root: Path) -> None:
    data = make(root)
    assert len(data) == 2 and data.metainfo == dict(benchmark='recognition', num_classes=dict(action=2))
    packed = data[0]
    assert ClipViews(**packed['inputs']).make().shape == (1, 3, 4, 56, 56)
    sample = packed['data_samples']
    assert (sample.sample_id, sample.gt_action_label.item(), sample.view) == ('air drumming/a.mp4', 1, 'exo')


def test_teachers_and_interaction_maps(root: Path) -> None:
    pipeline = [*PIPELINE[:3], dict(type='LoadInteractionBoxes'), PIPELINE[3]]
    data = make(root, ego_scores='ego.npz', interaction_maps='maps', pipeline=pipeline)
    sample = data[0]['data_samples']
    assert sample.gt_ego_logits.tolist() == [3, 4] and 'gt_object_logits' not in sample
    assert sample.gt_hand_boxes.shape == (4, 6) and sample.gt_hand_boxes[:, 5].tolist() == [0, 1, 2, 3]


def test_workers_make_the_same(root: Path) -> None:
    pipeline = [dict(type='SampleVideoClips', clip_len=4, mode='test', num_views=2), PIPELINE[1],
                dict(type='ThreeCropClip', size=64), PIPELINE[3]]
    data = make(root, ego_scores='ego.npz', pipeline=pipeline)
    batches = [next(iter(DataLoader(data, 2, num_workers=number, collate_fn=collate_clips))) for number in (0, 1)]
    for alone, worker in zip(*(batch['inputs'] for batch in batches), strict=True):
        assert len(ClipViews(**alone)) == 6
        assert all(torch.equal(alone[key], worker[key]) for key in ('frames', 'views', 'crops'))


def test_lists(tmp_path: Path) -> None:
    (tmp_path / 'a.csv').write_text('a b/c,d.mp4 3\n\nx.mp4,0\ny.mp4, 12\nz.mp4\t-1\n')
    assert read_video_labels(tmp_path / 'a.csv') == [('a b/c,d.mp4', 3), ('x.mp4', 0), ('y.mp4', 12), ('z.mp4', -1)]


@pytest.mark.parametrize(('text', 'message'), [
    ('a.mp4 1\nb.mp4\n', r"line 2: expected a path and a class id, found 'b.mp4'"),
    ('a.mp4 1\na.mp4 1\n', r"line 2: expected every video once, found 'a.mp4' again"),
    ('a.mp4 2\n', r"video 'a.mp4': expected a class from 0 to 1, as num_classes says, found 2. Set num_classes in the"),
    ('\n', 'expected at least one video, found none')])
def test_bad_lists(text: str, message: str, root: Path, tmp_path: Path) -> None:
    (tmp_path / 'b.csv').write_text(text)
    with pytest.raises(AnnotationError, match=message):
        make(root, ann_file=str(tmp_path / 'b.csv'))


def test_missing_videos_are_reported_together(root: Path, tmp_path: Path) -> None:
    (tmp_path / 'b.csv').write_text('air drumming/a.mp4 1\nc.mp4 0\nd.mp4 0\n')
    with pytest.raises(DataError, match=r'2 of 3 samples of .* cannot be used:\n  c.mp4: no file .*c.mp4\n'):
        make(root, ann_file=str(tmp_path / 'b.csv'))
    assert len(make(root, ann_file=str(tmp_path / 'b.csv'), on_bad='skip')) == 1


def test_videos_without_scores_or_maps(root: Path) -> None:
    (root / 'few.npz').unlink(missing_ok=True)
    np.savez(root / 'few.npz', paths=np.array(['air drumming/a.mp4']), rows=np.ones((1, 2), np.float32))
    with pytest.raises(DataError, match=r'1 of 2 samples .*\n  air drumming/b.mp4: no scores in .*few.npz'):
        make(root, object_scores='few.npz')
    with pytest.raises(DataError, match=r'a.mp4: no interaction map .*nowhere/a.npy'):
        make(root, interaction_maps='nowhere')


def test_full_inspection_decodes(root: Path, tmp_path: Path) -> None:
    (tmp_path / 'x.mp4').write_bytes(b'no video')
    (tmp_path / 'b.csv').write_text('x.mp4 0\n')
    data = make(root, ann_file=str(tmp_path / 'b.csv'), data_prefix=dict(videos=str(tmp_path)))
    item = data.list_samples()[0]
    assert not data.inspect_sample(item).problems
    assert 'expected a video file' in data.inspect_sample(item, full=True).problems[0]
    good = make(root)
    assert not good.inspect_sample(good.list_samples()[0], full=True).problems


def test_no_folder(root: Path) -> None:
    with pytest.raises(ConfigError, match="KineticsDataset, data_prefix: expected the folder 'videos', found nothing"):
        make(root, data_prefix=None)
