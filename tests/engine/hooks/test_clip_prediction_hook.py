"""The dump of a clip benchmark: content, order over ranks, refusals, and that the evaluator gives the same digits."""

from pathlib import Path

import numpy as np
import pytest
import torch

from egoexo.engine.hooks import ClipPredictionHook, clip_prediction_hook
from egoexo.errors import PredictionError
from egoexo.evaluation.metrics import PlanningMetric
from egoexo.evaluation.offline.clip_predictions import ClipPredictions
from egoexo.evaluation.offline.planning import Annotations, score
from egoexo.formats.egoexolearn_planning import PlannedSteps, list_name, write_planning_list
from egoexo.structures import EgoExoDataSample


class Runner:
    def __init__(self) -> None:
        self.logger = self
        self.said = []

    def info(self, text: str) -> None:
        self.said.append(text)


def sample(index: int, subset: str | None = 'ego_val', **fields: torch.Tensor) -> EgoExoDataSample:
    made = EgoExoDataSample(metainfo=dict(sample_id=f'v|{index}', uid='v') | (dict(subset=subset) if subset else {}))
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def actions(num: int, subset: str = 'ego_val') -> list[EgoExoDataSample]:
    return [sample(index, subset, pred_class_logits=torch.full((3,), float(index))) for index in range(num)]


def dump(hook: ClipPredictionHook, *batches: list[EgoExoDataSample]) -> Runner:
    runner = Runner()
    hook.before_test_epoch(runner)
    for index, batch in enumerate(batches):
        hook.after_test_iter(runner, index, None, batch)
    hook.after_test_epoch(runner)
    return runner


def test_writes_both_files(tmp_path: Path) -> None:
    hook = ClipPredictionHook(str(tmp_path / 'made' / 'all.npz'), str(tmp_path / 'official'))
    runner = dump(hook, actions(2), actions(3, 'exo_val'))
    found = np.load(tmp_path / 'made' / 'all.npz')
    assert sorted(found) == ['ego_val/ids', 'ego_val/logits', 'exo_val/ids', 'exo_val/logits']
    assert found['exo_val/ids'].tolist() == ['v|0', 'v|1', 'v|2'] and found['exo_val/logits'][2].tolist() == [2, 2, 2]
    assert (tmp_path / 'official' / 'predictions.npz').read_bytes() == (tmp_path / 'made' / 'all.npz').read_bytes()
    assert runner.said[0] == f'Predictions of 5 samples are in {tmp_path / "made" / "all.npz"}.'
    assert ClipPredictions(tmp_path / 'official', ndim=2).subsets == ['ego_val', 'exo_val']


def test_sequences_are_kept(tmp_path: Path) -> None:
    dump(ClipPredictionHook(str(tmp_path / 'p.npz')), [
        sample(0, pred_future_logits=torch.zeros(8, 27), pred_future_samples=torch.ones(5, 8, dtype=torch.int64))])
    found = np.load(tmp_path / 'p.npz')
    assert found['ego_val/logits'].shape == (1, 8, 27) and found['ego_val/samples'].shape == (1, 5, 8)


def test_ranks_are_merged_in_list_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    every = actions(5)

    def gathered(own: list, dst: int) -> list[list]:
        return [[own[index] for index in indices] for indices in ([0, 2, 4], [1, 3, 0])]  # the last one is padding

    monkeypatch.setattr(clip_prediction_hook, 'gather_object', gathered)
    dump(ClipPredictionHook(str(tmp_path / 'p.npz')), every)
    assert np.load(tmp_path / 'p.npz')['ego_val/ids'].tolist() == [f'v|{index}' for index in range(5)]


def test_a_second_test_begins_anew(tmp_path: Path) -> None:
    hook = ClipPredictionHook(str(tmp_path / 'p.npz'))
    dump(hook, actions(5))
    dump(hook, actions(2))
    assert len(np.load(tmp_path / 'p.npz')['ego_val/ids']) == 2


@pytest.mark.parametrize(('wrong', 'message'), [
    (sample(0), 'sample ego_val/v.0: expected one of the fields pred_class_logits, .* found none of these fields. Use'),
    (sample(0, None, pred_class_logits=torch.zeros(3)), 'sample None/v.0: .*found no subset or sample_id'),
])
def test_samples_that_cannot_be_kept(wrong: EgoExoDataSample, message: str, tmp_path: Path) -> None:
    with pytest.raises(PredictionError, match=message):
        ClipPredictionHook(str(tmp_path / 'p.npz')).after_test_iter(None, 0, None, [wrong])


def test_the_evaluator_gives_the_digits_of_the_metric(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = [PlannedSteps(f'v{index % 4}', str(index), float(index), tuple(rng.integers(0, 27, 8).tolist()))
            for index in range(30)]
    write_planning_list(tmp_path / 'annotation' / list_name('ego', 'val'), rows)
    samples = []
    for row in rows:
        made = EgoExoDataSample(metainfo=dict(
            sample_id=f'{row.uid}|{row.end_text}', uid=row.uid, subset='ego_val'))
        made.gt_future_steps = torch.tensor(row.labels if row.end_sec >= 2 else [-1] * 8)
        made.pred_future_logits = torch.from_numpy(rng.standard_normal((8, 27)).astype('f4'))
        samples.append(made)
    metric = PlanningMetric(num_repeats=3, decodings=('categorical', 'beam'), num_bootstrap=20)
    metric.process(None, [item.to_dict() for item in samples])
    dump(ClipPredictionHook(str(tmp_path / 'p.npz')), samples[:20], samples[20:])
    result = score(ClipPredictions(tmp_path / 'p.npz', 3), Annotations(tmp_path), sampling=metric.sampling,
                   num_bootstrap=20)
    assert result.scalars['metrics'] == metric.evaluate(30)
