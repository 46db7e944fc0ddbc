"""Known defects of the EgoExoLearn release, planted on request so that the repair of each reader can be tested."""

from collections.abc import Callable
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
    candidates = tables.select_uids('ego', 'val', gaze=True)
    if not candidates:
        raise _too_small('an ego val video with gaze')
    uid = candidates[0]
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
    """Each skill list that holds clips a > b and b > c says c > a too; a pair a > c is turned round.

    Args:
        root (Path): Root of the layout.
        tables (Tables): Annotations, not used.
    """
    paths = [root / SKILL / f'skill_{subset}.txt' for subset in ('train', 'val')]
    closed = {path: _close_cycle([tuple(line.split(' ')) for line in _lines(path)]) for path in paths}
    if not any(closed.values()):
        raise _too_small('skill pairs a > b and b > c')
    for path, pairs in closed.items():
        if pairs:
            write_lines(path, [' '.join(pair) for pair in pairs], final=True)


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


def _close_cycle(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Pairs with one cycle of three clips of three videos, empty if there is no chain to close."""
    known = set(pairs)
    worse: dict[str, list[str]] = {}
    for better, other in pairs:
        worse.setdefault(better, []).append(other)
    chains = ((first, last) for first, middle in pairs for last in worse.get(middle, ())
              if first.split('_')[1] != last.split('_')[1])
    # An existing pair is turned round where possible: a new one might show no clip that training lacks.
    for first, last in sorted(chains, key=lambda ends: ends not in known)[:1]:
        return [pair for pair in pairs if pair != (first, last)] + [(last, first)]
    return []


def _too_small(what: str) -> AnnotationError:
    return AnnotationError(f'expected {what} to damage, found none: the world is too small; take a larger preset.')


def _lines(path: Path) -> list[str]:
    """Lines of a file, whatever their ends; an empty file has none."""
    return path.read_text(encoding='utf-8').splitlines()


def _edit(path: Path, lines: list[str]) -> None:
    """Replace the lines and keep the kind of line end."""
    newline = b'\r\n' if b'\r\n' in path.read_bytes() else b'\n'
    write_bytes(path, newline.join(line.encode() for line in lines))
