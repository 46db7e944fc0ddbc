"""Scoring of saved predictions and pseudo-labels: rows joined by id, coverage, refusals."""

from pathlib import Path

import numpy as np
import pytest
from transfer_support import write_ego2exo_root

from egoexo.errors import AnnotationError, ConfigError, EgoExoError, PredictionError
from egoexo.evaluation.functional.transfer import transfer_scores
from egoexo.evaluation.offline.clip_predictions import ClipPredictions
from egoexo.evaluation.offline.transfer import Annotations, PseudoLabelPredictions, open_predictions, score

NUM_CLASSES = 6


@pytest.fixture(scope='module')
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ego2exo_root(tmp_path_factory.mktemp('ego2exo'), num_classes=NUM_CLASSES, per_class=4)


@pytest.fixture(scope='module')
def truth(root: Path) -> Annotations:
    return Annotations(root)


def dump(path: Path, truth: Annotations, subsets: tuple[str, ...] = ('ego_val', 'exo_val'), seed: int = 0,
         **changes: np.ndarray) -> Path:
    rng, arrays = np.random.default_rng(seed), {}
    for subset in subsets:
        order = rng.permutation(len(truth.lists[subset].ids))
        logits = rng.standard_normal((order.size, NUM_CLASSES)) + 2 * np.eye(NUM_CLASSES)[truth.lists[subset].targets]
        arrays |= {f'{subset}/ids': np.array(truth.lists[subset].ids)[order],
                   f'{subset}/logits': logits[order].astype(np.float32)}
    np.savez(path, **arrays | {name.replace('__', '/'): array for name, array in changes.items()})
    return path


def labels_file(path: Path, truth: Annotations, subset: str = 'exo_train', confidence: str = '') -> Path:
    """All labels true but the first three."""
    rows = zip(truth.lists[subset].ids, truth.lists[subset].targets.tolist(), strict=True)
    path.write_text(''.join(f'{name} {(label + (place < 3)) % NUM_CLASSES}{confidence}\n'
                            for place, (name, label) in enumerate(rows)))
    return path


def test_truth(root: Path, truth: Annotations) -> None:
    assert list(truth.lists) == ['ego_train', 'ego_val', 'exo_train', 'exo_val']
    assert Annotations(root / 'metadata' / 'ego2exo.json').lists.keys() == truth.lists.keys()
    assert len(truth.class_names) == NUM_CLASSES and truth.lists['exo_val'].targets.dtype == np.int64
    with pytest.raises(AnnotationError, match='expected an ego2exo.json'):
        Annotations(root / 'absent.json')


def test_rows_are_joined_by_id(tmp_path: Path, truth: Annotations) -> None:
    path = dump(tmp_path / 'predictions.npz', truth)
    result = score(open_predictions(tmp_path, truth), truth, protocols='all', num_bootstrap=4, per_video=True,
                   per_class=True)
    assert [(group.protocol, group.subset) for group in result.groups] == [
        (protocol, subset) for protocol in ('official', 'ignore_absent', 'legacy_numclass0')
        for subset in ('ego_val', 'exo_val')]
    arrays = np.load(path)
    wanted = truth.lists['exo_val']
    place = {name: index for index, name in enumerate(arrays['exo_val/ids'].tolist())}
    logits = arrays['exo_val/logits'][[place[name] for name in wanted.ids]]
    expected = transfer_scores(wanted.targets, logits.argmax(1), NUM_CLASSES)
    found = result.groups[1]
    assert {name: found.scores[name] for name in expected} == expected and 'top5' in found.scores
    assert found.num_samples == 24 and found.num_videos == 2 and len(found.videos) == 2
    assert result.scalars['protocols']['official'] == result.protocols[0].hash
    assert f'exo_val/class_acc/{truth.class_names[0]}' in result.scalars['metrics']


def test_lists_can_be_chosen(tmp_path: Path, truth: Annotations) -> None:
    path = dump(tmp_path / 'p.npz', truth)
    result = score(open_predictions(path, truth, ['exo_val']), truth, ['exo_val'])
    assert [group.subset for group in result.groups] == ['exo_val'] and result.class_names is None


def test_a_foreign_list_is_noted(tmp_path: Path, truth: Annotations) -> None:
    path = dump(tmp_path / 'p.npz', truth, kitchen__ids=np.array(['1']), kitchen__logits=np.zeros((1, NUM_CLASSES)))
    result = score(ClipPredictions(path, 2), truth)
    assert len(result.groups) == 2 and result.notes[0].startswith('kitchen not scored, no segments of this name in ')


