"""Planning files of EgoExoLearn: the next eight coarse steps at the end of each step."""

from collections.abc import Sequence
from pathlib import Path

from egoexo.mini.annotate import Step, Tables
from egoexo.mini.layouts.egoexolearn_paths import PLANNING, split_subsets
from egoexo.mini.layouts.egoexolearn_segmentation import write_bundles
from egoexo.mini.layouts.files import write_lines

__all__ = ['planning_rows', 'write_planning']

HORIZON = 8


def write_planning(root: Path, tables: Tables) -> dict[str, int]:
    """Write splits and sample lists of the planning benchmark.

    Args:
        root (Path): Root of the layout.
        tables (Tables): Annotations.

    Returns:
        dict[str, int]: Facts: rows of each list.
    """
    write_bundles(root, PLANNING, tables)
    lists = {}
    for subset, uids in split_subsets(tables).items():
        view, split = subset.rsplit('_', 1)
        lists[f'{split}_{view}'] = [row for uid in uids for row in planning_rows(uid, tables.steps[uid])]
    lists['cotrain_ego_exo'] = lists['train_ego'] + lists['train_exo']
    lists['cotrain_ego_gaze_exo'] = lists['train_ego_gaze'] + lists['train_exo']
    for name, rows in lists.items():
        write_lines(root / PLANNING / 'annotation' / f'{name}_anno_list.txt', rows)
    return {name: len(rows) for name, rows in lists.items()}


def planning_rows(uid: str, steps: Sequence[Step]) -> list[str]:
    """One row for each step that has at least eight followers.

    Args:
        uid (str): Video.
        steps (Sequence[Step]): Its coarse steps in time order.

    Returns:
        list[str]: ``uid|end_sec|[y1, ..., y8]`` with classes counted from 0.
    """
    labels = [step.class_id - 1 for step in steps]
    return [f'{uid}|{steps[index].end_sec!r}|{labels[index + 1:index + 1 + HORIZON]}'
            for index in range(len(steps) - HORIZON)]
