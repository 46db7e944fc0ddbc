"""Building Ego2Exo out of a tiny release; the notebook's own result is compared in tests/parity."""

import random
import re
from collections import Counter
from dataclasses import replace

import ego2exo_support as support
import pytest

from egoexo.errors import AnnotationError
from egoexo.formats.ego2exo import SPLITS
from egoexo.formats.ego2exo_builder import BuildReport, build_ego2exo, train_takes, val_takes
from egoexo.formats.ego2exo_labels import segment_id
from egoexo.formats.ego2exo_membership import Membership

KEYSTEPS, VAL = 'annotations/keystep_train', 'annotations/keystep_val'
DESCRIPTIONS = 'annotations/atomic_descriptions_train'
COOK = [segment_id('t0', 0), segment_id('t0', 2), *(segment_id('t1', index) for index in range(4))]
CLEAN = segment_id('t0', 1)


@pytest.fixture
def content():
    return support.release()


def build(content, recipe=support.RECIPE, **options):
    return build_ego2exo(support.annotations_of(content), recipe, **options)


def ids(built, split):
    return [row.segment_id for row in built.content.splits[split]]


def test_segments_and_report(content):
    built = build(content)
    assert built.content.classes == ('Cook', 'Clean up')
    assert list(built.content.splits) == ['exo_train', 'exo_val', 'ego_train', 'ego_val']
    # int(0.55 * 6) of the six Cook segments and int(0.55 * 1) of the one Clean up go to exo
    assert sorted(ids(built, 'exo_train') + ids(built, 'ego_train')) == sorted([*COOK, CLEAN])
    assert (len(ids(built, 'exo_train')), ids(built, 'ego_train')[-1]) == (3, CLEAN)
    assert ids(built, 'exo_val') == ids(built, 'ego_val') == [segment_id('v0', 0)]
    assert list(built.report.lines()) == [
        'ego_train,4', 'ego_val,1', 'exo_train,3', 'exo_val,1',
        'train: dropped 1 segments: no step of a taxonomy (step_id 10000 or more)',
        'train: dropped 1 segments: top-level step is no class of the recipe',
        'val: dropped 1 segments: step is of no class']
    assert sorted(built.report.segments) == list(SPLITS)


def test_draws_follow_the_notebook(content):
    draw = random.Random(4)
    for _ in range(9):  # the best view of every training segment, those without a class included
        draw.sample([None], 1)
    source = draw.sample(COOK, 3)
    draw.sample([CLEAN], 0)
    val_cam = draw.sample(['cam01', 'cam02'], 1)[0]
    built = build(content, seed=4)
    assert ids(built, 'exo_train') == source
    assert ids(built, 'ego_train') == [*(key for key in COOK if key not in source), CLEAN]
    assert built.content.splits['exo_val'][0].best_exo == dict(cam_id=val_cam, raw_cam_id=str(int(val_cam[3:])))


def test_fields_of_a_segment(content):
    rows = {row.segment_id: row for rows in build(content).content.splits.values() for row in rows}
    row = rows[CLEAN]
    assert (row.label, row.class_name, row.text, row.annotator_texts) == (1, 'Clean up', 'stirs 1.', {'a': 'stirs 1.'})
    assert (row.take_uid, row.segment_index, row.start_sec, row.end_sec) == ('t0', 1, 5.0, 9.0)
    assert row.feature_file == 'features/omnivore_video/t0_aria01_rgb.pt'
    assert row.feature_indices == tuple(range(8, 17))  # windows that end after frame 150 and begin before 270
    assert row.frame_indices[0] == (150, 181) and row.frame_indices[-1] == (239, 270)
    val = build(content).content.splits['ego_val'][0]
    assert (val.text, val.annotator_texts, val.label) == ('', {}, 1)


def test_the_same_seed_gives_the_same_file(content):
    assert build(content, seed=3).content == build(content, seed=3).content
    assert len({tuple(ids(build(content, seed=seed), 'exo_train')) for seed in range(5)}) == 5


