"""Transfer from the command line: both phases trained, killed, resumed, tested.

What is learnt is looked at in a made-up release; the rest runs on EgoExo-Mini, preset tiny.
"""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from fault.harness import KILLED, launch
from fault.kill_points import die
from mmengine.config import Config
from run_support import (
    assert_same_checkpoint,
    logged,
    metrics_of,
    refusal,
    run_test,
    run_train,
    score_on_ranks,
    train_on_two,
)
from transfer_support import write_ego2exo_root

from egoexo.engine.loops import SeededIterLoop
from egoexo.evaluation.functional.transfer import constant_baseline
from egoexo.formats.ego2exo import FILE_NAME, read_ego2exo
from egoexo.formats.pseudo_labels import read_pseudo_labels
from tools import evaluate, train

MINILM = 'configs/transfer/mini_mlp_omnivore_ego2exo-ego2exo-lagtran.py'
TFIDF = 'configs/transfer/mini_mlp_omnivore_ego2exo-ego2exo-tfidf.py'
SHUFFLED = 'configs/transfer/mini_mlp_omnivore_ego2exo-ego2exo-shuffled.py'
SUPERVISED = 'configs/transfer/mini_mlp_omnivore_ego2exo-ego2exo-supervised.py'
SOURCE = 'configs/transfer/mini_mlp_omnivore_ego2exo-ego.py'
TFIDF_PHASE = 'phases.text.config=configs/transfer/mini_tfidf_text_ego2exo-ego.py'
LABELS = 'text/pseudo_labels.txt'
TARGET = 'train_dataloader.dataset.target_datasets.0'
LONG, SHORT = 150, 6


def length(iterations: int, batch: int, every: int, log: int = 1, prefix: str = '') -> list[str]:
    """Options for so many iterations, saved every few and validated at the end."""
    values = {'train_cfg.max_iters': iterations, 'train_cfg.val_interval': iterations,
              'train_dataloader.batch_size': batch, 'default_hooks.checkpoint.interval': every,
              'default_hooks.logger.interval': log}
    return [f'{prefix}{key}={value}' for key, value in values.items()]


def both_phases(iterations: int, batch: int, every: int, log: int = 1) -> list[str]:
    """The same for each of the two phases."""
    return [*length(iterations, batch, every, log), f'train_dataloader.batch_sampler.target_batch_size={batch}',
            *length(iterations, batch, every, log, '+phases.text.cfg_options.')]


def short_run(folder: Path, takes_root: Path, flags: tuple[str, ...] = ()) -> Path:
    """A few iterations of both phases on EgoExo-Mini."""
    return run_train(TFIDF, folder, takes_root, *both_phases(SHORT, 4, 2), flags=flags)


@pytest.fixture(scope='module')
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up release in which text alone carries the classes from ego to exo, whose numbers come in another order.

    The tiny world has 8 segments to validate on.
    """
    root = write_ego2exo_root(tmp_path_factory.mktemp('release'), per_class=12, dim=1536)
    for path in root.glob('features/*/*_cam01_0.pt'):
        torch.save(torch.load(path, weights_only=True).roll(1, -1), path)
    return root


@pytest.fixture(scope='module')
def runs(release: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """LaGTran, the same on permuted labels, and without a target, tested on both lists; name -> work directory."""
    folders, both = {}, both_phases(LONG, 32, LONG, 10)
    for name, config, options in (('healthy', MINILM, both), ('permuted', SHUFFLED, [*both, TFIDF_PHASE]),
                                  ('source', SOURCE, length(LONG, 32, LONG))):
        folder = folders[name] = tmp_path_factory.mktemp(name)
        run_train(config, folder, release, *options)
        run_test(config, folder / f'iter_{LONG}.pth', folder, release)
    return folders


@pytest.fixture(scope='module')
def whole(takes_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Work directory of a short training that nothing interrupts."""
    return short_run(tmp_path_factory.mktemp('whole'), takes_root)


def true_labels(root: Path, subset: str) -> dict[int, int]:
    return {segment.segment_id: segment.label for segment in read_ego2exo(root / FILE_NAME).splits[subset]}


def constant_score(root: Path, subset: str) -> float:
    """Top-1 of the most frequent class."""
    labels = np.array(list(true_labels(root, subset).values()))
    return constant_baseline(labels, labels.max() + 1)['top1']


def test_text_phase_labels_the_target(runs: dict[str, Path], release: Path) -> None:
    content, truth = read_pseudo_labels(runs['healthy'] / LABELS), true_labels(release, 'exo_train')
    assert list(content.labels) == list(truth)
    assert content.confidences == {}  # two columns, as released
    right = np.mean([content.labels[key] == label for key, label in truth.items()])
    assert 100 * right > constant_score(release, 'exo_train') + 20


