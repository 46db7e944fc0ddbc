"""Scoring of saved recognition predictions: formats, joining by id, files beside the table, refusals."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from epic_scores_support import (
    NUM_NOUNS,
    NUM_VERBS,
    epic_ids,
    make_scores,
    write_epic_annotations,
    write_epic_table,
)

from egoexo.errors import AnnotationError, ConfigError, EgoExoError, PredictionError
from egoexo.evaluation.offline.recognition import Annotations, list_name, read_annotations, read_predictions, score
from egoexo.formats.epic_submission import write_submission
from egoexo.formats.recognition_results import ClassScores, write_scores

IDS, LABELS = epic_ids()
VERB, NOUN = make_scores(IDS, LABELS)


@pytest.fixture(scope='module')
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_epic_annotations(tmp_path_factory.mktemp('epic') / 'annotations')


@pytest.fixture(scope='module')
def truth(table: Path) -> Annotations:
    return read_annotations(table)


def scores(**changes: object) -> ClassScores:
    return ClassScores(IDS, VERB, NOUN)._replace(**changes)


def test_annotations(table: Path, truth: Annotations) -> None:
    assert truth.subsets == ({1, 3}, {1, 3}, {'P02'}) and truth.class_names['verb'][3] == 'verb3'
    assert [action.narration_id for action in truth.actions] == IDS
    for folder in (table.parent, table.parent.parent):
        assert read_annotations(folder).path == table
    with pytest.raises(AnnotationError, match=r'expected a table of segments, EPIC_100_train.csv, found none in it'):
        read_annotations(table.parent, 'train')


def test_annotations_without_the_other_files(table: Path, tmp_path: Path) -> None:
    alone = read_annotations(write_epic_table(tmp_path / 'EPIC_100_validation.csv'))
    assert alone.subsets == (None, None, None) and alone.class_names == {}
    # Not beside a table of EPIC-Kitchens-55 or of one's own, whose classes are others.
    own = write_epic_table(table.parent / 'mine.csv')
    assert read_annotations(own).subsets == (None, None, None)
    folder = table.parent
    named = read_annotations(own, None, [folder / f'EPIC_100_{task}_classes.csv' for task in ('verb', 'noun')],
                             folder / 'EPIC_100_tail_verbs.csv', None,
                             folder / 'EPIC_100_unseen_participant_ids_test.csv')
    assert named.subsets == ({1, 3}, None, {'P33'}) and len(named.class_names['noun']) == NUM_NOUNS
    result = score(scores(), named)
    assert any('no segment of an unseen participant (P33)' in note for note in result.groups[0].notes)
    assert {name.split('_')[0] for name in result.groups[0].scores} == {'all', 'tail'}
    own.unlink()


@pytest.mark.parametrize(('name', 'expected'), [
    ('EPIC_100_validation.csv', 'val'), ('EPIC_100_train.pkl', 'train'), ('EPIC_100_test_timestamps.csv', 'test'),
    ('EPIC_val_action_labels.pkl', 'val'), ('mine.csv', 'mine')])
def test_list_names(name: str, expected: str) -> None:
    assert list_name(Path('folder') / name) == expected


def test_all_formats_give_the_same_digits(truth: Annotations, tmp_path: Path) -> None:
    order = np.random.default_rng(0).permutation(len(IDS))
    mixed = [IDS[index] for index in order], VERB[order], NOUN[order]
    np.savez(tmp_path / 'dump.npz', **{f'{subset}/{name}': array for subset in ('val', 'test')
                                       for name, array in zip(('ids', 'verb', 'noun'), mixed, strict=True)})
    write_scores(tmp_path / 'plain.npz', ClassScores(*mixed))
    write_submission(tmp_path / 'val.zip', *mixed, num_classes=(NUM_VERBS, NUM_NOUNS))
    rows = [dict(narration_id=name, verb_output=verb, noun_output=noun)
            for name, verb, noun in zip(*mixed, strict=True)]
    (tmp_path / 'official.pkl').write_bytes(pickle.dumps(rows))
    (tmp_path / 'arrays.pkl').write_bytes(pickle.dumps(dict(zip(
        ('narration_id', 'verb_output', 'noun_output'), mixed, strict=True))))
    (tmp_path / 'predicts.pkl').write_bytes(pickle.dumps(([LABELS[:, 0], LABELS[:, 1]], [VERB, NOUN])))
    expected = score(scores(), truth, protocols='all').scalars
    assert len(expected['metrics']) == 3 * 12 + 6
    for name in ('dump.npz', 'plain.npz', 'val.zip', 'official.pkl', 'arrays.pkl', 'predicts.pkl', '.'):
        found, subset = read_predictions(tmp_path / name, truth)
        assert subset == 'val' and score(found, truth, subset, 'all').scalars == expected, name


def test_the_list_in_a_file_of_several(truth: Annotations, tmp_path: Path) -> None:
    arrays = dict(ids=np.array(IDS), verb=VERB, noun=NOUN)
    np.savez(tmp_path / 'two.npz', **{f'{subset}/{name}': array for subset in ('mine', 'yours')
                                      for name, array in arrays.items()})
    assert read_predictions(tmp_path / 'two.npz', truth, 'yours')[1] == 'yours'
    for subset in (None, 'val'):
        with pytest.raises(PredictionError, match='expected predictions of val, found those of mine, yours only'):
            read_predictions(tmp_path / 'two.npz', truth, subset)
    np.savez(tmp_path / 'one.npz', **{f'mine/{name}': array for name, array in arrays.items()})
    assert read_predictions(tmp_path / 'one.npz', truth)[1] == 'mine'
    np.savez(tmp_path / 'bare.npz', **arrays)
    assert read_predictions(tmp_path / 'bare.npz', truth, 'best')[1] == 'best'


def test_result(truth: Annotations) -> None:
    result = score(scores(), truth, 'val', ['official', 'meter'], 5, per_video=True, per_class=True)
    assert [protocol.name for protocol in result.protocols] == ['official', 'meter'] and result.settings == {}
    assert result.scalars['metrics']['val/all_action_accuracy_at_5_low'] <= result.scalars['metrics'][
        'val/all_action_accuracy_at_5']
    assert len(result.groups[0].videos) == 6 and result.groups[0].classes['verb'].support.sum() == 30
    assert result.scalars['rules']['official']['action'] == 'sum'


def test_missing_predictions(truth: Annotations) -> None:
    part = ClassScores(IDS[2:], VERB[2:], NOUN[2:])
    with pytest.raises(PredictionError, match=(
            r'p.npz: expected a prediction for each of the 30 segments of .*EPIC_100_validation.csv, found none for 2 '
            f'of them: {IDS[0]}, {IDS[1]}. Predict them, or leave them out with --missing skip')):
        score(part, truth, where='p.npz')
    result = score(part, truth, missing='skip')
    assert result.groups[0].num_samples == 28 and result.settings == {'missing': 'skip'}
    assert result.notes == [f'2 of 30 segments have no prediction and are left out: {IDS[0]}, {IDS[1]}']
    assert score(scores(), truth, missing='skip').notes == []


def test_a_list_without_labels(tmp_path: Path) -> None:
    truth = read_annotations(write_epic_table(tmp_path / 'EPIC_100_test_timestamps.csv', labels=False))
    result = score(scores(), truth, 'test')
    assert result.groups == [] and result.notes == ['test: none of its 30 segments has a label, so no score']


NAN = VERB.copy()
NAN[4, 2] = np.nan


@pytest.mark.parametrize(('change', 'message'), [
    (dict(ids=['P01_101_00', *IDS[1:]]), r'1 of 30 that it does not hold: P01_101_00; the nearest to the first is '
                                         r'P01_101_0\. Remove or rename them'),
    (dict(ids=[*IDS[:-1], IDS[0]]), f'expected each segment once, found 1 that come twice: {IDS[0]}. Keep one'),
    (dict(verb=NAN), f'segment val/{IDS[4]}: expected finite verb scores, found NaN or infinity, as in 1 of 30'),
    (dict(verb=VERB[:, 1:]), r'verb scores: expected 7 columns, one per class of .*EPIC_100_verb_classes.csv, found 6'),
    (dict(noun=np.zeros((30, 300))), r'noun scores: expected 9 columns, .* found 300.*see --classes'),
])
def test_scores_that_are_refused(truth: Annotations, change: dict, message: str) -> None:
    with pytest.raises(PredictionError, match=f'p.npz.*{message}'):
        score(scores(**change), truth, where='p.npz')


def test_labels_beyond_the_classes(tmp_path: Path) -> None:
    truth = read_annotations(write_epic_table(tmp_path / 'EPIC_100_validation.csv'))
    with pytest.raises(PredictionError, match='expected a true verb class from 0 to 4, found 5'):
        score(scores(verb=VERB[:, :5]), truth)


def test_unknown_option(truth: Annotations) -> None:
    with pytest.raises(ConfigError, match="missing: expected 'error' or 'skip', found 'zero'"):
        score(scores(), truth, missing='zero')


#: The same table for every benchmark: what is wrong with a file, and what is said about it.
BAD_FILES = {
    'missing': (None, 'absent.npz: expected an .npz with ids, verb and noun'),
    'truncated': (lambda path: path.write_bytes(path.read_bytes()[:100]), 'found a file that is no such archive'),
    'empty': (lambda path: path.write_bytes(b''), 'p.npz: expected an .npz with ids, verb and noun'),
    'dimension': (lambda path: np.savez(path, ids=np.array(IDS), verb=VERB[:, :, None], noun=NOUN),
                  'verb: expected a row of scores for each of the 30 segments, found shape'),
    'rows': (lambda path: np.savez(path, ids=np.array(IDS), verb=VERB[:3], noun=NOUN), r'found shape \(3, 7\)'),
    'nan': (lambda path: np.savez(path, ids=np.array(IDS), verb=NAN, noun=NOUN), f'verb scores of {IDS[4]}: expected '
            'finite numbers, found NaN or infinity'),
    'no segment': (lambda path: np.savez(path, ids=np.array([], '<U1'), verb=VERB[:0], noun=NOUN[:0]),
                   'for each of the 0 segments'),
    'ids': (lambda path: np.savez(path, ids=np.arange(30), verb=VERB, noun=NOUN), 'narration ids as text'),
    'foreign': (lambda path: np.savez(path, logits=VERB), 'found logits'),
}


@pytest.mark.parametrize('case', BAD_FILES)
def test_bad_files(case: str, truth: Annotations, tmp_path: Path) -> None:
    spoil, message = BAD_FILES[case]
    path = tmp_path / ('p.npz' if spoil else 'absent.npz')
    if spoil:
        np.savez(path, ids=np.array(IDS), verb=VERB, noun=NOUN)
        spoil(path)
    with pytest.raises(EgoExoError, match=message):
        read_predictions(path, truth)
