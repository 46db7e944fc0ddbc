"""Third-person clips: LEMMA's rows and segments, classes in another order, every rule of pairing met."""

import json
import pickle
from collections import Counter

from egoexo.mini.layouts.epic_classes import NOUN_IDS, VERB_IDS
from egoexo.mini.layouts.epic_lemma import ACTS, HOIS, NO_ACTION, OBJS, hoi_text, segments_of, to_epic, write_lemma
from egoexo.mini.layouts.epic_names import tpv_name


def load(world, name: str) -> list:
    """Our own files, so that unpickling is safe."""
    return pickle.loads((world.root / 'lemma' / 'full' / name).read_bytes())


def test_interactions_are_templates_with_named_places():
    assert hoi_text('cut', ('tomato', 'knife')) == 'cut${s0}@tomato:{s1}@knife'
    assert hoi_text('pour', ('oil', 'pan')) == 'pour${s0}@oil:{m1}@frying-pan'
    assert hoi_text('take', ('chopping_board',)) == 'get${s0}@cutting-board'
    assert HOIS[0] == NO_ACTION
    assert len(set(HOIS)) == len(HOIS) == 60


def test_classes_have_another_order_and_some_no_counterpart():
    found = to_epic()
    for names, ids, mapped in ((ACTS, VERB_IDS, found['verbs']), (OBJS, NOUN_IDS, found['nouns'])):
        assert names == sorted(names)
        assert len(mapped) == len(names) == len(ids)
        assert mapped.count(-1) == 2
        known = [number for number in mapped if number >= 0]
        assert len(set(known)) == len(known)
        assert known != sorted(known)
    assert found['verbs'][ACTS.index('get')] == VERB_IDS['take']
    assert found['nouns'][OBJS.index('cutting-board')] == NOUN_IDS['chopping_board']


def test_metadata_and_splits(epic_world):
    folder = epic_world.root / 'lemma'
    content = {name: json.loads((folder / 'metadata' / f'all_{name}.json').read_text())
               for name in ('acts', 'objs', 'tasks', 'hois')}
    assert content == {'acts': ACTS, 'objs': OBJS, 'tasks': [f'task{n}' for n in range(1, 6)], 'hois': HOIS}
    assert json.loads((folder / 'to_epic.json').read_text()) == to_epic()
    splits = [json.loads((folder / 'splits' / f'1tpv_{name}.json').read_text()) for name in ('train', 'val', 'test')]
    names = [tpv_name(record.plan) for record in epic_world.records if record.plan.view == 'exo']
    assert [name for split in splits for name in split] == names


def test_one_row_per_frame_says_what_happens(epic_world):
    rows = load(epic_world, 'rec_tpv_frames.p')
    assert rows == load(epic_world, 'rec_fpv_frames.p')
    exos = {tpv_name(record.plan): record for record in epic_world.records if record.plan.view == 'exo'}
    assert Counter(row[0] for row in rows) == {name: record.state.num_frames for name, record in exos.items()}
    for name, frame, person, flow, pictures, box, actions, tasks, interactions in rows[::37]:
        record = exos[name]
        assert (person, flow, pictures) == ('P1', [], [f'frames/{name}/img_{frame:05d}.jpg'])
        assert box == record.body_boxes[frame].tolist()
        assert [f'task{tasks[0] + 1}'] == [record.plan.task]
        doing = [action for action in record.state.actions if action.start_sec <= frame / 24 < action.end_sec]
        assert [HOIS[number] for number in interactions] == \
            ([hoi_text(action.verb, action.nouns) for action in doing] or [NO_ACTION])
        assert len(actions) == len(doing)
        for (verb, places), action in zip(actions, doing, strict=True):
            text = hoi_text(action.verb, action.nouns)
            assert text.startswith(f'{ACTS[verb]}$')
            assert [OBJS[noun] for place in places for noun in place] == \
                [part.split('@')[1] for part in text.split(':')]


def test_segments_cover_the_videos(epic_world):
    segments = load(epic_world, 'rec_fpv_segments_indices.p')
    exos = [record for record in epic_world.records if record.plan.view == 'exo']
    assert segments == [segment for record in exos for segment in segments_of(record)]
    ends: dict[str, int] = {}
    for name, start, length in segments:
        assert start == ends.get(name, 0)
        ends[name] = start + length
    assert ends == {tpv_name(record.plan): record.state.num_frames for record in exos}
    idle = {(row[0], row[1]) for row in load(epic_world, 'rec_tpv_frames.p') if row[8] == [0]}
    assert 0 < sum((name, start) in idle for name, start, _ in segments) < len(segments) / 2


def test_every_rule_of_pairing_occurs(epic_world):
    """Best kind of pair of each ego segment: same, contained, verb alone, noun alone, none."""
    found = to_epic()
    names = set(json.loads((epic_world.root / 'lemma/splits/1tpv_train.json').read_text()))
    clips = {(frozenset(found['verbs'][verb] for verb, _ in row[6]),
              frozenset(found['nouns'][noun] for _, places in row[6] for place in places for noun in place))
             for row in load(epic_world, 'rec_tpv_frames.p') if row[0] in names and row[6]}

    def rank(verb: int, noun: int, verbs: frozenset, nouns: frozenset) -> int:
        if verbs == {verb} and nouns == {noun}:
            return 0
        return {(True, True): 1, (True, False): 2, (False, True): 3, (False, False): 4}[verb in verbs, noun in nouns]

    kinds = Counter(min(rank(int(row['verb_class']), int(row['noun_class']), *clip) for clip in clips)
                    for row in epic_world.rows('train'))
    assert set(kinds) == {0, 1, 2, 3, 4}
    assert kinds[0] + kinds[1] > .7 * kinds.total()


def test_the_same_bytes_each_time(epic_world, tmp_path):
    write_lemma(tmp_path, [record for record in epic_world.records if record.plan.view == 'exo'])
    for path in (tmp_path / 'lemma').rglob('*.*'):
        assert path.read_bytes() == (epic_world.root / path.relative_to(tmp_path)).read_bytes()
