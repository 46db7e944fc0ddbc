"""The one reader of pre-computed features: one file per video in one folder."""

import os
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path, PurePath

import numpy as np
import torch
from mmengine.logging import print_log

from egoexo.datasets.feature_files import SUFFIXES, open_feature_file
from egoexo.datasets.recipe import OFFICIAL_RECIPES, RECIPE_FILE, FeatureRecipe, refuse_contradiction
from egoexo.errors import ConfigError, FeatureError, explain

__all__ = ['FeatureStore', 'require_finite']

_BLOCK_ROWS = 8192  # rows looked at together by a full scan: 32 MB of float32 at 1024 numbers
_ANNOUNCED: set[Path] = set()  # folders without a recipe that were already mentioned


class FeatureStore:
    """Features by video id, opened lazily, checked, and kept in memory up to a bound.

    Args:
        root (str | Path): Folder of ``<uid>.npy``, ``<uid>.pt`` or ``<uid>.npz`` (searched in this order), each
            (T, D), (T, 1, D) or (T, D, k), and perhaps ``recipe.json``.
        dim (int, optional): Expected D; None takes that of the folder's recipe.
        recipe (Mapping, optional): Recipe fields the caller relies on beside the times of the rows.
        benchmark (str, optional): Name whose official recipe says at which times the rows are expected, and which
            stands in for a missing ``recipe.json``.
        cache_bytes (int): Memory for whole files kept after their first reading, least recently used dropped first;
            0 (default) leaves caching to the operating system, which is enough for mapped files on a local disk.
            Each loader worker has its own.
        reduce (str): Only ``'mean'``: files (T, D, k) are averaged over the last axis, in training as in prediction.
        suffix (str): Put between uid and file suffix, e.g. ``'_320p_25fps'``.

    Raises:
        FeatureError: If the folder is missing or its recipe contradicts what is expected.
        ConfigError: If ``benchmark`` or ``reduce`` is unknown.

    Examples:
        >>> root = 'data/mini/egoexolearn/features/i3d_rgb_25fps'
        >>> store = FeatureStore(root, dim=1024, benchmark='segmentation')
        >>> uid = min(Path(root).glob('*.pt')).stem
        >>> store.read(uid, stop=20, step=5).shape
        (4, 1024)
        >>> store.recipe.seconds(50)
        np.float64(2.0)
    """

    def __init__(self, root: str | Path, dim: int | None = None, recipe: Mapping[str, object] | None = None,
                 benchmark: str | None = None, cache_bytes: int = 0, reduce: str = 'mean', suffix: str = '') -> None:
        if reduce != 'mean':
            raise ConfigError(explain('feature=dict(reduce=...)', "'mean', the only choice", repr(reduce),
                                      'Remove it.'))
        if benchmark is not None and benchmark not in OFFICIAL_RECIPES:
            raise ConfigError(explain('feature=dict(benchmark=...)', f'a benchmark with an official feature recipe '
                                      f'({", ".join(OFFICIAL_RECIPES)})', repr(benchmark),
                                      'Give the times of the rows with recipe=dict(feature_fps=...) instead.'))
        self.root = Path(root)
        self.suffix = suffix
        self.cache_bytes = cache_bytes
        self._cache: OrderedDict[str, np.ndarray] = OrderedDict()
        self._used_bytes = 0
        self.recipe = self._settle_recipe(dim, dict(recipe or {}), benchmark)
        self.dim = dim if dim is not None else self.recipe.dim

    def _settle_recipe(self, dim: int | None, stated: dict[str, object], benchmark: str | None) -> FeatureRecipe:
        wanted = FeatureRecipe.from_dict(stated, 'feature=dict(recipe=...)')
        official = OFFICIAL_RECIPES.get(benchmark, FeatureRecipe())
        if dim is not None:
            stated = stated | dict(dim=dim)
        if not self.root.is_dir():
            found = 'something else' if os.path.lexists(self.root) else 'nothing'
            raise FeatureError(explain(self.root, 'a folder of feature files', found,
                                       'data/README.md says where features come from. Check data_root and '
                                       'data_prefix.features.'))
        found = FeatureRecipe.read(self.root)
        if found is not None:
            times = {} if benchmark is None else dict(
                feature_fps=official.feature_fps, first_row_sec=official.first_row_sec)
            refuse_contradiction(found, times | stated, str(self.root))
            return found
        assumed = official.updated(**stated) if benchmark else wanted.updated(dim=stated.get('dim'))
        if self.root.resolve() not in _ANNOUNCED:
            _ANNOUNCED.add(self.root.resolve())
            print_log(f'{self.root} has no {RECIPE_FILE}; taken for the official features of '
                      f"'{benchmark}': {assumed}" if benchmark else
                      f'{self.root} has no {RECIPE_FILE}; nothing is known about its rows but {assumed}', 'current')
        return assumed

    def find(self, uid: str) -> Path | None:
        """Path of a video's file, None when there is none; a folder or a broken link of that name counts as one.

        Args:
            uid (str): Video id.

        Raises:
            FeatureError: If the id would lead out of the folder.
        """
        if os.path.isabs(uid) or '..' in PurePath(uid).parts:
            raise FeatureError(explain(self.root, 'a video id that stays inside the feature folder', repr(uid),
                                       'Correct the split list.'))
        paths = [self.root / f'{uid}{self.suffix}{ending}' for ending in SUFFIXES]
        present = [path for path in paths if os.path.lexists(path)]
        return next((path for path in present if os.path.isfile(path)), present[0] if present else None)

    def path(self, uid: str) -> Path:
        """Path of a video's file.

        Args:
            uid (str): Video id.

        Raises:
            FeatureError: If there is none.
        """
        path = self.find(uid)
        if path is None:
            raise FeatureError(explain(
                self.root, f'features of {uid} in {uid}{self.suffix} with one of the endings {", ".join(SUFFIXES)}',
                'no such file' if os.access(self.root, os.X_OK) else 'a folder that may not be entered',
                'Check data_prefix.features.'))
        return path

    def open(self, uid: str) -> np.ndarray:
        """Rows of one video, not read yet where the format can be mapped; values are not checked.

        Args:
            uid (str): Video id.

        Returns:
            np.ndarray: (T, D), floating; do not write into it.

        Raises:
            FeatureError: If the file is missing, damaged or of another width.
        """
        if uid in self._cache:
            self._cache.move_to_end(uid)
            return self._cache[uid]
        path = self.path(uid)
        array = open_feature_file(path)
        if array.ndim == 3 and array.shape[1:] == (1, self.dim):  # as Ego-Exo4D stacks the rows of its windows
            array = array[:, 0]
        if self.dim is not None and array.shape[1] != self.dim:
            hint = ', which looks transposed' if array.shape[0] == self.dim else ''
            raise FeatureError(explain(path, f'shape (T, {self.dim})', f'{array.shape}{hint}',
                                       'Check data_prefix.features and the feature dimension of the config '
                                       '(model.backbone.in_channels).'))
        if array.ndim == 3:
            array = torch.from_numpy(np.array(array)).float().mean(dim=2).numpy()
        return self._keep(uid, array)

    def _keep(self, uid: str, array: np.ndarray) -> np.ndarray:
        if not 0 < array.nbytes <= self.cache_bytes:
            return array
        array = np.array(array)  # out of the mapped file
        array.flags.writeable = False
        self._cache[uid] = array
        self._used_bytes += array.nbytes
        while self._used_bytes > self.cache_bytes:
            self._used_bytes -= self._cache.popitem(last=False)[1].nbytes
        return array

    def read(self, uid: str, start: int = 0, stop: int | None = None, step: int = 1) -> np.ndarray:
        """Copy rows of one video into memory and check them.

        Args:
            uid (str): Video id.
            start (int): First row.
            stop (int, optional): Row past the last one; None reads to the end.
            step (int): Take every ``step``-th row; the others are not read from a mapped file.

        Returns:
            np.ndarray: (rows, D), contiguous, in the stored type.

        Raises:
            FeatureError: As :meth:`open`, and for NaN or Inf in one of these rows.
        """
        rows = np.array(self.open(uid)[start:stop:step], order='C')
        require_finite(rows, self.path(uid), start, step)
        return rows

    def length(self, uid: str) -> int:
        """Number of rows of one video.

        Args:
            uid (str): Video id.

        Raises:
            FeatureError: As :meth:`open`.
        """
        return len(self.open(uid))

    def scan(self, uid: str) -> None:
        """Read every row of one video, in blocks, and look for NaN and Inf.

        Args:
            uid (str): Video id.

        Raises:
            FeatureError: As :meth:`open`, and for NaN or Inf, counted over the whole file.
        """
        rows = self.open(uid)
        bad = [start + _bad_rows(rows[start:start + _BLOCK_ROWS]) for start in range(0, len(rows), _BLOCK_ROWS)]
        _refuse_rows(self.path(uid), np.concatenate(bad), len(rows))

    def __getstate__(self) -> dict[str, object]:
        return self.__dict__ | dict(_cache=OrderedDict(), _used_bytes=0)


