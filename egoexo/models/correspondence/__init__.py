from egoexo.models.correspondence.attention_layer import AttentionLayer
from egoexo.models.correspondence.cross_view_encoder import CrossViewEncoder
from egoexo.models.correspondence.mask_decoder import MaskDecoder
from egoexo.models.correspondence.sine_encoding import sine_encoding
from egoexo.models.correspondence.visibility_head import VisibilityHead
from egoexo.models.correspondence.xsegtx import XSegTx

__all__ = ['AttentionLayer', 'CrossViewEncoder', 'MaskDecoder', 'VisibilityHead', 'XSegTx', 'sine_encoding']
