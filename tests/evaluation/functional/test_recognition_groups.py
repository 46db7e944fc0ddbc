"""Groups of recognition: keys, protocols, unlabelled segments, subsets, intervals by video, records, refusals."""

from dataclasses import replace

import numpy as np
import pytest

from egoexo.errors import PredictionError
from egoexo.evaluation.functional.clip_groups import group_scalars
from egoexo.evaluation.functional.recognition import TASKS, action_ranks, label_ranks, meter_scores, official_scores
from egoexo.evaluation.functional.recognition_groups import (
    NO_SUBSETS,
    RecognitionRow,
    RecognitionSubsets,
    recognition_groups,
)
from egoexo.evaluation.protocols.recognition import get_protocols

SUBSETS = RecognitionSubsets({1, 3}, {2, 4}, {'P02'})
OFFICIAL = get_protocols('official')
NUM_VERBS, NUM_NOUNS = 7, 9


def make_rows(num: int = 40, subset: str = 'val', seed: int = 0, unlabelled: int = 0) -> list[RecognitionRow]:
    """Five videos of three participants; scores are probabilities."""
    rng = np.random.default_rng(seed)
    rows = []
    for index in range(num):
        label = np.array([rng.integers(NUM_VERBS), rng.integers(NUM_NOUNS)])
        scores = [rng.dirichlet(np.ones(count)) for count in (NUM_VERBS, NUM_NOUNS)]
        for values, true in zip(scores, label, strict=True):
            values[true] += rng.random() < 0.4
        participant = f'P0{index % 3 + 1}'
        label = np.array([-1, -1]) if index < unlabelled else label
        rows.append(RecognitionRow(
            f'{participant}_01_{index}', f'{participant}_0{index % 5}', subset, label, scores[0].astype(np.float32),
            order=index, noun_scores=scores[1].astype(np.float32), participant_id=participant))
    return rows


def arrays(rows: list[RecognitionRow]) -> tuple[np.ndarray, ...]:
    return (np.stack([row.logits for row in rows]), np.stack([row.noun_scores for row in rows]),
            *np.stack([row.target for row in rows]).T)


def scalars_of(rows: list[RecognitionRow], protocols: object = 'official', **options: object) -> dict[str, float]:
    return group_scalars(recognition_groups(rows, get_protocols(protocols), SUBSETS, **options)[0])


def test_keys_and_values_of_all_protocols() -> None:
    rows = make_rows() + make_rows(9, 'train', 1)
    scalars = scalars_of(rows, 'all')
    names = [f'all_{task}_accuracy_at_{k}' for task in TASKS for k in (1, 5)]
    names += [f'{part}_{task}_accuracy_at_1' for part in ('tail', 'unseen') for task in TASKS]
    meter = [f'{name}_top{k}' for name in ('verb', 'noun', 'both') for k in (1, 5)]
    assert set(scalars) == {f'{prefix}{subset}/{name}' for prefix in ('', 'global_softmax/', 'probabilities/')
                            for subset in ('val', 'train') for name in names} | {
        f'meter/{subset}/{name}' for subset in ('val', 'train') for name in meter}
    verb, noun, verbs, nouns = arrays(rows[:40])
    ranks = dict(verb=label_ranks(verb, verbs), noun=label_ranks(noun, nouns))
    ranks['action'] = action_ranks(verb, noun, *ranks.values())
    everything = {'all': dict.fromkeys(TASKS, np.ones(40, bool))}
    for name, value in official_scores(ranks, everything).items():
        assert scalars[f'val/{name}'] == value
    ranks['action'] = action_ranks(verb, noun, ranks['verb'], ranks['noun'], 'product')
    for name, value in official_scores(ranks, everything).items():
        assert scalars[f'probabilities/val/{name}'] == value
    for name, value in meter_scores(ranks['verb'], ranks['noun']).items():
        assert scalars[f'meter/val/{name}'] == value


def test_row_order_does_not_matter() -> None:
    rows = make_rows()
    assert scalars_of(rows[::-1], 'all', num_bootstrap=4) == scalars_of(rows, 'all', num_bootstrap=4)


def test_unlabelled_segments_are_counted_and_not_scored() -> None:
    rows = make_rows(unlabelled=7)
    (group,), notes = recognition_groups(rows, OFFICIAL, SUBSETS)
    assert group.num_samples == 33 and group.notes == ('7 of 40 segments have no label and are not scored',)
    assert notes == [] and group.scores == recognition_groups(rows[7:], OFFICIAL, SUBSETS)[0][0].scores
    half = [replace(row, target=np.array([row.target[0], -1])) if index < 9 else row
            for index, row in enumerate(make_rows())]
    assert recognition_groups(half, OFFICIAL, SUBSETS)[0][0].num_samples == 31


def test_a_list_without_labels_has_no_scores() -> None:
    groups, notes = recognition_groups([*make_rows(5), *make_rows(6, 'test', unlabelled=6)], OFFICIAL, SUBSETS)
    assert [group.subset for group in groups] == ['val']
    assert notes == ['test: none of its 6 segments has a label, so no score']


