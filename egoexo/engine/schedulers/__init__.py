"""Learning-rate rules that MMEngine lacks."""

from egoexo.engine.schedulers.dann_lr import DannLR

__all__ = ['DannLR']
