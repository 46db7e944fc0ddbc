"""Recognition metrics and submission against what the released EPIC-100 script and the PySlowFast meter gave.

Accuracies are equal to the last digit. The rows of the annotations that some fixtures need have a licence of their own
and are not part of the repository.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from tests_support import data_dir, parity_dir

from egoexo.evaluation.functional.recognition import label_ranks, meter_scores, released_ranking
from egoexo.evaluation.functional.recognition_groups import RecognitionRow, RecognitionSubsets, recognition_groups
from egoexo.evaluation.protocols.recognition import get_protocols
from egoexo.formats.epic_actions import read_epic_actions
from egoexo.formats.epic_classes import find_subsets
from egoexo.formats.epic_submission import read_submission, write_submission

OWNS = {'recognition': ['epic100_*', 'topk.npz', 'test_meter.json']}


def stored(name: str) -> Path:
    path = parity_dir('recognition') / name
    if not path.is_file():
        pytest.skip(f'{name} holds rows of EPIC-KITCHENS-100 and is not part of the repository; set EGOEXO_PARITY_DIR')
    return path


@pytest.fixture(scope='module')
def metrics() -> dict:
    return json.loads(stored('epic100_metrics.json').read_text())


@pytest.fixture(scope='module')
def arrays(metrics: dict) -> dict[str, np.ndarray]:
    return dict(np.load(stored('epic100_metrics.npz')))


@pytest.fixture(scope='module')
def subsets(arrays: dict[str, np.ndarray]) -> RecognitionSubsets:
    return RecognitionSubsets(*(set(arrays[name].tolist()) for name in ('tail_verbs', 'tail_nouns', 'unseen')))


def softmax(scores: np.ndarray) -> np.ndarray:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def scores_of(arrays: dict[str, np.ndarray], verb: np.ndarray, noun: np.ndarray, subsets: RecognitionSubsets,
              protocol: str = 'official', keep: np.ndarray | None = None) -> tuple[dict[str, float], tuple[str, ...]]:
    rows = [RecognitionRow(str(name), 'video', 'val', np.array(label), scores[0], order=index, noun_scores=scores[1],
                           participant_id=str(person))
            for index, (name, person, *label, in_list, scores) in enumerate(zip(
                arrays['narration_id'], arrays['participant_id'], arrays['verb_class'], arrays['noun_class'],
                np.ones(len(verb), bool) if keep is None else keep, zip(verb, noun, strict=True), strict=True))
            if in_list]
    (group,), _ = recognition_groups(rows, get_protocols(protocol), subsets)
    return group.scores, group.notes


@pytest.mark.parametrize('protocol', ['official', 'global_softmax'])
@pytest.mark.parametrize(('name', 'change'), [('subset_logits', np.asarray), ('subset_softmax', softmax)])
def test_subset(name: str, change: object, protocol: str, metrics: dict, arrays: dict, subsets: tuple) -> None:
    found, notes = scores_of(arrays, change(arrays['verb_output']), change(arrays['noun_output']), subsets, protocol)
    assert found == metrics[name]['metrics'] and len(found) == 12 and notes == ()


def test_product_of_probabilities(metrics: dict, arrays: dict, subsets: tuple) -> None:
    probabilities = softmax(arrays['verb_output']), softmax(arrays['noun_output'])
    found, _ = scores_of(arrays, *probabilities, subsets, 'probabilities')
    expected = metrics['contrast_product_of_probs']
    for k in (1, 5):
        assert found[f'all_action_accuracy_at_{k}'] == expected[f'action_at_{k}']
    assert found == metrics['subset_logits']['metrics'] != metrics['subset_softmax']['metrics']


def test_no_unseen_segment(metrics: dict, arrays: dict, subsets: tuple) -> None:
    keep = ~np.isin(arrays['participant_id'], sorted(subsets.unseen_participants))
    found, notes = scores_of(arrays, arrays['verb_output'], arrays['noun_output'], subsets, keep=keep)
    assert found == metrics['no_unseen']['metrics'] and metrics['no_unseen']['warnings']
    assert len(notes) == 1 and 'no segment of an unseen participant' in notes[0]


def test_one_confident_segment(metrics: dict, arrays: dict, subsets: tuple) -> None:
    verb, noun = arrays['verb_output'].copy(), arrays['noun_output'].copy()
    verb[0] += 60
    noun[0] += 60
    found, _ = scores_of(arrays, verb, noun, subsets)
    assert found == metrics['global_softmax_underflow_per_row_reference']['metrics']
    released, _ = scores_of(arrays, verb, noun, subsets, 'global_softmax')
    for name, value in metrics['global_softmax_underflow']['metrics'].items():
        # Products of 0 tie; the order of the released sort, hence a hit or two of 400, depends on the processor.
        assert released[name] == pytest.approx(value, rel=0, abs=0.5 if 'action' in name else 0)


def test_released_ranking(metrics: dict, arrays: dict) -> None:
    expected = metrics['action_example']
    rows, columns = expected['rows'], len(expected['scores'][0])
    verbs, nouns, scores = released_ranking(arrays['verb_output'][:rows], arrays['noun_output'][:rows])
    assert list(scores.shape) == expected['shape']
    assert verbs[:, :columns].tolist() == expected['top_verbs']
    assert nouns[:, :columns].tolist() == expected['top_nouns']
    np.testing.assert_allclose(scores[:, :columns], expected['scores'], rtol=1e-6)


@pytest.fixture(scope='module')
def validation() -> dict[str, np.ndarray]:
    """Ids and labels of all 9 668 segments, in official order, and the subsets."""
    folder = data_dir('epic-kitchens-100')
    actions = read_epic_actions(folder / 'EPIC_100_validation.csv', ('verb_class', 'noun_class'))
    columns = {name: np.array([getattr(action, name) for action in actions])
               for name in ('narration_id', 'participant_id', 'verb_class', 'noun_class')}
    return columns | dict(subsets=RecognitionSubsets(*find_subsets(folder)))


@pytest.mark.parametrize('protocol', ['official', 'global_softmax'])
@pytest.mark.parametrize(('name', 'dtype', 'change'), [
    ('full_logits', np.float32, np.asarray), ('full_logits_float64', np.float64, np.asarray),
    ('full_softmax', np.float32, softmax)])
def test_whole_validation_list(name: str, dtype: type, change: object, protocol: str, metrics: dict,
                               validation: dict) -> None:
    expected = metrics[name]
    num = len(validation['narration_id'])
    assert num == metrics['full_logits']['n']
    rng = np.random.default_rng(expected['seed'])
    verb, noun = rng.standard_normal((num, 97)), rng.standard_normal((num, 300))
    boosted = rng.random((num, 2)) < 0.55
    verb[np.arange(num), validation['verb_class']] += expected['boost'] * boosted[:, 0]
    noun[np.arange(num), validation['noun_class']] += expected['boost'] * boosted[:, 1]
    found, notes = scores_of(validation, change(verb.astype(dtype)), change(noun.astype(dtype)),
                             validation['subsets'], protocol)
    assert found == expected['metrics'] and len(found) == 12 and notes == ()


def test_meter_counts() -> None:
    found = dict(np.load(parity_dir('recognition') / 'topk.npz'))
    ranks = [label_ranks(found[name], found[f'{name}_label']) for name in ('verb', 'noun')]
    scores, num = meter_scores(*ranks), len(found['verb'])
    for name, ours in (('verb', 'verb'), ('noun', 'noun'), ('action', 'both')):
        assert [scores[f'{ours}_top{k}'] for k in (1, 5)] == (
            100 * (found[f'{name}_topks_correct'] / num)).tolist()


@pytest.mark.parametrize('ensemble', ['sum', 'max'])
def test_meter_on_clips(ensemble: str) -> None:
    """The clips of a segment become one row of scores whatever order they come in; then the meter counts."""
    found = json.loads((parity_dir('recognition') / 'test_meter.json').read_text())
    join = dict(sum=np.add, max=np.maximum)[ensemble]
    scores = np.zeros((found['num_videos'], found['num_cls']), np.float32)
    for clip in found['clip_order']:
        row = clip // found['num_clips']
        scores[row] = join(scores[row], np.float32(found['preds'][clip]))
    expected = found['result'][ensemble]
    np.testing.assert_allclose(scores, expected['video_preds'], rtol=0, atol=1e-6)
    ranks = label_ranks(scores, np.array(found['labels']))
    found = meter_scores(ranks, ranks)
    assert [f'{found[f"verb_top{k}"]:.2f}' for k in (1, 5)] == [
        expected['stats'][f'top{k}_acc'] for k in (1, 5)]


def test_submission(arrays: dict, tmp_path: Path) -> None:
    import zipfile

    expected = json.loads(stored('epic100_submission.json').read_text())
    ids = arrays['narration_id'][:2].tolist()
    path, levels = tmp_path / 'val.zip', {f'sls_{name}': value for name, value in expected['sls'].items()}
    write_submission(path, ids, arrays['verb_output'][:2], arrays['noun_output'][:2], **levels)
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == expected['members']
        assert archive.read(expected['members'][0]).decode() == expected['json_text']
    assert read_submission(path) is not None
