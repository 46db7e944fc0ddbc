"""Reads what a run left in its work directory; every part may be absent or damaged, and then the reader is told."""

import datetime
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from mmengine.config import Config

from egoexo.errors import PredictionError
from egoexo.files import read_json
from egoexo.formats.npz_file import NpzFile
from egoexo.utils.loader_configs import iter_datasets

__all__ = ['MASK_FILES', 'Run', 'read_run']

#: Names of predicted masks, which are no arrays but JSON files in the official format.
MASK_FILES = ('*_results.json', '*/*_results.json', 'predictions*.json')

_LOG_TIME = re.compile(r'^(\d{4})/(\d\d)/(\d\d) (\d\d):(\d\d):(\d\d)')
_VERSION = re.compile(r'^\s{2,}(sys\.platform|Python|CUDA available|GPU [\d,]+|PyTorch|OpenCV|MMEngine|MMCV|egoexo|'
                      r'seed|Distributed training): (.+)$')


@dataclass
class Run:
    """Everything a report can tell about a run.

    Args:
        work_dir (Path): Folder of the run.
        name (str): Name of its config, or of the folder.
        config (Config | None): Resolved config of the training, else of the newest run in the folder.
        config_text (str): The file it was read from.
        train_log (list[dict]): Training lines of MMEngine's ``scalars.json``, by step.
        val_log (list[dict]): Validation lines of the same files, by step.
        metrics (dict[str, float]): Test metrics by key; without a test those of the last validation.
        metrics_from (str): What ``metrics`` are; empty when there are none.
        score_info (dict): What else the scores file holds, e.g. protocols.
        predictions (dict[str, np.ndarray] | None): Class ids at the label rate by ``'<subset>/<uid>'``.
        inputs (dict[str, list[dict]] | None): Lists by loader, see
            :class:`egoexo.engine.hooks.InputReportHook`; ``None`` when they were not noted.
        environment (dict[str, str]): Versions and seed as logged at the start of the run.
        commands (list[dict]): Entries of ``command.json``, oldest first.
        times (tuple[datetime.datetime, datetime.datetime] | None): First and last log line.
        absent (list[str]): Sentences about missing parts.
        damaged (list[str]): Sentences about parts that are there and cannot be read.
    """

    work_dir: Path
    name: str
    config: Config | None = None
    config_text: str = ''
    train_log: list[dict] = field(default_factory=list)
    val_log: list[dict] = field(default_factory=list)
    metrics: dict[str, float] = field(default_factory=dict)
    metrics_from: str = ''
    score_info: dict = field(default_factory=dict)
    predictions: dict[str, np.ndarray] | None = None
    inputs: dict[str, list[dict]] | None = None
    environment: dict[str, str] = field(default_factory=dict)
    commands: list[dict] = field(default_factory=list)
    times: tuple[datetime.datetime, datetime.datetime] | None = None
    absent: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)

    @property
    def seed(self) -> str:
        """Seed of the training, as noted with the command, else as logged; empty when unknown."""
        seeds = [entry['seed'] for entry in self.commands if entry.get('seed') is not None]
        return str(seeds[-1]) if seeds else self.environment.get('seed', '')

    def datasets(self, loader: str) -> list[dict]:
        """Configs of the data sets of a loader, as far as they are of a kind we know.

        Args:
            loader (str): ``'train'``, ``'val'`` or ``'test'``.

        Returns:
            list[dict]: See :func:`egoexo.utils.loader_configs.iter_datasets`; empty without such a loader.
        """
        try:
            return list(iter_datasets((self.config or {}).get(f'{loader}_dataloader')))
        except (TypeError, ValueError, AttributeError):
            return []  # a config of another toolbox


def read_run(work_dir: str | Path) -> Run:
    """Read a work directory.

    Args:
        work_dir (str | Path): What ``tools/train.py`` and ``tools/test.py`` wrote to.

    Returns:
        Run: With a sentence in ``absent`` or ``damaged`` for each part that is not there or cannot be read.

    Raises:
        FileNotFoundError: If the folder does not exist.
    """
    work_dir = Path(work_dir)
    if not work_dir.is_dir():
        raise FileNotFoundError(f'work directory {work_dir} does not exist; expected the folder given to '
                                'tools/train.py as --work-dir.')
    run = Run(work_dir, work_dir.resolve().name)
    starts = sorted(path.parent for path in work_dir.glob('*/vis_data'))
    _read_logs(run, starts)
    _read_config(run, starts)
    _read_text_logs(run, starts)
    _read_commands(run)
    _read_scores(run)
    _read_predictions(run)
    _read_inputs(run)
    return run


def _read_logs(run: Run, starts: Sequence[Path]) -> None:
    """Merge the scalars of all starts; a resumed run writes its later steps again and the last writing counts."""
    train: dict[int, dict] = {}
    val: dict[int, dict] = {}
    damaged = 0
    for path in (start / 'vis_data' / 'scalars.json' for start in starts):
        if not path.is_file():
            continue
        with open(path, encoding='utf-8', errors='replace') as lines:
            for line in filter(str.strip, lines):
                try:
                    record = json.loads(line)
                    target = train if any('loss' in key for key in record) else val
                    target[int(record.get('step', len(target)))] = record
                except (ValueError, TypeError, AttributeError, RecursionError):
                    damaged += 1  # a killed run leaves half a line
    run.train_log, run.val_log = ([log[step] for step in sorted(log)] for log in (train, val))
    if damaged:
        run.damaged.append(f'{damaged} damaged line(s) of vis_data/scalars.json were left out.')
    if not train:
        run.absent.append('No training log (<time>/vis_data/scalars.json): there are no loss curves.')


