import pytest
import torch

from egoexo.checkpoints.anticipation import (
    UNUSED,
    from_official,
    official_container,
    official_key,
    our_key,
    planning_from_official,
    planning_to_official,
    to_official,
)
from egoexo.checkpoints.anticipation_layout import AnticipationLayout, PlanningLayout, official_shapes
from egoexo.registry import MODELS

SMALL = dict(in_channels=6, channels=8, num_classes=4, num_segments=3, relation_channels=10)


@pytest.mark.parametrize('prefix', ['', 'module.'])
def test_round_trip_keeps_keys_order_and_values(clip_layout, make_clip, prefix):
    official = make_clip(clip_layout)
    ours = from_official(make_clip(clip_layout, prefix))
    assert all(our_key(key) in ours and official_key(our_key(key)) == key for key in official)
    back = to_official({prefix + key: value for key, value in ours.items()})
    assert list(back) == list(official)
    assert all(torch.equal(back[key], official[key]) for key in official)


def test_loads_strictly(clip_layout, make_clip):
    parts = clip_layout.model_config()
    model = MODELS.build(dict(type='ClipModel', **(parts | dict(head=parts['head'] | dict(loss=[])))))
    official = make_clip(clip_layout)
    model.load_state_dict(from_official(official), strict=True)
    assert list(to_official(model.state_dict())) == list(official)


def test_planning(make_clip):
    official = make_clip(PlanningLayout(**(SMALL | dict(num_classes=5))))
    ours = planning_from_official(official, dict(num_classes=5))
    assert ours['head.classifiers.0.weight'].shape == (40, 10)
    assert list(planning_to_official(ours)) == list(official)
    with pytest.raises(ValueError, match='num_classes=27, horizon=8'):
        planning_from_official(official, dict(num_classes=27))


@pytest.mark.parametrize(('official_name', 'ours'), [
    ('fc_feature_shared_source.weight', 'embedding.layers.0.weight'),
    ('fc_feature_shared_3_target.bias', 'embedding.target_layers.2.bias'),
    ('bn_shared_T.num_batches_tracked', 'embedding.norm.target.num_batches_tracked'),
    ('TRN.fc_fusion_scales.2.1.bias', 'encoder.fusions.2.bias'),
    ('rnn.weight_hh_l1_reverse', 'encoder.rnn.weight_hh_l1_reverse'),
    ('attn_layer.2.weight', 'general_attention.score.weight'),
    ('relation_domain_classifier_all.3.2.weight', 'adaptation.relation_discriminators.3.classifier.weight'),
    ('fc_feature_domain.weight', 'adaptation.frame_discriminator.fc.weight'),
    ('fc_classifier_domain_video.bias', 'adaptation.video_discriminator.classifier.bias'),
    ('fc_classifier_video_source_2.weight', 'head.classifiers.1.weight'),
    ('fc_classifier_target.weight', 'head.target_frame_classifier.weight'),
    ('fc_feature_source.weight', 'released.fc_feature_source.weight'),
    ('bn_trn_S.running_mean', 'released.bn_trn_S.running_mean'),
    ('alpha', 'released.alpha'),
])
def test_names(official_name, ours):
    assert our_key(official_name) == ours
    assert official_key(ours) == official_name


@pytest.mark.parametrize('foreign', ['TRN', 'TRN.classifier.1.weight', 'fc_feature_domain', 'alpha.weight', 'optimizer',
                                     'fc_feature_shared_4_source.weight', 'xrnn.weight_ih_l0', 'released.x.weight'])
def test_unknown_names(foreign):
    assert our_key(foreign) is None
    assert official_key(foreign) is None


def test_every_unused_layer_occurs_in_some_layout(clip_layouts):
    keys = {key.rsplit('.', 1)[0] for layout in clip_layouts.values() for key in official_shapes(layout)}
    assert set(UNUSED) <= keys


def test_required_sizes(make_clip):
    official = make_clip(AnticipationLayout(**SMALL))
    from_official(official, dict(num_classes=4))
    with pytest.raises(ValueError, match=r'shape \(4\): fc_classifier_source\.weight \(4, 8\) instead of \(31, 8\)'):
        from_official(official, dict(num_classes=31))


def test_model_without_released_layers_cannot_become_official(make_clip):
    ours = {key: value for key, value in from_official(make_clip(AnticipationLayout())).items()
            if not key.startswith('released.')}
    with pytest.raises(ValueError, match=r'missing \(16\): fc_feature_source\.weight'):
        to_official(ours)


def test_our_names_with_a_stranger_among_them(make_clip):
    ours = from_official(make_clip(AnticipationLayout())) | {'neck.weight': torch.zeros(2)}
    with pytest.raises(ValueError, match=r'unexpected \(1\): neck\.weight \(no name of ours\)'):
        to_official(ours)


def test_container_is_what_the_official_scripts_read():
    content = official_container({'a.b': torch.zeros(1)})
    assert list(content['state_dict']) == ['module.a.b']
    assert set(content) == {'epoch', 'arch', 'state_dict', 'optimizer', 'best_prec1', 'prec1'}
