from egoexo.models.backbones.mstcn import MultiStageTCN, StageOutput

__all__ = ['MultiStageTCN', 'StageOutput']
