from egoexo.models.clip.average_pool import AveragePool
from egoexo.models.clip.clip_domain_heads import ClipDomainHeads
from egoexo.models.clip.clip_head import ClipHead
from egoexo.models.clip.clip_model import PLACES, ClipModel, ClipOutputs
from egoexo.models.clip.frame_embedding import FrameEmbedding, draw_released_weights
from egoexo.models.clip.general_attention import GeneralAttention
from egoexo.models.clip.recurrent import Recurrent
from egoexo.models.clip.released_layers import ReleasedLayers
from egoexo.models.clip.temporal_relation import TemporalRelation, relation_frames

__all__ = [
    'PLACES',
    'AveragePool',
    'ClipDomainHeads',
    'ClipHead',
    'ClipModel',
    'ClipOutputs',
    'FrameEmbedding',
    'GeneralAttention',
    'Recurrent',
    'ReleasedLayers',
    'TemporalRelation',
    'draw_released_weights',
    'relation_frames',
]
