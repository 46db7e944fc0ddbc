"""The files of a test run of correspondence: content, order over ranks, both directions, the digits of the metric."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from correspondence_support import write_correspondence_root
from pair_support import EchoPair, pair_config

from egoexo.datasets.collate_pairs import collate_pairs
from egoexo.engine.hooks import CorrespondencePredictionHook, correspondence_prediction_hook
from egoexo.errors import PredictionError
from egoexo.formats.correspondence_results import check_submission, read_predictions
from egoexo.formats.correspondence_truth import iter_prepared_takes
from egoexo.registry import DATASETS
from egoexo.structures import EgoExoDataSample


@pytest.fixture(scope='module')
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared root with two takes of validation and one of training."""
    return write_correspondence_root(tmp_path_factory.mktemp('root'), dict(train=1, val=2), num_frames=2)


def dataset_of(root: Path, *directions: str, **options: object) -> object:
    return DATASETS.build(pair_config(root, *directions, **options).test_dataloader.dataset)


@torch.no_grad()
def predicted(dataset: object) -> list[EgoExoDataSample]:
    return EchoPair().test_step(collate_pairs([dataset[index] for index in range(len(dataset))]))


def dump(hook: CorrespondencePredictionHook, dataset: object, *batches: list[EgoExoDataSample]) -> list[str]:
    said = []
    runner = SimpleNamespace(test_dataloader=SimpleNamespace(dataset=dataset), logger=SimpleNamespace(info=said.append))
    hook.before_test_epoch(runner)
    for index, batch in enumerate(batches):
        hook.after_test_iter(runner, index, None, batch)
    hook.after_test_epoch(runner)
    return said


def test_one_direction(root: Path, tmp_path: Path) -> None:
    dataset = dataset_of(root, 'exo2ego')
    samples = predicted(dataset)
    hook = CorrespondencePredictionHook(str(tmp_path / 'new' / 'all.json'), str(tmp_path / 'official'))
    said = dump(hook, dataset, samples[:7], samples[7:])
    assert said == [f'Predictions of exo2ego_val are in {tmp_path / name}.'
                    for name in ('new/all.json', 'official/exo-ego_val_results.json')]
    written = (tmp_path / 'new' / 'all.json').read_bytes()
    assert (tmp_path / 'official' / 'exo-ego_val_results.json').read_bytes() == written
    found, takes = read_predictions(tmp_path / 'new' / 'all.json'), list(iter_prepared_takes(root, 'val'))
    assert found.setting == 'exo-ego' and list(found.takes) == [take.take_uid for take in takes]
    check_submission(found, takes)
    assert not (tmp_path / 'official' / 'submission.json').exists()


def test_ranks_are_merged_whatever_their_order(
        root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = dataset_of(root, 'exo2ego')
    samples = predicted(dataset)
    dump(CorrespondencePredictionHook(str(tmp_path / 'one.json')), dataset, samples)

    def gathered(own: list, dst: int) -> list[list]:
        return [own[1::2], [*own[0::2], own[0]]]  # the last one is padding

    monkeypatch.setattr(correspondence_prediction_hook, 'gather_object', gathered)
    dump(CorrespondencePredictionHook(str(tmp_path / 'two.json')), dataset, samples)
    assert (tmp_path / 'one.json').read_bytes() == (tmp_path / 'two.json').read_bytes()


def test_two_directions_make_a_submission(root: Path, tmp_path: Path) -> None:
    dataset = dataset_of(root)
    hook = CorrespondencePredictionHook(str(tmp_path / 'dump' / 'all.json'), str(tmp_path / 'official'))
    said = dump(hook, dataset, predicted(dataset))
    names = {'ego-exo_val_results.json', 'exo-ego_val_results.json'}
    assert {path.name for path in (tmp_path / 'dump').iterdir()} == names
    assert {path.name for path in (tmp_path / 'official').iterdir()} == names | {'submission.json'}
    assert said[-1] == f'Both directions of val are in {tmp_path}/official/submission.json.'
    submission = json.loads((tmp_path / 'official' / 'submission.json').read_text())
    for setting in ('ego-exo', 'exo-ego'):
        single = json.loads((tmp_path / 'official' / f'{setting}_val_results.json').read_text())
        assert submission[setting]['results'] == single[setting]['results']


def test_a_later_run_completes_the_submission(root: Path, tmp_path: Path) -> None:
    for direction in ('ego2exo', 'exo2ego'):
        dataset = dataset_of(root, direction)
        assert not (tmp_path / 'submission.json').exists()
        dump(CorrespondencePredictionHook(submission=str(tmp_path)), dataset, predicted(dataset))
    assert (tmp_path / 'submission.json').is_file()


def test_a_list_with_pairs_left_out(root: Path, tmp_path: Path) -> None:
    dataset = dataset_of(root, 'ego2exo', every=3)
    dump(CorrespondencePredictionHook(str(tmp_path / 'some.json')), dataset, predicted(dataset))
    found = read_predictions(tmp_path / 'some.json')
    assert sum(len(frames) for take in found.takes.values() for pairs in take.masks.values()
               for frames in pairs.values()) == len(dataset)
    with pytest.raises(PredictionError, match='missing frames'):
        check_submission(found, iter_prepared_takes(root, 'val'))


def test_a_second_test_begins_anew(root: Path, tmp_path: Path) -> None:
    dataset = dataset_of(root, 'ego2exo')
    hook = CorrespondencePredictionHook(str(tmp_path / 'all.json'))
    dump(hook, dataset, predicted(dataset))
    first = (tmp_path / 'all.json').read_bytes()
    dump(hook, dataset, predicted(dataset)[:1])
    assert len((tmp_path / 'all.json').read_bytes()) < len(first)


def test_samples_of_another_benchmark(root: Path) -> None:
    sample = EgoExoDataSample(metainfo=dict(sample_id='v|1', uid='v', subset='ego_val'))
    with pytest.raises(PredictionError, match=r'sample ego_val/v.1: expected pred_target_mask.*Check that model'):
        CorrespondencePredictionHook('p.json').after_test_iter(None, 0, None, [sample])
