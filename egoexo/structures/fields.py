"""The one table of ground-truth and prediction fields a data sample may carry."""

from dataclasses import dataclass

import torch

__all__ = ['FIELDS', 'Field', 'add_field', 'check_field']


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


#: Letters: G true frames at the label rate, P predicted frames at the label rate, S steps the model sees, C classes,
#: Z coming steps, H past steps, K drawn sequences, B boxes, D numbers of a text; of masks H height and W width.
FIELDS: dict[str, Field] = {
    'gt_frame_labels': Field(
        torch.int64, '(G,)', 'class id per frame at the label rate, whole video', 'LoadSequence', 'SegmentationMetric'),
    'gt_step_labels': Field(
        torch.int64, '(S,)', 'class id per model step, -100 ignored', 'SampleSequence', 'FrameHead.loss'),
    'pred_frame_labels': Field(
        torch.int64, '(P,)', 'class id per frame at the label rate', 'FrameHead.predict', 'SegmentationMetric'),
    'pred_step_scores': Field(
        torch.float32, '(C, S)', 'class probability per model step', 'FrameHead.predict', 'inferencer, visualizer'),
    'gt_class_targets': Field(
        torch.float32, '(C,)', '1 for each class of the coming action, else 0', 'AnticipationDataset',
        'MultiLabelCrossEntropy, AnticipationMetric'),
    'gt_future_steps': Field(
        torch.int64, '(Z,)', 'class id of each coming step, -1 for none', 'PlanningDataset',
        'FutureCrossEntropy, PlanningMetric'),
    'gt_past_steps': Field(
        torch.int64, '(H,)', 'class id of each step already done, oldest first', 'PlanningDataset',
        'planners from the step history'),
    'gt_label': Field(
        torch.int64, '()', 'class id of a segment, a picture or a sentence', 'SegmentDataset',
        'SegmentClassifier, TransferMetric'),
    'pred_class_logits': Field(
        torch.float32, '(C,)', 'class logit of the coming action, or of a segment',
        'ClipHead.predict, SegmentClassifier.predict', 'AnticipationMetric, TransferMetric'),
    'pred_future_logits': Field(
        torch.float32, '(Z, C)', 'class logits of each coming step', 'ClipHead.predict', 'PlanningMetric'),
    'pred_future_samples': Field(
        torch.int64, '(K, Z)', 'class ids of whole sequences drawn by the planner', 'planners that draw jointly',
        'PlanningMetric'),
    'gt_target_mask': Field(
        torch.bool, '(H, W)', 'the object in the target view, in the frame of the model input', 'CorrespondenceDataset',
        'PairMaskLoss'),
    'gt_visible': Field(
        torch.bool, '()', 'whether the object is annotated in the target view; False for a negative pair',
        'CorrespondenceDataset', 'PairMaskLoss'),
    'pred_target_mask': Field(
        torch.bool, '(H, W)', 'the object in the target view, padding removed', 'XSegTx.predict',
        'CorrespondenceMetric'),
    'pred_confidence': Field(
        torch.float32, '()', 'probability that the object is visible in the target view', 'XSegTx.predict',
        'CorrespondenceMetric'),
    'gt_verb_label': Field(
        torch.int64, '()', 'verb class of an action segment, -1 unknown', 'PackClip',
        'ClipRecognizer, RecognitionMetric'),
    'gt_noun_label': Field(
        torch.int64, '()', 'noun class of an action segment, -1 unknown', 'PackClip',
        'ClipRecognizer, RecognitionMetric'),
    'gt_action_label': Field(
        torch.int64, '()', 'class of a video of Kinetics, -1 unknown', 'PackClip', 'ClipRecognizer'),
    'gt_verb_targets': Field(
        torch.float32, '(C,)', '1 for each verb of a third-person clip, else 0', 'LemmaDataset', 'ClipRecognizer'),
    'gt_noun_targets': Field(
        torch.float32, '(C,)', '1 for each noun of a third-person clip, else 0', 'LemmaDataset', 'ClipRecognizer'),
    'gt_ego_logits': Field(
        torch.float32, '(C,)', 'teacher logits of being egocentric', 'PackClip', 'DistillationLoss'),
    'gt_object_logits': Field(
        torch.float32, '(C,)', 'teacher logits of object classes', 'PackClip', 'DistillationLoss'),
    'gt_hand_boxes': Field(
        torch.float32, '(B, 6)', 'x1, y1, x2, y2 of hands from 0 to 1, score, frame of the clip', 'PackClip',
        'InteractionMapHead'),
    'gt_object_boxes': Field(
        torch.float32, '(B, 6)', 'x1, y1, x2, y2 of touched objects from 0 to 1, score, frame of the clip', 'PackClip',
        'InteractionMapHead'),
    'gt_tpv_verb_targets': Field(
        torch.float32, '(C,)', '1 for each verb of the paired third-person clip, else 0', 'SemanticPairDataset',
        'SUMLRecognizer'),
    'gt_tpv_noun_targets': Field(
        torch.float32, '(C,)', '1 for each noun of the paired third-person clip, else 0', 'SemanticPairDataset',
        'SUMLRecognizer'),
    'gt_text_embedding': Field(
        torch.float32, '(D,)', 'embedding of the narration, not normalised', 'SemanticPairDataset',
        'TextContrastHead'),
    'gt_tpv_text_embedding': Field(
        torch.float32, '(D,)', 'embedding of the narration of the paired third-person clip, not normalised',
        'SemanticPairDataset', 'TextContrastHead'),
    'pred_verb_scores': Field(
        torch.float32, '(C,)', 'verb probabilities or logits, summed over the clips', 'ClipRecognizer.predict',
        'RecognitionMetric'),
    'pred_noun_scores': Field(
        torch.float32, '(C,)', 'noun probabilities or logits, summed over the clips', 'ClipRecognizer.predict',
        'RecognitionMetric'),
    'pred_action_scores': Field(
        torch.float32, '(C,)', 'class probabilities or logits of a video of Kinetics, summed over the clips',
        'ClipRecognizer.predict', 'offline use'),
}


