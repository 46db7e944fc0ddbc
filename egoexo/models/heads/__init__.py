from egoexo.models.heads.frame_head import FrameHead

__all__ = ['FrameHead']
