"""Finds pictures, masks and predictions of single items of correspondence for the report of a run."""

import logging
from collections.abc import Collection, Mapping
from pathlib import Path

from mmengine.logging import print_log

from egoexo.errors import EgoExoError
from egoexo.formats.correspondence_results import SETTINGS, ViewPrediction, iter_predictions, pair_key
from egoexo.formats.correspondence_take import TAKE_FILE, read_take_annotation
from egoexo.formats.rle import decode_rle
from egoexo.visualization.correspondence import make_pair
from egoexo.visualization.mask_pair import MaskPair
from egoexo.visualization.report_items import ItemTable
from egoexo.visualization.report_run import MASK_FILES, Run

__all__ = ['read_pairs_of_items']

_MAX_BYTES = 2**28  # reading a larger file for a few pictures takes longer than the rest of the page


def read_pairs_of_items(run: Run, items: ItemTable, rows: Collection[int]) -> dict[int, MaskPair]:
    """Pictures, true masks and predicted masks of some items.

    Predictions are looked for in the work directory, in the official format; pictures and true masks below the
    ``data_root`` of the test lists.

    Args:
        run (Run): What was read from the work directory.
        items (ItemTable): Scored items.
        rows (Collection[int]): Positions of those wanted.

    Returns:
        dict[int, MaskPair]: By position; without those of which something is absent or damaged.
    """
    predictions = _find_predictions(run.work_dir, items, rows)
    roots = {str(config.get('data_root')) for config in run.datasets('test') if config.get('data_root')}
    folders = {uid: next((Path(root) / uid for root in sorted(roots) if (Path(root) / uid / TAKE_FILE).is_file()), None)
               for uid in {items.names['take_uid'][row] for row in predictions}}
    pairs: dict[int, MaskPair] = {}
    for uid, folder in folders.items():
        wanted = {row: found for row, found in predictions.items() if items.names['take_uid'][row] == uid}
        try:
            pairs |= {} if folder is None else _take_pairs(folder, items, wanted)
        except EgoExoError as error:
            print_log(f'{run.name}: no pictures of take {uid}: {error}', 'current', logging.WARNING)
    return pairs


def _find_predictions(folder: Path, items: ItemTable, rows: Collection[int]) -> dict[int, ViewPrediction]:
    """Predictions of items out of the files of a folder."""
    by_take: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        setting = SETTINGS.get(items.names['subset'][row].partition('_')[0], '')
        by_take.setdefault((setting, items.names['take_uid'][row]), []).append(row)
    found: dict[int, ViewPrediction] = {}
    for path in sorted({path for pattern in MASK_FILES for path in folder.glob(pattern)}):
        if len(found) == len(rows) or path.stat().st_size > _MAX_BYTES:
            continue
        try:
            for setting, take in iter_predictions(path):
                for row in by_take.get((setting, take.take_uid), ()):
                    name, query, target, frame = (items.names[column][row] for column in (
                        'object_name', 'query_camera', 'target_camera', 'frame'))
                    prediction = take.masks.get(name, {}).get(pair_key(query, target), {}).get(frame)
                    if prediction is not None:
                        found[row] = prediction
        except EgoExoError as error:
            print_log(f'no pictures from {path}: {error}', 'current', logging.WARNING)
    return found


def _take_pairs(folder: Path, items: ItemTable, wanted: Mapping[int, ViewPrediction]) -> dict[int, MaskPair]:
    """Items of one take."""
    take = read_take_annotation(folder / TAKE_FILE)
    pairs = {}
    for row, prediction in wanted.items():
        subset, uid, name, query, target, frame = (items.names[column][row] for column in (
            'subset', 'take_uid', 'object_name', 'query_camera', 'target_camera', 'frame'))
        views = take.masks.get(name, {})
        meta = {'subset': subset, 'uid': uid, 'object_name': name, 'view': subset.partition('_')[0], 'frame': frame,
                'query_camera': query, 'target_camera': target, 'is_annotated': True,
                'query_rle': views.get(query, {}).get(frame), 'target_rle': views.get(target, {}).get(frame),
                'query_path': folder / query / f'{frame}.jpg', 'target_path': folder / target / f'{frame}.jpg'}
        pairs[row] = make_pair(meta, decode_rle(prediction.mask), prediction.confidence)
    return pairs
