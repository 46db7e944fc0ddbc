"""Predictions of correspondence take by take: resumable, several processes, then the official files."""

import contextlib
import functools
import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from torch.utils.data import DataLoader

from egoexo.apis.feature_extraction import take_shard
from egoexo.apis.init_model import find_weights, init_model
from egoexo.engine import write_atomically
from egoexo.engine.pair_predictions import PairPrediction, describe_pair, take_results
from egoexo.errors import AnnotationError, ConfigError, DataError, PredictionError, explain
from egoexo.files import read_json
from egoexo.formats.correspondence_pairs import check_direction, iter_tracks
from egoexo.formats.correspondence_results import SETTINGS, ResultWriter, results_file_name, write_submission
from egoexo.formats.correspondence_take import TAKE_FILE, read_split, read_take_annotation
from egoexo.registry import DATASETS, FUNCTIONS

__all__ = ['PredictionOptions', 'PredictionSummary', 'TakeFolder', 'predict_correspondence']

#: Predictions of a take, named as the released code names them; and whose they are.
PREDICTION_FILE, MANIFEST = 'pred_annotations.json', 'manifest.json'
_MAX_TAKE_BYTES = 2**30


@dataclass(frozen=True)
class PredictionOptions:
    """How a split is worked through.

    Args:
        split (str): ``'train'``, ``'val'`` or ``'test'``.
        directions (tuple[str, ...]): Out of ``'ego2exo'`` and ``'exo2ego'``; empty takes those that the config trains.
        shard (tuple[int, int]): This process is number i of n, from 1; each takes every n-th take.
        device (str, optional): None takes the GPU if there is one.
        amp (bool): Mixed precision, bfloat16 where the device has it.
        report_sec (float): Seconds between two progress lines.
    """

    split: str = 'val'
    directions: tuple[str, ...] = ()
    shard: tuple[int, int] = (1, 1)
    device: str | None = None
    amp: bool = False
    report_sec: float = 10.0


@dataclass
class PredictionSummary:
    """What a run did.

    Args:
        written (list[str]): ``<setting>/<take uid>`` predicted now.
        skipped (list[str]): Those that were there already.
        failed (dict[str, str]): Why others have no predictions.
        waiting (list[str]): Those of other processes that are not there yet.
        files (list[Path]): Official files written now.
    """

    written: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)


class TakeFolder:
    """``<out>/<setting>``: one file per take and a manifest that says whose predictions these are.

    Args:
        root (str | Path): The folder.
        manifest (Mapping[str, object]): Values of which none may change while the folder is filled, as JSON has them.
    """

    def __init__(self, root: str | Path, manifest: Mapping[str, object]) -> None:
        self.root, self.manifest = Path(root), dict(manifest)

    def prepare(self) -> None:
        """Make the folder and its manifest, or check that the one it has says the same.

        Raises:
            PredictionError: If the folder holds predictions of another model or of unknown origin.
        """
        path = self.root / MANIFEST
        if not path.exists():
            strangers = sorted(other.parent.name for other in self.root.glob(f'*/{PREDICTION_FILE}'))
            if strangers:
                raise PredictionError(explain(
                    self.root, f'a {MANIFEST} that says how its predictions were made',
                    f'predictions of {len(strangers)} takes ({strangers[0]}, ...) and none', 'Choose another --out.'))
            write_atomically((json.dumps(self.manifest, indent=1) + '\n').encode(), path)
        found = read_json(path, PredictionError, 'the manifest of a folder of predictions')
        found = found if isinstance(found, dict) else {}
        different = [name for name in {**self.manifest, **found} if found.get(name) != self.manifest.get(name)]
        if different:
            raise PredictionError(explain(
                path, 'predictions of the same model and data',
                '; '.join(f'{name} {found.get(name)!r}, now {self.manifest.get(name)!r}' for name in different),
                'Choose another --out, or repeat the command with which this folder was begun.'))

    def path(self, uid: str) -> Path:
        """File of a take.

        Args:
            uid (str): Take uid.
        """
        return self.root / uid / PREDICTION_FILE

    def has(self, uid: str) -> bool:
        """Whether a take is predicted; its file appears when it is complete.

        Args:
            uid (str): Take uid.
        """
        return self.path(uid).is_file()

    def write(self, uid: str, results: Mapping[str, object]) -> None:
        """Write the file of a take.

        Args:
            uid (str): Take uid.
            results (Mapping[str, object]): See :func:`egoexo.engine.pair_predictions.take_results`.
        """
        text = json.dumps(results, separators=(',', ':'), allow_nan=False)
        write_atomically(text.encode(), self.path(uid))

    def read(self, uid: str) -> dict:
        """Read the file of a take.

        Args:
            uid (str): Take uid.

        Raises:
            PredictionError: If it is damaged.
        """
        content = read_json(self.path(uid), PredictionError, 'predictions of a take', _MAX_TAKE_BYTES)
        if not isinstance(content, dict) or set(content) != {'masks', 'subsample_idx'}:
            raise PredictionError(explain(self.path(uid), "the keys 'masks' and 'subsample_idx'", f'{content!r:.80}',
                                          'Remove the file and repeat the command.'))
        return content


