"""The one reader of pre-computed features: one file per video in one folder."""

from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from mmengine.logging import print_log

from egoexo.datasets.feature_files import SUFFIXES, open_feature_file
from egoexo.datasets.recipe import OFFICIAL_RECIPES, RECIPE_FILE, FeatureRecipe, refuse_contradiction
from egoexo.errors import ConfigError, FeatureError

__all__ = ['FeatureStore', 'require_finite']

_BLOCK_ROWS = 8192  # rows looked at together by a full scan: 32 MB of float32 at 1024 numbers
_ANNOUNCED: set[Path] = set()  # folders without a recipe that were already mentioned


class FeatureStore:
    """Features by video id, opened lazily, checked, and kept in memory up to a bound.

    Args:
        root (str | Path): Folder of ``<uid>.npy``, ``<uid>.pt`` or ``<uid>.npz`` (searched in this order), each
            (T, D) or (T, D, k), and perhaps ``recipe.json``.
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
        >>> store = FeatureStore('features/i3d_rgb_25fps', dim=1024, benchmark='segmentation')   # doctest: +SKIP
        >>> store.read('2c23b45a', step=5).shape                                                 # doctest: +SKIP
        (4165, 1024)
    """

    def __init__(self, root: str | Path, dim: int | None = None, recipe: Mapping[str, object] | None = None,
                 benchmark: str | None = None, cache_bytes: int = 0, reduce: str = 'mean', suffix: str = '') -> None:
        if reduce != 'mean':
            raise ConfigError(f"feature reduce='{reduce}' is unknown; the only choice is 'mean'.")
        if benchmark is not None and benchmark not in OFFICIAL_RECIPES:
            raise ConfigError(f"no official feature recipe for benchmark '{benchmark}'; known: "
                              f'{", ".join(OFFICIAL_RECIPES)}. State the rows with recipe=dict(feature_fps=...).')
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
            raise FeatureError(f'feature folder not found: {self.root}. Check data_root and data_prefix.features; '
                               'data/README.md says where features come from.')
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
        """Path of a video's file, None when there is none.

        Args:
            uid (str): Video id.
        """
        paths = (self.root / f'{uid}{self.suffix}{ending}' for ending in SUFFIXES)
        return next((path for path in paths if path.is_file()), None)

    def path(self, uid: str) -> Path:
        """Path of a video's file.

        Args:
            uid (str): Video id.

        Raises:
            FeatureError: If there is none.
        """
        path = self.find(uid)
        if path is None:
            raise FeatureError(f'no features of {uid} in {self.root}: {uid}{self.suffix} with one of the endings '
                               f'{", ".join(SUFFIXES)}. Check data_prefix.features.')
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
        if self.dim is not None and array.shape[1] != self.dim:
            hint = ' It looks transposed.' if array.shape[0] == self.dim else ''
            raise FeatureError(f'{path} is {array.shape}, expected (T, {self.dim}).{hint} Check data_prefix.features '
                               'and the feature dimension of the config (model.backbone.in_channels).')
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
            FeatureError: As :meth:`open`, and for the first block with a NaN or Inf.
        """
        rows = self.open(uid)
        for start in range(0, len(rows), _BLOCK_ROWS):
            require_finite(rows[start:start + _BLOCK_ROWS], self.path(uid), start)

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
    # A sum is finite only if all terms are; a finite but overflowing sum is looked at again.
    if rows.flags.writeable:  # torch adds faster, but warns about the pages of a mapped file
        total = torch.from_numpy(rows).sum(dtype=torch.float32).item()
    else:
        total = rows.sum(dtype=np.float32)
    if np.isfinite(total):
        return
    bad = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    if bad.size:
        raise FeatureError(f'{path} holds NaN or Inf in {bad.size} of {len(rows)} rows read, first in row '
                           f'{start + step * bad[0]}. Extract it again, or leave the video out with exclude=[...].')
