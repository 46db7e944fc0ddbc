from egoexo.models.heads.classifier_output import ClassifierOutput
from egoexo.models.heads.frame_head import FrameHead
from egoexo.models.heads.linear_head import LinearHead
from egoexo.models.heads.mlp_head import MLPHead

__all__ = ['ClassifierOutput', 'FrameHead', 'LinearHead', 'MLPHead']
