"""Official-looking state dicts of every variant the layout knows."""

from collections import OrderedDict

import pytest
import torch

from egoexo.checkpoints import anticipation_layout
from egoexo.checkpoints.anticipation_layout import AnticipationLayout
from egoexo.checkpoints.segmentation_layout import SegmentationLayout, official_shapes

SMALL = dict(in_channels=6, num_classes=4, num_stages=3, num_layers=2, channels=8)
#: Options that change the tensors, alone and together.
LAYOUTS = {
    'source only': SegmentationLayout(**SMALL),
    'one stage': SegmentationLayout(**(SMALL | dict(num_stages=1))),
    'ensemble': SegmentationLayout(**SMALL, num_classifiers=2),
    'class heads': SegmentationLayout(**SMALL, num_heads=4),
    'class heads and bases': SegmentationLayout(**SMALL, num_heads=4, num_bases=4, video='rev_grad'),
    'order of domains': SegmentationLayout(**SMALL, video='rev_grad_ssl', num_segments=2),
    'order by all pairs': SegmentationLayout(**SMALL, video='rev_grad_ssl_2', num_segments=2),
    'order by neighbours': SegmentationLayout(**SMALL, video='rev_grad_ssl_2', num_segments=3, pairs='adjacent'),
    'clip order': SegmentationLayout(**SMALL, order=True, num_segments=3),
    'centroids': SegmentationLayout(**SMALL, centroids=True),
}
CLIP = dict(in_channels=6, channels=8, num_classes=4, num_segments=3, relation_channels=10)
#: The same for clip networks.
CLIP_LAYOUTS = {
    'released': AnticipationLayout(),
    'two frames': AnticipationLayout(**(CLIP | dict(num_segments=2))),
    'three layers': AnticipationLayout(**CLIP, num_layers=3),
    'ensemble': AnticipationLayout(**CLIP, num_classifiers=2),
    'AdaBN': AnticipationLayout(**CLIP, norm='AdaBN'),
    'AutoDIAL': AnticipationLayout(**CLIP, norm='AutoDIAL', num_layers=2),
    'own target layers': AnticipationLayout(**CLIP, shared=False, num_layers=2),
    'general attention': AnticipationLayout(**CLIP, general_attention=True, norm='AdaBN'),
    'average': AnticipationLayout(in_channels=6, channels=8, num_classes=4, encoder='avgpool'),
    'LSTM': AnticipationLayout(in_channels=6, channels=8, num_classes=4, encoder='rnn'),
    'GRU, two layers and directions': AnticipationLayout(
        in_channels=6, channels=8, num_classes=4, encoder='rnn', cell='GRU', recurrent_layers=2, directions=2),
}


def make_official(layout: SegmentationLayout, prefix: str = '') -> 'OrderedDict[str, torch.Tensor]':
    generator = torch.Generator().manual_seed(0)
    return OrderedDict((prefix + key, torch.randn(shape, generator=generator))
                       for key, shape in official_shapes(layout).items())


@pytest.fixture(params=list(LAYOUTS))
def layout(request: pytest.FixtureRequest) -> SegmentationLayout:
    return LAYOUTS[request.param]


@pytest.fixture()
def official() -> 'OrderedDict[str, torch.Tensor]':
    return make_official(LAYOUTS['source only'])


@pytest.fixture()
def make() -> object:
    return make_official


def make_official_clip(layout: AnticipationLayout, prefix: str = '') -> 'OrderedDict[str, torch.Tensor]':
    generator = torch.Generator().manual_seed(0)
    return OrderedDict((prefix + key, torch.tensor(3) if key.endswith('num_batches_tracked') else
                        torch.randn(shape, generator=generator))
                       for key, shape in anticipation_layout.official_shapes(layout).items())


@pytest.fixture(params=list(CLIP_LAYOUTS))
def clip_layout(request: pytest.FixtureRequest) -> AnticipationLayout:
    return CLIP_LAYOUTS[request.param]


@pytest.fixture()
def clip_layouts() -> dict[str, AnticipationLayout]:
    return CLIP_LAYOUTS


@pytest.fixture()
def make_clip() -> object:
    return make_official_clip
