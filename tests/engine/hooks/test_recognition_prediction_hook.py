"""The dump and the submission of recognition: content, ranks, and that the evaluator gives the digits of the metric."""

from pathlib import Path

import numpy as np
import pytest
import torch
from epic_scores_support import NUM_NOUNS, NUM_VERBS, epic_ids, make_scores, write_epic_annotations

from egoexo.engine.hooks import RecognitionPredictionHook, clip_prediction_hook
from egoexo.errors import PredictionError
from egoexo.evaluation.metrics import RecognitionMetric
from egoexo.evaluation.offline.recognition import read_annotations, read_predictions, score
from egoexo.formats.epic_submission import read_submission
from egoexo.structures import EgoExoDataSample

IDS, LABELS = epic_ids(12)
VERB, NOUN = make_scores(IDS, LABELS)


class Runner:
    def __init__(self) -> None:
        self.logger = self
        self.said, self.warned = [], []

    def info(self, text: str) -> None:
        self.said.append(text)

    def warning(self, text: str) -> None:
        self.warned.append(text)


def samples(subset: str | None = 'val') -> list[EgoExoDataSample]:
    made = []
    for name, label, verb, noun in zip(IDS, LABELS, VERB, NOUN, strict=True):
        video, person = name.rpartition('_')[0], name[:3]
        item = EgoExoDataSample(metainfo=dict(sample_id=name, uid=video, participant_id=person)
                                | (dict(subset=subset) if subset else {}))
        item.gt_verb_label, item.gt_noun_label = torch.tensor(label)
        item.pred_verb_scores, item.pred_noun_scores = torch.from_numpy(verb), torch.from_numpy(noun)
        made.append(item)
    return made


def run(hook: RecognitionPredictionHook, *batches: list[EgoExoDataSample]) -> Runner:
    runner = Runner()
    hook.before_test_epoch(runner)
    for index, batch in enumerate(batches):
        hook.after_test_iter(runner, index, None, batch)
    hook.after_test_epoch(runner)
    return runner


def test_writes_both_files(tmp_path: Path) -> None:
    hook = RecognitionPredictionHook(str(tmp_path / 'made' / 'all.npz'), str(tmp_path / 'zips'))
    runner = run(hook, samples()[:5], samples()[5:], samples('test'))
    found = np.load(tmp_path / 'made' / 'all.npz')
    assert sorted(found) == [f'{subset}/{name}' for subset in ('test', 'val') for name in ('ids', 'noun', 'verb')]
    assert found['val/ids'].tolist() == IDS and (found['val/verb'] == VERB).all() and (found['test/noun'] == NOUN).all()
    submitted = read_submission(tmp_path / 'zips' / 'test.zip')
    assert submitted.ids == IDS and (submitted.verb == VERB).all() and (submitted.noun == NOUN).all()
    assert f'Predictions of 12 segments are in {tmp_path / "zips" / "val.zip"}.' in runner.said
    assert 'has 7 verbs and 9 nouns: the challenge takes 97 and 300 only.' in runner.warned[0]


def test_the_challenge_has_no_warning(tmp_path: Path) -> None:
    items = samples()[:1]
    items[0].pred_verb_scores, items[0].pred_noun_scores = torch.zeros(97), torch.zeros(300)
    runner = run(RecognitionPredictionHook(submission=str(tmp_path)), items)
    assert runner.warned == [] and len(runner.said) == 1 and (tmp_path / 'val.zip').is_file()


def test_ranks_are_merged_in_list_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gathered(own: list, dst: int) -> list[list]:
        return [own[0::5], own[1::5], own[2::5], own[3::5], [*own[4::5], own[0]]]  # the last one is padding

    monkeypatch.setattr(clip_prediction_hook, 'gather_object', gathered)
    run(RecognitionPredictionHook(str(tmp_path / 'p.npz')), samples())
    assert np.load(tmp_path / 'p.npz')['val/ids'].tolist() == IDS


@pytest.mark.parametrize(('subset', 'change', 'message'), [
    ('val', None, 'expected one of the fields pred_verb_scores, pred_noun_scores, .* found none of these fields'),
    (None, torch.zeros(3), 'found no subset or sample_id'),
])
def test_samples_that_cannot_be_kept(subset: str | None, change: object, message: str, tmp_path: Path) -> None:
    wrong = EgoExoDataSample(metainfo=dict(sample_id='a') | (dict(subset=subset) if subset else {}))
    if change is not None:
        wrong.pred_verb_scores = change
    with pytest.raises(PredictionError, match=message):
        RecognitionPredictionHook(str(tmp_path / 'p.npz')).after_test_iter(None, 0, None, [wrong])


def test_scores_that_are_no_numbers_are_not_submitted(tmp_path: Path) -> None:
    items = samples()
    items[3].pred_verb_scores = torch.full((NUM_VERBS,), float('nan'))
    with pytest.raises(PredictionError, match=f'1 with a verb score of NaN or infinity .{IDS[3]}.'):
        run(RecognitionPredictionHook(submission=str(tmp_path)), items)
    assert not list(tmp_path.glob('*.zip'))


def test_the_evaluator_gives_the_digits_of_the_metric(tmp_path: Path) -> None:
    truth = read_annotations(write_epic_annotations(tmp_path / 'annotations', 12))
    metric = RecognitionMetric(protocols='all', num_bootstrap=10)
    metric.dataset_meta = dict(
        classes={task: [str(index) for index in range(count)] for task, count in (
            ('verb', NUM_VERBS), ('noun', NUM_NOUNS))},
        tail_verbs=[1, 3], tail_nouns=[1, 3], unseen_participants=['P02'])
    metric.process(None, [item.to_dict() for item in samples()])
    expected = metric.evaluate(12)
    run(RecognitionPredictionHook(str(tmp_path / 'p.npz'), str(tmp_path / 'zips')), samples())
    for path in (tmp_path / 'p.npz', tmp_path / 'zips'):
        found, subset = read_predictions(path, truth)
        assert score(found, truth, subset, 'all', 10).scalars['metrics'] == expected
