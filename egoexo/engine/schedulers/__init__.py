"""Learning-rate rules that MMEngine lacks."""

from egoexo.engine.schedulers.dann_lr import DannLR
from egoexo.engine.schedulers.inv_lr import InvLR
from egoexo.engine.schedulers.released_warmup_lr import ReleasedWarmupLR
from egoexo.engine.schedulers.warmup_cosine_lr import WarmupCosineLR

__all__ = ['DannLR', 'InvLR', 'ReleasedWarmupLR', 'WarmupCosineLR']
