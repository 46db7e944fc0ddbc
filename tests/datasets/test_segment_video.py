import json
import shutil
from pathlib import Path

import pytest
import torch
from transfer_support import change_ego2exo, write_ego2exo_root, write_true_pseudo_labels
from video_support import write_video

from egoexo.datasets import DomainPairDataset
from egoexo.datasets.samplers import SeededIndex
from egoexo.datasets.segment_video import NO_LENGTH, SegmentVideoDataset
from egoexo.errors import DataError
from egoexo.registry import DATASETS
from tests.datasets.conftest import number_shown

META = ['sample_id', 'uid', 'subset', 'view', 'sample_idx', 'start_sec', 'end_sec']
TEST = [dict(type='LoadSegmentFrames'), dict(type='PackFrames', clip_len=8, meta_keys=META)]
TRAIN = [dict(type='LoadSegmentFrames', jitter=True), dict(type='RandomResizedCropFrames', size=32, scale=(0.5, 1.0)),
         dict(type='FlipFrames'), dict(type='PackFrames', clip_len=8, meta_keys=META)]


@pytest.fixture(scope='module')
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = write_ego2exo_root(tmp_path_factory.mktemp('ego2exo'), num_classes=2, per_class=4)
    content = json.loads((root / 'metadata/ego2exo.json').read_text())
    video = write_video(root / 'any.mp4', 250, fps=30.0)
    for subset in ('ego_train', 'ego_val', 'exo_train', 'exo_val'):
        for clip in content[subset]['clips']:
            (root / clip['video_file_name']).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(video, root / clip['video_file_name'])
    return root


def build(root: Path, **options: object) -> SegmentVideoDataset:
    return DATASETS.build(dict(type='SegmentVideoDataset', view='ego', data_root=str(root), pipeline=TEST) | options)


def test_frames_lie_in_the_segment(root: Path) -> None:
    dataset = build(root)
    assert len(dataset) == 8 and dataset.metainfo['num_classes'] == 2
    for index in range(8):
        item = dataset[index]
        clip, sample = item['inputs'], item['data_samples']
        assert clip.shape == (3, 8, 64, 192) and clip.dtype == torch.uint8
        numbers = [number_shown(frame) for frame in clip.permute(1, 2, 3, 0).numpy()]
        assert numbers == sorted(set(numbers))
        assert sample.start_sec * 30 - 1 <= numbers[0] and numbers[-1] <= sample.end_sec * 30
        assert sample.gt_label == index // 4 and sample.subset == 'ego_train' and sample.sample_idx == index


def test_training_draws_by_seed_and_several_clips_are_cut(root: Path) -> None:
    dataset = build(root, view='exo', pipeline=TRAIN)
    first, again, other = (dataset[SeededIndex(3, (seed, 0, 3))]['inputs'] for seed in (1, 1, 2))
    assert first.shape == (3, 8, 32, 32)
    assert torch.equal(first, again) and not torch.equal(first, other)
    clips = build(root, pipeline=[dict(type='LoadSegmentFrames', num_frames=24), TEST[1]])[0]['inputs']
    assert clips.shape == (3, 3, 8, 64, 192)
    assert dataset.read_inputs([2])[0].shape == first.shape


def test_segments_without_length_are_left_out_and_counted(root: Path, said: list[str]) -> None:
    assert NO_LENGTH == (1908762465, 128702527, 3023277400)
    wanted = build(root)
    some = int(wanted.data_list[2]['sample_id'])
    dataset = build(root, exclude_segments=[some])
    assert len(dataset) == 7 and str(some) not in [item['sample_id'] for item in dataset.data_list]
    assert 'ego_train: 1 of 8 segments excluded by id (exclude_segments)' in said


def test_the_official_ids_are_left_out_by_default(root: Path, tmp_path: Path) -> None:
    other = shutil.copytree(root, tmp_path / 'other')
    parts = json.loads((other / 'metadata/ego2exo.json').read_text())['ego_train']
    known = parts['clips'][0]['id']
    for rows in parts.values():
        for row in rows:
            for key in ('id', 'segment_id'):
                row[key] = NO_LENGTH[0] if row.get(key) == known else row.get(key)
            if None in row.values():
                row.pop('id' if row['id'] is None else 'segment_id')
    change_ego2exo(other, ego_train=parts)
    assert len(build(other)) == 7 and len(build(other, exclude_segments=())) == 8


def test_pseudo_labels_of_the_target(root: Path) -> None:
    labels = write_true_pseudo_labels(root, 'exo_train')
    shared = dict(type='SegmentVideoDataset', data_root=str(root), pipeline=TEST)
    pair = DomainPairDataset([shared | dict(view='ego')],
                             [shared | dict(view='exo', labels='pseudo', pseudo_labels=str(labels))])
    batch = pair.__getitems__([0, 7, 8 + 5])
    assert [len(batch[name]['inputs']) for name in ('source', 'target')] == [2, 1]
    assert batch['target']['data_samples'][0].gt_label == 1
    assert 'gt_label' not in build(root, labels='none')[0]['data_samples']


def test_missing_short_and_damaged_videos(root: Path, tmp_path: Path) -> None:
    other = shutil.copytree(root, tmp_path / 'other')
    paths = sorted({item['video_path'] for item in build(other).data_list})
    Path(paths[0]).unlink()
    with pytest.raises(DataError, match=r'2 of 8 samples of SegmentVideoDataset ego_train .*\n.*: no file .*'):
        build(other)
    dataset = build(other, on_bad='skip')
    assert len(dataset) == 6 and len(dataset.unusable) == 2
    write_video(Path(paths[1]), 10, fps=30.0)
    Path(paths[2]).write_bytes(b'no video')
    reports = [dataset.inspect_sample(item, full=True) for item in dataset.data_list]
    problems = {report.sample_id: report.problems for report in reports}
    by_path = {path: [problems[item['sample_id']] for item in dataset.data_list if item['video_path'] == path]
               for path in paths[1:]}
    assert all('its video ends after 0.333 s, before the segment' in found[0] for found in by_path[paths[1]])
    assert all('expected' in found[0] for found in by_path[paths[2]])
    assert by_path[paths[3]] == [[], []] and reports[-1].facts['frames'] == 250
    with pytest.raises(DataError, match=r"sample '\d+' of SegmentVideoDataset ego_train .* expected frames of"):
        _ = dataset[[item['video_path'] for item in dataset.data_list].index(paths[1])]
