import pytest
from mmengine.registry import MODELS as MMENGINE_MODELS
from mmengine.registry import DefaultScope

from egoexo import compat, registry
from egoexo.errors import ConfigError
from egoexo.registry import MODELS, TRANSFORMS, Registry, nearest_names


@pytest.mark.parametrize(('name', 'text'), [
    ('MultiStageTNC', 'Did you mean MultiStageTCN'),
    ('mmaction.ResNet3DSlowFast', 'mmaction.ResNet3dSlowFast'),
    ('Zzzzzzzzqqq', 'Nothing similar is registered'),
])
def test_unknown_type_names_the_nearest(name: str, text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        MODELS.build(dict(type=name))


def test_same_message_when_mmengine_builds_from_its_root() -> None:
    with (DefaultScope.overwrite_default_scope('egoexo'),
          pytest.raises(KeyError, match="type='MultiStageTNC' is not a registered model")):
        MMENGINE_MODELS.build(dict(type='MultiStageTNC'))


def test_membership_does_not_raise() -> None:
    assert 'MultiStageTCN' in MODELS
    assert 'MultiStageTNC' not in MODELS
    assert 'PackInputs' in TRANSFORMS


def test_nearest_names_carry_foreign_scopes() -> None:
    assert MODELS.get('mmaction.ResNet3d') is not None
    assert nearest_names('ResNet3dd', MODELS)[0] == 'mmaction.ResNet3d'


def test_gaps_are_bridged_before_the_first_import(monkeypatch: pytest.MonkeyPatch) -> None:
    order = []
    monkeypatch.setattr(compat, 'apply', lambda: order.append('compat'))
    monkeypatch.setattr('mmengine.registry.registry.import_module', lambda name: order.append(name))
    lazy = Registry('model', scope='lazy', locations=['somewhere'])
    lazy.import_from_location()
    assert order == ['compat', 'somewhere']


@pytest.mark.parametrize('name', [name for name in registry.__all__ if name.isupper()])
def test_every_registry_is_a_child_of_its_root(name: str) -> None:
    child = getattr(registry, name)
    assert child.scope == 'egoexo'
    assert child.parent.scope == 'mmengine'
    assert child.parent.children['egoexo'] is child
