"""Writes per-frame predictions of a test run, as arrays and as official result files."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmengine.dist import gather_object, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from egoexo.engine.atomic_backend import write_atomically
from egoexo.errors import PredictionError
from egoexo.formats.egoexolearn import write_frame_prediction
from egoexo.registry import HOOKS

__all__ = ['FramePredictionHook']


@HOOKS.register_module()
class FramePredictionHook(Hook):
    """Keep ``pred_frame_labels`` of every test sample.

    Args:
        dump (str, optional): ``.npz`` file with one int64 array (P,) per video under the key ``<subset>/<uid>``,
            e.g. ``ego_val/2c23b45a-...``. Ranks are merged.
        submission (str, optional): Folder for the official result files, ``<folder>/<subset>/<uid>``.
    """

    priority = 'LOW'

    def __init__(self, dump: str | None = None, submission: str | None = None) -> None:
        self.dump = dump
        self.submission = submission
        self._predictions: dict[str, np.ndarray] = {}

    def before_test_epoch(self, runner: Runner) -> None:
        """Forget the predictions of an earlier test.

        Args:
            runner (Runner): The runner of the testing process.
        """
        self._predictions.clear()

    def after_test_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None,
                        outputs: Sequence | None = None) -> None:
        """Take the predictions of one batch; result files are written at once.

        Args:
            runner (Runner): The runner of the testing process.
            batch_idx (int): Unused.
            data_batch (dict, optional): Unused.
            outputs (Sequence[EgoExoDataSample]): Samples with predictions.

        Raises:
            PredictionError: If a sample has no per-frame prediction or does not say which subset it is from.
        """
        for sample in outputs or ():
            name = f'{sample.get("subset")}/{sample.get("sample_id")}'
            labels = sample.get('pred_frame_labels')
            if labels is None or 'None' in name.split('/'):
                raise PredictionError(f'Sample {name} has no {"pred_frame_labels" if labels is None else "subset"}: '
                                      '--dump and --submission need a model that labels frames and a dataset that '
                                      'sets sample_id and subset.')
            labels = labels.cpu().numpy()
            if self.dump:
                self._predictions[name] = labels
            if self.submission:
                target = Path(self.submission) / name
                target.parent.mkdir(parents=True, exist_ok=True)
                write_frame_prediction(target, labels)

    def after_test_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Merge the ranks and write the dump.

        Args:
            runner (Runner): The runner of the testing process.
            metrics (dict, optional): Unused.
        """
        if self.dump is None:
            return
        parts = gather_object(self._predictions, dst=0)
        if is_main_process():
            merged = {name: labels for part in parts for name, labels in part.items()}
            stream = io.BytesIO()
            np.savez_compressed(stream, **{name: merged[name] for name in sorted(merged)})
            write_atomically(stream.getvalue(), self.dump)
            runner.logger.info(f'Predictions of {len(merged)} videos are in {self.dump}.')
