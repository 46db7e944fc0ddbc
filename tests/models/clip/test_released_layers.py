import pytest

from egoexo.models.clip import ReleasedLayers


@pytest.mark.parametrize(('settings', 'some'), [
    (dict(), 'bn_trn_S'), (dict(recurrent_norm=True, relation_norm=False), 'bn_after_rnn'),
    (dict(domain_norm=True), 'bn_source_video_2_T'), (dict(target=True), 'fc_feature_video_target_2')])
def test_names_are_the_released_ones(settings, some):
    names = dict(ReleasedLayers(5, 8, **settings).named_children())
    assert {'fc_feature_source', 'fc_feature_video_source', 'fc_feature_video_source_2', some} <= set(names)
    assert ('bn_trn_T' in names) == settings.get('relation_norm', True)


def test_never_trained():
    layers = ReleasedLayers(5, 8, alpha=True)
    assert layers.alpha.tolist() == [1.0]
    assert not any(parameter.requires_grad for parameter in layers.parameters())
