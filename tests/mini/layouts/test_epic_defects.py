"""Defects change what they name and nothing else."""

from egoexo.mini.layouts.epic import TABLES
from egoexo.mini.layouts.epic_defects import FILE_DEFECTS, PORTRAIT, ROW_DEFECTS, damage_rows, remove_frame
from egoexo.mini.layouts.epic_names import FRAME
from egoexo.mini.layouts.epic_rows import build_rows


def train_rows(world) -> list:
    return [row for record in world.records if record.plan.view == 'ego' and record.plan.split in TABLES['train']
            for row in build_rows(record, 0)]


def test_names_are_apart():
    names = (*FILE_DEFECTS, PORTRAIT, *ROW_DEFECTS)
    assert sorted(names) == ['missing_frame', 'portrait', 'short_segment', 'unknown_class']


def test_rows_are_damaged_on_request_alone(epic_world):
    rows = train_rows(epic_world)
    assert damage_rows(rows, ('portrait', 'leak_video')) == rows
    short = damage_rows(rows, ('short_segment',))
    assert short[0].start_frame == short[0].stop_frame == rows[0].start_frame
    assert short[1:] == rows[1:]
    unknown = damage_rows(rows, ('unknown_class',))
    assert unknown[1].verb_class == 19
    assert [unknown[0], *unknown[2:]] == [rows[0], *rows[2:]]


def test_a_frame_inside_a_row_is_removed(epic_world, tmp_path):
    rows, record = train_rows(epic_world), epic_world.records[0]
    name = FRAME.format((rows[2].start_frame + rows[2].stop_frame) // 2)
    record.folder.mkdir(parents=True, exist_ok=True)
    (record.folder / name).touch()
    remove_frame(rows, epic_world.records, ('short_segment',))
    assert (record.folder / name).exists()
    for _ in range(2):  # the second time it is gone already
        remove_frame(rows, epic_world.records, ('missing_frame',))
        assert not (record.folder / name).exists()
