"""Writes the predictions of a test run of correspondence in the official format."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from mmengine.dist import gather_object, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from egoexo.engine.pair_predictions import PairPrediction, describe_pair, take_results
from egoexo.formats.correspondence_results import SETTINGS, ResultWriter, results_file_name, write_submission
from egoexo.formats.correspondence_take import TAKE_FILE, read_take_annotation
from egoexo.registry import HOOKS

__all__ = ['CorrespondencePredictionHook']

@HOOKS.register_module()
class CorrespondencePredictionHook(Hook):
    """Keep the predicted masks of every test sample.

    ``tools/evaluate.py correspondence`` reads the files and gives the digits of the test. A run whose data set leaves
    pairs out (``every``) writes those that it has.

    Args:
        dump (str, optional): Official file of predictions, ``.json``; of several lists, each goes into the folder of
            this file as ``<setting>_<split>_results.json``. Ranks are merged.
        submission (str, optional): Folder for ``<setting>_<split>_results.json``, and for ``submission.json`` as soon
            as the files of both directions lie there, from whatever run.
    """

    priority = 'LOW'

    def __init__(self, dump: str | None = None, submission: str | None = None) -> None:
        self.dump = dump
        self.submission = submission
        self._rows: list[PairPrediction] = []

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
            PredictionError: If a sample has no predicted mask or does not say which pair it is.
        """
        self._rows += [describe_pair(sample) for sample in outputs or ()]

    def after_test_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Merge the ranks and write the files.

        Args:
            runner (Runner): The runner of the testing process.
            metrics (dict, optional): Unused.
        """
        parts = gather_object(self._rows, dst=0)
        if not is_main_process():
            return
        found: dict[str, dict[str, list[PairPrediction]]] = {}
        for row in (row for part in parts for row in part):
            found.setdefault(row.subset, {}).setdefault(row.take_uid, []).append(row)
        datasets = list(_leaves(runner.test_dataloader.dataset))
        for dataset in datasets:
            for path in self._targets(dataset, single=len(datasets) == 1):
                _write(path, dataset, found.get(dataset.subset, {}))
                runner.logger.info(f'Predictions of {dataset.subset} are in {path}.')
        if self.submission:
            for split in dict.fromkeys(dataset.split for dataset in datasets):
                self._submit(runner, split)

    def _submit(self, runner: Runner, split: str) -> None:
        folder = Path(self.submission)
        both = [folder / results_file_name(direction, split) for direction in SETTINGS]
        if all(path.is_file() for path in both):
            write_submission(folder / 'submission.json', *both)
            runner.logger.info(f'Both directions of {split} are in {folder / "submission.json"}.')

    def _targets(self, dataset: object, single: bool) -> Iterator[Path]:
        name = results_file_name(dataset.direction, dataset.split)
        if self.dump:
            yield Path(self.dump) if single else Path(self.dump).parent / name
        if self.submission:
            yield Path(self.submission) / name


def _leaves(dataset: object) -> Iterator[object]:
    """Data sets of correspondence inside a wrapper or a list of data sets."""
    parts = getattr(dataset, 'datasets', None) or [getattr(dataset, 'dataset', None)]
    if parts == [None]:
        yield dataset
        return
    for part in parts:
        yield from _leaves(part)


def _write(path: Path, dataset: object, predictions: Mapping[str, Sequence[PairPrediction]]) -> None:
    """Every prepared take of the list in official order, those without a pair with empty entries."""
    with ResultWriter(path, SETTINGS[dataset.direction]) as writer:
        for uid in (item['uid'] for item in dataset.list_samples()):
            file = Path(dataset.data_root) / uid / TAKE_FILE
            if file.is_file():  # none where the ego video was missing
                results = take_results(read_take_annotation(file), dataset.direction, predictions.get(uid, ()))
                writer.append(uid, results)
