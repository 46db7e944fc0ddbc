"""Protocols: hashes that move with the rules alone, lists they score, unknown names."""

import dataclasses

import pytest

from egoexo.errors import ConfigError
from egoexo.evaluation.protocols.segmentation import LEAKED_VIDEO, PROTOCOLS, get_protocols

#: A changed hash means that numbers under this name are no longer comparable with older ones: say so in CHANGELOG.
HASHES = {
    'official': '8e2b3a571728',
    'clean': '8dc357756b51',
    'official_test_bug': 'efe6b69cc07d',
    'fixed_ends': 'ec27866bdbb1',
    'no_background': 'b1a3066783b9',
    'all_frames': '9682f36b581c',
}


@pytest.mark.parametrize('name', PROTOCOLS)
def test_hash_is_pinned(name: str) -> None:
    assert PROTOCOLS[name].hash == HASHES[name]


def test_hash_follows_the_rules_and_not_the_words() -> None:
    official = PROTOCOLS['official']
    renamed = dataclasses.replace(official, name='mine', description='', comparable_with=())
    assert renamed.hash == official.hash
    assert dataclasses.replace(official, ends='exact', name='mine').hash == PROTOCOLS['fixed_ends'].hash
    assert official.with_pad('repeat_last').hash != official.hash
    assert len({protocol.hash for protocol in PROTOCOLS.values()}) == len(PROTOCOLS)


def test_every_protocol_describes_itself() -> None:
    assert all(name == protocol.name and protocol.description for name, protocol in PROTOCOLS.items())
    assert not {'name', 'description', 'comparable_with'} & set(PROTOCOLS['official'].rules)


@pytest.mark.parametrize(('name', 'subset', 'reported'), [
    ('official', 'ego_val', 'ego_val'),
    ('official', 'ego_test', 'ego_test'),
    ('official_test_bug', 'ego_val', 'ego_test'),
    ('official_test_bug', 'ego_gaze_val', 'ego_gaze_test'),
    ('official_test_bug', 'exo_val', 'exo_test'),
    ('official_test_bug', 'ego_test', None),
])
def test_reported_subset(name: str, subset: str, reported: str | None) -> None:
    assert PROTOCOLS[name].reported_subset(subset) == reported
    assert PROTOCOLS[name].scores(subset, LEAKED_VIDEO) == (reported is not None)


def test_clean_drops_the_leaked_video_from_ego_val_only() -> None:
    clean = PROTOCOLS['clean']
    assert not clean.scores('ego_val', LEAKED_VIDEO)
    assert clean.scores('ego_test', LEAKED_VIDEO)
    assert clean.scores('ego_val', 'another')


def test_lookup() -> None:
    assert [protocol.name for protocol in get_protocols('all')] == list(PROTOCOLS)
    assert [protocol.name for protocol in get_protocols(['clean', 'official', 'clean'])] == ['clean', 'official']


@pytest.mark.parametrize(('names', 'message'), [
    (['official', 'offical'], "unknown segmentation protocol 'offical'; known: official, clean"),
    ([], r'\(none given\)'),
])
def test_unknown_names(names: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        get_protocols(names)


def test_unknown_pad() -> None:
    with pytest.raises(ConfigError, match="'error' or 'repeat_last', got 'zeros'"):
        PROTOCOLS['official'].with_pad('zeros')
