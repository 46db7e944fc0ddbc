from egoexo.models.backbones.asformer import ASFormer
from egoexo.models.backbones.conv_stem import ConvStem
from egoexo.models.backbones.hf_image_encoder import HFImageEncoder
from egoexo.models.backbones.mstcn import MultiStageTCN, StageOutput
from egoexo.models.backbones.pooled_encoder import PooledEncoder
from egoexo.models.backbones.slowfast import SlowFast
from egoexo.models.backbones.timesformer import TimeSformer

__all__ = ['ASFormer', 'ConvStem', 'HFImageEncoder', 'MultiStageTCN', 'PooledEncoder', 'SlowFast', 'StageOutput',
           'TimeSformer']
