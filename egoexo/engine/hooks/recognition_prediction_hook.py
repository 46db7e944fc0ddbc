"""Writes the predictions of a test run of recognition, as arrays and in the format of the EPIC-100 challenge."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np
from mmengine.runner import Runner

from egoexo.engine.hooks.clip_prediction_hook import ClipPredictionHook, ListRows
from egoexo.formats.epic_submission import NUM_CLASSES, write_submission
from egoexo.registry import HOOKS

__all__ = ['RecognitionPredictionHook']


@HOOKS.register_module()
class RecognitionPredictionHook(ClipPredictionHook):
    """Keep the predicted scores of verbs and nouns of every test sample.

    ``--dump FILE.npz`` holds, per list, ``<subset>/ids`` (n,) text, ``<subset>/verb`` (n, V) and ``<subset>/noun``
    (n, N) float32, rows in list order; ``tools/evaluate.py recognition`` reads it and gives the digits of the test.
    ``--submission DIR`` writes ``DIR/<subset>.zip`` for each list, as the challenge takes it, with the supervision
    levels of the official tool; ``tools/make_submission.py recognition`` makes the same of a dump, with other levels.

    Args:
        dump (str, optional): The ``.npz`` file. Ranks are merged.
        submission (str, optional): Folder for the zip files.
    """

    arrays: ClassVar[dict[str, str]] = {'pred_verb_scores': 'verb', 'pred_noun_scores': 'noun'}

    def submit(self, runner: Runner, lists: Mapping[str, ListRows], folder: Path) -> None:
        """Write one zip file per list.

        Args:
            runner (Runner): The runner of the testing process.
            lists (Mapping[str, ListRows]): Rows by list, each in list order.
            folder (Path): Where to; may not exist yet.

        Raises:
            PredictionError: If a score is not finite.
        """
        folder.mkdir(parents=True, exist_ok=True)
        for subset, rows in lists.items():
            path = folder / f'{subset}.zip'
            scores = [np.stack([arrays[name] for arrays in rows.values()]) for name in self.arrays.values()]
            num_classes = tuple(task.shape[1] for task in scores)
            write_submission(path, list(rows), *scores, num_classes=num_classes)
            runner.logger.info(f'Predictions of {len(rows)} segments are in {path}.')
            if num_classes != NUM_CLASSES:
                runner.logger.warning(f'{path} has {num_classes[0]} verbs and {num_classes[1]} nouns: the challenge '
                                      f'takes {NUM_CLASSES[0]} and {NUM_CLASSES[1]} only.')
