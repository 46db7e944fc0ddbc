"""Skill pairs and clip features."""

import zlib
from collections import Counter, defaultdict

import numpy as np
import pytest

FOLDER = 'skill_benchmark/annotations'
GROUPS = {'06': '06', '13': '131415', '14': '131415', '15': '131415', '18': '18', '20': '20'}


def _pairs(root, subset):
    text = (root / FOLDER / f'skill_{subset}.txt').read_text()
    return [tuple(line.split(' ')) for line in text.splitlines()]


def _quality(world, clip):
    """Quality of the action of a clip, and its verb and first noun."""
    _, uid, start, end = clip.split('_')
    state = world.record(uid).state
    (action,) = [a for a in state.actions
                 if (round(a.start_sec * state.fps), round(a.end_sec * state.fps)) == (int(start), int(end))]
    return action.quality, action.verb, action.nouns[0]


def test_pairs_join_clips_of_one_action_in_two_videos(world):
    verbs = {'06': {'remove'}, '13': {'cut'}, '14': {'cut'}, '15': {'cut'}, '18': {'press'}, '20': {'mix'}}
    nouns = defaultdict(set)
    for subset in ('train', 'val'):
        pairs = _pairs(world.root, subset)
        assert len(pairs) == len({frozenset(pair) for pair in pairs}) >= 300
        for better, worse in pairs:
            assert better.split('_')[0] == worse.split('_')[0]
            assert better.split('_')[1] != worse.split('_')[1]
            for clip in (better, worse):
                assert world.record(clip.split('_')[1]).plan.view == 'ego'
                _, verb, noun = _quality(world, clip)
                assert verb in verbs[clip[:2]]
                nouns[clip[:2]].add(noun)
    assert nouns['18'] == {'egg'}
    assert nouns['20'] == {'pan'}
    assert not nouns['13'] & nouns['14'] | nouns['13'] & nouns['15'] | nouns['14'] & nouns['15']


def test_better_clip_has_the_higher_quality_but_for_a_few_flips(world):
    gaps = [_quality(world, better)[0] - _quality(world, worse)[0]
            for subset in ('train', 'val') for better, worse in _pairs(world.root, subset)]
    assert min(map(abs, gaps)) > 0.10
    assert 0.01 <= np.mean(np.array(gaps) < 0) <= 0.06


@pytest.mark.parametrize('subset', ['train', 'val'])
def test_clean_pairs_have_no_cycle(world, subset):
    """Kahn's algorithm takes every clip away."""
    worse_of, better_count = defaultdict(list), Counter()
    for better, worse in _pairs(world.root, subset):
        worse_of[better].append(worse)
        better_count[worse] += 1
    clips = set(worse_of) | set(better_count)
    free = [clip for clip in clips if not better_count[clip]]
    removed = 0
    while free:
        removed += 1
        for worse in worse_of[free.pop()]:
            better_count[worse] -= 1
            if not better_count[worse]:
                free.append(worse)
    assert removed == len(clips)


def test_each_val_pair_shows_a_clip_that_training_lacks(world):
    trained = {clip for pair in _pairs(world.root, 'train') for clip in pair}
    val = _pairs(world.root, 'val')
    assert all(not set(pair) <= trained for pair in val)
    assert trained & {clip for pair in val for clip in pair}
    assert all(zlib.crc32(clip.encode()) % 100 < 75 for clip in trained)


def test_facts_count_pairs(world):
    for subset in ('train', 'val'):
        counts = Counter(better[:2] for better, _ in _pairs(world.root, subset))
        assert world.facts['skill'][f'{subset}_pairs'] == dict(counts)
    assert set(world.facts['skill']['train_pairs']) == set(GROUPS)


@pytest.mark.parametrize(('folder', 'dim'), [('i3d/save_sh_skill_i3d', 1024), ('i3d/save_sh_skill_i3d_50', 1024),
                                             ('videomae_features_b/gaze100', 768), ('videomae_features_b/gaze50', 768)])
def test_every_paired_clip_has_a_feature_file(tiny, folder, dim):
    clips = {clip for subset in ('train', 'val') for pair in _pairs(tiny.root, subset) for clip in pair}
    if folder.endswith('50'):
        clips = {clip for clip in clips if tiny.record(clip.split('_')[1]).plan.has_gaze}
    files = {path.stem: path for path in (tiny.root / 'features' / folder).iterdir()}
    assert set(files) == clips
    for path in files.values():
        with np.load(path) as content:
            assert content.files == ['arr_0']
            assert (content['arr_0'].shape, content['arr_0'].dtype) == ((1, 10, dim), np.float32)


def test_clip_features_are_means_over_ten_segments(tiny):
    """Frame i of the fake features is full of i, so each row is the mean frame number of its tenth."""
    for path in (tiny.root / 'features/i3d/save_sh_skill_i3d').iterdir():
        start, end = map(int, path.stem.split('_')[2:])
        with np.load(path) as content:
            rows = content['arr_0'][0, :, 0]
        centres = start + (np.arange(10) + 0.5) * (end - start) / 10 - 0.5
        np.testing.assert_allclose(rows, centres, atol=0.5)
        assert (np.diff(rows) >= 0).all()


@pytest.mark.parametrize('folder', ['i3d/save_sh_skill_i3d_exo', 'videomae_features_b/exo'])
def test_exo_references_lie_in_the_folder_of_their_group(tiny, folder):
    files = list((tiny.root / 'features' / folder).rglob('*.npz'))
    assert len(files) == tiny.facts['skill']['exo_clips'] > 0
    for path in files:
        assert path.parent.name == GROUPS[path.name[:2]]
        assert tiny.record(path.name.split('_')[1]).plan.view == 'exo'


def test_no_features_no_clip_features(world):
    assert not (world.root / 'features').exists()
