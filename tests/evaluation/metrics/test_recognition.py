"""The registered recognition metric: keys, values, subsets, files, unlabelled lists, refusals."""

import csv
from pathlib import Path

import pytest
import torch

from egoexo.errors import AnnotationError, ConfigError, PredictionError
from egoexo.evaluation.functional.recognition import action_ranks, label_ranks, subset_scores
from egoexo.evaluation.metrics import RecognitionMetric
from egoexo.registry import METRICS
from egoexo.structures import EgoExoDataSample

CLASSES = dict(verb=tuple('abcdefg'), noun=tuple('klmnopqrs'))
META = dict(classes=CLASSES, num_classes=dict(verb=7, noun=9), tail_verbs=[1, 3], tail_nouns=[2, 4],
            unseen_participants=['P02'])


def sample(index: int, subset: str = 'val', labelled: bool = True) -> EgoExoDataSample:
    generator = torch.Generator().manual_seed(index)
    participant = f'P0{index % 3 + 1}'
    made = EgoExoDataSample(metainfo=dict(
        sample_id=f'{participant}_01_{index}', uid=f'{participant}_0{index % 2}', subset=subset,
        participant_id=participant, sample_idx=index))
    for task, names in CLASSES.items():
        label = torch.randint(0, len(names), (), generator=generator)
        scores = torch.rand(len(names), generator=generator)
        scores[label] += index % 2
        setattr(made, f'gt_{task}_label', label if labelled else torch.tensor(-1))
        setattr(made, f'pred_{task}_scores', scores)
    return made


SAMPLES = [sample(index) for index in range(24)]


def evaluate(samples: list[EgoExoDataSample], meta: dict | None = META, **options: object) -> dict[str, float]:
    metric = RecognitionMetric(**options)
    metric.dataset_meta = meta
    metric.process(None, [item.to_dict() for item in samples])
    return metric.evaluate(len(samples))


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr('egoexo.evaluation.metrics.recognition.print_log', lambda text, logger: lines.append(text))
    return lines


def test_registered() -> None:
    assert METRICS.build(dict(type='RecognitionMetric')).prediction_hook == 'RecognitionPredictionHook'


def test_keys_and_values() -> None:
    scores = evaluate(SAMPLES)
    verb, noun = (torch.stack([item.get(f'pred_{task}_scores') for item in SAMPLES]).numpy() for task in CLASSES)
    labels = [torch.stack([item.get(f'gt_{task}_label') for item in SAMPLES]).numpy() for task in CLASSES]
    ranks = dict(verb=label_ranks(verb, labels[0]), noun=label_ranks(noun, labels[1]))
    ranks['action'] = action_ranks(verb, noun, *ranks.values())
    expected = {name: value for task in ranks for name, value in subset_scores('all', task, ranks[task]).items()}
    assert {key: scores[key] for key in scores if '/all_' in key} == {
        f'val/{name}': value for name, value in expected.items()}
    assert len(scores) == 12 and all(type(value) is float for value in scores.values())
    unseen = [index for index, item in enumerate(SAMPLES) if item.participant_id == 'P02']
    assert scores['val/unseen_action_accuracy_at_1'] == subset_scores('unseen', 'action', ranks['action'][unseen])[
        'unseen_action_accuracy_at_1']


def test_lists_are_scored_apart_and_order_does_not_matter() -> None:
    both = evaluate(SAMPLES + [sample(index, 'train') for index in range(5)])
    assert {key: value for key, value in both.items() if key.startswith('val/')} == evaluate(SAMPLES)
    assert evaluate(SAMPLES[::-1], num_bootstrap=5) == evaluate(SAMPLES, num_bootstrap=5)


def test_protocols_intervals_and_classes() -> None:
    scores = evaluate(SAMPLES, protocols='all', num_bootstrap=5, per_class=True)
    for k in (1, 5):
        assert scores[f'meter/val/verb_top{k}'] == scores[f'val/all_verb_accuracy_at_{k}']
        assert scores[f'meter/val/both_top{k}'] <= scores[f'meter/val/noun_top{k}']
    assert scores['meter/val/both_top1'] == scores['probabilities/val/all_action_accuracy_at_1']
    low, high = (scores[f'val/all_verb_accuracy_at_1_{end}'] for end in ('low', 'high'))
    assert low <= scores['val/all_verb_accuracy_at_1'] <= high
    assert {key.split('/')[2] for key in scores if '/verb_accuracy/' in key} <= set(CLASSES['verb'])
    assert any('val/noun_accuracy/' in key for key in scores)


def test_files(tmp_path: Path) -> None:
    files = {name: tmp_path / 'new' / f'{name}.csv' for name in ('item_file', 'class_accuracy_file', 'per_video_file')}
    scores = evaluate(SAMPLES, protocols=('official', 'meter'), **files)
    assert not any('verb_accuracy/' in key for key in scores)
    rows = {}
    for name, path in files.items():
        with path.open(newline='') as file:
            rows[name] = list(csv.DictReader(file))
    assert [row['sample_id'] for row in rows['item_file']] == [item.sample_id for item in SAMPLES]
    right = [row['verb_class'] == row['pred_verb_class'] for row in rows['item_file']]
    assert 100 * (sum(right) / 24) == scores['val/all_verb_accuracy_at_1']
    assert [row['verb_rank'] == '1' for row in rows['item_file']] == right
    assert rows['item_file'][0]['verb'] in CLASSES['verb'] and rows['item_file'][1]['unseen'] == '1'
    assert [row['name'] for row in rows['class_accuracy_file']] == [*CLASSES['verb'], *CLASSES['noun']]
    assert len(rows['per_video_file']) == 12 and rows['per_video_file'][0]['both_top1'] == ''
    assert rows['per_video_file'][6]['all_verb_accuracy_at_1'] == ''


