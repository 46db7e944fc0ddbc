"""Frame labels, split lists and class names against rules derived here from other files."""

import json
import tarfile

import numpy as np
import pytest
from tests_support import data_dir

TAS = 'temporal_action_segmentation_benchmark/tas_annotation'
PLANNING = 'action_anticipation_planning_benchmark/planning_annotation'


def _coarse(root):
    with tarfile.open(root / 'annotations/coarse_annotations.tar.gz') as archive:
        return {name[3:-5]: json.loads(archive.extractfile(name).read()) for name in archive.getnames()}


def _labels_of(segments, num_frames):
    """The official rule: the segment with the smallest start among those with start <= i / 25 < end, else 0."""
    times = np.arange(num_frames) / 25
    labels = np.zeros(num_frames, int)
    for segment in sorted(segments, key=lambda s: s['start'], reverse=True):
        labels[(segment['start'] <= times) & (times < segment['end'])] = int(segment['attribute'])
    return labels


def test_ego_frame_labels_follow_from_the_coarse_annotations(world):
    coarse = _coarse(world.root)
    assert len(coarse) == 36
    for uid, segments in coarse.items():
        content = (world.root / TAS / 'gts_fps25' / f'{uid}.txt').read_bytes()
        expected = _labels_of(segments, world.record(uid).state.num_frames)
        assert content == '\r\n'.join(map(str, expected)).encode(), uid


def test_exo_frame_labels_follow_from_the_steps_of_the_state(world):
    exo = [record for record in world.records if record.plan.view == 'exo']
    assert len(exo) == 36
    for record in exo:
        steps = [dict(start=s.start_sec, end=s.end_sec, attribute=s.class_id) for s in record.state.steps]
        content = (world.root / TAS / 'gts_fps25' / f'{record.plan.uid}.txt').read_bytes()
        assert content.split(b'\r\n') == [b'%d' % label for label in _labels_of(steps, record.state.num_frames)]


@pytest.mark.parametrize('folder', [TAS, PLANNING])
@pytest.mark.parametrize('name', ['ego', 'ego_gaze', 'exo'])
@pytest.mark.parametrize(('split', 'size'), [('train', 24), ('val', 6), ('test', 6)])
def test_bundle_lists_the_planned_videos(world, folder, name, split, size):
    content = (world.root / folder / 'splits' / f'{name}_{split}_annotations.bundle').read_bytes()
    newline = b'\r\n' if name == 'exo' else b'\n'
    uids = [line.decode().removesuffix('.txt') for line in content.split(newline)]
    planned = {record.plan.uid: record.plan for record in world.records if record.plan.split == split}
    without_gaze = {uid for uid, plan in planned.items() if plan.view == 'ego' and not plan.has_gaze}
    assert len(uids) == len(set(uids)) == size - (len(without_gaze) if name == 'ego_gaze' else 0)
    assert {planned[uid].view for uid in uids} == {name[:3]}
    assert not content.endswith(b'\n')
    if name == 'ego_gaze':
        assert not without_gaze & set(uids)


@pytest.mark.parametrize(('subset', 'count'), [('ego_train', 0), ('ego_val', 2), ('ego_test', 2), ('exo_train', 5)])
def test_task2_is_unseen_in_ego_training_only(world, subset, count):
    lines = (world.root / TAS / 'splits' / f'{subset}_annotations.bundle').read_text().split()
    assert sum(world.record(line[:-4]).plan.task == 'task2' for line in lines) == count


def test_class_names_are_the_released_file(world):
    real = data_dir('egoexolearn') / TAS / 'semantic_en.json'
    assert (world.root / TAS / 'semantic_en.json').read_bytes() == real.read_bytes()


def test_facts_count_the_background(world):
    uids = (world.root / TAS / 'splits/ego_val_annotations.bundle').read_text().split()
    labels = np.concatenate([np.loadtxt(world.root / TAS / 'gts_fps25' / uid, dtype=int) for uid in uids])
    facts = world.facts['segmentation']
    assert facts['num_classes'] == 28
    assert facts['background']['ego_val'] == pytest.approx((labels == 0).mean(), abs=5e-5)
    assert facts['classes']['ego_val'] == np.unique(labels).tolist()


def test_each_coarse_class_has_ten_training_steps(world):
    counts = np.zeros(28, int)
    for record in world.records:
        if record.plan.split == 'train':
            np.add.at(counts, [step.class_id for step in record.state.steps], 1)
    used = np.flatnonzero(counts)
    assert used.tolist() == [1, 2, 4, 7, 10, 11, 12, 13, 15, 17, 18, 19, 22, 23, 24, 25, 26, 27]
    assert counts[used].min() >= 10


def test_background_share_of_all_frames(world):
    labels = np.concatenate([record.state.step_labels() for record in world.records])
    assert 0.05 <= (labels == 0).mean() <= 0.20
