"""Classes of segments of which several clips are looked at."""

import torch

from egoexo.models.heads.classifier_output import ClassifierOutput
from egoexo.models.transfer.segment_classifier import SegmentClassifier
from egoexo.registry import MODELS

__all__ = ['MultiClipClassifier']


@MODELS.register_module()
class MultiClipClassifier(SegmentClassifier):
    """A :class:`SegmentClassifier` with an encoder of clips, which may get several clips of each segment.

    The logits of a segment are the largest over its clips, class by class, as in the official test; its feature is
    their mean. With one clip per segment nothing changes.

    Args:
        **kwargs: See :class:`SegmentClassifier`.
    """

    def classify(self, inputs: torch.Tensor) -> ClassifierOutput:
        """Scores of segments.

        Args:
            inputs (torch.Tensor): One clip each, (N, 3, T, H, W), or V clips, (N, V, 3, T, H, W).

        Returns:
            ClassifierOutput: Float32 logits (N, C) and features (N, F).
        """
        if inputs.ndim < 6:
            return super().classify(inputs)
        clips = super().classify(inputs.flatten(0, 1))
        logits, feature = (item.unflatten(0, inputs.shape[:2]) for item in clips)
        return ClassifierOutput(logits.amax(dim=1), feature.mean(dim=1))
