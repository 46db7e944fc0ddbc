"""A toy network, dataset and metric with noise in all three places, and a run of them through MMEngine."""

import contextlib
import copy
import hashlib

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.evaluator import BaseMetric
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.runner import Runner
from tests_support import REPO

from egoexo import compat
from egoexo.datasets.samplers import SeededIndex
from egoexo.engine import find_resumable_checkpoint
from egoexo.errors import AnnotationError
from egoexo.registry import DATASETS, HOOKS, METRICS, MODELS
from egoexo.structures import EgoExoDataSample

SEEN: list = []  # (iteration, mean of the inputs) of every training step of this process


@DATASETS.register_module(force=True)
class ToyDataset(BaseDataset):
    """Samples of 8 numbers, plus noise drawn from the key that the sampler sent."""

    def __init__(self, size=16, broken=(), **kwargs):
        if size < 0:
            raise AnnotationError('the split list is missing')
        self.size, self.broken = size, broken
        super().__init__(serialize_data=False, **kwargs)

    def load_data_list(self):
        return [dict(sample_id=f'video-{index}', label=index % 3) for index in range(self.size)]

    def __getitem__(self, index):
        item = self.get_data_info(int(index))
        key = index.seed_key if isinstance(index, SeededIndex) else (0, 0, int(index))
        noise = np.random.default_rng(np.random.SeedSequence(key)).normal(size=8)
        inputs = torch.tensor(noise + int(index), dtype=torch.float32)
        if int(index) in self.broken:
            inputs[0] = float('nan')
        sample = EgoExoDataSample(metainfo=dict(sample_id=item['sample_id'], label=item['label'], subset='ego_val'))
        return dict(inputs=inputs, data_samples=sample)


@MODELS.register_module(force=True)
class ToyModel(BaseModel):
    def __init__(self, hidden=6, batch_norm=False, dropout=0.5, data_preprocessor=None, init_cfg=None):
        super().__init__(data_preprocessor=data_preprocessor, init_cfg=init_cfg)
        self.first = torch.nn.Linear(8, hidden)
        self.norm = torch.nn.BatchNorm1d(hidden) if batch_norm else torch.nn.Identity()
        self.drop = torch.nn.Dropout(dropout)
        self.last = torch.nn.Linear(hidden, 3)
        self.seen_dtype = None

    def forward(self, inputs, data_samples=None, mode='tensor'):
        inputs = torch.stack(inputs)
        scores = self.last(self.drop(torch.tanh(self.norm(self.first(inputs / 16)))))
        self.seen_dtype = scores.dtype
        if mode == 'loss':
            SEEN.append(float(inputs.mean()))
            target = torch.tensor([sample.label for sample in data_samples])
            return {'loss_cls': torch.nn.functional.cross_entropy(scores.float(), target)}
        if mode == 'predict':
            torch.rand(3)  # draws from the global stream, which must not matter
            for sample, row in zip(data_samples, scores, strict=True):
                sample.pred_frame_labels = row.argmax(keepdim=True).repeat(4)
            return data_samples
        return scores


@METRICS.register_module(force=True)
class ToyMetric(BaseMetric):
    default_prefix = 'ego_val'

    def process(self, data_batch, data_samples):
        self.results += [int(sample['pred_frame_labels'][0] == sample['label']) for sample in data_samples]

    def compute_metrics(self, results):
        return {'Avg': 100 * sum(results) / len(results), 'n': len(results)}


class KilledError(BaseException):
    """Stands for the end of the process."""


@HOOKS.register_module(force=True)
class KillHook(Hook):
    """Ends the run at one iteration, before or after everything else in it."""

    priority = 'LOWEST'

    def __init__(self, iteration):
        self.iteration = iteration

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if runner.iter + 1 == self.iteration:
            raise KilledError


def toy_config(work_dir, loop='epoch', workers=0, length=4, **changes):
    """Config of a toy run: 16 samples, batches of 4, validation and checkpoint at each of ``length`` epochs."""
    seeded = 'SeededSampler' if loop == 'epoch' else 'InfiniteSeededSampler'
    evaluation = dict(batch_size=4, num_workers=0, dataset=dict(type='ToyDataset', size=6, test_mode=True),
                      sampler=dict(type='DefaultSampler', shuffle=False))
    runtime = Config.fromfile(REPO / 'configs' / '_base_' / 'default_runtime.py').to_dict()
    by_epoch = loop == 'epoch'
    runtime['default_hooks']['checkpoint'].update(
        interval=1 if by_epoch else 4, by_epoch=by_epoch, save_best='ego_val/Avg', rule='greater')
    runtime['log_processor']['by_epoch'] = by_epoch
    runtime['env_cfg']['dist_cfg']['timeout'] = 60
    cfg = dict(
        runtime, work_dir=str(work_dir), log_level='ERROR', randomness=dict(seed=7),
        model=dict(type='ToyModel', hidden=6, dropout=0.5),
        train_dataloader=dict(batch_size=4, num_workers=workers, dataset=dict(type='ToyDataset'),
                              sampler=dict(type=seeded, shuffle=True)),
        val_dataloader=evaluation, test_dataloader=copy.deepcopy(evaluation),
        train_cfg=dict(type='SeededEpochLoop', max_epochs=length, val_interval=1) if by_epoch else
        dict(type='SeededIterLoop', max_iters=4 * length, val_interval=4),
        val_cfg=dict(type='ValLoop'), test_cfg=dict(type='TestLoop'),
        val_evaluator=dict(type='ToyMetric'), test_evaluator=dict(type='ToyMetric'),
        optim_wrapper=dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=0.02)),
        param_scheduler=[dict(type='CosineAnnealingLR', by_epoch=by_epoch, T_max=length if by_epoch else 4 * length)])
    cfg = Config(cfg)
    cfg.merge_from_dict(changes)
    return cfg


def toy_train(cfg, kill_at=None, resume=False):
    """Train in this process; returns the runner, killed or finished."""
    compat.apply()
    cfg = copy.deepcopy(cfg)
    if kill_at is not None:
        cfg.custom_hooks = [*cfg.get('custom_hooks', []), dict(type='KillHook', iteration=kill_at)]
    if resume:
        cfg.load_from = find_resumable_checkpoint(cfg.work_dir)
        cfg.resume = cfg.load_from is not None
    cfg.experiment_name = f'toy-{np.random.SeedSequence().entropy}'
    SEEN.clear()
    runner = Runner.from_cfg(cfg)
    with contextlib.suppress(KilledError):
        runner.train()
    return runner


def weights_hash(runner):
    digest = hashlib.sha1()
    for name, tensor in sorted(runner.model.state_dict().items()):
        digest.update(name.encode() + tensor.numpy().tobytes())
    return digest.hexdigest()


def write_toy_config(folder, name='toy', **options):
    """The toy config as a file that the command line tools can read."""
    path = folder / f'{name}.py'
    cfg = toy_config(folder / 'work', **options)
    cfg.custom_imports = dict(imports=['toy_run'])
    cfg.log_level = 'INFO'
    cfg.dump(path)
    return path
