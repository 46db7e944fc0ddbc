"""Targets of a batch of clips, checked against the classes of a head."""

from collections.abc import Sequence

import torch
from torch import Tensor

from egoexo.errors import AnnotationError, explain
from egoexo.structures import EgoExoDataSample

__all__ = ['gather_labels', 'gather_vectors']


def gather_labels(data_samples: Sequence[EgoExoDataSample], task: str, num_classes: int) -> Tensor:
    """Classes of a batch.

    Args:
        data_samples (Sequence[EgoExoDataSample]): N samples with ``gt_<task>_label``.
        task (str): E.g. ``'verb'``.
        num_classes (int): C, of the head.

    Returns:
        Tensor: int64 (N,), on the CPU.

    Raises:
        AnnotationError: If a sample has no label, or one that is no class of the head.
    """
    field = f'gt_{task}_label'
    labels = [int(getattr(sample, field, -1)) for sample in data_samples]
    wrong = next((row for row, label in enumerate(labels) if not 0 <= label < num_classes), None)
    if wrong is not None:
        where = f'{field} of {data_samples[wrong].get("sample_id", "a sample of the batch")}'
        if labels[wrong] < 0:
            raise AnnotationError(explain(where, f'a class id from 0 to {num_classes - 1}, because the network is '
                                          'trained with it', 'none (-1)', 'Train on a list with labels; a list of '
                                          'timestamps is for tests.'))
        raise AnnotationError(explain(
            where, f'a class id from 0 to {num_classes - 1}', labels[wrong],
            f'Correct num_classes.{task} of the head, in the config or by --cfg-options '
            f'model.cls_head.num_classes.{task}=NUMBER, or correct the list.'))
    return torch.tensor(labels, dtype=torch.int64)


def gather_vectors(data_samples: Sequence[EgoExoDataSample], field: str, length: int) -> Tensor:
    """Vectors of a batch: several classes, or the scores of a teacher.

    Args:
        data_samples (Sequence[EgoExoDataSample]): N samples.
        field (str): E.g. ``'gt_verb_targets'``.
        length (int): Numbers per vector, classes of the head as a rule.

    Returns:
        Tensor: float32 (N, length), where the vectors are.

    Raises:
        AnnotationError: If a sample has none, or one of another length.
    """
    vectors = [getattr(sample, field, None) for sample in data_samples]
    for sample, vector in zip(data_samples, vectors, strict=True):
        if vector is None or len(vector) != length:
            raise AnnotationError(explain(
                f'{field} of {sample.get("sample_id", "a sample of the batch")}', f'{length} numbers',
                'none' if vector is None else f'{len(vector)}',
                f'Set num_classes of the head to the classes of the data set, or take one that has {field}.'))
    return torch.stack(vectors)