def add_field(name: str, field: Field) -> None:
    """Add a row to the table, for a benchmark that lives outside the toolbox.

    Args:
        name (str): Field name with the prefix ``gt_`` or ``pred_``.
        field (Field): The row; the same row twice is fine.

    Raises:
        KeyError: If the name has another prefix, or stands in the table for something else.

    Examples:
        >>> add_field('pred_frame_labels', FIELDS['pred_frame_labels'])
        >>> add_field('pred_frame_labels', Field(torch.float32, '(P,)', 'seconds', 'MyHead', 'MyMetric'))
        Traceback (most recent call last):
        KeyError: "data sample field 'pred_frame_labels' is class id per frame at the label rate, torch.int64 (P,), \
already; choose another name for seconds, torch.float32 (P,)."
    """
    if not name.startswith(('gt_', 'pred_')):
        raise KeyError(f"data sample field '{name}' must begin with gt_ or pred_; anything else is meta information.")
    known = FIELDS.setdefault(name, field)
    if known != field:
        raise KeyError(f"data sample field '{name}' is {known.unit}, {known.dtype} {known.shape}, already; choose "
                       f'another name for {field.unit}, {field.dtype} {field.shape}.')


def check_field(name: str, value: object) -> None:
    """Check a value against the table.

    Args:
        name (str): Field name; names without the prefix ``gt_`` or ``pred_`` are not checked.
        value (object): What is about to be set.

    Raises:
        KeyError: If the table has no such ``gt_*`` or ``pred_*`` field.
        TypeError: If the value is no tensor or has another dtype.
        ValueError: If the number of dimensions differs.

    Examples:
        >>> check_field('gt_frame_labels', torch.zeros(3))
        Traceback (most recent call last):
        TypeError: data sample field 'gt_frame_labels' must be torch.int64, got torch.float32; ...
    """
    if not name.startswith(('gt_', 'pred_')):
        return
    field = FIELDS.get(name)
    if field is None:
        raise KeyError(f"data sample field '{name}' is not in the table of egoexo/structures/fields.py; "
                       f'known fields: {", ".join(sorted(FIELDS))}. Add a row there if the field is new; from outside '
                       'the toolbox call egoexo.structures.add_field.')
    if not isinstance(value, torch.Tensor):
        raise TypeError(f"data sample field '{name}' must be a {field.dtype} tensor {field.shape}, "
                        f'got {type(value).__name__}; convert it in the writer ({field.writer}).')
    if value.dtype != field.dtype:
        raise TypeError(f"data sample field '{name}' must be {field.dtype}, got {value.dtype}; "
                        f'convert it in the writer ({field.writer}).')
    if value.ndim != field.ndim:
        raise ValueError(f"data sample field '{name}' must have shape {field.shape} ({field.unit}), "
                         f'got {tuple(value.shape)}; look at the writer ({field.writer}).')
