import numpy as np

from egoexo.utils.clip_boxes import crop_boxes, gather_boxes


def test_each_repetition_of_a_frame_has_its_own_boxes() -> None:
    one, two = np.array([[1, 2, 3, 4, 0.5, 9]]), np.array([[5, 6, 7, 8, 0.25], [0, 0, 1, 1, 1]])
    found = gather_boxes([one, None, two, one], [4, 5, 6, 4])
    assert found.tolist() == [[1, 2, 3, 4, 0.5, 0], [5, 6, 7, 8, 0.25, 2], [0, 0, 1, 1, 1, 2], [1, 2, 3, 4, 0.5, 3]]
    assert gather_boxes([one, None, two, one], [4, 5, 6, 4], compat_alias=True)[:, 5].tolist() == [3, 2, 2, 3]
    assert one[0, 5] == 9, 'the caller keeps his own'


def test_no_box_at_all() -> None:
    assert gather_boxes([None, np.empty((0, 5))], [1, 2]).shape == (0, 6)
    assert crop_boxes(np.empty((0, 6)), (10, 20), 10, (0, 0), 8).shape == (0, 6)


def test_boxes_follow_scale_crop_and_mirror() -> None:
    boxes = np.array([[2.0, 1.0, 6.0, 4.0, 0.5, 3.0]])
    assert crop_boxes(boxes, (10, 20), 20, (1, 2), 12).tolist() == [[2, 1, 10, 7, 0.5, 3]]
    assert crop_boxes(boxes, (10, 20), 20, (1, 2), 12, flip=True).tolist() == [[1, 1, 9, 7, 0.5, 3]]
    assert boxes[0, 0] == 2, 'the caller keeps his own'


def test_boxes_are_cut_off_at_the_edges() -> None:
    boxes = np.array([[-5.0, -5.0, 50.0, 50.0, 1.0, 0.0]])
    assert crop_boxes(boxes, (10, 20), None, (0, 0), 8)[0, :4].tolist() == [0, 0, 7, 7]


def test_one_factor_for_both_axes() -> None:
    """That of the longer side, whose length is rounded down."""
    boxes = np.array([[0.0, 0.0, 100.0, 100.0]])
    assert crop_boxes(boxes, (1080, 1920), 256, (0, 0), 256)[0, 2] == 100 * (455 / 1920)
    assert crop_boxes(boxes, (1920, 1080), 256, (0, 0), 256)[0, 2] == 100 * (455 / 1920)