def require_finite(rows: np.ndarray, path: str | Path, start: int = 0, step: int = 1) -> None:
    """Refuse NaN and Inf.

    Args:
        rows (np.ndarray): Features, (T, D).
        path (str | Path): Where they come from, for the message.
        start (int): Number of the first of these rows in the file.
        step (int): Rows of the file from one of these to the next.

    Raises:
        FeatureError: Naming file, count and first row.
    """
    _refuse_rows(path, start + step * _bad_rows(rows), len(rows))


def _bad_rows(rows: np.ndarray) -> np.ndarray:
    # A sum is finite only if all terms are; a finite but overflowing sum is looked at again.
    if rows.flags.writeable:  # torch adds faster, but warns about the pages of a mapped file
        total = torch.from_numpy(rows).sum(dtype=torch.float32).item()
    else:
        with np.errstate(over='ignore', invalid='ignore'):
            total = rows.sum(dtype=np.float32)
    if np.isfinite(total):
        return np.empty(0, np.int64)
    return np.flatnonzero(~np.isfinite(rows).all(axis=1))


def _refuse_rows(path: str | Path, bad: np.ndarray, num_rows: int) -> None:
    if bad.size:
        found = f'NaN or Inf in {bad.size} of {num_rows} rows read, first in row {bad[0]}'
        raise FeatureError(explain(path, 'finite numbers', found, 'Extract it again, or leave the video out with '
                                   'exclude=[...].'))
