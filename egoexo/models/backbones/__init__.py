from egoexo.models.backbones.asformer import ASFormer
from egoexo.models.backbones.mstcn import MultiStageTCN, StageOutput

__all__ = ['ASFormer', 'MultiStageTCN', 'StageOutput']
