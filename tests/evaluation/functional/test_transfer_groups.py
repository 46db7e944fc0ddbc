"""Groups of segments: protocols, lists, intervals by take, records, files of class accuracies."""

from pathlib import Path

import numpy as np
import pytest

from egoexo.errors import PredictionError
from egoexo.evaluation.functional.clip_groups import ClipRow, group_scalars, score_table
from egoexo.evaluation.functional.transfer import transfer_scores
from egoexo.evaluation.functional.transfer_groups import class_files, class_records, transfer_groups
from egoexo.evaluation.protocols.transfer import get_protocols

NUM_CLASSES = 7


def make_rows(num: int = 12, subset: str = 'exo_val', answers: bool = False, num_classes: int = NUM_CLASSES,
              seed: int = 0) -> list[ClipRow]:
    """Class 3 never occurs."""
    rng = np.random.default_rng(seed)
    classes = [index for index in range(num_classes) if index != 3]
    labels = rng.choice(classes, num)
    logits = rng.standard_normal((num, num_classes)).astype(np.float32)
    logits[np.arange(num), labels] += 1
    return [ClipRow(str(index), f'take{index % 3}', subset, label, None if answers else row, None, index,
                    row.argmax() if answers else None)
            for index, (label, row) in enumerate(zip(labels, logits, strict=True))]


def arrays(rows: list[ClipRow]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([row.target for row in rows]), np.stack([row.logits for row in rows])


def test_keys_and_values() -> None:
    rows = make_rows() + make_rows(5, 'ego_val', seed=1)
    scalars = group_scalars(transfer_groups(rows, get_protocols('all')))
    names = ('top1', 'top5', 'mean_class_acc')
    assert set(scalars) == {f'{prefix}{subset}/{name}' for prefix in ('', 'ignore_absent/', 'legacy_numclass0/')
                            for subset in ('exo_val', 'ego_val') for name in names}
    labels, logits = arrays(rows[:12])
    for prefix, absent in (('', 'zero'), ('ignore_absent/', 'ignore'), ('legacy_numclass0/', 'distinct')):
        expected = transfer_scores(labels, logits.argmax(1), NUM_CLASSES, absent=absent)
        assert scalars[f'{prefix}exo_val/mean_class_acc'] == expected['mean_class_acc']
        assert scalars[f'{prefix}exo_val/top1'] == expected['top1'] == 100 * np.mean(logits.argmax(1) == labels)
    assert scalars['ignore_absent/exo_val/mean_class_acc'] > scalars['exo_val/mean_class_acc']


def test_answers_score_as_their_logits_without_top5() -> None:
    official = get_protocols('official')
    with_scores, = transfer_groups(make_rows(), official)
    answers, = transfer_groups(make_rows(answers=True), official, num_classes=NUM_CLASSES)
    assert answers.scores == {name: value for name, value in with_scores.scores.items() if name != 'top5'}
    assert any('labels without scores: no top5' in note for note in answers.notes)


def test_four_classes_have_no_top5() -> None:
    group, = transfer_groups(make_rows(num_classes=4), get_protocols('official'))
    assert list(group.scores) == ['top1', 'mean_class_acc']
    assert 'only 4 classes: top5 is not defined and left out' in group.notes


def test_absent_classes_are_told() -> None:
    group, = transfer_groups(make_rows(60), get_protocols('official'))
    assert group.notes == ('1 of 7 classes have no segment',)


def test_takes_are_resampled_and_recorded() -> None:
    rows = make_rows(30)
    group, = transfer_groups(rows, get_protocols('official'), num_bootstrap=50, seed=1, per_video=True)
    again, = transfer_groups(rows[::-1], get_protocols('official'), num_bootstrap=50, seed=1)
    assert group.intervals == again.intervals and set(group.intervals) == set(group.scores)
    low, high = group.intervals['top1']
    assert low <= group.scores['top1'] <= high and low < high
    assert [record['uid'] for record in group.videos] == ['take0', 'take1', 'take2']
    labels, logits = arrays(rows)
    assert group.videos[1]['top1'] == 100 * np.mean((logits.argmax(1) == labels)[1::3])
    assert group.videos[1]['samples'] == 10 and group.videos[1]['classes'] == np.unique(labels[1::3]).size
    assert score_table([group])[1][:5] == ['official', 'exo_val', '30', '3', f'{group.scores["top1"]:.4f} '
                                           f'[{low:.4f}, {high:.4f}]']


def test_class_accuracies(tmp_path: Path) -> None:
    groups = transfer_groups(make_rows(60), get_protocols('all'), per_class=True)
    scalars = group_scalars(groups, 'abcdefg')
    labels, logits = arrays(make_rows(60))
    for index, name in enumerate('abcdefg'):
        hits = (logits.argmax(1) == labels)[labels == index]
        expected = 100 * hits.mean() if hits.size else 0.0
        assert scalars[f'exo_val/class_acc/{name}'] == pytest.approx(expected, abs=1e-9)
    records = class_records(groups[:1], list('abcdefg'))
    assert records[3] == dict(protocol='official', subset='exo_val', name='d', samples=0, accuracy='') | {'class': 3}
    assert records[0]['samples'] == (labels == 0).sum() and class_records(groups[:1])[0]['name'] == '0'
    files = class_files(tmp_path / 'classes.txt', groups)
    assert list(files) == [tmp_path / 'classes_exo_val.txt']
    values = [float(line) for line in files[tmp_path / 'classes_exo_val.txt'].splitlines()]
    assert values == [scalars[f'exo_val/class_acc/{name}'] for name in 'abcdefg']


@pytest.mark.parametrize(('rows', 'message'), [
    ([], 'expected at least one predicted sample, found none'),
    ([*make_rows(3), make_rows(3)[1]], 'found 1 of 4 rows that come a second time: exo_val/1'),
    ([*make_rows(3), ClipRow('x', 'take0', 'exo_val', np.array(0), np.zeros(5))],
     r'sample exo_val/x: expected logits of shape \(7,\), as sample exo_val/0 has, found shape \(5,\)'),
    ([*make_rows(3), ClipRow('x', 'take0', 'exo_val', np.array(0), None, answer=np.array(1))],
     r'expected logits of shape \(7,\), as sample exo_val/0 has, found none'),
    ([ClipRow('x', 'take0', 'exo_val', np.array(7), np.zeros(7))], 'expected a true class from 0 to 6, found 7'),
    ([ClipRow('x', 'take0', 'exo_val', np.array(0), np.full(7, np.inf))], 'sample exo_val/x: expected finite class'),
    ([ClipRow('x', 'take0', 'exo_val', np.array(0))], 'expected class scores, or a predicted class .* found neither'),
    ([ClipRow('x', 'take0', 'exo_val', np.array(0), answer=np.array(9))],
     'sample exo_val/x: expected a predicted class from 0 to 6, found 9'),
])
def test_bad_rows(rows: list[ClipRow], message: str) -> None:
    with pytest.raises(PredictionError, match=message):
        transfer_groups(rows, get_protocols('official'), num_classes=NUM_CLASSES)