def predict_correspondence(cfg: Config, checkpoint: str | Path, out: str | Path,
                           options: PredictionOptions | None = None,
                           say: Callable[[str], None] = print) -> PredictionSummary:
    """Predict a split in one or both directions, going on where an earlier run stopped.

    The process that finds all takes of a direction there writes ``<out>/<setting>_<split>_results.json``, and
    ``<out>/submission.json`` once both directions are there.

    Args:
        cfg (Config): Its ``test_dataloader`` says how data is read, in batches of which size.
        checkpoint (str | Path): Weights.
        out (str | Path): Folder.
        options (PredictionOptions, optional): See there.
        say (Callable[[str], None]): Where progress goes.

    Returns:
        PredictionSummary: What was done.

    Raises:
        ConfigError: If the config has no such data set or an option is impossible.
        CheckpointError: If the weights do not fit.
        PredictionError: If the folder holds predictions of another model.
        AnnotationError: If the split cannot be read.
    """
    options = options or PredictionOptions()
    dataset = _dataset_config(cfg)
    directions = options.directions or _trained_directions(cfg)
    for name in directions:
        check_direction(name)
    weights = find_weights(cfg, checkpoint)
    model = init_model(cfg, weights, options.device)
    takes = _takes(dataset, options.split, say)
    mine = list(take_shard(dict.fromkeys(takes), options.shard))
    summary = PredictionSummary()
    for direction in directions:
        folder = TakeFolder(Path(out) / SETTINGS[direction], _manifest(cfg, dataset, weights, direction, options))
        folder.prepare()
        with_direction = dict(dataset, direction=direction, split=options.split, test_mode=True)
        _predict_takes(_Predictor(model, cfg, with_direction, options.amp), folder, mine, options, summary, say)
        _merge(Path(out), folder, direction, takes, options.split, summary, say)
    return summary


def _lists(loader: Mapping) -> list[dict]:
    """Configs of the lists of a data loader, with what a data set of several lists says for all of them."""
    dataset = dict(loader.get('dataset') or {})
    if 'datasets' not in dataset:
        return [dataset]
    shared = {key: value for key, value in dataset.items() if key not in ('type', 'datasets')}
    return [shared | dict(part) for part in dataset['datasets']]


def _dataset_config(cfg: Config) -> dict:
    """Config of the first list in ``test_dataloader``, all of whose pairs are predicted."""
    dataset = _lists(cfg.get('test_dataloader') or {})[0]
    if dataset.get('type') != 'CorrespondenceDataset':
        raise ConfigError(explain(
            'test_dataloader.dataset', "type='CorrespondenceDataset', or several of them",
            f'{dataset.get("type")!r}', 'Take a config of configs/correspondence.'))
    return {key: value for key, value in dataset.items() if key != 'every'}


def _trained_directions(cfg: Config) -> list[str]:
    """Directions that a model of this config learns."""
    return list(dict.fromkeys(part['direction'] for part in _lists(cfg.get('train_dataloader') or cfg.test_dataloader)))


def _takes(dataset: Mapping, split: str, say: Callable[[str], None]) -> list[str]:
    """Prepared takes of a split in official order, or those of them that the config names."""
    root, splits, chosen = Path(dataset['data_root']), read_split(dataset['data_root']), dataset.get('takes')
    if split not in splits:
        raise ConfigError(explain(root, f'takes of --split {split}', f'the splits {", ".join(splits)}', 'Choose one.'))
    listed = [uid for uid in splits[split] if chosen is None or uid in set(chosen)]
    found = [uid for uid in listed if (root / uid / TAKE_FILE).is_file()]
    if not found:
        raise AnnotationError(explain(root, f'{TAKE_FILE} in takes of --split {split}', f'none in {len(listed)}',
                                      'Run tools/data/prepare_correspondence.py.'))
    if len(found) < len(listed):
        say(f'{len(listed) - len(found)} of {len(listed)} takes of {split} have no {TAKE_FILE} and are left out, as '
            'officially where the ego video is missing')
    return found


def _manifest(cfg: Config, dataset: Mapping, weights: Path, direction: str,
              options: PredictionOptions) -> dict[str, object]:
    """Whatever decides the predictions, and the names by which people know it."""
    deciding = json.dumps([cfg.model.to_dict(), dataset.get('pipeline')], sort_keys=True, default=str)
    return dict(
        direction=direction, split=options.split, checkpoint=weights.name,
        checkpoint_sha256=hashlib.sha256(weights.read_bytes()).hexdigest(),
        config=Path(cfg.filename).name if cfg.filename else None,
        config_sha256=hashlib.sha256(deciding.encode()).hexdigest(), precision='mixed' if options.amp else 'float32')


