"""Writes the predictions of a test run of anticipation, planning or transfer."""

import io
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import ClassVar

import numpy as np
from mmengine.dist import gather_object, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from egoexo.engine.atomic_backend import write_atomically
from egoexo.errors import PredictionError, explain
from egoexo.registry import HOOKS

__all__ = ['ClipPredictionHook']

#: Rows of one list: sample id -> name of the array -> its row.
ListRows = Mapping[str, Mapping[str, np.ndarray]]


@HOOKS.register_module()
class ClipPredictionHook(Hook):
    """Keep the predicted logits or sequences of every test sample.

    The file holds, per list, ``<subset>/ids`` (n,) text, ``<subset>/logits`` (n, C) or (n, Z, C) float32 and, from
    planners that make sequences themselves, ``<subset>/samples`` (n, K, Z) int64, rows in list order.
    ``tools/evaluate.py anticipation``, ``planning`` and ``transfer`` read it and give the digits of the test.

    The released code writes no predictions at all, so there is no official format to submit: ``--submission DIR``
    writes the same content as ``--dump`` to ``DIR/predictions.npz``.

    Args:
        dump (str, optional): The ``.npz`` file. Ranks are merged.
        submission (str, optional): Folder for ``predictions.npz``.
    """

    priority = 'LOW'
    #: Field of a data sample -> name of its array.
    arrays: ClassVar[dict[str, str]] = {
        'pred_class_logits': 'logits', 'pred_future_logits': 'logits', 'pred_future_samples': 'samples'}

    def __init__(self, dump: str | None = None, submission: str | None = None) -> None:
        self.dump = dump
        self.submission = submission
        self._rows: list[tuple[str, str, dict[str, np.ndarray]]] = []

    def before_test_epoch(self, runner: Runner) -> None:
        """Forget the predictions of an earlier test.

        Args:
            runner (Runner): The runner of the testing process.
        """
        self._rows.clear()

    def after_test_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None,
                        outputs: Sequence | None = None) -> None:
        """Take the predictions of one batch.

        Args:
            runner (Runner): The runner of the testing process.
            batch_idx (int): Unused.
            data_batch (dict, optional): Unused.
            outputs (Sequence[EgoExoDataSample]): Samples with predictions.

        Raises:
            PredictionError: If a sample has no such prediction, or does not say which list it is from.
        """
        for sample in outputs or ():
            subset, sample_id = sample.get('subset'), sample.get('sample_id')
            arrays = {name: sample.get(field).cpu().numpy() for field, name in self.arrays.items()
                      if sample.get(field) is not None}
            if not arrays or subset is None or sample_id is None:
                lacking = 'none of these fields' if not arrays else 'no subset or sample_id'
                raise PredictionError(explain(
                    f'sample {subset}/{sample_id}', f'one of the fields {", ".join(self.arrays)}, and subset and '
                    'sample_id', lacking, 'Use --dump and --submission with a model and a data set of this benchmark.'))
            self._rows.append((subset, sample_id, arrays))

    def after_test_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Merge the ranks and write the files.

        Args:
            runner (Runner): The runner of the testing process.
            metrics (dict, optional): Unused.
        """
        parts = gather_object(self._rows, dst=0)
        if not is_main_process():
            return
        lists = _merge(parts)
        num = sum(map(len, lists.values()))
        if self.dump:
            _write(_pack(lists), self.dump)
            runner.logger.info(f'Predictions of {num} samples are in {self.dump}.')
        if self.submission:
            self.submit(runner, lists, Path(self.submission))

    def submit(self, runner: Runner, lists: Mapping[str, ListRows], folder: Path) -> None:
        """Write what is asked for with ``--submission``.

        Args:
            runner (Runner): The runner of the testing process.
            lists (Mapping[str, ListRows]): Rows by list, each in list order.
            folder (Path): Where to; may not exist yet.
        """
        target = folder / 'predictions.npz'
        _write(_pack(lists), target)
        runner.logger.info(f'Predictions of {sum(map(len, lists.values()))} samples are in {target}.')


def _write(content: bytes, path: str | Path) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    write_atomically(content, str(path))


def _merge(parts: Sequence[list]) -> dict[str, dict[str, dict[str, np.ndarray]]]:
    """Rows by list, in list order; ranks hold every n-th sample, perhaps the first ones again."""
    lists: dict[str, dict[str, dict[str, np.ndarray]]] = {}
    for row in (row for turn in zip_longest(*parts) for row in turn if row is not None):
        subset, sample_id, arrays = row
        lists.setdefault(subset, {}).setdefault(sample_id, arrays)
    return lists


def _pack(lists: Mapping[str, ListRows]) -> bytes:
    """Content of the file."""
    packed = {}
    for subset, rows in lists.items():
        packed[f'{subset}/ids'] = np.array(list(rows))
        for name in next(iter(rows.values())):
            packed[f'{subset}/{name}'] = np.stack([arrays[name] for arrays in rows.values()])
    stream = io.BytesIO()
    np.savez_compressed(stream, **packed)
    return stream.getvalue()
