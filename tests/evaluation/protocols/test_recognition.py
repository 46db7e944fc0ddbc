"""Recognition protocols: pinned hashes, and that their rules are those of the formulas."""

import pytest

from egoexo.errors import ConfigError
from egoexo.evaluation.functional.recognition import COMBINE, TOP_K, TOP_NOUNS
from egoexo.evaluation.protocols.recognition import PROTOCOLS, get_protocols

#: A changed hash means that numbers under this name are no longer comparable with older ones: say so in CHANGELOG.
HASHES = {
    'official': 'e070bea50aa0',
    'global_softmax': '2f6fca54c97c',
    'probabilities': '2ba529dad36e',
    'meter': '1bd80a0908cc',
}


@pytest.mark.parametrize('name', PROTOCOLS)
def test_hash_is_pinned(name: str) -> None:
    assert PROTOCOLS[name].hash == HASHES[name]
    assert PROTOCOLS[name].name == name and PROTOCOLS[name].description and PROTOCOLS[name].comparable_with


def test_the_rules_are_those_of_the_formulas() -> None:
    assert {protocol.action for protocol in PROTOCOLS.values()} == {*COMBINE, 'released', 'none'}
    assert {protocol.top_k for protocol in PROTOCOLS.values()} == {TOP_K}
    assert {protocol.top_nouns for protocol in PROTOCOLS.values()} == {TOP_NOUNS}
    assert [name for name, protocol in PROTOCOLS.items() if protocol.report == 'meter'] == ['meter']


def test_published_numbers_are_told_apart() -> None:
    assert 'READMEs of Ego-Exo and SUM-L' in PROTOCOLS['meter'].comparable_with[0]
    assert 'challenge' in PROTOCOLS['official'].comparable_with[0]


def test_unknown_name() -> None:
    with pytest.raises(ConfigError, match="unknown recognition protocol 'x'; known: official, global_softmax, "):
        get_protocols('x')
