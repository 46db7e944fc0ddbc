"""The one table of ground-truth and prediction fields a data sample may carry."""

from dataclasses import dataclass

import torch

__all__ = ['FIELDS', 'Field', 'check_field']


@dataclass(frozen=True)
class Field:
    """One row of the table.

    Args:
        dtype (torch.dtype): Exact element type.
        shape (str): Legend of the dimensions, e.g. ``'(G,)'``; its number of entries is checked.
        unit (str): What one entry means.
        writer (str): Who sets the field.
        reader (str): Who uses it.
    """

    dtype: torch.dtype
    shape: str
    unit: str
    writer: str
    reader: str

    @property
    def ndim(self) -> int:
        """Number of dimensions named by :attr:`shape`."""
        return len([part for part in self.shape.strip('()').split(',') if part.strip()])


#: Letters: G true frames at the label rate, P predicted frames at the label rate, S steps the model sees, C classes.
FIELDS: dict[str, Field] = {
    'gt_frame_labels': Field(
        torch.int64, '(G,)', 'class id per frame at the label rate, whole video', 'LoadSequence', 'SegmentationMetric'),
    'gt_step_labels': Field(
        torch.int64, '(S,)', 'class id per model step, -100 ignored', 'SampleSequence', 'FrameHead.loss'),
    'pred_frame_labels': Field(
        torch.int64, '(P,)', 'class id per frame at the label rate', 'FrameHead.predict', 'SegmentationMetric'),
    'pred_step_scores': Field(
        torch.float32, '(C, S)', 'class probability per model step', 'FrameHead.predict', 'inferencer, visualizer'),
}


def check_field(name: str, value: object) -> None:
    """Check a value against the table.

    Args:
        name (str): Field name; names without the prefix ``gt_`` or ``pred_`` are not checked.
        value (object): What is about to be set.

    Raises:
        KeyError: If the table has no such ``gt_*`` or ``pred_*`` field.
        TypeError: If the value is no tensor or has another dtype.
        ValueError: If the number of dimensions differs.
    """
    if not name.startswith(('gt_', 'pred_')):
        return
    field = FIELDS.get(name)
    if field is None:
        raise KeyError(f"data sample field '{name}' is not in the table of egoexo/structures/fields.py; "
                       f'known fields: {", ".join(sorted(FIELDS))}. Add a row there if the field is new.')
    if not isinstance(value, torch.Tensor):
        raise TypeError(f"data sample field '{name}' must be a {field.dtype} tensor {field.shape}, "
                        f'got {type(value).__name__}; convert it in the writer ({field.writer}).')
    if value.dtype != field.dtype:
        raise TypeError(f"data sample field '{name}' must be {field.dtype}, got {value.dtype}; "
                        f'convert it in the writer ({field.writer}).')
    if value.ndim != field.ndim:
        raise ValueError(f"data sample field '{name}' must have shape {field.shape} ({field.unit}), "
                         f'got {tuple(value.shape)}; look at the writer ({field.writer}).')
