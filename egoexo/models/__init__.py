from egoexo.models import adaptation, backbones, data_preprocessors, heads, losses, segmentation

__all__ = ['adaptation', 'backbones', 'data_preprocessors', 'heads', 'losses', 'segmentation']
