"""Planning protocols: pinned hashes and what is left out."""

import pytest

from egoexo.errors import ConfigError
from egoexo.evaluation.protocols.planning import PROTOCOLS, get_protocols
from egoexo.evaluation.protocols.segmentation import LEAKED_VIDEO

#: A changed hash means that numbers under this name are no longer comparable with older ones: say so in CHANGELOG.
HASHES = {
    'official': '4a61805eeacd',
    'no_invalid': 'd2511b1142a4',
    'no_overlap': 'ab51e1da40b8',
    'clean': 'f783e6bf9d23',
}


@pytest.mark.parametrize('name', PROTOCOLS)
def test_hash_is_pinned(name: str) -> None:
    assert PROTOCOLS[name].hash == HASHES[name]
    assert PROTOCOLS[name].name == name and PROTOCOLS[name].description


@pytest.mark.parametrize(('name', 'invalid', 'shared'), [
    ('official', True, True), ('no_invalid', False, True), ('no_overlap', True, False), ('clean', False, False)])
def test_what_is_scored(name: str, invalid: bool, shared: bool) -> None:
    protocol = PROTOCOLS[name]
    assert protocol.scores('exo_val', 'a', valid=False) is invalid
    assert protocol.scores('ego_val', LEAKED_VIDEO) is shared
    assert protocol.scores('ego_test', LEAKED_VIDEO)


def test_another_number_of_sequences_is_another_protocol() -> None:
    official = PROTOCOLS['official']
    assert official.with_num_samples(5).hash == official.hash != official.with_num_samples(1).hash
    with pytest.raises(ConfigError, match='num_samples must be a whole number of at least 1, got 0'):
        official.with_num_samples(0)


def test_unknown_name() -> None:
    with pytest.raises(ConfigError, match="unknown planning protocol 'x'; known: official, "):
        get_protocols('x')
