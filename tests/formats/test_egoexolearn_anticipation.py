"""Tables and lists of action anticipation: values, round trips, and the text of every refusal."""

import hashlib
from pathlib import Path

import pytest
from tests_support import data_dir

from egoexo.errors import AnnotationError
from egoexo.formats import egoexolearn_anticipation as fmt

HEADER = 'video_id,annotation_id,start_sec,end_sec,verb,noun,scenario\n'
GOOD = HEADER + 'u-1,A,70.30000000000001,71,"[0, 14]",[],kitchen\nu-2,B,0.0,20.0,[14],"[390, 391, 268]",lab\n'
RELEASE = 'action_anticipation_planning_benchmark/anticpation_annotation'


def put(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_table_and_its_clean_lists(tmp_path: Path) -> None:
    path = put(tmp_path / 't.csv', GOOD)
    rows = fmt.read_action_table(path)
    assert rows[0] == ('u-1', 'A', '70.30000000000001', '71', (0, 14), (), 'kitchen')
    assert rows[1].nouns == (390, 391, 268)
    verbs = fmt.list_actions(rows, 'verb', (14, 0))
    assert [(row.uid, row.start_text, row.start_sec, row.labels) for row in verbs] == [
        ('u-1', '70.30000000000001', 70.30000000000001, (1, 0)), ('u-2', '0.0', 0.0, (0,))]
    nouns = fmt.list_actions(rows, 'noun', (268, 391, 390))
    assert [(row.uid, row.end_text, row.end_sec, row.labels) for row in nouns] == [('u-2', '20.0', 20.0, (2, 1, 0))]
    fmt.write_action_table(tmp_path / 'again.csv', rows)
    assert (tmp_path / 'again.csv').read_text() == GOOD


@pytest.mark.parametrize('change', [
    lambda text: text.replace('\n', '\r\n'), lambda text: '\ufeff' + text, lambda text: text.rstrip('\n'),
], ids=['crlf', 'byte-order-mark', 'no-final-newline'])
def test_table_in_other_clothes(tmp_path: Path, change: object) -> None:
    assert fmt.read_action_table(put(tmp_path / 't.csv', change(GOOD))) == fmt.read_action_table(
        put(tmp_path / 'u.csv', GOOD))


def test_other_encoding(tmp_path: Path) -> None:
    text = GOOD.replace('lab', '实验室')
    assert fmt.read_action_table(put(tmp_path / 't.csv', text.encode('gb18030')))[1].scenario == '实验室'
    assert fmt.read_action_table(put(tmp_path / 'u.csv', text), encoding='utf-8')[1].scenario == '实验室'
    with pytest.raises(AnnotationError, match=r't\.csv: expected an action table \(CSV\) in utf-8, found byte 0x'):
        fmt.read_action_table(put(tmp_path / 't.csv', text.encode('gb18030')), encoding='utf-8')


@pytest.mark.parametrize(('row', 'message'), [
    ('u,A,1.0,2.0,[0],[],kitchen,more', r't\.csv line 4: expected 7 fields in one line, found'),
    ('u,A,1.0,2.0,[0],[]', 'line 4: expected 7 fields'),
    ('', 'line 4: expected 7 fields'),
    ('u,"A\nB",1.0,2.0,[0],[],kitchen', 'line 4: expected 7 fields in one line'),
    ('u,A,1.0,2.0,"[0, 0]",[],kitchen', 'line 4: expected verb and noun as lists of taxonomy ids, .* each id once'),
    ('u,A,1.0,2.0,0,[],kitchen', 'line 4: expected verb and noun'),
    ('u,A,1.0,2.0,[0],[-1],kitchen', 'line 4: expected verb and noun'),
    ('u,A,1.0,2.0,[0],[1.0],kitchen', 'line 4: expected verb and noun'),
    ('u,A,1.0,2.0,[0],[print(1)],kitchen', 'line 4: expected verb and noun'),
    ('u,A,-1.0,2.0,[0],[],kitchen', r'line 4: expected start_sec and end_sec as seconds, e\.g\. 103\.7'),
    ('u,A,nan,2.0,[0],[],kitchen', 'line 4: expected start_sec'),
    ('u,A,1.0,inf,[0],[],kitchen', 'line 4: expected start_sec'),
    ('u,A,1.0,,[0],[],kitchen', 'line 4: expected start_sec'),
    ('../u,A,1.0,2.0,[0],[],kitchen', 'line 4: expected a video uid in front'),
    (',A,1.0,2.0,[0],[],kitchen', 'line 4: expected a video uid in front'),
    ('u,"A"B,1.0,2.0,[0],[],kitchen', r'line 4: .*a line that cannot be split'),
])
def test_broken_table(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(AnnotationError, match=message):
        fmt.read_action_table(put(tmp_path / 't.csv', GOOD + row + '\n'))


@pytest.mark.parametrize(('content', 'message'), [
    ('', 'found an empty file'), (HEADER, 'found its head line alone'),
    ('a,b\n1,2\n', r"line 1: expected the columns video_id,annotation_id,.* found 'a,b'"),
])
def test_no_table(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(AnnotationError, match=message):
        fmt.read_action_table(put(tmp_path / 't.csv', content))


def test_unknown_class_names_the_line(tmp_path: Path) -> None:
    rows = fmt.read_action_table(put(tmp_path / 't.csv', GOOD))
    with pytest.raises(AnnotationError, match=r't\.csv line 3: expected noun ids of the 2 classes in valid_nouns\.txt, '
                       r'found unknown class id 391\. Add it'):
        fmt.list_actions(rows, 'noun', (390, 268), tmp_path / 't.csv')


def test_list_round_trip(tmp_path: Path) -> None:
    text = 'u|70.30000000000001|71|[22, 2]\nv|0.0|20.0|[4]\nv|0.0|20.0|[]'
    actions = fmt.read_action_list(put(tmp_path / 'l.txt', text), 23)
    assert actions[0] == ('u', '70.30000000000001', '71', 70.30000000000001, 71.0, (22, 2))
    assert actions[2].labels == ()
    fmt.write_action_list(tmp_path / 'again.txt', actions)
    assert (tmp_path / 'again.txt').read_text() == text


@pytest.mark.parametrize(('row', 'message'), [
    ('u|1.0|2.0', r"l\.txt line 2: expected uid\|start\|end\|\[class ids\], found 'u\|1\.0\|2\.0'"),
    ('u|1.0|2.0|[1]|x', 'line 2: expected uid'), ('', "line 2: .*found ''"), ('u|1.0|x|[1]', 'line 2: expected uid'),
    ('u|1.0|2.0|[23]', r"line 2: expected a video uid and class ids from 0 to 22, each once, found the uid 'u' and the "
     r'classes \[23\]\. Correct the line, or check that the list is one of this part'),
    ('u|1.0|2.0|[1, 1]', 'line 2: expected a video uid and class ids'),
    ('u|1.0|2.0|[1,]', 'line 2: expected a video uid and class ids'),
    ('a/b|1.0|2.0|[1]', "line 2: .*found the uid 'a/b'"),
])
def test_broken_list(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(AnnotationError, match=message):
        fmt.read_action_list(put(tmp_path / 'l.txt', f'u|1.0|2.0|[1]\n{row}\nu|1.0|2.0|[1]'), 23)


@pytest.mark.parametrize(('content', 'message'), [
    ('', 'found an empty file'), ('1\n\n2', "line 2: expected a taxonomy id, e.g. 268, found ''"),
    ('1\nx', "line 2: expected a taxonomy id, e.g. 268, found 'x'"),
    ('1\n2\n1', 'line 3: expected each taxonomy id once, found 1, which is already in line 1. Remove'),
])
def test_broken_class_file(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(AnnotationError, match=message):
        fmt.read_class_ids(put(tmp_path / 'valid.txt', content))


def test_taxonomy(tmp_path: Path) -> None:
    path = put(tmp_path / 't.csv', 'label,group\r\n"knife_(knife,_machete)","[\'knife\', \'blade\']"\r\negg,[]\r\n')
    labels = fmt.read_taxonomy(path)
    assert labels == ('knife_(knife,_machete)', 'egg')
    assert [fmt.short_name(label) for label in labels] == ['knife', 'egg']
    for content, line in (('name,group\na,b', 1), ('label,group', 1), ('label,group\na,b\nc', 3)):
        with pytest.raises(AnnotationError, match=rf't\.csv line {line}: expected the columns label,group'):
            fmt.read_taxonomy(put(tmp_path / 't.csv', content))


def test_what_stands_in_front() -> None:
    test = 'any/noun_gazed/list_exo_test_ego_exo-feature.txt'
    in_front = fmt.rows_in_front(test)
    assert fmt.own_rows(test) == 4496
    assert sum(in_front.values()) + 4496 == 65664
    assert next(iter(in_front)) == 'list_exo_train_ego_exo-feature.txt'
    assert fmt.rows_in_front('noun_gazed/list_exo_train_ego_exo-feature.txt') == {}
    assert fmt.own_rows('mine/list_exo_test_ego_exo-feature.txt') is None
    assert fmt.rows_in_front('verb/mine.txt') == {}


def test_released_lists() -> None:
    folder = data_dir('egoexolearn') / RELEASE
    paths = sorted(folder.glob('*/list_*.txt'))
    assert paths
    for path in paths:
        num_classes = len(fmt.read_class_ids(folder / fmt.TABLE_FOLDER / fmt.CLASS_FILES[path.parent.name[:4]]))
        actions = fmt.read_action_list(path, num_classes)
        assert len(actions) == fmt.own_rows(path) + sum(fmt.rows_in_front(path).values())


def test_released_tables(tmp_path: Path) -> None:
    paths = sorted((data_dir('egoexolearn') / RELEASE / fmt.TABLE_FOLDER).glob('*.csv'))
    assert paths
    for path in paths:
        fmt.write_action_table(tmp_path / path.name, fmt.read_action_table(path))
        again = hashlib.sha256((tmp_path / path.name).read_bytes()).hexdigest()
        assert again == hashlib.sha256(path.read_bytes()).hexdigest()