def _read_config(run: Run, starts: Sequence[Path]) -> None:
    trained = [start for start in starts if (start / 'vis_data' / 'scalars.json').is_file()]
    candidates = [start / 'vis_data' / 'config.py' for start in (trained or starts)]
    dumped = sorted(run.work_dir.glob('*.py'), key=lambda path: path.stat().st_mtime)
    if dumped:
        run.name = dumped[-1].stem
    path = next((path for path in reversed(candidates) if path.is_file()), dumped[-1] if dumped else None)
    if path is None:
        run.absent.append('No config (<time>/vis_data/config.py): data, protocol and settings are unknown.')
        return
    try:
        run.config_text = path.read_text(encoding='utf-8', errors='replace')
        run.config = Config.fromfile(path)
    except Exception as error:  # a config is Python: half of one may fail in any way
        run.damaged.append(f'{path} cannot be read as a config ({type(error).__name__}: {error}): data, protocol and '
                           'settings are unknown.')


def _read_text_logs(run: Run, starts: Sequence[Path]) -> None:
    """Environment and times from the text logs; the first start that has them names them."""
    stamps: list[datetime.datetime] = []
    for path in (path for start in starts for path in sorted(start.glob('*.log'))):
        with open(path, encoding='utf-8', errors='replace') as lines:
            for line in lines:
                if found := _LOG_TIME.match(line):
                    try:
                        stamps.append(datetime.datetime(*map(int, found.groups())))
                    except ValueError:
                        continue  # bytes of a broken disk that look like a date
                elif found := _VERSION.match(line):
                    run.environment.setdefault(found[1], found[2].strip())
    if stamps:
        run.times = min(stamps), max(stamps)
    if not run.environment:
        run.absent.append('No text log (<time>/<time>.log): versions of the run are unknown.')


def _read_commands(run: Run) -> None:
    path = run.work_dir / 'command.json'
    if not path.is_file():
        run.absent.append('No command.json: the command line of the run is unknown.')
        return
    entries = _load_json(run, path, list, 'the tools begin a new one by themselves') or []
    run.commands = [entry for entry in entries if isinstance(entry, dict)]
    trained = [entry['config'] for entry in run.commands if entry.get('tool') == 'train' and entry.get('config')]
    run.name = Path(str(trained[-1])).stem if trained else run.name


def _load_json(run: Run, path: Path, kind: type, remedy: str) -> dict | list | None:
    """Content of a file, or None after a sentence about the damage."""
    try:
        content = read_json(path, PredictionError, 'a file written by the tools')
    except PredictionError as error:
        run.damaged.append(f'{error} ({path.name}: {remedy}.)')
        return None
    if not isinstance(content, kind):
        run.damaged.append(f'{path} holds a JSON {type(content).__name__}, expected a {kind.__name__}; {remedy}.')
        return None
    return content


def _read_scores(run: Run) -> None:
    path = run.work_dir / 'scalars.json'
    if path.is_file():
        # Damaged scores are not replaced by those of a validation: the reader would take them for the test.
        content = _load_json(run, path, dict, 'write it again with tools/test.py --out') or {}
        nested = isinstance(content.get('metrics'), Mapping)
        metrics = content['metrics'] if nested else content
        run.score_info = {key: value for key, value in content.items() if key != 'metrics'} if nested else {}
        run.metrics = {key: float(value) for key, value in metrics.items()
                       if isinstance(value, int | float) and not isinstance(value, bool)}
        run.metrics_from = f'test, {path.name}'
        return
    run.absent.append('No scalars.json (tools/test.py --out): the table shows the last validation, if there was one.')
    if run.val_log:
        last = run.val_log[-1]
        run.metrics = {key: value for key, value in last.items() if '/' in key and isinstance(value, int | float)}
        run.metrics_from = f'last validation, epoch or iteration {last.get("step", "?")}'


def _read_predictions(run: Run) -> None:
    path = run.work_dir / 'predictions.npz'
    if not path.is_file():
        # Benchmarks whose chapter is made of other files.
        if any(True for pattern in (*MASK_FILES, 'items.csv') for _ in run.work_dir.glob(pattern)):
            return
        run.absent.append('No predictions.npz (tools/test.py --dump): there are no timelines and no confusion matrix.')
        return
    try:
        archive = NpzFile(path, PredictionError, 'an .npz of predictions')
        run.predictions = {name: archive.read(name) for name in archive.names}
    except PredictionError as error:
        run.damaged.append(f'{error} ({path.name}: write it again with tools/test.py --dump.)')


def _read_inputs(run: Run) -> None:
    path = run.work_dir / 'inputs.json'
    if not path.is_file():
        run.absent.append('No inputs.json: it is unknown which inputs the run left out.')
        return
    content = _load_json(run, path, dict, 'the next training or test writes it again')
    if content is None:
        return
    run.inputs = {}
    for loader, entry in content.items():
        lists = entry.get('lists') if isinstance(entry, dict) else None
        if isinstance(lists, list):
            run.inputs[loader] = [item for item in lists if isinstance(item, dict)]
