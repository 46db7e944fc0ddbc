"""The contact sheet of the EPIC-Kitchens layout: ego segments beside third-person clips of the same verb and noun."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from egoexo.mini.layouts.epic_lemma import hoi_text
from egoexo.mini.layouts.epic_names import FRAME, TPV_FRAME, tpv_name
from egoexo.mini.layouts.epic_rows import build_rows
from egoexo.mini.sheet_page import FAINT, MARGIN, WIDTH, Page, class_color, draw_picture, sheet_style, spread

if TYPE_CHECKING:
    from egoexo.mini.epic_record import EpicRecord

__all__ = ['draw_epic_sheet']

ROWS = 7
EGO_FRAMES, EXO_FRAMES = 4, 3
GAP, MIDDLE = 8, 32
_Found = tuple['EpicRecord', int]  # a video and the index of an action


def draw_epic_sheet(records: 'Sequence[EpicRecord]', seed: int, path: str | Path) -> Path:
    """Draw segments of several verbs, each with a third-person clip of another cook who does the same.

    Args:
        records (Sequence[EpicRecord]): Finished videos of both views.
        seed (int): Seed of the world.
        path (str | Path): Target ``.png``, 1600 pixels wide.

    Returns:
        Path: The written picture.
    """
    pairs = _pick_pairs(records)
    ratio = next(record.size[0] / record.size[1] for record in records if record.plan.view == 'exo')
    gaps = GAP * (EGO_FRAMES + EXO_FRAMES - 2) + MIDDLE
    height = (WIDTH - 2 * MARGIN - gaps) / (EGO_FRAMES + EXO_FRAMES * ratio)
    clip_x = MARGIN + EGO_FRAMES * height + GAP * (EGO_FRAMES - 1) + MIDDLE
    with sheet_style():
        page = Page(round(2 * MARGIN + 90 + len(pairs) * (height + 52)))
        _title(page, records, clip_x)
        for ego, exo in pairs:
            _ego_row(page, ego, height, seed)
            _exo_row(page, exo, clip_x, height, height * ratio)
            page.y += height + 52
        return page.save(Path(path))


def _pick_pairs(records: 'Sequence[EpicRecord]') -> 'list[tuple[_Found, _Found]]':
    """Segments of different verbs of validation videos, which defects spare, and clips with the same nouns."""
    def found(view: str, splits: tuple[str, ...]) -> 'dict[tuple[str, ...], list[_Found]]':
        places: dict[tuple[str, ...], list[_Found]] = {}
        for record in records:
            if record.plan.view == view and record.plan.split in splits:
                for index, action in enumerate(record.state.actions):
                    places.setdefault((action.verb, *action.nouns), []).append((record, index))
        return places

    egos, exos = found('ego', ('val', 'test')), found('exo', ('train', 'val', 'test'))
    by_verb = {key[0]: key for key in sorted(egos) if key in exos}
    # Another place in each row, so that few rows show the same kitchen.
    return [(egos[key][(2 * row) % len(egos[key])], exos[key][(3 * row) % len(exos[key])])
            for row, key in enumerate(spread(list(by_verb.values()), ROWS))]


def _title(page: Page, records: 'Sequence[EpicRecord]', clip_x: float) -> None:
    """Heading with the size of the set, and what the two columns are."""
    page.text(MARGIN, 'EgoExo-Mini', fontsize=26, weight='bold')
    parts = [f'{sum(record.plan.view == view for record in records)} {name}, '
             f'{sum(record.state.duration_sec for record in records if record.plan.view == view) / 60:.1f} min'
             for view, name in (('ego', 'head camera videos'), ('exo', 'third-person videos'))]
    page.text(MARGIN + 262, '    ·    '.join(('', 'action recognition', *parts)).strip(), down=4, fontsize=13,
              color=FAINT)
    page.y += 60
    page.text(MARGIN, 'EGO', fontsize=15, weight='bold')
    page.text(MARGIN + 62, 'segments with narration, verb and noun', fontsize=13)
    page.text(clip_x, 'EXO', fontsize=15, weight='bold')
    page.text(clip_x + 62, 'clips of other cooks who do the same, unpaired in time', fontsize=13)
    page.y += 30


def _ego_row(page: Page, found: '_Found', height: float, seed: int) -> None:
    """Frames of a segment from its first to its last."""
    record, index = found
    row = build_rows(record, seed)[index]
    page.text(MARGIN, f'{row.narration}', down=6, fontsize=12, weight='bold')
    page.text(MARGIN, f'{row.video_id}, frames {row.start_frame} to {row.stop_frame}    verb class {row.verb_class}, '
              f'noun class {row.noun_class}', down=22, fontsize=10, color=FAINT)
    _pictures(page, record, index, FRAME, np.linspace(row.start_frame, row.stop_frame, EGO_FRAMES),
              (MARGIN, height, height))


def _exo_row(page: Page, found: '_Found', x: float, height: float, width: float) -> None:
    """Frames of a clip from its first to its last."""
    record, index = found
    action = record.state.actions[index]
    first, last = (int(seconds * record.state.fps) for seconds in (action.start_sec, action.end_sec))
    page.text(x, hoi_text(action.verb, action.nouns).replace('$', r'\$'), down=6, fontsize=12, weight='bold')
    page.text(x, f'{tpv_name(record.plan)}, frames {first} to {last}', down=22, fontsize=10, color=FAINT)
    _pictures(page, record, index, TPV_FRAME, np.linspace(first, last, EXO_FRAMES), (x, height, width))


def _pictures(page: Page, record: 'EpicRecord', index: int, template: str, numbers: np.ndarray,
              place: tuple[float, float, float]) -> None:
    """Stored frames side by side below the two lines of text, framed in the colour of the coarse step."""
    x, height, width = place
    color = class_color(record.state.steps[record.state.actions[index].step_index].class_id)
    for number in np.rint(numbers).astype(int).tolist():
        picture = cv2.imread(str(record.folder / template.format(number)))
        draw_picture(page.axes(x, width, height, down=34), picture, color)
        x += width + GAP
