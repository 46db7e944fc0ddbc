"""One process of a distributed evaluation of clips: ``clip_gather_worker.py RANK WORLD_SIZE FOLDER``."""

import json
import sys
from pathlib import Path

import torch
from mmengine.dataset import DefaultSampler
from mmengine.evaluator import Evaluator
from torch.utils.data import Sampler

from egoexo.evaluation.metrics import AnticipationMetric, PlanningMetric, RecognitionMetric, TransferMetric
from egoexo.structures import EgoExoDataSample

SIZES = (1, 5, 8, 11)


def make_samples(size: int) -> list[EgoExoDataSample]:
    """Moments of two lists with truth and prediction of the benchmarks."""
    generator = torch.Generator().manual_seed(size)
    samples = []
    for index in range(size):
        view = 'ego' if index < size / 2 else 'exo'
        sample = EgoExoDataSample(metainfo=dict(
            sample_id=f'video{index % 3}|{index}', uid=f'video{index % 3}', view=view, subset=f'{view}_val'))
        sample.gt_class_targets = (torch.rand(9, generator=generator) < 0.3).float()
        sample.gt_label = torch.tensor(index * index % 9)
        sample.pred_class_logits = torch.randn(9, generator=generator)
        sample.gt_future_steps = torch.randint(0, 6, (8,), generator=generator)
        sample.pred_future_logits = torch.randn(8, 6, generator=generator)
        sample.set_metainfo(dict(participant_id=f'P0{index % 2}'))
        for task, num_classes in (('verb', 7), ('noun', 12)):
            label = torch.tensor(index * 5 % num_classes if index % 6 else -1)
            sample.set_data({f'gt_{task}_label': label,
                             f'pred_{task}_scores': torch.rand(num_classes, generator=generator)})
        samples.append(sample)
    return samples


def recognition_metric() -> RecognitionMetric:
    """With everything that may depend on the order of rows."""
    metric = RecognitionMetric('all', num_bootstrap=5, per_class=True)
    metric.dataset_meta = dict(tail_verbs=[3, 5], tail_nouns=[1, 10], unseen_participants=['P01'])
    return metric


def score(samples: list[EgoExoDataSample], sampler: Sampler, folder: str | None, batch_size: int = 2) -> dict:
    """Scores as exact text, by key."""
    found = {}
    for name, metric in (
            ('anticipation', AnticipationMetric(num_bootstrap=5, per_class=True)),
            ('planning', PlanningMetric(decodings=('categorical', 'expected'), num_repeats=2, num_bootstrap=5)),
            ('torch', PlanningMetric(generator='torch')),
            ('transfer', TransferMetric('all', num_bootstrap=5, per_class=True)),
            ('recognition', recognition_metric())):
        metric.collect_dir = folder and f'{folder}-{name}'
        evaluator = Evaluator([metric])
        indices = list(sampler)
        for start in range(0, len(indices), batch_size):
            evaluator.process([samples[index] for index in indices[start:start + batch_size]])
        found |= {f'{name}/{key}': value.hex() for key, value in evaluator.evaluate(len(samples)).items()}
    return found


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
