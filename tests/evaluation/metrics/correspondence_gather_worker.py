"""One process of a distributed evaluation of correspondence: ``correspondence_gather_worker.py RANK NUM FOLDER``."""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from mmengine.dataset import DefaultSampler
from mmengine.evaluator import Evaluator
from torch.utils.data import Sampler

from egoexo.evaluation.metrics import CorrespondenceMetric
from egoexo.formats.rle import encode_mask
from egoexo.structures import EgoExoDataSample

SIZES = (1, 5, 8, 23)


def make_samples(size: int) -> list[EgoExoDataSample]:
    """Frames of two lists as a test gives them: not in official order, some not looked at, some without a mask."""
    rng = np.random.default_rng(size)
    samples = []
    for index in range(size):
        box = rng.integers(0, 60, 2)
        truth, mask = np.zeros((120, 160), bool), torch.zeros(360, 480, dtype=torch.bool)
        truth[box[0]:box[0] + 40, box[1]:box[1] + 50] = True
        row, column = (3 * box + rng.integers(0, 30, 2)).tolist()
        mask[row:row + 100, column:column + 120] = True
        direction = ('ego2exo', 'exo2ego')[index % 2]
        cameras = ('aria01_214-1', 'cam01')[::1 if direction == 'ego2exo' else -1]
        sample = EgoExoDataSample(metainfo=dict(
            sample_id=str(index), uid=f'take{index % 3}', subset=f'{direction}_val', object_name='salt/pepper_1',
            query_camera=cameras[0], target_camera=cameras[1], frame=str(30 * index), order=(size - index) // 2,
            target_rle=None if index % 4 == 3 else encode_mask(truth), is_annotated=index % 7 != 6))
        sample.pred_target_mask, sample.pred_confidence = mask, torch.tensor(rng.random(), dtype=torch.float32)
        samples.append(sample)
    return samples


def score(samples: list[EgoExoDataSample], sampler: Sampler, folder: str | None, batch_size: int = 2) -> dict:
    """Scores as exact text, by key."""
    metric = CorrespondenceMetric('all', resize_pred='nearest', num_bootstrap=5, collect_dir=folder)
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