def test_text_options(content):
    rows = content[DESCRIPTIONS]['annotations']['t0']
    rows.append(dict(annotator_id='b', descriptions=[support.description(6.5, 'The man waits.')]))

    def text(**options):
        found = build(content, **options).content.splits['ego_train'][-1]
        assert found.segment_id == CLEAN
        return found.text

    assert text() == 'stirs 1.e man waits.'
    assert text(separator=' ') == 'stirs 1. e man waits.'
    assert text(strip='subject', separator=' ') == 'stirs 1. The man waits.'


def test_lists_given_by_membership(content):
    built = build(content, membership=Membership((COOK[3], CLEAN), (COOK[0], )))
    assert (ids(built, 'exo_train'), ids(built, 'ego_train')) == ([COOK[3], CLEAN], [COOK[0]])
    assert built.report.dropped['train']['in neither membership file'] == 4


def test_membership_names_every_id_that_does_not_fit(content):
    del content['takes'][1]
    with pytest.raises(AnnotationError, match=re.escape(
            'found 1 of no segment of these takes (first [5]); 1 dropped (no step of a taxonomy (step_id 10000 or more)'
            f') (first [{segment_id("t0", 3)}]); 1 dropped (take not in takes.json) (first [{COOK[3]}])')):
        build(content, membership=Membership((5, CLEAN, segment_id('t0', 3)), (COOK[3], )))


def test_takes_that_are_not_in_takes_json_are_dropped_after_the_draw(content):
    whole = build(content, seed=1)
    del content['takes'][1]
    built = build(content, seed=1)
    assert ids(built, 'exo_train') == [row.segment_id for row in whole.content.splits['exo_train']
                                       if row.take_uid == 't0']
    assert built.report.dropped['train']['take not in takes.json'] == 4
    del content['takes'][-1]
    built = build(content)
    assert built.report.segments['ego_val'] == 0
    assert built.report.dropped['val'] == Counter({'take not in takes.json': 2})


def test_takes_without_descriptions(content):
    del content[DESCRIPTIONS]['annotations']['t1']
    built = build(content)
    assert built.report.dropped['train']['no description of its take'] == 4
    assert built.report.segments['exo_train'] == 1


def test_text_from_beside_a_segment_is_counted(content):
    content[DESCRIPTIONS]['annotations']['t1'][0]['descriptions'] = [support.description(1, 'C starts.')]
    built = build(content)
    assert built.report.notes == {'without a sentence of their own, text taken from beside them': 3}
    assert [row.text for rows in built.content.splits.values() for row in rows if row.take_uid == 't1'] == [
        'starts.'] * 4


def late(content):
    """Move the last segment of t1 behind the end of its take."""
    content[KEYSTEPS]['annotations']['t1']['segments'][3].update(start_time=61.0, end_time=62.0)
    return content


def test_start_after_the_last_window(content):
    built = build(late(content))
    row = next(row for rows in built.content.splits.values() for row in rows if row.segment_id == COOK[-1])
    assert row.feature_indices == (111, )  # 1,800 frames: the last window is [1768, 1799]
    assert built.report.notes['no feature window overlaps, the nearest one taken'] == 1
    with pytest.raises(AnnotationError, match='take t1 segment 3: expected a start before the end of the last feature '
                       'window, found 61 s in a take of 60 s, a KeyError in the official notebook'):
        build(late(content), legacy=True)


def test_segment_between_two_moments(content):
    content[KEYSTEPS]['annotations']['t1']['segments'][0].update(start_time=0.0, end_time=0.0)
    for legacy, expected in ((True, ()), (False, (0, ))):
        rows = [row for rows in build(content, legacy=legacy).content.splits.values() for row in rows]
        assert [row.feature_indices for row in rows if row.segment_id == COOK[2]] == [expected]


def test_take_shorter_than_any_window(content):
    content['takes'][1]['duration_sec'] = 16 / 30
    built = build(content)
    assert {row.feature_indices for rows in built.content.splits.values() for row in rows if row.take_uid == 't1'} == {
        (0, )}


