"""A small official layout of the anticipation and planning benchmarks."""

from collections.abc import Sequence
from pathlib import Path

import torch

from egoexo.formats import egoexolearn_anticipation as anticipation
from egoexo.formats import egoexolearn_planning as planning

ANTICIPATION = 'action_anticipation_planning_benchmark/anticpation_annotation'
PLANNING = 'action_anticipation_planning_benchmark/planning_annotation'
VERB_IDS, NOUN_IDS = (3, 0, 7), (5, 2)


class ClipLayout:
    """Writes lists, and features of 4 numbers a row, of which row r of any video is r, r + .1, ..."""

    DIM = 4

    def __init__(self, root: Path) -> None:
        self.root = root
        self.features = root / 'features/clip_5fps'
        self.features.mkdir(parents=True)
        self.tables = root / ANTICIPATION / anticipation.TABLE_FOLDER
        self.tables.mkdir(parents=True)
        for part, ids in dict(verb=VERB_IDS, noun=NOUN_IDS).items():
            (self.tables / anticipation.CLASS_FILES[part]).write_text('\n'.join(map(str, ids)))

    def video(self, uid: str, num_rows: int = 100, dim: int = DIM) -> Path:
        rows = torch.arange(num_rows, dtype=torch.float32)[:, None] + torch.arange(dim) / 10
        torch.save(rows, self.features / f'{uid}.pt')
        return self.features / f'{uid}.pt'

    def table(self, subset: str, rows: Sequence[tuple]) -> Path:
        """Rows are (uid, start, end, verbs, nouns), the seconds as text."""
        path = self.tables / anticipation.table_name(*subset.split('_'))
        anticipation.write_action_table(path, [
            anticipation.ActionRow(uid, f'id{number}', start, end, tuple(verbs), tuple(nouns), 'kitchen')
            for number, (uid, start, end, verbs, nouns) in enumerate(rows)])
        return path

    def plan(self, subset: str, rows: Sequence[tuple]) -> Path:
        """Rows are (uid, end, first label); the other labels count on from it."""
        view, *gaze, split = subset.split('_')
        path = self.root / PLANNING / planning.LIST_FOLDER / planning.list_name(view, split, bool(gaze))
        planning.write_planning_list(path, [
            planning.PlannedSteps(uid, end, float(end), tuple((first + step) % 27 for step in range(8)))
            for uid, end, first in rows])
        return path

    def config(self, kind: str, subset: str, **options: object) -> dict:
        view, split = subset.split('_')
        return dict(type=kind, view=view, split=split, data_root=str(self.root),
                    data_prefix=dict(features='features/clip_5fps'), feature=dict(dim=self.DIM)) | options
