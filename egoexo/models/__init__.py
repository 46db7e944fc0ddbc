from egoexo.models import adaptation, backbones, data_preprocessors, extractors, heads, losses, segmentation

__all__ = ['adaptation', 'backbones', 'data_preprocessors', 'extractors', 'heads', 'losses', 'segmentation']
