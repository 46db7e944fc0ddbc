"""Losses and predictions from per-step class logits."""

import torch
from mmengine.model import BaseModule

from egoexo.errors import AnnotationError, ConfigError
from egoexo.models.backbones.mstcn import StageOutput, step_softmax
from egoexo.registry import MODELS
from egoexo.structures import EgoExoDataSample

__all__ = ['FrameHead']


@MODELS.register_module()
class FrameHead(BaseModule):
    """Reads the logits of a multi-stage backbone: losses over all stages, predictions from the last one.

    Args:
        num_classes (int): C, background included.
        loss (list[dict]): Loss modules, each called with (logits, labels, mask) for every stage and classifier and
            reported under its ``loss_name``.
        upsample (int): Label frames per model step: 5 for 25-fps labels and a model at 5 fps.
        ignore_index (int): Label given to padded steps.
    """

    def __init__(self, num_classes: int, loss: list[dict], upsample: int = 5, ignore_index: int = -100) -> None:
        super().__init__()
        if upsample < 1:
            raise ConfigError(f'FrameHead: upsample must be at least 1 label frame per step, got {upsample}.')
        self.num_classes = num_classes
        self.upsample = upsample
        self.ignore_index = ignore_index
        self.losses = torch.nn.ModuleList(MODELS.build(item) for item in loss)
        names = [module.loss_name for module in self.losses]
        if len(set(names)) != len(names):
            raise ConfigError(f'FrameHead: each loss may be listed once, got {names}.')

    def loss(self, outputs: list[StageOutput], mask: torch.Tensor,
             data_samples: list[EgoExoDataSample]) -> dict[str, torch.Tensor]:
        """Sum each loss over stages and classifiers.

        Args:
            outputs (list[StageOutput]): Logits of shape (N, C, S) per stage and classifier.
            mask (torch.Tensor): True on real steps, shape (N, S).
            data_samples (list[EgoExoDataSample]): ``gt_step_labels`` of N samples.

        Returns:
            dict[str, torch.Tensor]: One scalar per loss module.
        """
        labels = self.gather_labels(mask, data_samples)
        logits = [item.float() for output in outputs for item in output.logits]  # half precision ends here
        return {module.loss_name: sum(module(item, labels, mask) for item in logits) for module in self.losses}

    def gather_labels(self, mask: torch.Tensor, data_samples: list[EgoExoDataSample]) -> torch.Tensor:
        """Labels of a batch.

        Args:
            mask (torch.Tensor): True on real steps, shape (N, S).
            data_samples (list[EgoExoDataSample]): ``gt_step_labels`` of N samples.

        Returns:
            torch.Tensor: int64, shape (N, S), padded with ``ignore_index``.

        Raises:
            AnnotationError: If a sample has not one label per real step.
        """
        labels = torch.full(mask.shape, self.ignore_index, dtype=torch.int64, device=mask.device)
        for row, num_steps, sample in zip(labels, mask.sum(1).tolist(), data_samples, strict=True):
            given = sample.gt_step_labels
            if len(given) != num_steps:
                raise AnnotationError(
                    f"{sample.get('sample_id', 'sample')}: expected one gt_step_labels entry for each of the "
                    f'{num_steps} steps, found {len(given)}. Set trim=True in SampleSequence of the training pipeline.')
            row[:num_steps] = given
        return labels

    def predict(self, outputs: list[StageOutput], mask: torch.Tensor,
                data_samples: list[EgoExoDataSample] | None = None) -> list[EgoExoDataSample]:
        """Label every frame with the best class of its step in the last stage (the lower id among equals).

        Args:
            outputs (list[StageOutput]): As for :meth:`loss`; the first classifier of the last stage is read.
            mask (torch.Tensor): True on real steps, shape (N, S).
            data_samples (list[EgoExoDataSample], optional): N samples to fill; new ones when None.

        Returns:
            list[EgoExoDataSample]: ``pred_frame_labels`` (S_n * upsample,) and ``pred_step_scores`` (C, S_n), on CPU.

        Raises:
            ConfigError: If a sample says that its steps stand for another number of frames (``frames_per_step``).
        """
        scores = step_softmax(outputs[-1].logits[0])
        best = outputs[-1].logits[0].float().argmax(dim=1).cpu()
        scores = scores.cpu()
        samples = data_samples or [EgoExoDataSample() for _ in range(len(mask))]
        for sample, steps, score, num_steps in zip(samples, best, scores, mask.sum(1).tolist(), strict=True):
            if sample.get('frames_per_step', self.upsample) != self.upsample:
                raise ConfigError(
                    f'FrameHead: upsample={self.upsample}, but one step of {sample.get("sample_id", "the sample")} '
                    f'stands for {sample.frames_per_step} label frames. Set model.head.upsample to step x '
                    'label_interval of SampleSequence.')
            sample.pred_frame_labels = steps[:num_steps].repeat_interleave(self.upsample)
            sample.pred_step_scores = score[:, :num_steps].contiguous()
        return samples
