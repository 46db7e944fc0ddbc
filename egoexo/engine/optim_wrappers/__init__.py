"""Optimizer wrappers that MMEngine lacks."""

from egoexo.engine.optim_wrappers.autocast_optim_wrapper import AutocastOptimWrapper
from egoexo.engine.optim_wrappers.merged_groups_constructor import MergedGroupsConstructor
from egoexo.engine.optim_wrappers.short_convolutions import ShortConvolutions

__all__ = ['AutocastOptimWrapper', 'MergedGroupsConstructor', 'ShortConvolutions']
