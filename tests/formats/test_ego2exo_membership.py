"""Training lists taken from pseudo-label files."""

import re

import pytest

from egoexo.errors import AnnotationError
from egoexo.formats.ego2exo_membership import Membership, pick_members, read_membership


@pytest.fixture
def files(tmp_path):
    (tmp_path / 'ego_exo.txt').write_text('5 0\n3 1\n')
    (tmp_path / 'exo_ego.txt').write_text('4 1\n')
    return tmp_path / 'ego_exo.txt', tmp_path / 'exo_ego.txt'


def test_ids_of_the_target_lists_in_order(files):
    assert read_membership(*files, 2) == Membership(exo_train=(5, 3), ego_train=(4, ))


def test_labels_must_be_classes(files):
    with pytest.raises(AnnotationError, match=r'ego_exo\.txt.*1 labels out of range'):
        read_membership(*files, 1)


def test_no_segment_in_both(files):
    files[1].write_text('4 1\n3 0\n')
    with pytest.raises(AnnotationError, match=r'exo_ego\.txt: expected no segment of ego_exo\.txt, found 1 of them '
                       r'\(first \[3\]\)'):
        read_membership(*files, 2)


def test_rows_follow_the_files():
    assert pick_members(Membership((5, 3), (4, )), {3: 'c', 4: 'd', 5: 'e', 6: 'f'}, {}) == (['e', 'c'], ['d'])


def test_ids_that_fit_nothing_are_counted_by_reason():
    with pytest.raises(AnnotationError, match=re.escape(
            'membership files: expected ids of 10 segments of the annotations with an allowed class, found 7 of no '
            'segment of these takes (first [1, 2, 3, 4, 5]); 2 dropped (no class) (first [8, 9])')):
        pick_members(Membership((1, 2, 3, 4, 5, 6), (7, 8, 9, 10)), {10: 'x'}, {8: 'dropped (no class)',
                                                                               9: 'dropped (no class)'})
