"""Training of models that count instead of learning by gradients."""

import torch
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from egoexo.engine.loops.seeded_epoch_loop import SeededEpochLoop
from egoexo.errors import ConfigError, explain
from egoexo.registry import LOOPS

__all__ = ['CountingLoop']


@LOOPS.register_module()
class CountingLoop(SeededEpochLoop):
    """One pass over the training data, shown to a model with ``observe`` and ``finish``, then one validation.

    Every process shows its part of the data; ``finish`` brings the parts together before the checkpoint is written.
    The optimizer that MMEngine demands is never stepped. A pass that was cut off begins again, which costs seconds; a
    finished one is not repeated.

    Args:
        runner (Runner): The runner.
        dataloader (DataLoader | dict): Train loader.
        **kwargs: Arguments of :class:`SeededEpochLoop`, except ``max_epochs``.

    Raises:
        ConfigError: If the model does not count.
    """

    def __init__(self, runner: Runner, dataloader: DataLoader | dict, **kwargs: object) -> None:
        super().__init__(runner, dataloader, max_epochs=1, **kwargs)
        model = self._model
        if not (hasattr(model, 'observe') and hasattr(model, 'finish')):
            raise ConfigError(explain(
                'train_cfg.type=CountingLoop', 'a model that counts, such as MarkovPlanner', type(model).__name__,
                'Take SeededEpochLoop for models that learn by gradients.'))

    @property
    def _model(self) -> torch.nn.Module:
        return self.runner.model.module if is_model_wrapper(self.runner.model) else self.runner.model

    def run_epoch(self) -> None:
        """Show all data to the model and let it count, whether or not some had been shown before."""
        self._iter = 0
        self.runner.call_hook('before_train_epoch')
        for idx, data_batch in enumerate(self.dataloader):
            self.runner.call_hook('before_train_iter', batch_idx=idx, data_batch=data_batch)
            outputs = dict(videos=float(self._model.observe(data_batch['data_samples'])))
            self.runner.call_hook('after_train_iter', batch_idx=idx, data_batch=data_batch, outputs=outputs)
            self._iter += 1
        self.runner.logger.info(f'counted {self._model.finish()} videos')
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1
