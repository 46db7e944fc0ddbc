"""Every written kind of file beside the released one: bytes at line ends, columns, kinds of values, ranges."""

import ast
import csv
import io
import json
import re

import pytest
from tests_support import data_dir

ANTICIPATION = 'action_anticipation_planning_benchmark/anticpation_annotation'
PLANNING = 'action_anticipation_planning_benchmark/planning_annotation'
TAS = 'temporal_action_segmentation_benchmark/tas_annotation'
FULL = f'{ANTICIPATION}/balanced_full_annotation'

KINDS = [  # the first pattern that fits names the kind of a value
    ('uuid', r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'),
    ('video file', r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.txt'),
    ('skill clip', r'(06|13|14|15|18|20)_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}_\d+_\d+'),
    ('float', r'\d+\.\d+'),
    ('integer', r'\d+'),
    ('id list', r'\[(\d+(, \d+)*)?\]'),
    ('word list', r"\[('[^']*'(, ?'[^']*')*)\]"),
    ('scene', r'kitchen|lab'),
    ('identifier', r'[0-9A-Za-z]{8}'),
    ('Chinese', r'(?s).*[\u4e00-\u9fff].*'),
    ('text', r'(?s).+'),
]

TABLES = [f'{FULL}/{view}_{split}_valid.csv' for view in ('ego', 'exo') for split in ('train', 'val')] + [
    'association_benchmark/annotations/exo_train.csv',
    'annotations/narration_verb_taxonomy.csv',
    'annotations/narration_noun_taxonomy.csv',
]
LISTS = [  # path, separator of the fields of a line
    *((f'{ANTICIPATION}/{folder}/list_{name}.txt', '|') for folder, name in (
        ('noun', 'egoexo_cotraining'), ('noun', 'exo_train_ego_exo-feature'), ('noun_gazed', 'ego_val_ego_exo-feature'),
        ('verb', 'ego_train_ego_exo-feature'), ('verb_gazed', 'exo_val_ego_exo-feature'))),
    *((f'{PLANNING}/annotation/{name}_anno_list.txt', '|') for name in (
        'cotrain_ego_exo', 'cotrain_ego_gaze_exo', 'train_ego', 'train_ego_gaze', 'train_exo', 'val_ego',
        'val_ego_gaze', 'val_exo')),
    *((f'{folder}/splits/{view}_{split}_annotations.bundle', '|') for folder in (TAS, PLANNING)
      for view in ('ego', 'ego_gaze', 'exo') for split in ('train', 'val')),
    ('skill_benchmark/annotations/skill_train.txt', ' '),
    (f'{FULL}/valid_verbs.txt', '|'),
    (f'{FULL}/valid_nouns.txt', '|'),
]


def _both(world, path: str) -> tuple[bytes, bytes]:
    real = data_dir('egoexolearn') / path
    if not real.is_file():
        pytest.skip(f'{path} is not among the real files')
    return (world.root / path).read_bytes(), real.read_bytes()


def _line_style(content: bytes) -> dict:
    lines = content.split(b'\n')
    # The lines that break inside quoted text are the author's, not the format's: ask for the most common end.
    crlf = sum(line.endswith(b'\r') for line in lines[:-1])
    return dict(crlf=2 * crlf > len(lines) - 1, final=content.endswith(b'\n'), bom=content.startswith(b'\xef\xbb\xbf'))


def _kind(value: str) -> str:
    return next(name for name, pattern in KINDS if re.fullmatch(pattern, value))


def _rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(), newline='')))


@pytest.mark.parametrize('path', TABLES)
def test_table_has_the_released_columns_and_kinds(world, path):
    mini, real = _both(world, path)
    assert _line_style(mini) == _line_style(real)
    (header, *rows), (real_header, *real_rows) = _rows(mini), _rows(real)
    assert header == real_header
    assert {len(row) for row in rows} == {len(header)}
    for column, name in enumerate(header):
        allowed = {_kind(row[column]) for row in real_rows}
        found = {_kind(row[column]) for row in rows}
        assert found <= allowed, f'{name}: {found - allowed}'


@pytest.mark.parametrize(('path', 'separator'), LISTS)
def test_list_has_the_released_fields_and_kinds(world, path, separator):
    mini, real = _both(world, path)
    assert _line_style(mini) == _line_style(real)
    fields, real_fields = ([line.split(separator) for line in text.decode().splitlines()] for text in (mini, real))
    assert {len(row) for row in fields} == {len(row) for row in real_fields}
    for column in range(len(fields[0])):
        assert {_kind(row[column]) for row in fields} <= {_kind(row[column]) for row in real_fields}


def test_frame_labels_have_the_released_lines(world):
    real_folder = data_dir('egoexolearn') / TAS / 'gts_fps25'
    real = next(real_folder.iterdir()).read_bytes()
    for path in (world.root / TAS / 'gts_fps25').iterdir():
        mini = path.read_bytes()
        assert _line_style(mini) == _line_style(real)
        assert {_kind(label) for label in set(mini.decode().splitlines())} == {'integer'}


def test_video_list_has_the_released_keys_and_types(world):
    mini, real = _both(world, 'video_meta_downsampled.json')
    assert mini == json.dumps(json.loads(mini)).encode()
    assert real == json.dumps(json.loads(real)).encode()
    real_shapes = {tuple((key, type(value)) for key, value in entry.items()) for entry in json.loads(real)}
    entries = json.loads(mini)
    assert {tuple((key, type(value)) for key, value in entry.items()) for entry in entries} == real_shapes
    for key in ('fps', 'view', 'scene', 'task'):
        assert {entry[key] for entry in entries} <= {entry[key] for entry in json.loads(real)}
    views = [entry['view'] for entry in entries]
    assert views == sorted(views)
    for entry in entries:
        assert entry['num_frames'] == world.record(entry['video_uid']).state.num_frames


