"""A model of correspondence without weights to learn, and configs that predict with it on a made-up root."""

from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.model import BaseModel

from egoexo.evaluation.functional.correspondence_resize import unpad_window
from egoexo.registry import MODELS

__all__ = ['EchoPair', 'pair_config', 'write_checkpoint']

PIPELINE = (dict(type='LoadImagePair'), dict(type='PadSquareResizeNearest', size=96), dict(type='PackPair'))


@MODELS.register_module(force=True)
class EchoPair(BaseModel):
    """Predicts the query mask at the same place in the target view; the confidence is its only weight."""

    def __init__(self, data_preprocessor: dict | None = None) -> None:
        super().__init__(MODELS.build(data_preprocessor or dict(type='PairDataPreprocessor')))
        self.confidence = torch.nn.Parameter(torch.tensor(0.75))

    def forward(self, inputs: dict, data_samples: list, mode: str = 'tensor') -> list:
        """Fill the samples."""
        assert mode == 'predict' and not torch.is_grad_enabled()
        for sample, mask in zip(data_samples, inputs['query_mask'], strict=True):
            sample.pred_target_mask = mask[0][unpad_window(mask.shape[-1], sample.target_size)] > 0
            sample.pred_confidence = self.confidence.detach().clone()
        return data_samples


def pair_config(root: Path, *directions: str, split: str = 'val', **options: object) -> Config:
    """Config that tests both directions, or those named; other options go to every list."""
    lists = [dict(type='CorrespondenceDataset', direction=direction, split=split)
             for direction in directions or ('ego2exo', 'exo2ego')]
    dataset = dict(type='ConcatSubsets', data_root=str(root), datasets=lists, pipeline=list(PIPELINE), test_mode=True)
    return Config(dict(
        default_scope='egoexo', model=dict(type='EchoPair'),
        test_dataloader=dict(batch_size=5, num_workers=0, collate_fn=dict(type='collate_pairs'),
                             sampler=dict(type='SeededSampler', shuffle=False), dataset=dataset | options),
        test_evaluator=dict(type='CorrespondenceMetric', protocols='official_nearest'), test_cfg=dict(type='TestLoop')))


def write_checkpoint(path: Path, confidence: float = 0.75) -> Path:
    """Weights of :class:`EchoPair`."""
    torch.save({'state_dict': {'confidence': torch.tensor(confidence)}}, path)
    return path
