"""Anticipation protocols: pinned hashes, where the truth comes from, what is left out."""

import dataclasses

import pytest

from egoexo.errors import ConfigError
from egoexo.evaluation.protocols.anticipation import PROTOCOLS, TRUTHS, get_protocols

#: A changed hash means that numbers under this name are no longer comparable with older ones: say so in CHANGELOG.
HASHES = {
    'clean': '49ac93ce2d5b',
    'stripped': 'c788681eff27',
    'as_released': 'e1aa0670b7a5',
    'no_invalid': '5157879f2b9e',
}


@pytest.mark.parametrize('name', PROTOCOLS)
def test_hash_is_pinned(name: str) -> None:
    assert PROTOCOLS[name].hash == HASHES[name]


def test_every_protocol_says_where_its_truth_comes_from() -> None:
    assert {protocol.truth for protocol in PROTOCOLS.values()} == set(TRUTHS)
    assert all(name == protocol.name and protocol.description for name, protocol in PROTOCOLS.items())
    for name in ('clean', 'stripped', 'as_released'):  # nobody knows which lists the paper scored
        assert any('not known' in text for text in PROTOCOLS[name].comparable_with)


def test_rows_without_context() -> None:
    assert PROTOCOLS['clean'].scores('ego_val', 'a', valid=False)
    assert not PROTOCOLS['no_invalid'].scores('ego_val', 'a', valid=False)
    assert PROTOCOLS['no_invalid'].scores('ego_val', 'a')


def test_another_set_size_is_another_protocol() -> None:
    clean = PROTOCOLS['clean']
    assert clean.with_k(5).hash == clean.hash != clean.with_k(1).hash
    assert dataclasses.replace(clean, name='mine', description='').hash == clean.hash
    with pytest.raises(ConfigError, match='k must be a whole number of at least 1, got 0'):
        clean.with_k(0)


@pytest.mark.parametrize(('names', 'text'), [(('cleann',), "'cleann'"), ((), r'\(none given\)')])
def test_unknown_names(names: tuple[str, ...], text: str) -> None:
    with pytest.raises(ConfigError, match=f"unknown anticipation protocol {text}; known: clean, .*, or 'all'"):
        get_protocols(names)


def test_all_and_duplicates() -> None:
    assert [protocol.name for protocol in get_protocols('all')] == list(PROTOCOLS)
    assert [protocol.name for protocol in get_protocols(['stripped', 'clean', 'stripped'])] == ['stripped', 'clean']