def test_the_target_is_learnt_from_text_and_not_by_sabotage(runs: dict[str, Path], release: Path) -> None:
    found = {name: metrics_of(folder) for name, folder in runs.items()}
    constant = constant_score(release, 'exo_val')
    assert found['healthy']['exo_val/top1'] > 4 * constant
    assert max(found[name]['exo_val/top1'] for name in ('permuted', 'source')) < 2 * constant
    assert found['source']['ego_val/top1'] > 4 * constant > 2 * constant > found['permuted']['ego_val/top1']


def test_both_losses_fall(runs: dict[str, Path]) -> None:
    lines = [line for line in logged(runs['healthy']) if 'loss' in line]
    assert lines[-1]['iter'] == LONG
    for name in ('loss_cls', 'loss_target'):
        assert lines[-1][name] < lines[0][name] / 2


def test_every_list_and_protocol_is_scored(runs: dict[str, Path]) -> None:
    content = json.loads((runs['healthy'] / 'scalars.json').read_text())
    assert {name.split('/')[0] for name in content['metrics'] if name.count('/') == 1} == {'ego_val', 'exo_val'}
    assert {'exo_val/top1', 'exo_val/mean_class_acc', 'ignore_absent/ego_val/mean_class_acc'} <= set(content['metrics'])
    assert set(content['protocols']) == {'official', 'ignore_absent', 'legacy_numclass0'}


@pytest.mark.parametrize('source', ['predictions.npz', 'results/predictions.npz'])
def test_evaluator_reads_back_the_same_digits(
        runs: dict[str, Path], release: Path, tmp_path: Path, source: str) -> None:
    out = tmp_path / 'scores.json'
    assert evaluate.main(['transfer', '--pred', str(runs['healthy'] / source), '--gt', str(release), '--protocol',
                          'all', '--out', str(out)]) == 0
    assert json.loads(out.read_text())['metrics'] == metrics_of(runs['healthy'])


def test_evaluator_scores_the_pseudo_labels(runs: dict[str, Path], release: Path, tmp_path: Path) -> None:
    out = tmp_path / 'scores.json'
    assert evaluate.main(['transfer', '--pred', str(runs['healthy'] / LABELS), '--gt', str(release), '--out',
                          str(out)]) == 0
    found, truth = read_pseudo_labels(runs['healthy'] / LABELS).labels, true_labels(release, 'exo_train')
    right = sum(found[key] == label for key, label in truth.items())
    assert json.loads(out.read_text())['metrics']['exo_train/top1'] == 100 * right / len(truth)


def test_two_processes_score_the_same_digits(runs: dict[str, Path], release: Path, tmp_path: Path) -> None:
    folder = tmp_path / 'two'
    found = score_on_ranks(MINILM, runs['healthy'] / f'iter_{LONG}.pth', folder, release, 2)
    assert found == metrics_of(runs['healthy']) == metrics_of(folder)
    ours, theirs = np.load(folder / 'predictions.npz'), np.load(runs['healthy'] / 'predictions.npz')
    assert sorted(ours) == sorted(theirs)
    for name in theirs:
        if name.endswith('ids'):
            assert ours[name].tolist() == theirs[name].tolist()
        else:
            np.testing.assert_allclose(ours[name], theirs[name], rtol=0, atol=1e-5)


def killed(work: Path, root: Path, phase: str, iteration: int) -> None:
    """Let a short training end itself by SIGKILL after so many iterations of a phase; 0: before it begins."""
    def run() -> None:
        if iteration:
            real = SeededIterLoop.run_iter

            def run_iter(loop: SeededIterLoop, batch: dict) -> None:
                real(loop, batch)
                if Path(loop.runner.work_dir) == work / phase and loop.iter == iteration:
                    die()

            SeededIterLoop.run_iter = run_iter
        else:
            begin = train.train

            def train_or_die(cfg: Config, *arguments: object) -> object:
                return die() if Path(cfg.work_dir) == work / phase else begin(cfg, *arguments)

            train.train = train_or_die
        short_run(work, root)

    outcome = launch(Config(dict(work_dir=str(work))), run=run)
    assert outcome.codes == [KILLED], outcome.texts[0][-3000:]


def assert_both_phases_equal(work: Path, whole: Path) -> None:
    for phase in ('text', ''):
        assert_same_checkpoint(work / phase / f'iter_{SHORT}.pth', whole / phase / f'iter_{SHORT}.pth')
    assert (work / LABELS).read_bytes() == (whole / LABELS).read_bytes()


@pytest.mark.parametrize(('phase', 'iteration'), [('', 0), ('', 3)])
def test_a_finished_text_phase_is_not_repeated(
        whole: Path, takes_root: Path, tmp_path: Path, phase: str, iteration: int) -> None:
    """Killed between the phases and in the second one, then resumed."""
    work = tmp_path / 'run' / 'work'
    killed(work, takes_root, phase, iteration)
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in (work / 'text').rglob('*')
              if path.is_file()}
    short_run(work, takes_root, flags=('--resume',))
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in before} == before
    assert sorted(path for path in (work / 'text').rglob('*') if path.is_file()) == sorted(before)
    assert_both_phases_equal(work, whole)


