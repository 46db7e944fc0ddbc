"""Protocols of correspondence: pinned hashes, rules that the formulas know, words on what may be compared."""

import pytest

from egoexo.errors import ConfigError
from egoexo.evaluation.functional.correspondence_boundary import BOUND_TH
from egoexo.evaluation.functional.correspondence_items import CONFIDENCE
from egoexo.evaluation.protocols.correspondence import PROTOCOLS, get_protocols

#: A changed hash means that numbers under this name are no longer comparable with older ones: say so in CHANGELOG.
HASHES = {
    'official': '9e96e1c6545e',
    'official_nearest': 'b77697a1f2ea',
    'pred_size': '83da9a557704',
    'both_annotated': 'b0db5ffcf93d',
    'every_20th': 'ec4cf00c8c39',
    'square_stretch': 'eb1d07aa36bd',
    'registered': 'e4d640ae6b26',
}
VALUES = dict(frames={'annotated', 'both', 'masks'}, size={'target', 'prediction', 'square'},
              resize_pred={'error', 'nearest'}, missing={'error'}, location={'480', 'diagonal'},
              contour={'plain', 'registered'}, visible={'confidence', 'pixels'}, order={'official', 'sorted'},
              every={1, 20}, longest={480}, confidence={CONFIDENCE}, bound_th={BOUND_TH})


@pytest.mark.parametrize('name', PROTOCOLS)
def test_hash_is_pinned(name: str) -> None:
    assert PROTOCOLS[name].hash == HASHES[name]
    assert PROTOCOLS[name].name == name and PROTOCOLS[name].description


def test_rules_are_those_of_the_formulas() -> None:
    assert set(HASHES) == set(PROTOCOLS) and len(set(HASHES.values())) == len(HASHES)
    for rule, values in VALUES.items():
        assert {protocol.rules[rule] for protocol in PROTOCOLS.values()} == values
    assert set(PROTOCOLS['official'].rules) == set(VALUES)


def test_a_changed_rule_changes_the_hash() -> None:
    changed, = get_protocols('official', missing='empty')
    assert changed.name == 'official' and changed.missing == 'empty' and changed.hash != HASHES['official']
    assert get_protocols('official', resize_pred='nearest')[0].hash == HASHES['official_nearest']


def test_numbers_on_val_are_not_those_of_the_tables() -> None:
    assert any('not with numbers on val' in numbers for numbers in PROTOCOLS['official'].comparable_with)


def test_unknown_name() -> None:
    with pytest.raises(ConfigError, match="unknown correspondence protocol 'x'; known: official, official_nearest, "):
        get_protocols(['official', 'x'])
