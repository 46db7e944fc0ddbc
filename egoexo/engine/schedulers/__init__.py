"""Learning-rate rules that MMEngine lacks."""

from egoexo.engine.schedulers.dann_lr import DannLR
from egoexo.engine.schedulers.inv_lr import InvLR

__all__ = ['DannLR', 'InvLR']
