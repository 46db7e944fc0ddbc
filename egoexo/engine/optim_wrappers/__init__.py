"""Optimizer wrappers that MMEngine lacks."""

from egoexo.engine.optim_wrappers.autocast_optim_wrapper import AutocastOptimWrapper

__all__ = ['AutocastOptimWrapper']