@pytest.mark.parametrize(('name', 'size'), [('verb', 125), ('noun', 627)])
def test_used_taxonomy_rows_are_the_released_ones(world, name, size):
    mini, real = map(_rows, _both(world, f'annotations/narration_{name}_taxonomy.csv'))
    assert len(mini) == len(real) == size + 1
    used = [index for index, row in enumerate(mini) if not row[0].startswith('unused_')]
    assert len(used) == {'verb': 20, 'noun': 27}[name]
    for index in used:
        assert mini[index][0] == real[index][0]
        if index:
            assert ast.literal_eval(mini[index][1])


# Ranges that hold for the released files, checked on both.
def _check_segments(content: bytes, largest_id: int) -> None:
    for row in csv.DictReader(io.StringIO(content.decode(), newline='')):
        start, end = float(row['start_sec']), float(row['end_sec'])
        assert 0 <= start < end <= start + 95
        assert all(0 <= i <= largest_id for name in ('verb', 'noun') for i in ast.literal_eval(row[name]))


def _check_indices(content: bytes, num_classes: int, size: int | None) -> None:
    for line in content.decode().splitlines():
        labels = ast.literal_eval(line.split('|')[-1])
        assert labels
        assert all(0 <= label < num_classes for label in labels)
        assert len(labels) == size if size else len(set(labels)) == len(labels)


def _check_pairs(content: bytes, *_: int) -> None:
    for line in content.decode().splitlines():
        better, worse = (token.split('_') for token in line.split(' '))
        assert better[0] == worse[0]
        assert all(int(clip[2]) < int(clip[3]) for clip in (better, worse))


@pytest.mark.parametrize(('path', 'check', 'arguments'), [
    (f'{FULL}/ego_train_valid.csv', _check_segments, (626,)),
    (f'{FULL}/exo_val_valid.csv', _check_segments, (626,)),
    ('association_benchmark/annotations/exo_train.csv', _check_segments, (626,)),
    (f'{ANTICIPATION}/noun_gazed/list_exo_train_ego_exo-feature.txt', _check_indices, (31, None)),
    (f'{ANTICIPATION}/verb/list_exo_val_ego_exo-feature.txt', _check_indices, (19, None)),
    (f'{PLANNING}/annotation/val_ego_anno_list.txt', _check_indices, (27, 8)),
    ('skill_benchmark/annotations/skill_train.txt', _check_pairs, ()),
])
def test_values_lie_in_the_released_ranges(world, path, check, arguments):
    mini, real = _both(world, path)
    check(real, *arguments)
    check(mini, *arguments)


# Files of the release that are not among the real ones here; their names come from published descriptions.
UNSEEN = [
    'Video_QA/vid_vqa_video_tag_egoexolearn_video_mcq.jsonl',
    'annotations/coarse_annotations.tar.gz',
    'annotations/fine_annotation_test.csv',
    'annotations/fine_annotation_trainval_en.csv',
    'annotations/fine_annotation_trainvaltest_en.csv',
    'association_benchmark/annotations/association_test_hard.json',
    'association_benchmark/annotations/association_val_hard.json',
    'association_benchmark/annotations/ego_train.csv',
    'skill_benchmark/annotations/skill_val.txt',
]


def test_every_released_file_has_its_mini_counterpart(world):
    real = data_dir('egoexolearn')
    names = {path.relative_to(real).as_posix() for path in real.rglob('*') if path.is_file()}
    names = {name for name in names if 'gts_fps25' not in name and name != 'LICENSE'}
    missing = [name for name in sorted(names) + UNSEEN if not (world.root / name).is_file()]
    assert not missing


def test_nothing_else_is_written(world):
    views, splits = ('ego', 'ego_gaze', 'exo'), ('train', 'val', 'test')
    expected = {*TABLES, *UNSEEN, 'video_meta_downsampled.json', f'{TAS}/semantic_en.json',
                f'{FULL}/valid_verbs.txt', f'{FULL}/valid_nouns.txt', 'skill_benchmark/annotations/skill_train.txt'}
    expected |= {f'{FULL}/{view}_test_valid.csv' for view in ('ego', 'exo')}
    expected |= {f'{ANTICIPATION}/{folder}/list_{name}.txt' for folder in ('noun', 'noun_gazed', 'verb', 'verb_gazed')
                 for name in ('egoexo_cotraining', *(f'{view}_{split}_ego_exo-feature' for view in ('ego', 'exo')
                                                     for split in splits))}
    expected |= {f'{PLANNING}/annotation/{name}_anno_list.txt'
                 for name in ('cotrain_ego_exo', 'cotrain_ego_gaze_exo', *(f'{s}_{v}' for s in splits for v in views))}
    expected |= {f'{folder}/splits/{view}_{split}_annotations.bundle' for folder in (TAS, PLANNING)
                 for view in views for split in splits}
    expected |= {f'{TAS}/gts_fps25/{record.plan.uid}.txt' for record in world.records}
    expected |= {f'gazes_30fps_npy/{record.plan.uid}.npy' for record in world.records if record.plan.has_gaze}
    assert {path.relative_to(world.root).as_posix() for path in world.root.rglob('*') if path.is_file()} == expected