@pytest.mark.parametrize('confidence', ['', ' 0.75'])
def test_pseudo_labels(tmp_path: Path, truth: Annotations, confidence: str) -> None:
    path = labels_file(tmp_path / 'labels.txt', truth, confidence=confidence)
    result = score(open_predictions(path, truth), truth, protocols='all')
    group = result.groups[0]
    assert group.subset == 'exo_train' and list(group.scores) == ['top1', 'mean_class_acc']
    assert group.scores['top1'] == pytest.approx(100 * 21 / 24) == group.scores['mean_class_acc'] + 0
    assert 'labels without scores: no top5' in group.notes


def test_pseudo_labels_of_a_val_list_need_its_name(tmp_path: Path, truth: Annotations) -> None:
    path = labels_file(tmp_path / 'labels.txt', truth, 'exo_val')
    with pytest.raises(PredictionError, match='found 24 ids, of which are 0 of ego_train, 24 of ego_val, '):
        open_predictions(path, truth)
    assert PseudoLabelPredictions(path, truth, 'ego_val').subsets == ['ego_val']


@pytest.mark.parametrize(('lines', 'error', 'message'), [
    (lambda rows: rows[1:], AnnotationError, '1 missing ids'),
    (lambda rows: [*rows, rows[0]], AnnotationError, '1 duplicate ids'),
    (lambda rows: [*rows, '17 0'], AnnotationError, '1 extra ids. First extra ids: 17'),
    (lambda rows: [rows[0].replace(' ', '\t'), *rows[1:]], AnnotationError, 'found 1 malformed lines'),
    (lambda rows: [rows[0][:-1] + '6', *rows[1:]], AnnotationError, 'found 1 labels out of range. .* 6 of id'),
    (lambda rows: [], AnnotationError, 'expected a pseudo-label file, found an empty file'),
    (lambda rows: ['17 0'], PredictionError, 'found 1 ids, of which are 0 of ego_train'),
])
def test_bad_pseudo_labels(tmp_path: Path, truth: Annotations, lines: object, error: type[EgoExoError],
                           message: str) -> None:
    path = labels_file(tmp_path / 'labels.txt', truth)
    path.write_text('\n'.join(lines(path.read_text().splitlines())))
    with pytest.raises(error, match=message):
        open_predictions(path, truth)


def test_a_label_file_has_one_list(tmp_path: Path, truth: Annotations) -> None:
    path = labels_file(tmp_path / 'labels.txt', truth)
    with pytest.raises(PredictionError, match='expected one list for a file of labels, found 2: ego_val, exo_val'):
        open_predictions(path, truth, ['ego_val', 'exo_val'])
    with pytest.raises(ConfigError, match='--subset: expected lists with segments: ego_train, .* found ego_test'):
        open_predictions(path, truth, ['ego_test'])


@pytest.mark.parametrize(('change', 'message'), [
    (lambda ids, logits: (ids[1:], logits[1:]), 'a prediction for each of the 24 rows .* found none for 1 of them'),
    (lambda ids, logits: (np.append(ids, '17'), np.vstack([logits, logits[:1]])), '1 of 25 that it does not hold: 17'),
    (lambda ids, logits: (np.append(ids, ids[0]), np.vstack([logits, logits[:1]])), '1 that come twice'),
    (lambda ids, logits: (ids, logits[:, 1:]), r'expected logits \(n, 6\) of the classes of .*, found shape \(24, 5\)'),
    (lambda ids, logits: (ids, logits * np.nan), 'found NaN or infinity for 24 of 24 samples'),
    (lambda ids, logits: (ids, logits[..., None]), r'expected floating numbers \(n, C\)'),
    (lambda ids, logits: (ids[:0], logits[:0]), r'expected the sample ids as text, shape \(n,\) with n >= 1'),
])
def test_bad_dumps(tmp_path: Path, truth: Annotations, change: object, message: str) -> None:
    arrays = np.load(dump(tmp_path / 'good.npz', truth))
    ids, logits = change(arrays['exo_val/ids'], arrays['exo_val/logits'])
    path = dump(tmp_path / 'bad.npz', truth, exo_val__ids=ids, exo_val__logits=logits)
    with pytest.raises(PredictionError, match=message):
        score(open_predictions(path, truth), truth, ['exo_val'])
