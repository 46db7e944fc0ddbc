import pytest
from tests_support import data_dir

from egoexo.errors import AnnotationError
from egoexo.formats.narrations import read_egoexolearn_narrations, read_epic_narrations, read_narration_classes

EPIC_HEAD = ('narration_id,participant_id,video_id,narration_timestamp,start_timestamp,stop_timestamp,start_frame,'
             'stop_frame,narration,verb,verb_class,noun,noun_class,all_nouns,all_noun_classes')
EPIC_ROW = 'P01_11_0,P01,P01_11,00:00:00.560,00:00:00.00,01:02:01.89,1,113,take plate,take,0,plate,2,[\'plate\'],[2]'
EEL_HEAD = 'annotation_id,start_sec,end_sec,narration_ch,narration_en,verb,noun,scenario,video_uid'
EEL_ROW = 'hIOL,61.4,70.30000000000001,X,"Hold it,\nand cut.","[17, 52]",[],kitchen,2c23'


def write(path, *lines):
    path.write_text('\n'.join(lines) + '\n', encoding='utf-8')
    return path


def test_epic_row(tmp_path):
    row, = read_epic_narrations(write(tmp_path / 'epic.csv', EPIC_HEAD, EPIC_ROW))
    assert row == ('P01_11_0', 'P01_11', 0.0, 3721.89, 'take plate', (0,), (2,))


def test_egoexolearn_row_over_two_lines(tmp_path):
    row, = read_egoexolearn_narrations(write(tmp_path / 'exo.csv', EEL_HEAD, EEL_ROW))
    assert row == ('hIOL', '2c23', 61.4, 70.30000000000001, 'Hold it,\nand cut.', (17, 52), ())
    other, = read_egoexolearn_narrations(tmp_path / 'exo.csv', text='narration_ch')
    assert other.text == 'X'


def test_class_tables(tmp_path):
    epic = write(tmp_path / 'verbs.csv', '"id","key","instances"', '0,"take","[\'take\', \'grab\']"', '1,put,[]')
    assert read_narration_classes(epic) == ('take', 'put')
    taxonomy = write(tmp_path / 'taxonomy.csv', 'label,group', '"adjust_(regulate,_change)",[]', 'cut,[]')
    assert read_narration_classes(taxonomy) == ('adjust_(regulate,_change)', 'cut')


@pytest.mark.parametrize(('head', 'row', 'message'), [
    (EPIC_HEAD, EPIC_ROW.replace('01:02:01.89', '62:01.89'), r'line 2: expected start_timestamp and stop_timestamp'),
    (EPIC_HEAD, EPIC_ROW.replace(',0,plate', ',zero,plate'), "expected numbers as verb_class.*'zero', '2'"),
    (EPIC_HEAD, EPIC_ROW + '\n' + EPIC_ROW, r'line 3: expected an id that no other row has'),
    (EPIC_HEAD, EPIC_ROW.removesuffix(',[2]'), r'line 2: expected 15 fields, found 14'),
    (EPIC_HEAD, '"' + EPIC_ROW, r'line 2: expected a line of a CSV file, found unexpected end of data'),
    (EPIC_HEAD.replace('verb_class', 'verbs'), EPIC_ROW, r'line 1: .* found none called verb_class'),
    (EPIC_HEAD, '', r'at least one line below it')])
def test_wrong_epic_tables(tmp_path, head, row, message):
    with pytest.raises(AnnotationError, match=message):
        read_epic_narrations(write(tmp_path / 'epic.csv', head, row))


@pytest.mark.parametrize(('row', 'message'), [
    (EEL_ROW.replace('61.4', 'soon'), "expected start_sec and end_sec as numbers, found 'soon'"),
    (EEL_ROW.replace('[17, 52]', '17, 52'), 'expected lists of class ids'),
    (EEL_ROW.replace('[]', 'x'), 'expected lists of class ids')])
def test_wrong_egoexolearn_tables(tmp_path, row, message):
    with pytest.raises(AnnotationError, match=message):
        read_egoexolearn_narrations(write(tmp_path / 'exo.csv', EEL_HEAD, row))


@pytest.mark.parametrize(('lines', 'message'), [
    (('id,name', '0,take'), 'expected a column key or label'),
    (('id,key', '1,take'), 'line 2: expected class 0, in order, found 1'), ((), 'no such lines')])
def test_wrong_class_tables(tmp_path, lines, message):
    with pytest.raises(AnnotationError, match=message):
        read_narration_classes(write(tmp_path / 'classes.csv', *lines))


def test_missing_file(tmp_path):
    with pytest.raises(AnnotationError, match='does not exist'):
        read_epic_narrations(tmp_path / 'epic.csv')


def test_real_epic_tables():
    folder = data_dir('epic-kitchens-100')
    rows = read_epic_narrations(folder / 'EPIC_100_validation.csv')
    assert (len(rows), len({row.video for row in rows}), len({row.text for row in rows})) == (9668, 138, 3835)
    assert len({row.verbs for row in rows}) == 78
    assert len({row.nouns for row in rows}) == 211
    assert len(read_narration_classes(folder / 'EPIC_100_verb_classes.csv')) == 97
    assert read_narration_classes(folder / 'EPIC_100_noun_classes_v2.csv')[300] == 'hand:left'


def test_real_egoexolearn_table():
    folder = data_dir('egoexolearn')
    rows = read_egoexolearn_narrations(folder / 'association_benchmark/annotations/exo_train.csv')
    assert (len(rows), len({row.video for row in rows})) == (6270, 286)
    assert sum(len(row.verbs) == 1 for row in rows) == 1110
    assert max(verb for row in rows for verb in row.verbs) < 125
    assert len(read_narration_classes(folder / 'annotations/narration_verb_taxonomy.csv')) == 125
