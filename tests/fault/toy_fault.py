"""The toy run of the fault tests: every part that can go wrong in one config."""

from mmengine.config import Config
from toy_run import ToyMetric, ToyModel, toy_config

from egoexo.registry import METRICS, MODELS

VARIANTS = {
    'plain': {},
    'ema': {'custom_hooks': [dict(type='EMAHook', momentum=0.1)]},
    'accumulation': {'optim_wrapper.accumulative_counts': 2},
    'amp': {'optim_wrapper.type': 'AutocastOptimWrapper'},
}
LENGTH = 3  # epochs
PER_EPOCH = 4  # iterations


@MODELS.register_module(force=True)
class FaultModel(ToyModel):
    """Tells the metric how sure it is, so that the best score hangs on every bit of the weights."""

    def forward(self, inputs, data_samples=None, mode='tensor'):
        result = super().forward(inputs, data_samples, mode)
        if mode == 'predict':
            for sample, row in zip(result, super().forward(inputs), strict=True):
                sample.set_metainfo(dict(confidence=float(row.float().softmax(0).max())))
        return result


@METRICS.register_module(force=True)
class FaultMetric(ToyMetric):
    def process(self, data_batch, data_samples):
        self.results += [sample['confidence'] for sample in data_samples]

    def compute_metrics(self, results):
        # The digits behind the first three: no trend, so the best epoch may be any.
        return {'Avg': 1000 * sum(sorted(results)) / len(results) % 1, 'n': len(results)}


def fault_config(work_dir, loop='epoch', workers=0, variant='plain', procs=1, length=LENGTH, **changes) -> Config:
    """3 epochs of 4 iterations (16 samples), a validation of 2 batches and a checkpoint after each."""
    return toy_config(work_dir, loop=loop, workers=workers, length=length, **{
        'model.type': 'FaultModel', 'val_evaluator.type': 'FaultMetric', 'test_evaluator.type': 'FaultMetric',
        'train_dataloader.batch_size': 4 // procs, 'val_dataloader.batch_size': 4 // procs,
        'env_cfg.dist_cfg.timeout': 30, 'log_level': 'INFO', 'default_hooks.logger.interval': 1,
        **VARIANTS[variant], **changes})
