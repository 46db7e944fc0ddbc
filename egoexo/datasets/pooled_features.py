"""One vector per segment: the mean over the feature rows of its windows."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from mmengine.logging import print_log
from rich.console import Console
from rich.progress import track

from egoexo.datasets.feature_store import FeatureStore
from egoexo.datasets.pooled_cache import PooledCache
from egoexo.errors import ConfigError, FeatureError, explain

__all__ = ['Pooled', 'PooledFeatures']

_ADVICE = 'Extract the whole take again, or leave it out with exclude=[...].'


@dataclass
class Pooled:
    """Vectors of a list.

    Args:
        features (torch.Tensor): float32, (N, D); zeros where there is a problem.
        problems (list[list[str]]): Why a segment has none, per segment.
        num_clamped (int): Segments with rows past the end of their file.
        num_empty (int): Segments without any row.
    """

    features: torch.Tensor
    problems: list[list[str]] = field(default_factory=list)
    num_clamped: int = 0
    num_empty: int = 0


class PooledFeatures:
    """Reads take files, each once, and averages the rows of each segment, as LaGTran does for every sample anew.

    Args:
        root (str | Path): Data root, below which the segments name their files.
        folder (str | Path, optional): Folder in which the files lie instead; None takes the one they name.
        dim (int): Numbers per row, D. Defaults to 1536. Files are (T, D) or, as released, (T, 1, D).
        recipe (Mapping, optional): See :class:`FeatureStore`.
        on_range (str): What a row past the end of its file means: ``'clamp'`` (default), the last row stands in,
            counted and said once; ``'error'``, the segment cannot be used.
        on_empty (str): What a segment without rows means: ``'nearest'`` (default), the row nearest to the middle of
            the segment, counted and said once (the official mean is NaN, on which training stops); or ``'error'``.
        cache_dir (str | Path, optional): Folder for the vectors of each list, which the next process maps instead of
            reading all takes; None (default) keeps none.

    Raises:
        ConfigError: If an option is unknown.
    """

    def __init__(self, root: str | Path = '', folder: str | Path | None = None, dim: int = 1536,
                 recipe: Mapping[str, object] | None = None, on_range: str = 'clamp', on_empty: str = 'nearest',
                 cache_dir: str | Path | None = None) -> None:
        for name, value, choices in (('on_range', on_range, ('clamp', 'error')),
                                     ('on_empty', on_empty, ('nearest', 'error'))):
            if value not in choices:
                raise ConfigError(explain(f'feature=dict({name}=...)', ' or '.join(map(repr, choices)), repr(value),
                                          'Choose one of them.'))
        if not isinstance(dim, int) or isinstance(dim, bool) or dim < 1:
            raise ConfigError(explain('feature=dict(dim=...)', 'the length of a feature row', repr(dim),
                                      'Correct it in the config.'))
        self.root, self.folder = Path(root), folder
        self.dim, self.recipe = dim, recipe
        self.on_range, self.on_empty = on_range, on_empty
        self.cache = None if cache_dir is None else PooledCache(cache_dir)
        self._stores: dict[str, FeatureStore] = {}
        self._looked_at: dict[tuple[str, bool], tuple[list[str], int | None]] = {}

    def locate(self, file: str) -> tuple[FeatureStore, str]:
        """Folder and id of a feature file.

        Args:
            file (str): As a segment names it, e.g. ``'features/omnivore_video/<take>_aria01_rgb.pt'``.

        Returns:
            tuple[FeatureStore, str]: The folder, opened once, and the name under which it has the file.

        Raises:
            FeatureError: If the folder is missing or its recipe does not fit.
        """
        path = PurePosixPath(file)
        folder = str(self.folder or self.root / path.parent)
        if folder not in self._stores:
            self._stores[folder] = FeatureStore(folder, self.dim, self.recipe, benchmark='transfer')
        return self._stores[folder], path.stem

    def look_at(self, info: Mapping[str, object], full: bool = False) -> tuple[list[str], int | None]:
        """Look at the file of one segment, each file once.

        Args:
            info (Mapping[str, object]): Item with ``feature_file`` and ``feature_indices``.
            full (bool): Read every row and look for NaN and Inf.

        Returns:
            tuple[list[str], int | None]: Problems, and rows of the file as far as known.
        """
        key = info['feature_file'], full
        if key not in self._looked_at:
            self._looked_at[key] = self._inspect(*key)
        problems, num_rows = self._looked_at[key]
        if num_rows is None:
            return problems, None
        return problems + self._misfit(info['feature_indices'], num_rows, info['feature_file']), num_rows

    def _inspect(self, file: str, full: bool) -> tuple[list[str], int | None]:
        try:
            store, uid = self.locate(file)
            num_rows = store.length(uid)
            if full:
                store.scan(uid)
        except FeatureError as error:
            return [str(error)], None
        return [], num_rows

    def _misfit(self, indices: Sequence[int], num_rows: int, file: str) -> list[str]:
        """Why rows that a segment names cannot be had; empty when they can, or something stands in for them."""
        if not indices and self.on_empty == 'error':
            return [explain(file, 'at least one window in feature_indices', 'none',
                            "Pass feature=dict(on_empty='nearest') to take the nearest one.")]
        if self.on_range == 'error' and max(indices, default=0) >= num_rows:
            return [explain(file, f'at least {max(indices) + 1} rows, up to the last window of the segment',
                            f'{num_rows}', "Extract the whole take, or pass feature=dict(on_range='clamp').")]
        return []

    def pool(self, items: Sequence[Mapping[str, object]], subset: str) -> Pooled:
        """Vectors of all segments of a list.

        Args:
            items (Sequence[Mapping[str, object]]): With ``sample_id``, ``feature_file``, ``feature_indices``,
                ``start_sec`` and ``end_sec``.
            subset (str): Name of the list, for messages and for the file of the cache.

        Returns:
            Pooled: A segment whose file is missing, damaged, of another width, or NaN in a row it needs, has a
            problem instead of a vector.

        Raises:
            FeatureError: If a folder is missing or its recipe does not fit.
        """
        began = time.monotonic()
        by_file: dict[str, list[int]] = {}
        for number, item in enumerate(items):
            by_file.setdefault(item['feature_file'], []).append(number)
        key = self.cache and self._key(items, by_file)
        found = self.cache and self.cache.read(subset, key, (len(items), self.dim))
        if found:
            pooled = Pooled(found[0], [[] for _ in items], **found[1])
            text = f'read from {self.cache.path(subset, key)}'
        else:
            pooled = self._pool(items, by_file, subset)
            text = f'pooled from {len(by_file)} files in {time.monotonic() - began:.1f} s'
            if self.cache and not any(pooled.problems):
                self.cache.write(subset, key, pooled.features,
                                 dict(num_clamped=pooled.num_clamped, num_empty=pooled.num_empty))
        print_log(f'{subset}: features of {len(items)} segments {text}', 'current')
        self._tell(pooled, len(items), subset)
        return pooled

    def _pool(self, items: Sequence[Mapping[str, object]], by_file: Mapping[str, Sequence[int]],
              subset: str) -> Pooled:
        pooled = Pooled(torch.zeros(len(items), self.dim), [[] for _ in items])
        console = Console(stderr=True)
        for file, numbers in track(by_file.items(), f'{subset}: features', console=console, transient=True,
                                   disable=not console.is_terminal):
            store, uid = self.locate(file)
            try:
                rows = store.open(uid)
                path = store.path(uid)
            except FeatureError as error:
                for number in numbers:
                    pooled.problems[number] = [str(error)]
                continue
            chosen = {number: self._rows_of(items[number], len(rows), store, pooled) for number in numbers}
            first = min(indices.min() for indices in chosen.values())
            last = max(indices.max() for indices in chosen.values())
            # One copy of what is needed of the file, which may be mapped or of another type.
            block = torch.from_numpy(np.array(rows[first:last + 1], dtype=np.float32))
            for number, indices in chosen.items():
                problems = self._misfit(items[number]['feature_indices'], len(rows), str(path))
                if not problems:
                    problems = _mean(block, indices - first, first, path, pooled.features[number])
                pooled.problems[number] = problems
        return pooled

    def _rows_of(self, item: Mapping[str, object], num_rows: int, store: FeatureStore, pooled: Pooled) -> np.ndarray:
        """Rows of one segment that are there, int64, at least one; counts those for which another one stands in."""
        indices = np.asarray(item['feature_indices'], dtype=np.int64)
        if not indices.size:
            pooled.num_empty += 1
            indices = store.recipe.rows([(item['start_sec'] + item['end_sec']) / 2])
        elif indices.max() >= num_rows:
            pooled.num_clamped += 1
        return np.clip(indices, 0, num_rows - 1)

    def _key(self, items: Sequence[Mapping[str, object]], by_file: Mapping[str, object]) -> str:
        """Changes with everything on which the vectors depend."""
        files = []
        for file in by_file:
            store, uid = self.locate(file)
            path = store.find(uid)
            state = path.stat() if path is not None and path.exists() else None
            files.append([str(path), *((state.st_size, state.st_mtime_ns) if state else ())])
        segments = [[item['sample_id'], item['feature_file'], list(item['feature_indices']), item['start_sec'],
                     item['end_sec']] for item in items]
        recipes = [repr(store.recipe) for store in self._stores.values()]
        return self.cache.key([segments, files, recipes, self.dim, self.on_range, self.on_empty])

    def _tell(self, pooled: Pooled, num_segments: int, subset: str) -> None:
        if pooled.num_clamped and self.on_range == 'clamp':
            print_log(f'{subset}: {pooled.num_clamped} of {num_segments} segments have windows past the end of their '
                      "features; the last row stands in. feature=dict(on_range='error') stops instead.", 'current',
                      logging.WARNING)
        if pooled.num_empty and self.on_empty == 'nearest':
            print_log(f'{subset}: {pooled.num_empty} of {num_segments} segments have no window; the one nearest to '
                      "their middle stands in. feature=dict(on_empty='error') stops instead.", 'current',
                      logging.WARNING)

    def __getstate__(self) -> dict[str, object]:
        return self.__dict__ | dict(_looked_at={})


def _mean(block: torch.Tensor, places: np.ndarray, first: int, path: Path, out: torch.Tensor) -> list[str]:
    """Average some rows into ``out``; problems when one of them is not finite."""
    dense = places[-1] - places[0] + 1 == len(places) and (np.diff(places) == 1).all()
    rows = block[places[0]:places[-1] + 1] if dense else block[torch.from_numpy(places)]
    torch.mean(rows, dim=0, out=out)
    if torch.isfinite(out).all():
        return []
    bad = np.unique(places[~torch.isfinite(rows).all(dim=1).numpy()])
    if not bad.size:  # finite rows whose sum is not
        return [explain(path, 'numbers whose mean is finite', f'an overflow in {len(places)} rows', _ADVICE)]
    return [explain(path, 'finite numbers', f'NaN or Inf in row {first + bad[0]}', _ADVICE)]
