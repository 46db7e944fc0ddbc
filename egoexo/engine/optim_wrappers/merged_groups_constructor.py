"""Parameter groups by rule, one per rule instead of one per tensor."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from mmengine.logging import MMLogger, print_log
from mmengine.optim import DefaultOptimWrapperConstructor
from torch import nn

from egoexo.registry import OPTIM_WRAPPER_CONSTRUCTORS

__all__ = ['MergedGroupsConstructor']


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class MergedGroupsConstructor(DefaultOptimWrapperConstructor):
    """MMEngine's ``paramwise_cfg``, with all tensors of equal settings in one group.

    MMEngine makes a group of every tensor, and the optimizer takes one group after the other: 640 small steps for
    SlowFast R101 instead of two large ones. The result is the same to the last bit. A line per group is logged instead
    of one per tensor.

    Args:
        optim_wrapper_cfg (dict): As for MMEngine's own constructor.
        paramwise_cfg (dict, optional): As for MMEngine's own constructor.

    Examples:
        >>> config = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.1, weight_decay=1e-4))
        >>> construct = MergedGroupsConstructor(config, paramwise_cfg=dict(norm_decay_mult=0.0))
        >>> wrapper = construct(nn.Sequential(nn.Conv1d(1, 1, 1), nn.BatchNorm1d(1), nn.Linear(1, 1)))
        >>> [(len(group['params']), group['weight_decay']) for group in wrapper.optimizer.param_groups]
        [(4, 0.0001), (2, 0.0)]
    """

    def add_params(self, params: list[dict], module: nn.Module, prefix: str = '',
                   is_dcn_module: int | float | None = None) -> None:
        """Add the groups of a module.

        Args:
            params (list[dict]): Groups so far; those of the whole model are added when it is done.
            module (nn.Module): The model, or one of its parts.
            prefix (str): Name of the part; empty for the model.
            is_dcn_module (int | float, optional): As for MMEngine's own constructor.
        """
        if prefix:
            super().add_params(params, module, prefix, is_dcn_module)
            return
        single: list[dict] = []
        with _no_line_per_tensor():
            super().add_params(single, module, prefix, is_dcn_module)
        merged: dict[tuple, list] = {}
        for group in single:
            settings = tuple(sorted((key, value) for key, value in group.items() if key != 'params'))
            merged.setdefault(settings, []).extend(group['params'])
        for settings, tensors in merged.items():
            text = ', '.join(f'{key}={value:g}' for key, value in settings) or 'as the optimizer says'
            print_log(f'{len(tensors)} tensors, {sum(tensor.numel() for tensor in tensors):,} parameters: {text}',
                      'current')
            params.append(dict(settings) | dict(params=tensors))


@contextmanager
def _no_line_per_tensor() -> Iterator[None]:
    """Keep MMEngine's line about each tensor out of the log."""
    logger = MMLogger.get_current_instance()

    def keep(record: logging.LogRecord) -> bool:
        return not record.getMessage().startswith('paramwise_options')

    logger.addFilter(keep)
    try:
        yield
    finally:
        logger.removeFilter(keep)
