"""Correspondence from the command line: trained, killed, resumed, tested, predicted take by take, submitted.

On pictures of 64 pixels of a made-up root whose objects are boxes of one colour each; once on EgoExo-Mini.
"""

import json
from pathlib import Path

import pytest
import torch
from correspondence_support import write_correspondence_root
from fault.harness import KILLED, launch
from fault.kill_points import die
from mmengine.config import Config
from reproducibility.ranks import run_ranks
from run_support import assert_same_checkpoint, logged, metrics_of, refusal, run_train, train_on_two
from tests_support import REPO

from egoexo.apis.correspondence_predictions import TakeFolder
from egoexo.engine.loops import SeededIterLoop
from egoexo.formats.correspondence_results import read_predictions
from tools import evaluate, make_submission, predict_correspondence, test

MINI = 'configs/correspondence/mini_xsegtx_cnn_egoexo4d-{}.py'
FULL = 'configs/correspondence/xsegtx_r50_egoexo4d-exo2ego.py'
SIZE, SHORT, LONG = 64, 4, 140
RESULTS = ('ego-exo_val_results.json', 'exo-ego_val_results.json')
#: ResNet-18 instead of ResNet-50, and nothing that has pre-trained it.
SMALL_MODEL = ('model.backbone_checkpoint=None', 'model.backbone.depth=18', 'model.encoder.in_channels=256',
               'model.visibility_head.feat_size=4')
MINI_MODEL = (f'model.visibility_head.feat_size={SIZE // 4}',)


def trained_with(length: int, every: int = 2, log: int = 1) -> list[str]:
    """So many iterations of eight pairs, saved every few, all pairs validated at the end."""
    values = {'train_cfg.max_iters': length, 'train_cfg.val_interval': length, 'train_dataloader.batch_size': 8,
              'default_hooks.checkpoint.interval': every, 'default_hooks.logger.interval': log, 'custom_hooks': '[]',
              'val_dataloader.dataset.datasets.0.every': 1}
    for split in ('train', 'val', 'test'):
        values |= {f'{split}_dataloader.num_workers': 0, f'{split}_dataloader.persistent_workers': False,
                   f'{split}_dataloader.dataset.pipeline.1.size': SIZE}
    return [f'{key}={value}' for key, value in values.items()]


def scored_with(root: Path, *more: str) -> list[str]:
    """Arguments of a test or prediction of all pairs of both directions."""
    every = [f'test_dataloader.dataset.datasets.{number}.every=1' for number in range(2)]
    return ['--cfg-options', 'log_level=ERROR', *MINI_MODEL, f'test_dataloader.dataset.data_root={root}', *every,
            f'test_dataloader.dataset.pipeline.1.size={SIZE}', *more]


def short_run(folder: Path, root: Path, *more: str, direction: str = 'ego2exo', flags: tuple[str, ...] = ()) -> Path:
    """A few iterations."""
    return run_train(MINI.format(direction), folder, root, *MINI_MODEL, *trained_with(SHORT), *more, flags=flags)


def run_test(checkpoint: Path, folder: Path, root: Path, *more: str, launcher: str = 'none') -> dict:
    """Test both directions, writing scalars.json, dump/ and results/ into the folder."""
    return test.main([str(REPO / MINI.format('ego2exo')), str(checkpoint), '--work-dir', str(folder), '--out',
                      str(folder / 'scalars.json'), '--dump', str(folder / 'dump' / 'all.json'), '--submission',
                      str(folder / 'results'), '--launcher', launcher, *scored_with(root, *more)])


@pytest.fixture(scope='module')
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prepared takes: three to train on, two to validate on, one with unknown target views to submit."""
    return write_correspondence_root(tmp_path_factory.mktemp('root'), dict(train=3, val=2, test=1))


@pytest.fixture(scope='module')
def learnt(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Work directory of a training from ego to exo, tested in both directions."""
    folder = tmp_path_factory.mktemp('learnt')
    run_train(MINI.format('ego2exo'), folder, root, *MINI_MODEL, *trained_with(LONG, LONG, 10), 'param_scheduler=None')
    run_test(folder / f'iter_{LONG}.pth', folder, root)
    return folder


@pytest.fixture(scope='module')
def checkpoint(learnt: Path) -> Path:
    return learnt / f'iter_{LONG}.pth'


