"""Transfer protocols: pinned hashes and what they do with absent classes."""

import pytest

from egoexo.errors import ConfigError
from egoexo.evaluation.functional.transfer import ABSENT, TOP_K
from egoexo.evaluation.protocols.transfer import PROTOCOLS, get_protocols

#: A changed hash means that numbers under this name are no longer comparable with older ones: say so in CHANGELOG.
HASHES = {
    'official': 'bc92d4bd948e',
    'ignore_absent': '38cc868c935a',
    'legacy_numclass0': 'de3cfcaa6d8a',
}


@pytest.mark.parametrize('name', PROTOCOLS)
def test_hash_is_pinned(name: str) -> None:
    assert PROTOCOLS[name].hash == HASHES[name]
    assert PROTOCOLS[name].name == name and PROTOCOLS[name].description


def test_the_rules_are_those_of_the_formulas() -> None:
    assert tuple(protocol.absent for protocol in PROTOCOLS.values()) == ABSENT
    assert {protocol.top_k for protocol in PROTOCOLS.values()} == {TOP_K}
    assert all(protocol.scores('ego_val', 'take') for protocol in PROTOCOLS.values())


def test_unknown_name() -> None:
    with pytest.raises(ConfigError, match="unknown transfer protocol 'x'; known: official, "):
        get_protocols('x')
