import pytest
import torch

from egoexo.checkpoints.segmentation import from_official, official_key, our_key, to_official
from egoexo.registry import MODELS


@pytest.mark.parametrize('prefix', ['', 'module.'])
def test_round_trip_keeps_keys_order_and_values(layout, make, prefix):
    official = make(layout)
    ours = from_official(make(layout, prefix))
    assert all(our_key(key) in ours and official_key(our_key(key)) == key for key in official)
    back = to_official({prefix + key: value for key, value in ours.items()})
    assert list(back) == list(official)
    assert all(torch.equal(back[key], official[key]) for key in official)


def test_loads_strictly(layout, make):
    head = dict(type='FrameHead', num_classes=layout.num_classes, loss=[dict(type='StageCrossEntropy')])
    model = MODELS.build(dict(type='Segmentor', head=head, **layout.model_config()))
    official = make(layout)
    model.load_state_dict(from_official(official), strict=True)
    assert torch.equal(model.backbone.stages[0].embed.weight, official['stage1.conv_1x1.weight'])
    assert list(to_official(model.state_dict())) == list(official)


@pytest.mark.parametrize(('official_name', 'ours'), [
    ('stage1.conv_1x1.weight', 'backbone.stages.0.embed.weight'),
    ('stages.2.layers.9.conv_dilated.bias', 'backbone.stages.3.layers.9.conv_dilated.bias'),
    ('stages.0.conv_out_2.bias', 'backbone.stages.1.classifiers.1.bias'),
    ('ad_net_base.3.fc1.weight', 'adaptation.frame_discriminator.bases.3.weight'),
    ('ad_net_video_base.0.fc_pair.bias', 'adaptation.video_discriminator.fc_pair.bias'),
    ('video_order_cls.weight', 'adaptation.order_head.classifier.weight'),
    ('centroids.1.centroid_t', 'adaptation.centroids.1.target'),
])
def test_names(official_name, ours):
    assert our_key(official_name) == ours
    assert official_key(ours) == official_name


@pytest.mark.parametrize('foreign', ['stage1', 'stage1.conv_2x2.weight', 'xstage1.conv_1x1.weight',
                                     'ad_net_cls.0.weight.more', 'optimizer', 'stages.x.conv_1x1.bias'])
def test_unknown_names(foreign):
    assert our_key(foreign) is None
    assert official_key(foreign) is None


def test_required_sizes(official):
    from_official(official, dict(num_classes=4, channels=8))
    with pytest.raises(ValueError, match=r'wrong shape \(\d+\): stage1\.conv_out\.weight \(4, 8, 1\) instead of \(28,'):
        from_official(official, dict(num_classes=28))


def test_model_without_domain_heads_cannot_become_official(official):
    ours = {key: value for key, value in from_official(official).items() if key.startswith('backbone.')}
    with pytest.raises(ValueError, match=r'missing \(4\): ad_net_base\.0\.fc1\.weight'):
        to_official(ours)


@pytest.mark.parametrize(('change', 'message'), [
    (lambda state: state.update(epoch=3), 'expected a state dict of tensors only, found epoch'),
    (lambda state: state.clear(), 'found an empty one'),
    (lambda state: state.update({'module.stage1.conv_1x1.bias': torch.zeros(8)}), 'with and without the prefix module'),
    (lambda state: state.update({'head.weight': torch.zeros(8)}), r'unexpected \(1\): head\.weight'),
])
def test_foreign_content_is_refused(official, change, message):
    change(official)
    with pytest.raises(ValueError, match=message):
        from_official(official)


def test_our_names_with_a_stranger_among_them(official):
    ours = from_official(official) | {'neck.weight': torch.zeros(2)}
    with pytest.raises(ValueError, match=r'unexpected \(1\): neck\.weight \(no name of ours\)'):
        to_official(ours)


def test_official_names_do_not_pass_for_ours(official):
    with pytest.raises(ValueError, match=r'found keys like stage1\.conv_1x1\.weight \(no name of ours\)'):
        to_official(official)