@pytest.fixture(scope='module')
def whole(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Work directory of a short training that nothing interrupts."""
    return short_run(tmp_path_factory.mktemp('whole'), root)


def test_every_list_and_protocol_is_scored(learnt: Path) -> None:
    content = json.loads((learnt / 'scalars.json').read_text())
    names = {name for name in content['metrics'] if name.count('/') == 1}
    assert names == {f'{subset}/{name}' for subset in ('ego2exo_val', 'exo2ego_val')
                     for name in ('iou', 'contour_acc', 'location_error', 'visibility_acc')}
    assert {'official', 'registered', 'both_annotated'} <= set(content['protocols'])


def test_the_object_of_the_mask_is_learnt(
        learnt: Path, checkpoint: Path, root: Path, tmp_path: Path) -> None:
    """Another object is found when its mask is shown."""
    found = metrics_of(learnt)['ego2exo_val/iou']
    swapped = run_test(checkpoint, tmp_path, root, '+test_dataloader.dataset.swap_masks=0')['ego2exo_val/iou']
    assert found > 0.45 and swapped < 0.75 * found


def test_losses_fall(learnt: Path) -> None:
    lines = [line for line in logged(learnt) if 'loss' in line]
    assert lines[-1]['iter'] == LONG
    assert {'loss_mask', 'loss_dice', 'loss_visibility', 'acc_pos', 'acc_neg', 'acc'} <= set(lines[0])
    assert lines[-1]['loss'] < 0.6 * lines[0]['loss']


@pytest.mark.parametrize('source', ['dump', 'results', 'results/submission.json'])
def test_evaluator_reads_back_the_same_digits(learnt: Path, root: Path, tmp_path: Path, source: str) -> None:
    out = tmp_path / 'scores.json'
    assert evaluate.main(['correspondence', '--pred', str(learnt / source), '--gt', str(root), '--protocol', 'all',
                          '--resize-pred', 'nearest', '--jobs', '1', '--out', str(out)]) == 0
    assert json.loads(out.read_text())['metrics'] == metrics_of(learnt)


@pytest.fixture(scope='module')
def one_by_one(checkpoint: Path, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same test pair by pair, so that no digit depends on what shares a batch."""
    folder = tmp_path_factory.mktemp('one')
    run_test(checkpoint, folder, root, 'test_dataloader.batch_size=1')
    return folder


def _test_rank(checkpoint: str, folder: str, root: str) -> dict[str, float]:
    return run_test(Path(checkpoint), Path(folder), Path(root), 'test_dataloader.batch_size=1', launcher='pytorch')


def test_two_processes_score_the_same_digits(checkpoint: Path, one_by_one: Path, root: Path, tmp_path: Path) -> None:
    found = run_ranks(_test_rank, 2, tmp_path / 'ranks', str(checkpoint), str(tmp_path), str(root))
    assert found == [metrics_of(one_by_one)] * 2
    for name in (*RESULTS, 'submission.json'):
        assert (tmp_path / 'results' / name).read_bytes() == (one_by_one / 'results' / name).read_bytes()


def test_a_killed_training_goes_on_to_the_same_weights(whole: Path, root: Path, tmp_path: Path) -> None:
    work = tmp_path / 'run' / 'work'

    def run() -> None:
        real = SeededIterLoop.run_iter

        def run_iter(loop: SeededIterLoop, batch: dict) -> None:
            real(loop, batch)
            if loop.iter == 3:
                die()

        SeededIterLoop.run_iter = run_iter
        short_run(work, root)

    outcome = launch(Config(dict(work_dir=str(work))), run=run)
    assert outcome.codes == [KILLED], outcome.texts[0][-3000:]
    assert (work / 'iter_2.pth').is_file() and not (work / f'iter_{SHORT}.pth').exists()
    short_run(work, root, flags=('--resume',))
    assert_same_checkpoint(work / f'iter_{SHORT}.pth', whole / f'iter_{SHORT}.pth')


def test_amp_trains_close_to_full_precision(whole: Path, root: Path, tmp_path: Path) -> None:
    short_run(tmp_path, root, 'train_cfg.max_iters=1', 'train_cfg.val_interval=1', flags=('--amp',))
    full, amp = (logged(folder)[0]['loss'] for folder in (whole, tmp_path))
    assert full != amp and amp == pytest.approx(full, rel=0.05)


def test_the_frozen_backbone_stays(root: Path, tmp_path: Path) -> None:
    """The full config with a small network, in the other direction."""
    run_train(FULL, tmp_path, root, *SMALL_MODEL, *trained_with(2, 1), '+val_evaluator.resize_pred=nearest')
    first, second = (torch.load(tmp_path / f'iter_{number}.pth', weights_only=True)['state_dict'] for number in (1, 2))
    changed = {name.split('.')[0] for name, value in first.items() if not torch.equal(value, second[name])}
    assert changed == {'encoder', 'decoder', 'visibility_head'}
    assert any('exo2ego_val/iou' in line for line in logged(tmp_path))


def test_the_mini_world_trains(takes_root: Path, tmp_path: Path) -> None:
    work = short_run(tmp_path, takes_root / 'correspondence', 'train_cfg.max_iters=2', 'train_cfg.val_interval=2',
                     'val_dataloader.dataset.datasets.0.every=100', direction='exo2ego')
    assert 0 <= next(line['exo2ego_val/iou'] for line in logged(work) if 'exo2ego_val/iou' in line) < 0.3


@pytest.mark.cli
def test_two_processes_train(root: Path, tmp_path: Path) -> None:
    weights = train_on_two(MINI.format('ego2exo'), tmp_path, root, *MINI_MODEL, *trained_with(2), iterations=2)
    assert all(torch.isfinite(value).all() for value in weights.values())


def predict(checkpoint: Path, out: Path, root: Path, *more: str) -> int:
    """Predict both directions of val, pair by pair."""
    return predict_correspondence.main([
        str(REPO / MINI.format('ego2exo')), str(checkpoint), '--out', str(out), '--directions', 'ego2exo',
        'exo2ego', *more, *scored_with(root, 'test_dataloader.batch_size=1')])


def test_a_killed_prediction_goes_on_to_the_same_files(
        checkpoint: Path, one_by_one: Path, root: Path, tmp_path: Path) -> None:
    out = tmp_path / 'run' / 'predictions'

    def run() -> None:
        write, done = TakeFolder.write, []

        def write_or_die(folder: TakeFolder, uid: str, results: dict) -> None:
            if len(done) == 1:
                die()
            write(folder, uid, results)
            done.append(uid)

        TakeFolder.write = write_or_die
        predict(checkpoint, out, root)

    outcome = launch(Config(dict(work_dir=str(out))), run=run)
    assert outcome.codes == [KILLED], outcome.texts[0][-3000:]
    before = {path: path.stat().st_mtime_ns for path in out.glob('*/*/*.json')}
    assert len(before) == 1 and not list(out.glob('*.json'))
    assert predict(checkpoint, out, root) == 0
    assert {path: path.stat().st_mtime_ns for path in before} == before
    for name in (*RESULTS, 'submission.json'):
        assert (out / name).read_bytes() == (one_by_one / 'results' / name).read_bytes()


def test_predictions_of_another_checkpoint_are_refused(
        whole: Path, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert predict(whole / 'iter_2.pth', tmp_path, root) == 0
    capsys.readouterr()
    error = refusal(capsys, lambda: predict(whole / f'iter_{SHORT}.pth', tmp_path, root))
    assert 'PredictionError' in error and f"checkpoint 'iter_2.pth', now 'iter_{SHORT}.pth'" in error
    assert 'Choose another --out' in error


def test_a_test_split_is_submitted_without_scores(checkpoint: Path, root: Path, tmp_path: Path) -> None:
    assert predict(checkpoint, tmp_path, root, '--split', 'test', '--amp') == 0
    options = [f'--{name.partition("_")[0]}={tmp_path / name.replace("val", "test")}' for name in RESULTS]
    assert make_submission.main(['correspondence', *options, '--gt', str(root), '--out',
                                 str(tmp_path / 'again.json')]) == 0
    assert (tmp_path / 'again.json').read_bytes() == (tmp_path / 'submission.json').read_bytes()
    assert read_predictions(tmp_path / 'submission.json', 'ego-exo').takes


@pytest.mark.parametrize(('option', 'message'), [
    ('train_dataloader.dataset.data_root={tmp}', '{tmp}'),
    ('train_dataloader.dataset.pipeline.1.size=48', 'VisibilityHead: expected a map of 16 x 16 tokens, found 12 x 12'),
    ('model.backbone_checkpoint={tmp}/absent.pth', '{tmp}/absent.pth')])
def test_training_refuses_in_words(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture, option: str,
                                   message: str) -> None:
    error = refusal(capsys, lambda: short_run(tmp_path / 'work', root, option.format(tmp=tmp_path)))
    assert message.format(tmp=tmp_path) in error


def test_foreign_checkpoint_is_refused(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = tmp_path / 'foreign.pth'
    torch.save({'state_dict': {'layer.weight': torch.zeros(2)}}, path)
    error = refusal(capsys, lambda: run_test(path, tmp_path, root))
    assert f'{path} does not fit the model of this config: expected the same names and shapes' in error


def test_incomplete_predictions_are_refused(
        learnt: Path, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    content = json.loads((learnt / 'results' / RESULTS[0]).read_text())
    uid, take = next(iter(content['ego-exo']['results'].items()))
    pairs = take['masks']['cup_2']
    pairs.pop(next(iter(pairs)))
    path = tmp_path / RESULTS[0]
    path.write_text(json.dumps(content))
    assert evaluate.main(['correspondence', '--pred', str(path), '--gt', str(root), '--resize-pred', 'nearest']) == 1
    error = capsys.readouterr().err
    assert 'PredictionError' in error and uid in error and 'cup_2' in error
