import pytest
from tests_support import data_dir

from egoexo.errors import AnnotationError
from egoexo.formats.epic_classes import find_subsets, read_class_names, read_participants, read_tail_classes


def write(path, *lines):
    path.write_text('\n'.join(lines) + '\n', encoding='utf-8')
    return path


def test_tables_of_both_releases(tmp_path):
    assert read_class_names(write(tmp_path / 'verbs.csv', 'id,key,instances', '0,take,"[\'get\']"', '1,put,[]')) == [
        'take', 'put']
    assert read_class_names(write(tmp_path / 'old.csv', 'noun_id,class_key,nouns', '0,pan,[]')) == ['pan']


@pytest.mark.parametrize(('lines', 'message'), [
    (('id,key', '1,take'), "line 2: expected class 0, in order, found '1'"),
    (('id,key', '0,take', '0,put'), "line 3: expected class 1, in order, found '0'"),
    (('id,key', '0,'), 'the name of a class, found an empty field'),
    (('id,name', '0,take'), 'line 1: expected the columns id, key, found none called key')])
def test_wrong_class_tables(tmp_path, lines, message):
    with pytest.raises(AnnotationError, match=message):
        read_class_names(write(tmp_path / 'classes.csv', *lines))


def test_table_with_nouns_of_segmentation(tmp_path):
    more = ['hand:left', 'hand:right', 'foot', 'glove:left', 'glove:right']
    rows = [f'{number},{name}' for number, name in enumerate([f'n{number}' for number in range(300)] + more)]
    with pytest.raises(AnnotationError, match=r'the 300 nouns of action recognition, found 305, .*\. Take '
                                              r'EPIC_100_noun_classes.csv in place of the file that ends in _v2.csv'):
        read_class_names(write(tmp_path / 'EPIC_100_noun_classes_v2.csv', 'id,key', *rows))
    assert len(read_class_names(write(tmp_path / 'EPIC_100_noun_classes.csv', 'id,key', *rows[:300]))) == 300


def test_subsets(tmp_path):
    write(tmp_path / 'EPIC_100_tail_verbs.csv', 'verb', '10', '12')
    write(tmp_path / 'EPIC_100_tail_nouns.csv', 'noun', '56')
    write(tmp_path / 'EPIC_100_unseen_participant_ids_test.csv', 'participant_id', 'P33')
    with pytest.raises(AnnotationError, match='EPIC_100_unseen_participant_ids_validation.csv.*does not exist'):
        find_subsets(tmp_path)
    write(tmp_path / 'EPIC_100_unseen_participant_ids_validation.csv', 'participant_id', 'P18', 'P32')
    assert find_subsets(tmp_path) == ({10, 12}, {56}, {'P18', 'P32'})


@pytest.mark.parametrize(('read', 'lines', 'message'), [
    (read_tail_classes, ('verbs', '1'), 'the column verb or noun, found verbs'),
    (read_tail_classes, ('verb', '-1'), "line 2: expected a class id, found '-1'"),
    (read_participants, ('id', 'P18'), 'found none called participant_id'),
    (read_participants, ('participant_id', '../P18'), "line 2: expected the name of a participant, found '../P18'")])
def test_wrong_lists(tmp_path, read, lines, message):
    with pytest.raises(AnnotationError, match=message):
        read(write(tmp_path / 'list.csv', *lines))


def test_real_tables():
    folder = data_dir('epic-kitchens-100')
    names = read_class_names(folder / 'EPIC_100_verb_classes.csv')
    assert (len(names), names[0], names[96]) == (97, 'take', 'unfreeze')
    subsets = find_subsets(folder)
    assert (len(subsets.tail_verbs), len(subsets.tail_nouns)) == (86, 228)
    assert subsets.unseen_participants == {'P18', 'P32'}
    with pytest.raises(AnnotationError, match='found 305'):
        read_class_names(folder / 'EPIC_100_noun_classes_v2.csv')