def test_subsets_from_files_go_first(tmp_path: Path, said: list[str]) -> None:
    for name, content in (('verbs', 'verb\n0\n'), ('nouns', 'noun\n0\n'), ('people', 'participant_id\nP33\n')):
        (tmp_path / f'{name}.csv').write_text(content)
    scores = evaluate(SAMPLES, tail_verbs=tmp_path / 'verbs.csv', tail_nouns=tmp_path / 'nouns.csv',
                      unseen_participants=str(tmp_path / 'people.csv'))
    meta = META | dict(tail_verbs=[0], tail_nouns=[0], unseen_participants=['P01'])
    assert {key for key in scores if 'tail' in key} == {key for key in evaluate(SAMPLES, meta) if 'tail' in key}
    assert not any('unseen' in key for key in scores)
    assert 'val: no segment of an unseen participant (P33): no unseen accuracies' in said[0]


@pytest.mark.parametrize('meta', [None, dict(classes=CLASSES), META | dict(tail_verbs=(), unseen_participants=None)])
def test_unknown_subsets_are_absent_and_said(meta: dict | None, said: list[str]) -> None:
    scores = evaluate(SAMPLES, meta)
    assert len([key for key in scores if '/all_' in key]) == 6
    assert not any('unseen' in key or 'tail_verb' in key or 'tail_action' in key for key in scores)
    assert 'val: no list of tail verbs: no tail_verb and no tail_action accuracy' in said[0]
    assert 'val: no list of unseen participants' in said[0]


def test_unlabelled_segments(said: list[str], tmp_path: Path) -> None:
    few = [sample(index, labelled=index > 3) for index in range(24)]
    assert evaluate(few) == evaluate(SAMPLES[4:])
    assert 'val: 4 of 24 segments have no label and are not scored' in said[0]
    assert evaluate([sample(index, 'test', False) for index in range(3)], item_file=tmp_path / 'items.csv') == {}
    assert 'no list is scored by these protocols' in said[2] and not (tmp_path / 'items.csv').exists()
    assert 'test: none of its 3 segments has a label, so no score' in said[2]


def test_all_protocols_leave_probabilities_out_for_logits(said: list[str]) -> None:
    logits = [item.clone() for item in SAMPLES]
    for item in logits:
        item.pred_verb_scores = item.pred_verb_scores.log()
    scores = evaluate(logits, protocols='all')
    assert not any(key.startswith('probabilities') for key in scores)
    assert 'probabilities: val not scored. segment val/' in said[0]
    with pytest.raises(PredictionError, match='expected non-negative verb scores'):
        evaluate(logits, protocols=['probabilities'])


@pytest.mark.parametrize(('change', 'message'), [
    (dict(pred_verb_scores=None), 'segment val/P02_01_1: expected the fields .*found no pred_verb_scores'),
    (dict(gt_noun_label=None), 'found no gt_noun_label'), (dict(uid=None), 'found no uid'),
    (dict(pred_verb_scores=torch.zeros(97)),
     r"pred_verb_scores of shape \(7,\), one per class.*found \(97,\).*num_classes\['verb'\] of model.cls_head and of"),
    (dict(pred_noun_scores=torch.zeros(1, 9)), r'found \(1, 9\)'),
    (dict(pred_noun_scores=torch.full((9,), float('nan'))),
     'segment val/P02_01_1: expected finite pred_noun_scores, found NaN'),
    (dict(pred_noun_scores=torch.full((9,), float('inf'))), 'found NaN or infinity'),
])
def test_bad_samples(change: dict, message: str) -> None:
    metric = RecognitionMetric()
    metric.dataset_meta = META
    with pytest.raises(PredictionError, match=message):
        metric.process(None, [SAMPLES[1].to_dict() | change])


def test_unknown_class_sample_twice_and_none() -> None:
    wrong = SAMPLES[1].clone()
    wrong.gt_verb_label = torch.tensor(7)
    with pytest.raises(PredictionError, match='sample val/P02_01_1: expected a true verb class from 0 to 6, found 7'):
        evaluate([SAMPLES[0], wrong])
    with pytest.raises(PredictionError, match='each sample of a list once'):
        evaluate([SAMPLES[0], SAMPLES[0]])
    with pytest.raises(PredictionError, match='at least one predicted sample, found none'):
        RecognitionMetric().compute_scores([])


def test_bad_options(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown recognition protocol 'top1'"):
        RecognitionMetric(protocols='top1')
    with pytest.raises(AnnotationError, match='absent.csv'):
        RecognitionMetric(tail_verbs=tmp_path / 'absent.csv')


def test_half_precision_and_bfloat() -> None:
    halves = [item.to_dict() | dict(pred_verb_scores=item.pred_verb_scores.bfloat16()) for item in SAMPLES]
    metric = RecognitionMetric()
    metric.process(None, halves)
    assert metric.evaluate(24).keys() >= {'val/all_verb_accuracy_at_1'}
