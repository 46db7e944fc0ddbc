from egoexo.models import (
    adaptation,
    backbones,
    clip,
    correspondence,
    data_preprocessors,
    extractors,
    heads,
    losses,
    planning,
    recognition,
    segmentation,
    transfer,
)

__all__ = ['adaptation', 'backbones', 'clip', 'correspondence', 'data_preprocessors', 'extractors', 'heads', 'losses',
           'planning', 'recognition', 'segmentation', 'transfer']
