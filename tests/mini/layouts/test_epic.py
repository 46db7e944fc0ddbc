"""The layout as a whole: which video is in which table, tails and the unseen participant."""

from collections import Counter


def test_tables_split_by_video(epic_world):
    split = {record.plan.uid: record.plan.split for record in epic_world.records if record.plan.view == 'ego'}
    found = {name: [row['video_id'] for row in epic_world.rows(name)]
             for name in ('train', 'validation', 'test_timestamps')}
    assert {split[uid] for uid in found['train']} == {'train'}
    assert {split[uid] for uid in found['validation']} == {'val', 'test'}
    assert {split[uid] for uid in found['test_timestamps']} == {'test'}
    assert {name: len(rows) for name, rows in found.items()} == {
        'train': epic_world.facts['rows']['train'], 'validation': epic_world.facts['rows']['validation'],
        'test_timestamps': epic_world.facts['rows']['test']}
    assert set(found['train'] + found['validation']) == set(split)


def test_test_rows_are_validation_rows_without_labels(epic_world):
    known = {row['narration_id']: row for row in epic_world.rows('validation')}
    for row in epic_world.rows('test_timestamps'):
        assert 'verb_class' not in row
        same = known[row['narration_id']]
        assert (row['start_frame'], row['stop_frame']) == (same['start_frame'], same['stop_frame'])


def test_unseen_participant_is_in_validation_alone(epic_world):
    (row,) = epic_world.rows('unseen_participant_ids_validation')
    people = {name: Counter(row['participant_id'] for row in epic_world.rows(name)) for name in ('train', 'validation')}
    assert row['participant_id'] == 'P04'
    assert 'P04' not in people['train']
    assert 0 < people['validation']['P04'] < people['validation'].total()


def test_tails_are_neither_empty_nor_everything(epic_world):
    train, validation = epic_world.rows('train'), epic_world.rows('validation')
    for kind in ('verb', 'noun'):
        tail = {int(row[kind]) for row in epic_world.rows(f'tail_{kind}s')}
        labels = [int(row[f'{kind}_class']) for row in train]
        assert 0 < sum(label in tail for label in labels) <= .2 * len(labels)
        assert 0 < sum(int(row[f'{kind}_class']) in tail for row in validation) < len(validation)
        assert Counter(labels).most_common(1)[0][0] not in tail


def test_default_world_has_enough_of_each_class(epic_world):
    """17 verbs and 14 nouns occur; all of them in both tables."""
    if epic_world.facts['rows']['train'] < 500:
        return
    rows = {name: epic_world.rows(name) for name in ('train', 'validation')}
    for kind, count, least in (('verb', 17, 6), ('noun', 14, 18)):
        counts = Counter(row[f'{kind}_class'] for row in rows['train'])
        assert len(counts) == count
        assert min(counts.values()) >= least
        assert {row[f'{kind}_class'] for row in rows['validation']} == set(counts)
        assert counts.most_common(1)[0][1] < .3 * len(rows['train'])