def test_step_outside_the_taxonomy(content):
    content[KEYSTEPS]['annotations']['t1']['segments'][1]['step_id'] = 77
    assert build(content).report.dropped['train']['step not in the taxonomy of its scenario'] == 1
    with pytest.raises(AnnotationError, match="take t1 segment 1: expected a step of the taxonomy of 'Soup', found "
                       'step_id 77, a KeyError'):
        build(content, legacy=True)


def test_ego_camera_found_best(content):
    content['takes'][1] = support.take('t1', ('gp01', 'gp04', 'gp05'))
    for row in content[DESCRIPTIONS]['annotations']['t1'][0]['descriptions']:
        row['best_exo']['cam_id'] = 'gp05'
    for legacy, camera in ((True, 'gp05'), (False, 'gp04')):
        built = build(content, legacy=legacy, seed=1)
        files = {row.feature_file for row in built.content.splits['exo_train'] if row.take_uid == 't1'}
        assert files == {f'features/omnivore_video/t1_{camera}_0.pt'}
        assert {row.video_file[-8:] for row in built.content.splits['exo_train'] if row.take_uid == 't1'} == {
            'gp04.mp4'}
        assert bool(built.report.notes) != legacy


def test_windows_are_clamped_to_the_rows_of_the_files(content):
    def rows(file):
        return dict(t0=14, t1=3).get(file.split('/')[-1][:2])

    built = build(content, num_rows=rows)
    found = {row.segment_id: row.feature_indices for rows in built.content.splits.values() for row in rows}
    assert found[CLEAN] == tuple(range(8, 14))
    assert found[COOK[1]] == (13, )  # all of its windows lie beyond
    assert found[COOK[2]] == (0, 1, 2)
    assert built.report.notes == {'windows beyond the last row of their feature file left out': 6}
    lines = list(built.report.lines())
    assert lines[-1] == ('note: 2 feature files are missing, first '
                         f'{min(built.report.missing_files)}')
    assert built.report.missing_files == {row.feature_file for split in ('ego_val', 'exo_val')
                                          for row in built.content.splits[split]}


def test_an_id_that_two_segments_share(content, monkeypatch):
    monkeypatch.setattr('egoexo.formats.ego2exo_builder.segment_id', lambda take, index: len(take) * 100 + index % 3)
    built = build(content)
    assert built.report.dropped['train']['id already taken by another segment'] == 4
    assert len(ids(built, 'exo_train')) + len(ids(built, 'ego_train')) == 3


def test_takes_of_a_recipe(content):
    train = support.annotations_of(content).train
    assert [take.take_uid for take in train_takes(train, support.RECIPE)] == ['t0', 't1']
    every = replace(support.RECIPE, take_ids=None, scenarios=('Soup', ))
    assert [take.take_uid for take in train_takes(train, every)] == ['t1']
    assert [take.take_uid for take in val_takes(support.annotations_of(content).val, support.RECIPE)] == ['v0']


@pytest.mark.parametrize(('change', 'message'), [
    (dict(take_ids=('t0', 'x', 'y')), "found 2 unknown ones (first ['x', 'y'])"),
    (dict(scenarios=('Tea', )), "takes of the 1 scenarios of the recipe, found 1 of others (first ['t1 (Soup)'])"),
    (dict(scenarios=('Bread', ), take_ids=None), 'expected at least one take, each in the keystep file, found none')])
def test_recipes_that_do_not_fit(content, change, message):
    with pytest.raises(AnnotationError, match=re.escape(message)):
        build(content, replace(support.RECIPE, **change))


def test_annotations_that_do_not_fit(content):
    del content[KEYSTEPS]['taxonomy']['Soup']
    with pytest.raises(AnnotationError, match="take t1: expected a scenario with a taxonomy, found 'Soup'"):
        build(content)
    content = support.release()
    content['takes'][0]['duration_sec'] = None
    with pytest.raises(AnnotationError, match='take t0 duration_sec: expected seconds, found None'):
        build(content)


def test_empty_report():
    assert list(BuildReport().lines()) == []
