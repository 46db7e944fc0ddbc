from collections import Counter
from types import SimpleNamespace

import pytest

from egoexo.mini.annotate import annotation_id, build_tables, subset_of
from egoexo.mini.presets import VideoPlan, get_preset
from egoexo.mini.record import VideoRecord
from egoexo.mini.state import CoarseStep, FineAction


def _record(view='ego', index=0, actions=(), split='train', has_gaze=True, duration=10.0):
    uid = f'{view}-{index}'
    plan = VideoPlan(uid, 'A', view, index, 'task1', split, has_gaze, 25.0, True, None, uid)
    steps = (CoarseStep(1, 0, 0.0, 5.0), CoarseStep(12, 1, 5.0, 9.97))
    state = SimpleNamespace(fps=25.0, duration_sec=duration, num_frames=int(duration * 25), steps=steps,
                            actions=actions)
    return VideoRecord(plan, state)


def _action(start, end, step=0, verb='take', nouns=('tomato',)):
    return FineAction(verb, nouns, 'shelf', None, start, end, 0.5, step, 'right')


@pytest.mark.parametrize(('start', 'end', 'seconds', 'frames'), [
    (1.02, 2.48, (1.0, 2.5), (26, 62)),
    (1.05, 1.09, (1.1, 1.2), (26, 27)),    # rounding must not empty the clip
    (8.0, 9.97, (8.0, 9.9), (200, 249)),   # nor pass the end of the video
])
def test_seconds_lie_on_the_annotators_grid(start, end, seconds, frames):
    record = _record(actions=(_action(start, end),), duration=9.98)
    (clip,) = build_tables([record], get_preset('tiny'), 0).clips
    assert (clip.start_sec, clip.end_sec) == pytest.approx(seconds)
    assert (clip.start_frame, clip.end_frame) == frames


def test_steps_carry_the_texts_of_their_actions():
    record = _record(actions=(_action(0, 1), _action(1, 2), _action(6, 7, 1, 'cut', ('tomato', 'knife'))))
    tables = build_tables([record], get_preset('tiny'), 0)
    first, second = tables.steps['ego-0']
    assert (first.class_id, first.start_sec, first.end_sec) == (1, 0.0, 5.0)
    assert first.text.split('\n') == [f'{i + 1}. {clip.narration.no_hand}' for i, clip in enumerate(tables.clips[:2])]
    assert second.text == f'1. {tables.clips[2].narration.no_hand}'
    assert tables.clips[2].key == ('cut', 'tomato', 'knife')


def test_videos_are_ordered_and_selected():
    records = [_record('exo', 0), _record('ego', 1, has_gaze=False), _record('ego', 0), _record('ego', 2, split='val')]
    tables = build_tables(records, get_preset('tiny'), 0)
    assert [record.plan.uid for record in tables.records] == ['ego-0', 'ego-1', 'ego-2', 'exo-0']
    assert tables.select_uids('ego', 'train') == ['ego-0', 'ego-1']
    assert tables.select_uids('ego', 'train', gaze=True) == ['ego-0']
    assert tables.select_uids('exo', 'val') == []


def test_subsets_share_55_15_30_and_depend_on_the_id_alone():
    identifiers = [annotation_id(0, 'video', 'fine', index) for index in range(4000)]
    shares = Counter(map(subset_of, identifiers))
    assert [shares[name] / 4000 for name in ('train', 'val', 'test')] == pytest.approx([.55, .15, .30], abs=.03)
    assert len(set(identifiers)) == 4000
    assert all(len(text) == 8 and text.isalnum() for text in identifiers)


@pytest.mark.parametrize('other', [(1, 'video', 'fine', 7), (0, 'other', 'fine', 7), (0, 'video', 'coarse', 7),
                                   (0, 'video', 'fine', 8)])
def test_identifier_depends_on_every_part(other):
    assert annotation_id(0, 'video', 'fine', 7) == annotation_id(0, 'video', 'fine', 7) != annotation_id(*other)
