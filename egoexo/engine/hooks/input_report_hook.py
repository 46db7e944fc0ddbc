"""Writes down which inputs a run used and which it left out."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch.utils.data import Dataset

from egoexo.engine.atomic_backend import write_atomically
from egoexo.registry import HOOKS

__all__ = ['InputReportHook']


@HOOKS.register_module()
class InputReportHook(Hook):
    """Write ``<work_dir>/inputs.json``: per loader and list, what was listed, used and left out, and why.

    The file is a dict by loader (``'train'``, ``'val'``, ``'test'``) of ``{'time': ..., 'lists': [...]}``; a later run
    in the same folder replaces its own loaders and keeps the others. Each list is a dict:

    * ``subset``, ``ann_file`` (str): what it is called and where it was read from;
    * ``listed``, ``used`` (int): samples of the list, and those that the loader sees;
    * ``left_out`` (dict[str, list[str]]): problems by sample id (``on_bad='skip'``);
    * ``missing`` (bool): there is no such list and the config said to go on without it (``missing_list='skip'``).

    Written by the main process only, before the first batch: also a run that is killed later leaves it.

    Args:
        filename (str): Name below the work directory.
    """

    priority = 'HIGH'

    def __init__(self, filename: str = 'inputs.json') -> None:
        self.filename = filename
        self._written: set[str] = set()

    def before_train(self, runner: Runner) -> None:
        """Describe the training lists, and those of the validation that belongs to the training.

        Args:
            runner (Runner): The runner of the training process.
        """
        self._write(runner, 'train', runner.train_dataloader.dataset)
        if runner.val_loop is not None:
            self._write(runner, 'val', runner.val_dataloader.dataset)

    def before_val(self, runner: Runner) -> None:
        """Describe the validation lists, once.

        Args:
            runner (Runner): The runner of the validating process.
        """
        self._write(runner, 'val', runner.val_dataloader.dataset)

    def before_test(self, runner: Runner) -> None:
        """Describe the test lists.

        Args:
            runner (Runner): The runner of the testing process.
        """
        self._write(runner, 'test', runner.test_dataloader.dataset)

    @master_only
    def _write(self, runner: Runner, loader: str, dataset: Dataset) -> None:
        if loader in self._written:
            return
        path = Path(runner.work_dir) / self.filename
        lists = [_describe(part) for part in _parts(dataset)]
        content = _read(path) | {loader: {'time': time.strftime('%FT%T%z'), 'lists': lists}}
        write_atomically(json.dumps(content, indent=1, ensure_ascii=False).encode(), path)
        self._written.add(loader)
        left_out = sum(len(item['left_out']) for item in lists)
        if left_out or any(item['missing'] for item in lists):
            missing = [item['subset'] for item in lists if item['missing']]
            runner.logger.warning(f'{loader}: {left_out} samples left out, {len(missing)} lists missing'
                                  f'{": " + ", ".join(missing) if missing else ""}; each with its reason in {path}.')


def _parts(dataset: Dataset) -> Iterator[Dataset]:
    """Lists inside concatenations and other wrappers."""
    if hasattr(dataset, 'datasets'):
        for part in dataset.datasets:
            yield from _parts(part)
    elif hasattr(dataset, 'dataset'):
        yield from _parts(dataset.dataset)
    else:
        yield dataset


def _describe(dataset: Dataset) -> dict:
    # Only the toolbox's own data sets keep account; of others no more than their size is known.
    ann_file = str(getattr(dataset, 'ann_file', '') or '')
    left_out = {str(name): list(map(str, problems)) for name, problems in getattr(dataset, 'unusable', {}).items()}
    missing = bool(getattr(dataset, 'missing_list', '') == 'skip' and ann_file and not Path(ann_file).is_file())
    return {'subset': str(getattr(dataset, 'subset', '') or type(dataset).__name__), 'ann_file': ann_file,
            'listed': int(getattr(dataset, 'num_listed', 0)) or len(dataset), 'used': len(dataset),
            'left_out': left_out, 'missing': missing}


def _read(path: Path) -> dict:
    """What earlier runs noted; a damaged file is written anew."""
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