def test_counts_behind_the_scores_and_notes_of_absent_subsets() -> None:
    group = recognition_groups(make_rows(), OFFICIAL, SUBSETS)[0][0]
    labels = np.stack([row.target for row in make_rows()])
    tail = [np.isin(labels[:, 0], [1, 3]), np.isin(labels[:, 1], [2, 4])]
    assert group.counts['tail_verb_accuracy_at_1'] == tail[0].sum()
    assert group.counts['tail_action_accuracy_at_1'] == (tail[0] | tail[1]).sum()
    assert group.counts['unseen_noun_accuracy_at_1'] == 13 and group.counts['all_noun_accuracy_at_5'] == 40
    official, meter = recognition_groups(make_rows(), get_protocols(['official', 'meter']), NO_SUBSETS)[0]
    assert [note.partition(':')[0] for note in official.notes] == [
        'no list of tail verbs', 'no list of tail nouns', 'no list of unseen participants']
    assert meter.notes == () and set(official.counts.values()) == set(meter.counts.values()) == {40}


def test_few_classes_are_said() -> None:
    rows = [replace(row, logits=row.logits[:4], target=row.target % 4) for row in make_rows()]
    group = recognition_groups(rows, OFFICIAL, SUBSETS)[0][0]
    assert 'only 4 verb classes: the first five hold all of them' in group.notes
    assert group.scores['all_verb_accuracy_at_5'] == 100


def test_intervals_are_those_of_the_videos_of_a_subset() -> None:
    scalars = scalars_of(make_rows(), num_bootstrap=50)
    for name in ('all_verb_accuracy_at_1', 'tail_action_accuracy_at_1', 'unseen_noun_accuracy_at_1'):
        assert scalars[f'val/{name}_low'] <= scalars[f'val/{name}'] <= scalars[f'val/{name}_high']
    assert scalars_of(make_rows(), num_bootstrap=50) == scalars
    assert scalars_of(make_rows(), num_bootstrap=50, seed=1) != scalars
    # One video in the subset: every draw is that video.
    alone = [replace(row, participant_id='P02' if row.uid == 'P02_01' else 'P01') for row in make_rows()]
    found = scalars_of(alone, num_bootstrap=20)
    assert found['val/unseen_verb_accuracy_at_1_low'] == found['val/unseen_verb_accuracy_at_1_high']


def test_records_of_videos_add_up() -> None:
    group, meter = recognition_groups(make_rows(), get_protocols(['official', 'meter']), SUBSETS, per_video=True)[0]
    total = sum(record['segments'] for record in group.videos)
    hits = sum(record['segments'] * record['all_action_accuracy_at_5'] for record in group.videos)
    assert total == 40 and hits / total == pytest.approx(group.scores['all_action_accuracy_at_5'])
    assert len(group.videos) == group.num_videos == 15 and list(group.videos[0]) == list(meter.videos[0]) == [
        'protocol', 'subset', 'uid', 'segments', *(f'all_{task}_accuracy_at_{k}' for task in TASKS for k in (1, 5)),
        *(f'{name}_top{k}' for name in ('verb', 'noun', 'both') for k in (1, 5))]
    assert meter.videos[2]['all_verb_accuracy_at_1'] == '' == group.videos[2]['verb_top1']
    assert meter.videos[2]['verb_top1'] == group.videos[2]['all_verb_accuracy_at_1']


def test_classes_are_counted_once_per_list() -> None:
    groups, _ = recognition_groups(make_rows() + make_rows(5, 'train'), get_protocols('all'), SUBSETS, per_class=True)
    assert [group.subset for group in groups if group.classes] == ['val', 'train']
    counts = groups[0].classes['noun']
    assert counts.support.sum() == 40 and counts.support.size == NUM_NOUNS
    assert 100 * counts.correct.sum() / 40 == pytest.approx(groups[0].scores['all_noun_accuracy_at_1'])


def test_probabilities_need_probabilities() -> None:
    rows = make_rows()
    rows[3] = replace(rows[3], noun_scores=-rows[3].noun_scores)
    with pytest.raises(PredictionError, match='segment val/P01_01_3: expected non-negative noun scores'):
        recognition_groups(rows, get_protocols('probabilities'), SUBSETS)
    groups, notes = recognition_groups(rows, get_protocols('all'), SUBSETS, lenient=True)
    assert [group.protocol for group in groups] == ['official', 'global_softmax', 'meter']
    assert len(notes) == 1 and notes[0].startswith('probabilities: val not scored. segment val/P01_01_3: expected')


@pytest.mark.parametrize(('change', 'message'), [
    (dict(logits=np.full(NUM_VERBS, np.nan)), 'segment val/P03_01_2: expected finite verb scores, found NaN'),
    (dict(logits=np.zeros(5)), r'sample val/P03_01_2: expected logits of shape \(7,\), as sample val/P01_01_0 has'),
    (dict(noun_scores=np.zeros(5)), r'segment val/P03_01_2: expected noun scores of shape \(9,\).*found shape \(5,\)'),
    (dict(target=np.array([7, 0])), 'sample val/P03_01_2: expected a true verb class from 0 to 6, found 7'),
    (dict(sample_id='P01_01_0'), 'each sample of a list once, found 1 of 5 rows that come a second time: val/P01_01_0'),
])
def test_rows_that_are_refused(change: dict, message: str) -> None:
    rows = make_rows(5)
    rows[2] = replace(rows[2], **change)
    with pytest.raises(PredictionError, match=message):
        recognition_groups(rows, OFFICIAL, SUBSETS)


def test_no_row() -> None:
    with pytest.raises(PredictionError, match='at least one predicted sample, found none'):
        recognition_groups([], OFFICIAL)
