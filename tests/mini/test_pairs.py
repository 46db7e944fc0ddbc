from types import SimpleNamespace

import numpy as np
import pytest

from egoexo.mini.annotate import Clip
from egoexo.mini.pairs import SkillPair, skill_action, skill_clip_id, skill_pairs, skill_subset


def _clip(quality=0.5, uid='v0', verb='mix', nouns=('pan', 'shovel'), view='ego', start=10):
    return Clip('id', uid, view, 'task1', 'train', 0.4, 1.0, start, start + 20, verb, nouns, None, quality, 0, None)


@pytest.mark.parametrize(('verb', 'nouns', 'action'), [
    ('remove', ('garlic',), '06'), ('cut', ('tomato', 'knife'), '13'), ('cut', ('meat', 'knife'), '14'),
    ('cut', ('garlic', 'knife'), '15'), ('press', ('egg', 'bowl'), '18'), ('press', ('dough',), None),
    ('mix', ('pan', 'shovel'), '20'), ('mix', ('egg', 'chopstick'), None), ('take', ('knife',), None)])
def test_action_ids(verb, nouns, action):
    assert skill_action(_clip(verb=verb, nouns=nouns)) == action


def test_clip_id_has_four_fields():
    assert skill_clip_id(_clip(uid='1b-2c', start=7)) == '20_1b-2c_7_27'


def test_pairs_need_a_clear_gap_another_video_and_the_ego_view():
    clips = (_clip(0.9, 'a'), _clip(0.85, 'b'), _clip(0.5, 'a', start=100), _clip(0.1, 'c', view='exo'))
    (pair,) = skill_pairs(SimpleNamespace(seed=0, clips=clips))
    assert (pair.better.quality, pair.worse.quality) == (0.85, 0.5)


def test_many_clips_give_at_most_600_acyclic_pairs_with_few_flips():
    clips = tuple(_clip(quality, f'v{i}') for i, quality in enumerate(np.linspace(0, 1, 80)))
    pairs = skill_pairs(SimpleNamespace(seed=0, clips=clips))
    assert 500 <= len(pairs) <= 600
    flipped = [pair for pair in pairs if pair.better.quality < pair.worse.quality]
    assert 5 <= len(flipped) <= 18
    reach = np.zeros((80, 80), bool)
    for pair in pairs:
        reach[int(pair.better.uid[1:]), int(pair.worse.uid[1:])] = True
    for _ in range(7):
        reach |= reach @ reach
    assert not reach.diagonal().any()


def test_subset_is_train_only_if_both_clips_are():
    clips = [_clip(uid=f'v{i}') for i in range(60)]
    alone = [skill_subset(SkillPair(clip, clip)) for clip in clips]
    assert 30 <= alone.count('train') <= 55
    train, val = clips[alone.index('train')], clips[alone.index('val')]
    assert skill_subset(SkillPair(train, val)) == skill_subset(SkillPair(val, train)) == 'val'


@pytest.mark.parametrize('number', [0, 1])
def test_too_few_clips_give_no_pair(number):
    assert skill_pairs(SimpleNamespace(seed=0, clips=(_clip(),) * number)) == []
