"""One process of a distributed evaluation: ``gather_worker.py RANK WORLD_SIZE FOLDER``; rank 0 writes its scores."""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from mmengine.dataset import DefaultSampler
from mmengine.evaluator import Evaluator
from torch.utils.data import Sampler

from egoexo.evaluation.metrics import SegmentationMetric
from egoexo.structures import EgoExoDataSample

SIZES = (1, 5, 8, 11)


def make_samples(size: int) -> list[EgoExoDataSample]:
    """Videos of two lists with imperfect predictions."""
    rng = np.random.default_rng(size)
    samples = []
    for index in range(size):
        gt = np.repeat(rng.integers(0, 28, 12), rng.integers(1, 60, 12))
        pred = np.where(rng.random(gt.size) < 0.03, rng.integers(0, 28, gt.size), gt)
        view = 'ego' if index < size / 2 else 'exo'
        sample = EgoExoDataSample(metainfo=dict(
            sample_id=f'video{index}', view=view, subset=f'{view}_val', task=f'task{index % 3 + 1}'))
        sample.gt_frame_labels, sample.pred_frame_labels = torch.from_numpy(gt), torch.from_numpy(pred)
        samples.append(sample)
    return samples


def score(samples: list[EgoExoDataSample], sampler: Sampler, folder: str | None, batch_size: int = 2) -> dict:
    """Scores as exact text, by key."""
    metric = SegmentationMetric(protocols=('official', 'fixed_ends'), num_bootstrap=10, collect_dir=folder)
    evaluator = Evaluator([metric])
    indices = list(sampler)
    for start in range(0, len(indices), batch_size):
        evaluator.process([samples[index] for index in indices[start:start + batch_size]])
    return {key: value.hex() for key, value in evaluator.evaluate(len(samples)).items()}


def main(rank: int, world_size: int, folder: str) -> None:
    """Join the group and score each size."""
    torch.distributed.init_process_group(
        'gloo', init_method=f'file://{folder}/rendezvous', rank=rank, world_size=world_size)
    scores = {}
    for size in SIZES:
        samples = make_samples(size)
        scores[size] = score(samples, DefaultSampler(samples, shuffle=False), f'{folder}/rows{size}')
    Path(folder, f'rank{rank}.json').write_text(json.dumps(scores))
    torch.distributed.destroy_process_group()


if __name__ == '__main__':
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
