"""Atomic descriptions in both spellings of the release."""

import pytest


@pytest.fixture(scope='module')
def files(take_world) -> dict[str, dict]:
    return {split: take_world.read(f'annotations/atomic_descriptions_{split}.json')['annotations']
            for split in ('train', 'val')}


def test_two_annotators_per_take_with_their_own_spelling(take_world, files):
    takes = {**files['train'], **files['val']}
    assert list(takes) == [uid for split in ('train', 'test') for uid in
                           (r.plan.uid for r in take_world.records if r.plan.split == split)]
    for first, second in takes.values():
        assert first['annotator_id'] != second['annotator_id']
        assert (first['rejected'], first['reject_reason']) == (False, None)
        for row in first['descriptions']:
            assert row['subject'] == 'C' and isinstance(row['ego_visible'], bool) and isinstance(row['unsure'], bool)
        for row in second['descriptions']:
            assert row['narration_subject'] == 'C' and {row['ego_visible'], row['unsure']} <= {'0', '1'}


def test_content_is_that_of_the_narrators(take_world, files):
    for record in take_world.records:
        written = files['val' if record.plan.split == 'test' else 'train'][record.plan.uid]
        for annotation, told in zip(written, record.descriptions, strict=True):
            rows = annotation['descriptions']
            assert [(row['text'], row['timestamp']) for row in rows] == [(d.text, d.time_sec) for d in told]
            assert all(0 <= row['timestamp'] <= record.duration_sec for row in rows)
            for row, description in zip(rows, told, strict=True):
                camera = row['best_exo'] and row['best_exo']['cam_id']
                assert camera == description.best_exo
                if camera:
                    assert camera == f'cam0{row["best_exo"]["raw_cam_id"]}'


def test_most_segments_have_a_sentence_inside(take_world, files):
    """What the builder of Ego2Exo needs; the others take the sentences round the segment."""
    told = []
    for uid, take in take_world.read('annotations/keystep_train.json')['annotations'].items():
        times = [row['timestamp'] for annotation in files['train'][uid] for row in annotation['descriptions']]
        told += [any(segment['start_time'] <= time <= segment['end_time'] for time in times)
                 for segment in take['segments']]
    assert sum(told) > 0.9 * len(told)
