"""Predictions of correspondence take by take: files, resuming, several processes, foreign files, bad takes."""

import json
from pathlib import Path

import pytest
import torch
from correspondence_support import write_correspondence_root
from pair_support import pair_config, write_checkpoint

from egoexo.apis import correspondence_predictions as api
from egoexo.apis.correspondence_predictions import PredictionOptions, TakeFolder, predict_correspondence
from egoexo.errors import AnnotationError, CheckpointError, ConfigError, PredictionError
from egoexo.formats.correspondence_results import check_submission, iter_predictions, read_predictions
from egoexo.formats.correspondence_truth import iter_prepared_takes
from egoexo.formats.rle import decode_rle


@pytest.fixture(scope='module')
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared root with four takes of validation."""
    return write_correspondence_root(tmp_path_factory.mktemp('root'), dict(train=1, val=4), exo=('cam01', 'cam02'),
                                     num_frames=3)


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp('weights') / 'echo.pth')


@pytest.fixture(scope='module')
def whole(root: Path, checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a run of both directions that nothing interrupts."""
    out = tmp_path_factory.mktemp('whole')
    summary = predict_correspondence(pair_config(root), checkpoint, out, say=lambda text: None)
    assert len(summary.written) == 8 and not summary.failed and not summary.waiting and not summary.skipped
    assert summary.files == [out / 'ego-exo_val_results.json', out / 'exo-ego_val_results.json',
                             out / 'submission.json']
    return out


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob('*')) if path.is_file()}


def test_files_are_whole_and_official(whole: Path, root: Path) -> None:
    takes = list(iter_prepared_takes(root, 'val'))
    for setting in ('ego-exo', 'exo-ego'):
        found = read_predictions(whole / f'{setting}_val_results.json', setting)
        assert list(found.takes) == [take.take_uid for take in takes]
        check_submission(found, takes)
        check_submission(read_predictions(whole / 'submission.json', setting), takes)
        for take in takes:
            path = whole / setting / take.take_uid / 'pred_annotations.json'
            assert json.loads(path.read_text())['subsample_idx'] == [0, 30, 60]
    take = takes[0]
    frames = found.takes[take.take_uid].masks['cup_2']['cam01_aria01_214-1']
    assert list(frames) == list(take.masks['cup_2']['cam01'])
    first = next(iter(frames.values()))
    assert decode_rle(first.mask).shape == (96, 96) and decode_rle(first.mask).any() and first.confidence == 0.75


def test_an_interrupted_run_goes_on(whole: Path, root: Path, checkpoint: Path, tmp_path: Path,
                                    monkeypatch: pytest.MonkeyPatch) -> None:
    write, count = TakeFolder.write, []

    def write_or_die(folder: TakeFolder, uid: str, results: dict) -> None:
        count.append(uid)
        if len(count) == 3:
            raise KeyboardInterrupt
        write(folder, uid, results)

    monkeypatch.setattr(TakeFolder, 'write', write_or_die)
    with pytest.raises(KeyboardInterrupt):
        predict_correspondence(pair_config(root), checkpoint, tmp_path, say=lambda text: None)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.glob('*/*/*.json')}
    assert len(before) == 2 and not list(tmp_path.glob('*.json'))
    said = []
    summary = predict_correspondence(pair_config(root), checkpoint, tmp_path, say=said.append)
    assert len(summary.skipped) == 2 and len(summary.written) == 6
    assert said[0] == 'ego-exo: 2 of 4 takes are done already'
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert contents(tmp_path) == contents(whole)


def test_several_processes_share_the_takes(whole: Path, root: Path, checkpoint: Path, tmp_path: Path) -> None:
    parts = [predict_correspondence(pair_config(root), checkpoint, tmp_path, PredictionOptions(shard=(number, 2)),
                                    say=lambda text: None) for number in (1, 2)]
    assert [len(part.written) for part in parts] == [4, 4] and not set(parts[0].written) & set(parts[1].written)
    assert len(parts[0].waiting) == 4 and not parts[0].files
    assert len(parts[1].files) == 3 and not parts[1].waiting
    assert contents(tmp_path) == contents(whole)


@pytest.mark.parametrize('change', ['checkpoint', 'config', 'split', 'amp'])
def test_predictions_of_another_model_are_refused(
        whole: Path, root: Path, checkpoint: Path, tmp_path: Path, change: str) -> None:
    cfg, options = pair_config(root), PredictionOptions(split='train' if change == 'split' else 'val',
                                                        amp=change == 'amp')
    if change == 'checkpoint':
        checkpoint = write_checkpoint(tmp_path / 'other.pth', 0.25)
    if change == 'config':
        cfg.test_dataloader.dataset.pipeline[1].size = 64
    before = contents(whole)
    names = dict(checkpoint=r"checkpoint 'echo.pth', now 'other.pth'; checkpoint_sha256", config='config_sha256',
                 split="split 'val', now 'train'", amp="precision 'float32', now 'mixed'")
    with pytest.raises(PredictionError, match=f'ego-exo/manifest.json: expected predictions of the same model and '
                                              f'data, found {names[change]}.*Choose another --out'):
        predict_correspondence(cfg, checkpoint, whole, options, say=lambda text: None)
    assert contents(whole) == before


def test_predictions_without_manifest_are_refused(root: Path, checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / 'ego-exo' / 'take').mkdir(parents=True)
    (tmp_path / 'ego-exo' / 'take' / 'pred_annotations.json').write_text('{}')
    with pytest.raises(PredictionError, match=r'found predictions of 1 takes \(take, ...\) and none. Choose another'):
        predict_correspondence(pair_config(root), checkpoint, tmp_path, say=lambda text: None)


