"""Answers without a model, on a small layout whose objects are boxes of one colour."""

from pathlib import Path

import pytest
from correspondence_support import write_correspondence_root

from tools.analysis.correspondence_floor import main


@pytest.fixture(scope='module')
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], list[float]]:
    root = write_correspondence_root(tmp_path_factory.mktemp('floor'))
    return {(name, subset): [float(value) for value in values]
            for name, subset, *values in main(['--data-root', str(root)])}


@pytest.mark.parametrize(('subset', 'visibility'), [
    ('ego2exo_val', 0.5), ('exo2ego_val', 1)])  # of the ego frames of these takes only visible ones were looked at
def test_truth_is_perfect_and_all_are_sure(rows: dict, subset: str, visibility: float) -> None:
    iou, contour, location, _ = rows['truth', subset]
    assert (iou, contour, location) == (1, 1, 0)
    assert {values[3] for (_, name), values in rows.items() if name == subset} == {visibility}


@pytest.mark.parametrize('subset', ['ego2exo_val', 'exo2ego_val'])
def test_colour_finds_the_box_and_not_that_of_another_object(rows: dict, subset: str) -> None:
    assert rows['colour', subset][0] > 0.3
    assert rows['colour, other object', subset][0] < 0.1
    assert rows['copy', subset][0] < rows['colour', subset][0]


def test_methods_can_be_chosen(tmp_path: Path) -> None:
    root = write_correspondence_root(tmp_path)
    rows = main(['--data-root', str(root), '--methods', 'largest', '--split', 'train'])
    assert [row[:2] for row in rows] == [['largest', 'ego2exo_train'], ['largest', 'exo2ego_train']]
