"""The timing scripts of anticipation and planning time the same work on both sides."""

import sys
from pathlib import Path

import pytest
import torch
from tests_support import REPO

sys.path.insert(0, str(REPO / 'speed'))

import anticipation as speed_anticipation
import clips
import planning as speed_planning
from clips import Case, ReleasedLoader, ReleasedTraining, load_model, make_batch, measure, write_layout

from egoexo.models.clip import PLACES

sys.path.remove(str(REPO / 'speed'))

#: Layer of the released arithmetic -> ours.
LAYERS = {
    'shared': 'embedding.layers.0', 'classifier': 'head.classifiers.0',
    'frame_judge.0': 'adaptation.frame_discriminator.fc', 'frame_judge.2': 'adaptation.frame_discriminator.classifier',
    'video_judge.0': 'adaptation.video_discriminator.fc', 'video_judge.2': 'adaptation.video_discriminator.classifier',
} | {f'fusions.{index}.1': f'encoder.fusions.{index}' for index in range(4)} | {
    f'relation_judges.{index}.{place}': f'adaptation.relation_discriminators.{index}.{name}'
    for index in range(4) for place, name in ((0, 'fc'), (2, 'classifier'))}
TA3N = 'anticipation/trn_clip_egoexolearn-noun-ego2exo-ta3n.py'


def copy_weights(released: torch.nn.Module, ours: torch.nn.Module) -> None:
    for theirs, name in LAYERS.items():
        ours.get_submodule(name).load_state_dict(released.get_submodule(theirs).state_dict())


def test_networks_are_the_same() -> None:
    released = ReleasedTraining(31, adapt=True).net.eval()
    ours = load_model(TA3N, 31)[0].eval()
    copy_weights(released, ours)
    source, target = torch.randn(3, 5, 768), torch.randn(2, 5, 768)
    logits, judged, other, judged_other = released(source, target)
    pair = ours.run_both(source.transpose(1, 2), target.transpose(1, 2), PLACES)
    torch.testing.assert_close(pair[0].logits[0], logits)
    torch.testing.assert_close(pair[1].logits[0], other)
    for place, theirs, others in zip(('relation', 'video', 'frame'), judged, judged_other, strict=True):
        torch.testing.assert_close(pair[0].judged[place].reshape(-1, 2), theirs)
        torch.testing.assert_close(pair[1].judged[place].reshape(-1, 2), others)


@pytest.mark.parametrize(('config', 'num_classes', 'horizon', 'adapt'), [
    (TA3N, 31, 1, True), ('anticipation/trn_clip_egoexolearn-noun-ego.py', 31, 1, False),
    ('planning/trn_clip_egoexolearn-ego2exo-ta3n.py', 27, 8, True),
    ('planning/trn_clip_egoexolearn-ego.py', 27, 8, False)])
def test_a_step_changes_the_weights_alike(
        config: str, num_classes: int, horizon: int, adapt: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.nn.functional, 'dropout', lambda x, p, training: x)
    released = ReleasedTraining(num_classes, adapt, horizon)
    ours, wrapper = load_model(config, num_classes)
    copy_weights(released.net, ours)
    before = {name: released.net.get_submodule(name).weight.detach().clone() for name in LAYERS}
    source, target = torch.randn(6, 5, 768), torch.randn(4, 5, 768)
    make = speed_anticipation.multi_hot(num_classes) if horizon == 1 else speed_planning.make_steps
    field = 'gt_class_targets' if horizon == 1 else 'gt_future_steps'
    batch = make_batch(source, make(6), field)
    ours.train_step(dict(source=batch, target=make_batch(target, make(4), field)) if adapt else batch, wrapper)
    released.step(source, target, make(6))
    moved = 0
    for theirs, name in LAYERS.items():
        torch.testing.assert_close(ours.get_submodule(name).weight, released.net.get_submodule(theirs).weight,
                                   rtol=0, atol=2e-6)
        moved += not torch.equal(before[theirs], released.net.get_submodule(theirs).weight)
    assert moved == (len(LAYERS) if adapt else 6)


@pytest.fixture(scope='module')
def layout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp('layout')
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clips, 'NUM_ROWS', 200)
        patch.setattr(clips, 'NUM_FILES', 2)
        write_layout(root, 4)
    return root


def test_loaders_give_the_same_clips(layout: Path) -> None:
    dataset = speed_anticipation.make_dataset(layout)
    assert len(dataset) == round(31_412 * 4 / 421)
    loader = ReleasedLoader(layout / 'features', dataset.read_actions(), 31)
    speed_anticipation.check_loading(loader, dataset, list(range(0, len(dataset), 3)))
    assert len(loader.files) == 4


def test_list_readers_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed_anticipation, 'NUM_LIST_ROWS', 50)
    released, ours = (case.run() for case in speed_anticipation.list_cases(tmp_path))
    assert [(row.uid, row.start_sec, row.end_sec, list(row.labels)) for row in ours] == released
    assert len(ours) == 50


def test_bounded_cache_is_counted(layout: Path) -> None:
    whole, _ = speed_anticipation.read_everything(layout, 2**30)
    bounded, _ = speed_anticipation.read_everything(layout, 2 * whole // 3)
    assert whole == len(speed_anticipation.make_dataset(layout)) * 5 * 768 * 4
    assert 0 < bounded <= 2 * whole // 3


def test_planning_scores_are_those_of_the_draws() -> None:
    first, second = (case.run() for case in speed_planning.score_cases())
    assert first == second and 0 < first['1-AUED'] < 1


def test_table(capsys: pytest.CaptureFixture) -> None:
    done = []
    cases = [Case('read', 'released', lambda: sum(range(20_000)), 2), Case('read', 'egoexo', lambda: done.append(1)),
             Case('score', 'egoexo', lambda: sum(range(20_000)))]
    medians = measure(cases, {'read': 5.0}, rounds=3)
    assert len(done) == 4  # one round warms up
    lines = capsys.readouterr().out.splitlines()
    assert [line.split('  ')[0] for line in lines[2:]] == ['read: released', 'read: egoexo', 'score: egoexo']
    assert '1.00x' in lines[2] and 'of 5' in lines[2] and 'x ' not in lines[4]
    assert medians.keys() == {('read', 'released'), ('read', 'egoexo'), ('score', 'egoexo')}