def test_a_text_phase_goes_on_where_it_was_killed(whole: Path, takes_root: Path, tmp_path: Path) -> None:
    work = tmp_path / 'run' / 'work'
    killed(work, takes_root, 'text', 3)
    assert not (work / LABELS).exists() and (work / 'text' / 'iter_2.pth').is_file()
    short_run(work, takes_root, flags=('--resume',))
    logs = sorted((work / 'text').glob('*/vis_data/scalars.json'))  # one when both runs began in the same second
    lines = [json.loads(line) for log in logs for line in log.read_text().splitlines()]
    assert [line['iter'] for line in lines if 'loss' in line] == [1, 2, 3, *range(3, SHORT + 1)]
    assert_both_phases_equal(work, whole)


def test_a_new_run_does_not_trust_old_labels(whole: Path, takes_root: Path, tmp_path: Path) -> None:
    (tmp_path / 'text').mkdir()
    (tmp_path / LABELS).write_text('1 0\n')
    short_run(tmp_path, takes_root)
    assert_both_phases_equal(tmp_path, whole)


def test_amp_trains_close_to_full_precision(whole: Path, takes_root: Path, tmp_path: Path) -> None:
    short_run(tmp_path, takes_root, flags=('--amp',))
    for phase in ('text', ''):
        full, amp = (logged(folder / phase)[0]['loss'] for folder in (whole, tmp_path))
        assert full != amp and amp == pytest.approx(full, rel=0.05)


@pytest.mark.cli
def test_two_processes_train_both_phases(takes_root: Path, tmp_path: Path) -> None:
    weights = train_on_two(TFIDF, tmp_path, takes_root, *both_phases(4, 4, 4), iterations=4)
    assert all(torch.isfinite(value).all() for value in weights.values())
    assert list(read_pseudo_labels(tmp_path / LABELS).labels) == list(true_labels(takes_root, 'exo_train'))


def test_foreign_pseudo_labels_are_refused_with_all_counts(
        takes_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    truth = true_labels(takes_root, 'exo_train')
    rows = [f'{key} {label}' for key, label in truth.items()]
    ids, num_classes = list(truth), len(read_ego2exo(takes_root / FILE_NAME).classes)
    bad = [*rows[2:-1], f'{ids[-1]} {num_classes}', '7 0', '8 0', '9 1', rows[2]]
    path = tmp_path / 'labels.txt'
    path.write_text('\n'.join(bad) + '\n')
    error = refusal(capsys, lambda: run_train(
        SUPERVISED, tmp_path / 'work', takes_root, f'+{TARGET}.labels=pseudo', f'+{TARGET}.pseudo_labels={path}'))
    assert 'AnnotationError' in error and str(path) in error
    assert f'one for each of {len(rows)} ids' in error
    assert '1 duplicate ids, 1 labels out of range, 2 missing ids, 3 extra ids' in error
    assert f'labels out of range: {num_classes} of id {ids[-1]}' in error
    assert f'missing ids: {ids[0]}, {ids[1]}' in error


@pytest.mark.parametrize(('config', 'option', 'message'), [
    (SOURCE, 'train_dataloader.dataset.feature.dim=512', 'dim: 1536 in the folder, 512 expected by the config'),
    (SOURCE, 'train_dataloader.dataset.ann_file=metadata/absent.json', '{root}/metadata/absent.json: expected'),
    (SOURCE, 'model.head.feat_size=[512,256]', '512 numbers per segment'),
    (TFIDF, 'phases.text.config=configs/transfer/absent.py', "There is no config 'transfer/absent.py'"),
    (TFIDF, f'{TARGET}.pseudo_labels=phase:words', "pseudo_labels='phase:words': expected a phase 'words'"),
])
def test_training_refuses_in_words(
        takes_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture, config: str, option: str,
        message: str) -> None:
    error = refusal(capsys, lambda: run_train(
        config, tmp_path, takes_root, option, 'train_dataloader.batch_size=4'))
    assert message.format(root=takes_root) in error


def test_foreign_checkpoint_is_refused(takes_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = tmp_path / 'foreign.pth'
    torch.save({'state_dict': {'layer.weight': torch.zeros(2)}}, path)
    error = refusal(capsys, lambda: run_test(SOURCE, path, tmp_path, takes_root))
    assert f'{path} does not fit the model of this config: expected the same names and shapes' in error
    assert 'unexpected key in source state_dict: layer.weight' in error


def test_prediction_file_without_all_samples_is_refused(
        runs: dict[str, Path], release: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    arrays = dict(np.load(runs['healthy'] / 'predictions.npz'))
    missing = arrays['exo_val/ids'][-1]
    path = tmp_path / 'part.npz'
    np.savez(path, **{name: value[:-1] if name.startswith('exo_val') else value for name, value in arrays.items()})
    assert evaluate.main(['transfer', '--pred', str(path), '--gt', str(release)]) == 1
    error = capsys.readouterr().err
    assert 'PredictionError' in error and str(path) in error and str(missing) in error
