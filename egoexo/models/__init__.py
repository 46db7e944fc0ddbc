from egoexo.models import (
    adaptation,
    backbones,
    clip,
    data_preprocessors,
    extractors,
    heads,
    losses,
    planning,
    segmentation,
    transfer,
)

__all__ = ['adaptation', 'backbones', 'clip', 'data_preprocessors', 'extractors', 'heads', 'losses', 'planning',
           'segmentation', 'transfer']
