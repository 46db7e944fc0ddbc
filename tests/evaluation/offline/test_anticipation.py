"""Scoring saved anticipation predictions: truths, protocols, what is said and what is refused."""

from pathlib import Path

import numpy as np
import pytest
from tests_support import data_dir

from egoexo.errors import AnnotationError, ConfigError, PredictionError
from egoexo.evaluation.functional.anticipation import anticipation_scores
from egoexo.evaluation.offline import anticipation
from egoexo.evaluation.offline.anticipation import Annotations, score
from egoexo.evaluation.offline.clip_predictions import ClipPredictions
from egoexo.evaluation.offline.clip_scores import number_repeats, parse_list_name
from egoexo.evaluation.protocols.anticipation import PROTOCOLS
from egoexo.formats.egoexolearn_anticipation import (
    ActionRow,
    list_actions,
    list_name,
    table_name,
    write_action_list,
    write_action_table,
)

CLASS_IDS = tuple(range(10, 17))
BENCHMARK = 'action_anticipation_planning_benchmark/anticpation_annotation'


def rows(view: str, num: int) -> list[ActionRow]:
    rng = np.random.default_rng(num)
    made = []
    for index in range(num):
        nouns = tuple(rng.choice(CLASS_IDS, rng.integers(0 if index else 1, 3), replace=False).tolist())
        made.append(ActionRow(f'{view}{index % 3}', f'{view}{index}', f'{index // 2}.5', f'{index // 2 + 1}.0', (0,),
                              nouns, 'kitchen'))
    return [*made, made[-1]]  # the last one twice: ids must stay unique


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Tables, lists of which that of ego_val also holds the rows of exo_val, and a dump for ego_val and exo_val."""
    folder = tmp_path / BENCHMARK
    table = folder / 'balanced_full_annotation'
    table.mkdir(parents=True)
    (table / 'valid_nouns.txt').write_text('\n'.join(map(str, CLASS_IDS)))
    actions, arrays, rng = {}, {}, np.random.default_rng(0)
    for view, num in (('exo', 20), ('ego', 30)):
        write_action_table(table / table_name(view, 'val'), rows(view, num))
        actions[view] = list_actions(rows(view, num), 'noun', CLASS_IDS)
    write_action_list(folder / 'noun' / list_name('exo', 'val'), actions['exo'])
    write_action_list(folder / 'noun' / list_name('ego', 'val'), actions['exo'] + actions['ego'])
    own = {('noun', list_name(view, 'val')): len(found) for view, found in actions.items()}
    monkeypatch.setattr(anticipation, 'own_rows', lambda path: own.get((path.parent.name, path.name)))
    for view in ('ego', 'exo'):
        truth = Annotations(tmp_path, 'noun').read(f'{view}_val', 'csv')
        order = rng.permutation(len(truth.ids))
        arrays[f'{view}_val/ids'] = np.array(truth.ids)[order]
        arrays[f'{view}_val/logits'] = (rng.standard_normal(truth.targets.shape) + truth.targets).astype('f4')[order]
    np.savez(tmp_path / 'p.npz', **arrays)
    return tmp_path


def predictions(root: Path, **changes: object) -> ClipPredictions:
    arrays = dict(np.load(root / 'p.npz')) | {f'ego_val/{name}': value for name, value in changes.items()}
    np.savez(root / 'q.npz', **arrays)
    return ClipPredictions(root / 'q.npz', ndim=2)


def test_clean_and_stripped_are_the_same_rows(root: Path) -> None:
    annotations = Annotations(root, 'noun')
    result = score(predictions(root), annotations, protocols=['clean', 'stripped', 'no_invalid'])
    assert [group.prefixes[0] for group in result.groups] == [
        'ego_val', 'exo_val', 'stripped/ego_val', 'stripped/exo_val', 'no_invalid/ego_val', 'no_invalid/exo_val']
    scores = {group.prefixes[0]: group.scores for group in result.groups}
    assert scores['ego_val'] == scores['stripped/ego_val']
    truth, arrays = annotations.read('ego_val', 'csv'), dict(np.load(root / 'p.npz'))
    order = [arrays['ego_val/ids'].tolist().index(name) for name in truth.ids]
    assert scores['ego_val'] == anticipation_scores(arrays['ego_val/logits'][order], truth.targets)
    assert result.groups[4].num_samples < result.groups[0].num_samples
    assert result.notes == []


def test_truth(root: Path) -> None:
    truth = Annotations(root / BENCHMARK, 'noun').read('ego_val', 'csv')
    starts = np.array([float(name.split('|')[1]) for name in truth.ids])
    assert (truth.targets[starts < 3] == 0).all() and truth.targets[starts >= 3].any(axis=1).all()
    assert truth.ids[-1] == f'{truth.ids[-2]}#2' or len(set(truth.ids)) == len(truth.ids)
    assert truth.path.name == 'ego_val_valid.csv'
    assert (Annotations(root, 'noun').read('ego_gaze_val', 'csv').targets == truth.targets).all()


def test_all_leaves_the_polluted_list_out_with_a_note(root: Path) -> None:
    result = score(predictions(root), Annotations(root, 'noun'), protocols='all')
    assert [group.subset for group in result.groups if group.protocol == 'as_released'] == ['exo_val']
    note, = result.notes
    assert note.startswith('as_released: ego_val not scored, its list also holds rows of other lists. ')
    assert 'found none for' in note and 'exo0|' in note
    with pytest.raises(PredictionError, match='Predict them; ids are'):
        score(predictions(root), Annotations(root, 'noun'), protocols=['as_released'])


def test_polluted_rows_that_are_predicted_are_scored(root: Path) -> None:
    annotations = Annotations(root, 'noun')
    polluted = annotations.read('ego_val', 'whole_list')
    given = predictions(root, ids=np.array(polluted.ids), logits=polluted.targets)
    result = score(given, annotations, ['ego_val'], 'all')
    assert {group.protocol: group.num_samples for group in result.groups} == {
        name: len(polluted.ids) if name == 'as_released' else len(annotations.read('ego_val', 'csv').ids) - dropped
        for name, dropped in (('clean', 0), ('stripped', 0), ('as_released', 0), ('no_invalid', int(
            (annotations.read('ego_val', 'csv').targets == 0).all(axis=1).sum())))}
    assert any(note.startswith('clean: ') and 'rows of the released list that do not belong to it' in note
               for note in result.notes)


def test_missing_and_unknown_samples(root: Path) -> None:
    arrays = dict(np.load(root / 'p.npz'))
    ids, logits = arrays['ego_val/ids'], arrays['ego_val/logits']
    with pytest.raises(PredictionError, match=f'each of the {len(ids)} rows of .*ego_val_valid.csv, found none for 1'):
        score(predictions(root, ids=ids[1:], logits=logits[1:]), Annotations(root, 'noun'))
    strange = np.append(ids, 'who|1|2')
    with pytest.raises(PredictionError, match=r'that it does not hold: who\|1\|2. Remove'):
        score(predictions(root, ids=strange, logits=np.vstack([logits, logits[:1]])), Annotations(root, 'noun'))


def test_wrong_part(root: Path) -> None:
    logits = np.load(root / 'p.npz')['ego_val/logits']
    with pytest.raises(PredictionError, match=r'expected logits \(n, 7\) of the noun classes, found shape .* --part'):
        score(predictions(root, logits=logits[:, :5]), Annotations(root, 'noun'))


def test_lists_that_are_not_there(root: Path) -> None:
    arrays = {name.replace('ego_val', 'ego_test'): value for name, value in np.load(root / 'p.npz').items()}
    np.savez(root / 'q.npz', **arrays, **{'mine/ids': arrays['ego_test/ids'], 'mine/logits': arrays['ego_test/logits']})
    result = score(ClipPredictions(root / 'q.npz', 2), Annotations(root, 'noun'))
    assert [group.subset for group in result.groups] == ['exo_val']
    assert result.notes[0].startswith('clean: ego_test not scored, no file ')
    assert 'clean: mine not scored, its name is not <view>_[gaze_]<split>' in result.notes
    with pytest.raises(PredictionError, match='expected predictions for exo_test, found those for ego_val, exo_val'):
        score(predictions(root), Annotations(root, 'noun'), ['exo_test'])


def test_bad_annotations(root: Path, tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match='expected anticpation_annotation or the root of the release, found no f'):
        Annotations(tmp_path / 'p.npz', 'noun')
    (root / BENCHMARK / 'balanced_full_annotation' / 'ego_val_valid.csv').write_text('')
    with pytest.raises(AnnotationError, match='ego_val_valid.csv'):
        score(predictions(root), Annotations(root, 'noun'))
    with pytest.raises(ConfigError, match='unknown anticipation protocol'):
        score(predictions(root), Annotations(root, 'noun'), protocols='official')


def test_names() -> None:
    assert parse_list_name('ego_gaze_val') == ('ego', True, 'val')
    assert parse_list_name('ego_val_2') is None
    assert number_repeats(['a', 'b', 'a', 'a']) == ['a', 'b', 'a#2', 'a#3']


@pytest.mark.parametrize('folder', ['noun_gazed', 'verb', 'verb_gazed'])
def test_released_lists_hold_the_rows_of_the_tables(folder: str) -> None:
    annotations = Annotations(data_dir('egoexolearn'), folder.removesuffix('_gazed'))
    compared = 0
    for view in ('ego', 'exo'):
        subset = f'{view}_{"gaze_" if "gazed" in folder else ""}val'
        listed, clean = (annotations.read(subset, truth) for truth in ('own_rows', 'csv'))
        if listed is None:
            continue
        compared += 1
        assert listed.ids == clean.ids and (listed.targets == clean.targets).all()
        assert len(annotations.read(subset, 'whole_list').ids) >= len(clean.ids)
    assert compared


def test_classes_have_names() -> None:
    assert Annotations(data_dir('egoexolearn'), 'noun').class_names[:4] == ['pot', 'potato', 'knife', 'lid']
    assert set(PROTOCOLS) == {'clean', 'stripped', 'as_released', 'no_invalid'}