def test_one_direction_and_mixed_precision(root: Path, checkpoint: Path, tmp_path: Path) -> None:
    out = tmp_path / 'both'
    cfg = pair_config(root)
    cfg.train_dataloader = dict(dataset=dict(type='ConcatSubsets', datasets=[dict(direction='exo2ego')]))
    summary = predict_correspondence(cfg, checkpoint, out, PredictionOptions(amp=True), say=lambda text: None)
    assert summary.files == [out / 'exo-ego_val_results.json']
    manifest = json.loads((out / 'exo-ego' / 'manifest.json').read_text())
    assert manifest['direction'] == 'exo2ego' and manifest['precision'] == 'mixed'
    predict_correspondence(pair_config(root), checkpoint, out, PredictionOptions(directions=('ego2exo',)),
                           say=lambda text: None)
    assert {setting for setting, _ in iter_predictions(out / 'submission.json')} == {'ego-exo', 'exo-ego'}


def test_a_bad_take_stops_nothing(checkpoint: Path, tmp_path: Path) -> None:
    root, out = write_correspondence_root(tmp_path / 'root', dict(val=3), num_frames=2), tmp_path / 'out'
    takes = [take.take_uid for take in iter_prepared_takes(root, 'val')]
    picture = root / takes[1] / 'cam01' / '0.jpg'
    content = picture.read_bytes()
    picture.write_bytes(content[:100])
    said = []
    summary = predict_correspondence(pair_config(root), checkpoint, out, say=said.append)
    assert sorted(summary.failed) == [f'{setting}/{takes[1]}' for setting in ('ego-exo', 'exo-ego')]
    assert len(summary.written) == 4 and not summary.files and not summary.waiting
    assert any(text.startswith(f'FAILED ego-exo/{takes[1]}: ') and str(picture) in text for text in said)
    picture.write_bytes(content)
    assert len(predict_correspondence(pair_config(root), checkpoint, out, say=said.append).files) == 3


def test_takes_without_annotation_or_tracks(checkpoint: Path, tmp_path: Path) -> None:
    root = write_correspondence_root(tmp_path / 'root', dict(val=3), num_frames=2)
    takes = [take.take_uid for take in iter_prepared_takes(root, 'val')]
    (root / takes[0] / 'annotation.json').unlink()
    content = json.loads((root / takes[1] / 'annotation.json').read_text())
    content['masks'] = {name: {camera: views[camera] for camera in views if 'aria' not in camera}
                        for name, views in content['masks'].items()}
    (root / takes[1] / 'annotation.json').write_text(json.dumps(content))
    said = []
    predict_correspondence(pair_config(root), checkpoint, tmp_path / 'out', say=said.append)
    assert said[0].startswith('1 of 3 takes of val have no annotation.json and are left out')
    found = read_predictions(tmp_path / 'out' / 'ego-exo_val_results.json')
    assert list(found.takes) == takes[1:]
    assert found.takes[takes[1]].masks == {name: {} for name in content['masks']}


def test_progress_tells_the_time_left(root: Path, checkpoint: Path, tmp_path: Path,
                                      monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 10**6, 30))
    monkeypatch.setattr(api.time, 'monotonic', lambda: next(clock))
    said = []
    predict_correspondence(pair_config(root, 'ego2exo'), checkpoint, tmp_path, say=said.append)
    lines = [line for line in said if 'pairs/s' in line]
    assert lines[0].startswith('ego-exo: 0 of 4 takes, 5 pairs, ') and lines[0].endswith(' left')
    assert lines[-1].startswith('ego-exo: 4 of 4 takes, ') and 'left' not in lines[-1]


def test_damaged_file_of_a_take(whole: Path, root: Path, checkpoint: Path, tmp_path: Path) -> None:
    for name, content in contents(whole).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    path = next(tmp_path.glob('exo-ego/*/pred_annotations.json'))
    for damage, message in (('{"masks": {', 'not valid JSON'), ('{}', "expected the keys 'masks' and 'subsample_idx'")):
        path.write_text(damage)
        with pytest.raises(PredictionError, match=message):
            predict_correspondence(pair_config(root), checkpoint, tmp_path, say=lambda text: None)


@pytest.mark.parametrize(('options', 'change', 'error', 'message'), [
    (PredictionOptions(split='words'), {}, ConfigError, 'expected takes of --split words, found the splits'),
    (PredictionOptions(split='test'), {}, AnnotationError, 'annotation.json in takes of --split test, found none in 0'),
    (PredictionOptions(directions=('up',)), {}, ConfigError, "expected one of ego2exo, exo2ego, found 'up'"),
    (PredictionOptions(shard=(3, 2)), {}, ConfigError, 'shard 3/2: expected i/n'),
    (PredictionOptions(), dict(test_dataloader=dict(dataset=dict(type='TransferDataset', direction='x'))), ConfigError,
     "type='CorrespondenceDataset', or several of them, found 'TransferDataset'")])
def test_impossible_options(root: Path, checkpoint: Path, tmp_path: Path, options: PredictionOptions, change: dict,
                            error: type[Exception], message: str) -> None:
    cfg = pair_config(root)
    cfg.update(change)
    if change:
        cfg.test_dataloader = change['test_dataloader']
    with pytest.raises(error, match=message):
        predict_correspondence(cfg, checkpoint, tmp_path, options, say=lambda text: None)
    assert not list(tmp_path.iterdir())


def test_a_foreign_checkpoint_is_refused(root: Path, tmp_path: Path) -> None:
    path = tmp_path / 'foreign.pth'
    torch.save({'state_dict': {'weight': torch.zeros(2)}}, path)
    with pytest.raises(CheckpointError, match='does not fit the EchoPair of the config'):
        predict_correspondence(pair_config(root), path, tmp_path / 'out', say=lambda text: None)
