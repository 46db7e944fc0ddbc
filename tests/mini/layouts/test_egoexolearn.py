"""The layout as a whole: same world, same bytes."""

import hashlib

import pytest

from egoexo.errors import AnnotationError
from egoexo.mini.layouts.egoexolearn import write_layout


def _digests(root):
    return {path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in root.rglob('*') if path.is_file()}


def test_order_of_records_does_not_matter(world, tmp_path):
    facts = write_layout(tmp_path, world.records[::-1], world.preset, 0)
    assert facts == world.facts
    assert _digests(tmp_path) == _digests(world.root)


def test_another_seed_gives_another_world(world, tmp_path):
    write_layout(tmp_path, world.records, world.preset, 1)
    ours, others = _digests(world.root), _digests(tmp_path)
    same = {name for name in ours if ours[name] == others.get(name)}
    # Only what is read off the same states without a draw stays: labels, gaze, the video list, taxonomies, class names.
    assert not [name for name in same if 'splits' in name or 'association' in name or 'fine_annotation' in name]
    assert 'video_meta_downsampled.json' in same


def test_video_listed_twice_is_refused(world, tmp_path):
    with pytest.raises(AnnotationError, match=f'found {world.records[0].plan.uid} twice; check plan_videos'):
        write_layout(tmp_path, [*world.records, world.records[0]], world.preset, 0)


def test_tiny_world_fills_every_file(tiny):
    empty = [path for path in tiny.root.rglob('*') if path.is_file() and not path.stat().st_size]
    assert not empty
    assert len(tiny.facts['anticipation']['verb_classes']) >= 3
    assert len(tiny.facts['anticipation']['noun_classes']) >= 3


def test_world_of_one_view_is_written(world, tmp_path):
    ego = [record for record in world.records if record.plan.view == 'ego']
    facts = write_layout(tmp_path, ego, world.preset, 0)
    assert facts['association']['val_questions'] == 0
    assert facts['planning']['train_exo'] == 0
    assert facts['segmentation']['classes'].keys() == {f'{v}_{s}' for v in ('ego', 'ego_gaze')
                                                       for s in ('train', 'val', 'test')}
