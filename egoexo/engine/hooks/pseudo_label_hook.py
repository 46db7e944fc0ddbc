"""Labels the target with the trained model: the product of LaGTran's text phase."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from mmengine.dist import barrier, gather_object, get_rank, get_world_size
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch.utils.data import Dataset

from egoexo.errors import ConfigError, PredictionError, explain
from egoexo.formats.pseudo_labels import write_pseudo_labels
from egoexo.registry import DATASETS, HOOKS
from egoexo.structures import EgoExoDataSample

__all__ = ['PseudoLabelHook']

_NUM_SHOWN = 10


@HOOKS.register_module()
class PseudoLabelHook(Hook):
    """After the training, predict a list and write ``id label`` rows to ``<work_dir>/<file>``.

    The weights are those of the last iteration, the rows in the order of the list, the confidence is the largest
    softmax probability. True labels, where the list has them, are compared with in the log; nothing is chosen by them.
    Source: Kalluri et al., "Tell, Don't Show!: Language Guidance Eases Transfer Across Domains in Images and Videos"
    (LaGTran), ICML 2024.

    Args:
        dataset (dict, optional): The target's training list; None takes that of the validation, which must be one
            list.
        file (str): Name below the work directory.
        batch_size (int): Samples at once.
        with_confidence (bool): Write a third column, for ``min_confidence`` of the data sets; the official files have
            none, and the official code cannot read one. Defaults to False.

    Raises:
        ConfigError: If ``batch_size`` is below 1.

    Examples:
        ``custom_hooks = [dict(type='PseudoLabelHook', dataset=dict(type='SegmentTextDataset', view='exo',
        data_root='data/ego2exo'))]``
    """

    priority = 'LOW'

    def __init__(self, dataset: dict | None = None, file: str = 'pseudo_labels.txt', batch_size: int = 256,
                 with_confidence: bool = False) -> None:
        if batch_size < 1:
            raise ConfigError(explain('PseudoLabelHook, batch_size', 'at least 1', batch_size, 'Correct it.'))
        self.dataset, self.file = dataset, file
        self.batch_size, self.with_confidence = batch_size, with_confidence
        self._list: Dataset | None = None

    def before_train(self, runner: Runner) -> None:
        """Read the list now: a wrong one is to be found before the training, not after it.

        Args:
            runner (Runner): The runner of the training process.

        Raises:
            ConfigError: If no list is given and the validation has none or several.
        """
        if self.dataset is not None:
            self._list = DATASETS.build(dict(self.dataset, test_mode=True))
            return
        found = None if runner.val_loop is None else runner.val_loop.dataloader.dataset
        subsets = [] if found is None else getattr(found, 'subsets', None) or [getattr(found, 'subset', '')]
        if len(subsets) != 1:
            raise ConfigError(explain('PseudoLabelHook, dataset', "the target's training list, or a validation of one "
                                      'list', f'None and {", ".join(subsets) or "no validation"}', 'Name the list.'))
        self._list = found

    def after_train(self, runner: Runner) -> None:
        """Predict and write.

        Args:
            runner (Runner): The runner of the training process; every rank predicts its part.

        Raises:
            PredictionError: If a sample has no number as its id, or the logits are not finite.
        """
        mine = np.array_split(np.arange(len(self._list)), get_world_size())[get_rank()]
        parts = gather_object(self._predict(runner, mine), dst=0)
        if get_rank() == 0:
            self._write(runner, [row for part in parts for row in part])
        barrier()  # whoever reads the file next finds it, on any rank

    def _write(self, runner: Runner, rows: Sequence[tuple[int, int, float, int | None]]) -> None:
        """The file, and what is worth a line in the log."""
        path = Path(runner.work_dir) / self.file
        ids, labels, confidences, truths = zip(*rows, strict=True)
        write_pseudo_labels(path, ids, labels, confidences if self.with_confidence else None)
        runner.logger.info(f'{len(ids)} pseudo-labels are in {path}; mean confidence {np.mean(confidences):.2f}')
        runner.logger.info(self._histogram(labels))
        known = [(label, truth) for label, truth in zip(labels, truths, strict=True) if truth is not None]
        if known:
            right = sum(label == truth for label, truth in known)
            runner.logger.info(f'{right} of {len(known)} ({100 * right / len(known):.2f} %) are the true labels; only '
                               'printed, nothing is chosen by it.')

    def _predict(self, runner: Runner, indices: np.ndarray) -> list[tuple[int, int, float, int | None]]:
        """Id, label, confidence and truth of some samples."""
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        training = model.training
        model.eval()
        rows: list[tuple[int, int, float, int | None]] = []
        try:
            with torch.no_grad():
                for start in range(0, len(indices), self.batch_size):
                    rows += map(_row, model.test_step(self._batch(indices[start:start + self.batch_size].tolist())))
        finally:
            model.train(training)
        return rows

    def _batch(self, indices: Sequence[int]) -> dict:
        read = getattr(self._list, '__getitems__', None)
        items = read(indices) if read else [self._list[index] for index in indices]
        return items if isinstance(items, dict) else pseudo_collate(items)

    def _histogram(self, labels: Sequence[int]) -> str:
        """The most frequent classes by name."""
        names = (getattr(self._list, 'metainfo', None) or {}).get('classes') or ()
        counts = Counter(labels).most_common()
        shown = ', '.join(f'{names[label] if label < len(names) else label} {count}'
                          for label, count in counts[:_NUM_SHOWN])
        rest = f' and {len(counts) - _NUM_SHOWN} more' if len(counts) > _NUM_SHOWN else ''
        never = f'; {len(names) - len(counts)} classes never' if len(names) > len(counts) else ''
        return f'pseudo-labels by class: {shown}{rest}{never}'


def _row(sample: EgoExoDataSample) -> tuple[int, int, float, int | None]:
    sample_id, logits = sample.get('sample_id'), sample.pred_class_logits.double().cpu().numpy()
    if not str(sample_id).isdecimal():
        raise PredictionError(explain(f'sample {sample_id}', 'a number as id, as files of pseudo-labels have',
                                      repr(sample_id), 'Take a data set of the benchmark.'))
    if not np.isfinite(logits).all():
        raise PredictionError(explain(f'sample {sample_id}', 'finite logits', 'NaN or Inf',
                                      'The training diverged. Lower the learning rate.'))
    label = int(np.argmax(logits))  # the first one among equals
    confidence = float(1 / np.exp(logits - logits[label]).sum())
    return int(sample_id), label, confidence, int(sample.gt_label) if 'gt_label' in sample else None
