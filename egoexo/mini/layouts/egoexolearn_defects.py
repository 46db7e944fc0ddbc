"""Known defects of the EgoExoLearn release, planted on request so that the repair of each reader can be tested."""

from collections.abc import Callable
from itertools import product
from pathlib import Path

from egoexo.errors import AnnotationError, ConfigError
from egoexo.mini.annotate import Tables
from egoexo.mini.layouts.egoexolearn_anticipation import LIST_FOLDERS
from egoexo.mini.layouts.egoexolearn_paths import PLANNING, SEGMENTATION, SKILL, bundle_path, list_path
from egoexo.mini.layouts.files import write_bytes, write_lines
from egoexo.mini.seeding import rng

__all__ = ['DEFECTS', 'plant_defects']

# The script that renamed the released lists kept the rows of all files before; order of its work per folder.
_VERB_ORDER = ('exo_val', 'ego_train', 'ego_test', 'exo_test', 'cotraining', 'exo_train', 'ego_val')
LIST_ORDER = {
    'noun': ('ego_test', 'cotraining', 'exo_train', 'ego_train', 'exo_val', 'exo_test', 'ego_val'),
    'noun_gazed': ('exo_train', 'ego_test', 'ego_train', 'exo_val', 'ego_val', 'exo_test', 'cotraining'),
    'verb': _VERB_ORDER,
    'verb_gazed': _VERB_ORDER,
}
MAX_MISSING_FRAMES = 10


def plant_defects(root: Path, tables: Tables, names: tuple[str, ...]) -> None:
    """Plant the named defects into a clean layout, in the order of :data:`DEFECTS`.

    Args:
        root (Path): Root of the layout.
        tables (Tables): Annotations it was written from.
        names (tuple[str, ...]): Keys of :data:`DEFECTS`.

    Raises:
        AnnotationError: The world is too small for the defect.
        ConfigError: A name is unknown.
    """
    unknown = sorted(set(names) - set(DEFECTS))
    if unknown:
        raise ConfigError(f'unknown defect {", ".join(unknown)}; expected some of {", ".join(DEFECTS)}.')
    for name, plant in DEFECTS.items():
        if name in names:
            plant(root, tables)


def leak_video(root: Path, tables: Tables) -> None:
    """The first ego val video with gaze is also in ego test; of the gaze lists only test holds it.

    Args:
        root (Path): Root of the layout.
        tables (Tables): Annotations.
    """
    uid = _first(tables.select_uids('ego', 'val', gaze=True), 'an ego val video with gaze')
    for folder in (SEGMENTATION, PLANNING):
        for subset in ('ego_test', 'ego_gaze_test'):
            path = bundle_path(root, folder, subset)
            _edit(path, [*_lines(path), f'{uid}.txt'])
        path = bundle_path(root, folder, 'ego_gaze_val')
        _edit(path, [line for line in _lines(path) if line != f'{uid}.txt'])
    lists = root / PLANNING / 'annotation'
    leaked = [row for row in _lines(lists / 'val_ego_anno_list.txt') if row.startswith(uid)]
    for name in ('test_ego', 'test_ego_gaze'):
        path = lists / f'{name}_anno_list.txt'
        _edit(path, [*_lines(path), *leaked])
    path = lists / 'val_ego_gaze_anno_list.txt'
    _edit(path, [row for row in _lines(path) if not row.startswith(uid)])


def cumulative_lists(root: Path, tables: Tables) -> None:
    """Each anticipation list also holds the rows of all lists that were processed before it in its folder.

    Args:
        root (Path): Root of the layout.
        tables (Tables): Annotations, not used.
    """
    for folder in LIST_FOLDERS:
        rows: list[str] = []
        for name in LIST_ORDER[folder]:
            path = list_path(root, folder, name)
            rows += _lines(path)
            _edit(path, rows)


def cyclic_pairs(root: Path, tables: Tables) -> None:
    """Both skill lists get a pair c > a for clips with a > b and b > c.

    Args:
        root (Path): Root of the layout.
        tables (Tables): Annotations, not used.
    """
    paths = [root / SKILL / f'skill_{subset}.txt' for subset in ('train', 'val')]
    lists = [[tuple(line.split(' ')) for line in _lines(path)] for path in paths]
    known = {frozenset(pair) for pairs in lists for pair in pairs}
    train_clips = {clip for pair in lists[0] for clip in pair}
    for path, pairs in zip(paths, lists, strict=True):
        # A val pair must keep one clip that training has not seen.
        seen = frozenset() if path == paths[0] else train_clips
        chains = ((last, first) for (first, a), (b, last) in product(pairs, pairs)
                  if a == b and frozenset((first, last)) not in known and not {first, last} <= seen
                  and first.split('_')[1] != last.split('_')[1])
        closing = _first(chains, f'a chain of three clips in {path.name}')
        write_lines(path, [' '.join(pair) for pair in [*pairs, closing]], final=True)


def short_exo_labels(root: Path, tables: Tables) -> None:
    """Frame labels of exo videos end 1 to 10 frames before the video, drawn per video.

    Args:
        root (Path): Root of the layout.
        tables (Tables): Annotations.
    """
    for record in tables.records:
        if record.plan.view == 'exo':
            uid = record.plan.uid
            missing = int(rng(tables.seed, uid, 'short labels').integers(1, MAX_MISSING_FRAMES + 1))
            path = root / SEGMENTATION / 'gts_fps25' / f'{uid}.txt'
            _edit(path, _lines(path)[:-missing])


# Name -> function; features are damaged elsewhere because they belong to every layout.
DEFECTS: dict[str, Callable[[Path, Tables], None]] = {
    'leak_video': leak_video,
    'cumulative_lists': cumulative_lists,
    'cyclic_pairs': cyclic_pairs,
    'short_exo_labels': short_exo_labels,
}


def _first(items, what: str):
    """First of some items, or an error that names them."""
    for item in items:
        return item
    raise AnnotationError(f'expected {what}, found none: the world is too small for this defect; take a larger preset.')


def _lines(path: Path) -> list[str]:
    """Lines of a file, whatever their ends; an empty file has none."""
    return path.read_text(encoding='utf-8').splitlines()


def _edit(path: Path, lines: list[str]) -> None:
    """Replace the lines and keep the kind of line end."""
    newline = b'\r\n' if b'\r\n' in path.read_bytes() else b'\n'
    write_bytes(path, newline.join(line.encode() for line in lines))