class _Predictor:
    """Predicts the takes of one direction."""

    def __init__(self, model: BaseModel, cfg: Config, dataset: dict, amp: bool) -> None:
        self.model, self.dataset, self.amp = model, dataset, amp
        loader = cfg.test_dataloader
        collate = dict(loader.get('collate_fn', dict(type='collate_pairs')))
        self.loader = dict(
            batch_size=loader.get('batch_size', 1), num_workers=loader.get('num_workers', 0),
            pin_memory=loader.get('pin_memory', False),
            collate_fn=functools.partial(FUNCTIONS.get(collate.pop('type')), **collate))

    def results(self, uid: str, advance: Callable[[int, int], None]) -> dict:
        """Predictions of a take; calls ``advance`` with the pairs done and the pairs of the take."""
        annotation = read_take_annotation(Path(self.dataset['data_root']) / uid / TAKE_FILE)
        rows: list[PairPrediction] = []
        if any(track.frames for track in iter_tracks(annotation, self.dataset['direction'])):
            dataset = DATASETS.build(dict(self.dataset, takes=[uid]))
            for batch in DataLoader(dataset, **self.loader):
                with torch.no_grad(), self._precision():
                    rows += [describe_pair(sample) for sample in self.model.test_step(batch)]
                advance(len(rows), len(dataset))
        return take_results(annotation, self.dataset['direction'], rows)

    def _precision(self) -> contextlib.AbstractContextManager:
        if not self.amp:
            return contextlib.nullcontext()
        device = next(self.model.parameters()).device.type
        bfloat16 = device == 'cpu' or torch.cuda.is_bf16_supported()
        return torch.autocast(device, torch.bfloat16 if bfloat16 else torch.float16)


def _predict_takes(predictor: _Predictor, folder: TakeFolder, uids: Sequence[str], options: PredictionOptions,
                   summary: PredictionSummary, say: Callable[[str], None]) -> None:
    name = folder.root.name
    done = [uid for uid in uids if folder.has(uid)]
    todo = [uid for uid in uids if uid not in set(done)]
    summary.skipped += [f'{name}/{uid}' for uid in done]
    if done:
        say(f'{name}: {len(done)} of {len(uids)} takes are done already')
    progress = _Progress(name, Path(predictor.dataset['data_root']), todo, options.report_sec, say)
    for uid in todo:
        try:
            folder.write(uid, predictor.results(uid, progress.advance))
        except DataError as error:
            summary.failed[f'{name}/{uid}'] = str(error)
            say(f'FAILED {name}/{uid}: {error}')
        else:
            summary.written.append(f'{name}/{uid}')
        progress.finish(uid)


def _merge(out: Path, folder: TakeFolder, direction: str, takes: Sequence[str], split: str,
           summary: PredictionSummary, say: Callable[[str], None]) -> None:
    """Write the official files if nothing is missing."""
    missing = [uid for uid in takes if not folder.has(uid)]
    if missing:
        known = set(summary.failed)
        summary.waiting += [name for uid in missing if (name := f'{folder.root.name}/{uid}') not in known]
        return
    path = out / results_file_name(direction, split)
    with ResultWriter(path, SETTINGS[direction]) as writer:
        for uid in takes:
            writer.append(uid, folder.read(uid))
    summary.files.append(path)
    both = [out / results_file_name(name, split) for name in SETTINGS]
    if all(file.is_file() for file in both):
        write_submission(out / 'submission.json', *both)
        summary.files.append(out / 'submission.json')
    say(f'{folder.root.name}: predictions of {len(takes)} takes are in {path}')


class _Progress:
    """Says how far a direction is; takes count by the size of their annotation, which tells their pairs roughly."""

    def __init__(self, name: str, root: Path, todo: Sequence[str], report_sec: float,
                 say: Callable[[str], None]) -> None:
        self.name, self.say, self.report_sec = name, say, report_sec
        self.sizes = {uid: (root / uid / TAKE_FILE).stat().st_size for uid in todo}
        self.started = self.last = time.monotonic()
        self.num_takes, self.num_pairs, self.finished, self.current, self.fraction = 0, 0, 0, 0, 0.0

    def advance(self, done: int, total: int) -> None:
        """Note the pairs of the take at work."""
        self.current, self.fraction = done, done / total
        if time.monotonic() - self.last >= self.report_sec:
            self.line()

    def finish(self, uid: str) -> None:
        """Note the end of a take."""
        self.num_takes, self.num_pairs = self.num_takes + 1, self.num_pairs + self.current
        self.finished += self.sizes[uid]
        self.current, self.fraction = 0, 0.0
        if time.monotonic() - self.last >= self.report_sec or self.num_takes == len(self.sizes):
            self.line()

    def line(self) -> None:
        """Say where things stand."""
        self.last = time.monotonic()
        elapsed = max(self.last - self.started, 1e-6)
        sizes = list(self.sizes.values())
        at_work = sizes[self.num_takes] * self.fraction if self.num_takes < len(sizes) else 0
        done, total = self.finished + at_work, sum(sizes)
        left = f', {_clock(elapsed * (total - done) / done)} left' if 0 < done < total else ''
        pairs = self.num_pairs + self.current
        self.say(f'{self.name}: {self.num_takes} of {len(sizes)} takes, {pairs:,} pairs, {pairs / elapsed:.1f} '
                 f'pairs/s{left}')


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    return f'{minutes // 60}:{minutes % 60:02d}:{seconds:02d}'
