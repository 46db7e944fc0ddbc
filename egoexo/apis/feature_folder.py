"""The folder that extraction fills: one recipe, one file per video, nothing half written."""

import io
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from egoexo.datasets.feature_files import SUFFIXES, open_feature_file
from egoexo.datasets.feature_store import require_finite
from egoexo.datasets.recipe import RECIPE_FILE, FeatureRecipe
from egoexo.engine import write_atomically
from egoexo.errors import ConfigError, FeatureError

__all__ = ['FeatureFolder']


class FeatureFolder:
    """A folder of features that is being filled, perhaps by several processes with different videos.

    Args:
        root (str | Path): The folder.
        recipe (FeatureRecipe): What the rows of all its files mean; ``dtype`` and ``dim`` must be known.
        suffix (str): ``'.npy'`` or ``'.pt'``.

    Raises:
        ConfigError: If the suffix or the dtype is unknown.
    """

    def __init__(self, root: str | Path, recipe: FeatureRecipe, suffix: str = '.npy') -> None:
        if suffix not in ('.npy', '.pt') or recipe.dtype not in ('float32', 'float16'):
            raise ConfigError(f"features as '{suffix}' of {recipe.dtype}: choose '.npy' or '.pt', and 'float32' or "
                              "'float16'.")
        self.root, self.recipe, self.suffix = Path(root), recipe, suffix

    def prepare(self) -> None:
        """Make the folder and write its recipe, or check that the one it has is the same.

        Raises:
            FeatureError: If the folder holds features of another recipe, or of none.
        """
        found = FeatureRecipe.read(self.root) if self.root.is_dir() else None
        if found is None:
            strangers = sorted(path.name for path in self.root.glob('*') if path.suffix in SUFFIXES)
            if strangers:
                raise FeatureError(f'{self.root} holds {len(strangers)} feature files ({strangers[0]}, ...) but no '
                                   f'{RECIPE_FILE}, so nothing says how they were made. Choose another folder.')
            write_atomically(self.recipe.to_json().encode(), self.root / RECIPE_FILE)
            return
        differences = _differences(_plain(found), _plain(self.recipe))
        if differences:
            raise FeatureError(f'{self.root} was begun with another recipe:\n' + '\n'.join(
                f'  {name}: {old!r} in the folder, {new!r} now' for name, (old, new) in differences.items()) +
                '\nChoose another folder, or repeat the command with which this one was begun.')

    def has(self, uid: str) -> bool:
        """Whether a whole file of a video is there.

        Args:
            uid (str): Video id.
        """
        for ending in SUFFIXES:
            path = self.root / f'{uid}{ending}'
            if path.is_file():
                try:
                    return open_feature_file(path).shape[1:] == (self.recipe.dim,)
                except FeatureError:
                    return False
        return False

    def write(self, uid: str, rows: np.ndarray) -> Path:
        """Write the rows of one video; the file appears under its name when it is complete.

        Args:
            uid (str): Video id.
            rows (np.ndarray): (T, D), float32.

        Returns:
            Path: The file.

        Raises:
            FeatureError: If a number is NaN or Inf, or too large for float16.
        """
        path = self.root / f'{uid}{self.suffix}'
        if rows.ndim != 2 or rows.shape[1] != self.recipe.dim or not len(rows):
            raise FeatureError(f'{path}: rows {rows.shape}, expected (T, {self.recipe.dim}) with T >= 1.')
        bad = np.flatnonzero(~np.isfinite(rows).all(axis=1))
        if bad.size:
            raise FeatureError(f'{path}: the extractor gave NaN or Inf in {bad.size} of {len(rows)} rows, first in row '
                               f'{bad[0]}; nothing was written. Leave out --amp, or look at the weights.')
        with np.errstate(over='ignore'):
            rows = np.ascontiguousarray(rows, dtype=self.recipe.dtype)
        if self.recipe.dtype == 'float16':
            try:
                require_finite(rows, path)
            except FeatureError as error:
                raise FeatureError(f'{path}: a number does not fit into float16 (largest 65504); nothing was written. '
                                   'Use --dtype float32.') from error
        stream = io.BytesIO()
        if self.suffix == '.npy':
            np.save(stream, rows, allow_pickle=False)
        else:
            torch.save(torch.from_numpy(rows), stream)
        write_atomically(stream.getbuffer(), path)
        return path


def _plain(recipe: FeatureRecipe) -> dict[str, object]:
    """As a reader of the JSON file gets it."""
    return json.loads(json.dumps(asdict(recipe)))


def _differences(old: Mapping, new: Mapping, prefix: str = '') -> dict[str, tuple[object, object]]:
    """Values that differ, by dotted name."""
    found: dict[str, tuple[object, object]] = {}
    for name in {**old, **new}:
        pair = old.get(name), new.get(name)
        if all(isinstance(value, Mapping) for value in pair):
            found |= _differences(*pair, prefix=f'{prefix}{name}.')
        elif pair[0] != pair[1]:
            found[prefix + name] = pair
    return found
