"""What the rows of a feature folder mean: from which network, at which time, over how long a window."""

import json
import math
import os
import reprlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path

import numpy as np

from egoexo.errors import FeatureError, explain
from egoexo.files import read_json

__all__ = ['OFFICIAL_RECIPES', 'RECIPE_FILE', 'FeatureRecipe', 'refuse_contradiction']

#: Name of the file inside a feature folder.
RECIPE_FILE = 'recipe.json'
_MAX_BYTES = 2**20
_MAX_NUMBER = 1_000_000_000
_PROBE_SEC = 60.0  # where an error message states the time shift


@dataclass(frozen=True)
class FeatureRecipe:
    """How a feature folder was made; ``None`` means unknown.

    Row ``r`` describes the time ``first_row_sec + r / feature_fps``, counted from the first video frame.

    Args:
        backbone (str, optional): Network and input, e.g. ``'i3d_rgb'``.
        feature_fps (float, optional): Rows per second.
        window (int, optional): Video frames that one row sees.
        stride (int, optional): Video frames from one row to the next.
        first_row_sec (float): Time of row 0 in seconds. Defaults to 0.
        crop (str, optional): Part of the picture, e.g. ``'full'`` or ``'gaze_50'``.
        dtype (str, optional): Type of the stored numbers.
        dim (int, optional): Numbers per row.
        source (Mapping, optional): What made the rows, as plain JSON values: extractor, checkpoint, its hash. Compared
            when a folder is completed, not when it is read.

    Examples:
        >>> recipe = FeatureRecipe(feature_fps=5.0, first_row_sec=0.08)
        >>> recipe.seconds(np.array([0, 5]))
        array([0.08, 1.08])
        >>> recipe.rows(1.0)
        np.int64(5)
    """

    backbone: str | None = None
    feature_fps: float | None = None
    window: int | None = None
    stride: int | None = None
    first_row_sec: float = 0.0
    crop: str | None = None
    dtype: str | None = None
    dim: int | None = None
    source: Mapping[str, object] | None = field(default=None, repr=False, hash=False)

    def __post_init__(self) -> None:
        _check_values({field.name: getattr(self, field.name) for field in fields(self)}, 'feature recipe')

    @classmethod
    def from_dict(cls, values: Mapping[str, object], where: str = 'feature recipe') -> 'FeatureRecipe':
        """Build from plain values.

        Args:
            values (Mapping[str, object]): Any of the fields; others are refused.
            where (str): Named in the error message.

        Raises:
            FeatureError: If a key is unknown or a value impossible.
        """
        known = [field.name for field in fields(cls)]
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise FeatureError(explain(where, f'only the keys {", ".join(known)}',
                                       f'unknown key {", ".join(map(repr, unknown[:5]))}', 'Remove or rename it.'))
        _check_values(values, where)
        return cls(**values)

    @classmethod
    def read(cls, folder: str | Path) -> 'FeatureRecipe | None':
        """Read ``recipe.json`` of a feature folder.

        Args:
            folder (str | Path): Feature folder.

        Returns:
            FeatureRecipe | None: None when the folder has no recipe.

        Raises:
            FeatureError: If the file is no JSON object of recipe keys.
        """
        path = Path(folder) / RECIPE_FILE
        if not os.path.lexists(path):
            return None
        values = read_json(path, FeatureError, 'a feature recipe', _MAX_BYTES)
        if not isinstance(values, dict):
            raise FeatureError(explain(path, 'one JSON object of recipe keys', f'a {type(values).__name__}',
                                       'Write it again or remove it.'))
        return cls.from_dict(values, str(path))

    def write(self, folder: str | Path) -> Path:
        """Write ``recipe.json`` into a feature folder.

        Args:
            folder (str | Path): Existing feature folder.

        Returns:
            Path: The file.
        """
        path = Path(folder) / RECIPE_FILE
        path.write_text(self.to_json(), encoding='utf-8')
        return path

    def to_json(self) -> str:
        """Text of ``recipe.json``; fields that are unknown stay out of it."""
        known = {name: value for name, value in asdict(self).items() if value is not None}
        return json.dumps(known, indent=2) + '\n'

    def updated(self, **values: object) -> 'FeatureRecipe':
        """Copy with some fields replaced.

        Args:
            **values: Field names and values.
        """
        return replace(self, **values)

    def seconds(self, rows: np.ndarray | int) -> np.ndarray:
        """Time that rows describe.

        Args:
            rows (np.ndarray | int): Row numbers, any shape.

        Returns:
            np.ndarray: float64 seconds, same shape.

        Raises:
            FeatureError: If the recipe has no ``feature_fps``.
        """
        return self.first_row_sec + np.asarray(rows, dtype=np.float64) / self._rate()

    def rows(self, times_sec: np.ndarray | float) -> np.ndarray:
        """Rows nearest to given times; the caller clips them to the length of the file.

        Args:
            times_sec (np.ndarray | float): Seconds, any shape.

        Returns:
            np.ndarray: int64 row numbers, same shape; halves round up.

        Raises:
            FeatureError: If the recipe has no ``feature_fps``.
        """
        exact = (np.asarray(times_sec, dtype=np.float64) - self.first_row_sec) * self._rate()
        return np.floor(exact + 0.5 + 1e-9).astype(np.int64)

    def _rate(self) -> float:
        if self.feature_fps is None:
            raise FeatureError(explain('feature recipe', 'feature_fps, without which rows have no time', 'none',
                                       f'Add it to {RECIPE_FILE} of the feature folder.'))
        return self.feature_fps


def refuse_contradiction(found: FeatureRecipe, expected: Mapping[str, object], where: str) -> None:
    """Compare the recipe of a folder with what the config takes for granted.

    Args:
        found (FeatureRecipe): Recipe of the folder; unknown fields agree with everything.
        expected (Mapping[str, object]): Fields the config relies on, e.g. ``dict(feature_fps=25.0, dim=1024)``.
        where (str): The folder, named in the message.

    Raises:
        FeatureError: If a field differs; states the shift in seconds when the times of the rows would be wrong.
    """
    wrong = {name: (getattr(found, name), value) for name, value in expected.items()
             if value is not None and getattr(found, name) is not None and not _equal(getattr(found, name), value)}
    if not wrong:
        return
    lines = [f'  {name}: {ours!r} in the folder, {theirs!r} expected by the config'
             for name, (ours, theirs) in wrong.items()]
    if found.feature_fps is not None and {'feature_fps', 'first_row_sec'} & set(wrong):
        lines.append(f'  {_shift(found, expected)}')
    raise FeatureError(f'features in {where} do not fit the config (found in the folder, expected by the config):\n' +
                       '\n'.join(lines) + '\nPoint data_prefix.features to another folder, correct '
                       f'{RECIPE_FILE} there, or state what you want with feature=dict(recipe=dict(...)).')


def _equal(ours: object, theirs: object) -> bool:
    """Whether two values agree; times do when they were rounded to the microsecond."""
    if isinstance(ours, float) and isinstance(theirs, float):
        return math.isclose(ours, theirs, rel_tol=1e-6, abs_tol=1e-6)
    return ours == theirs


def _check_values(values: Mapping[str, object], where: str) -> None:
    """Refuse a field of the wrong type or sign."""
    for name, value in values.items():
        if name == 'source':
            expected, fits = 'an object', isinstance(value, Mapping)
        elif name in ('backbone', 'crop', 'dtype'):
            expected, fits = 'a string', isinstance(value, str)
        elif name in ('window', 'stride', 'dim'):
            expected = 'a positive whole number'
            fits = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MAX_NUMBER
        else:
            kind = 'finite' if name == 'first_row_sec' else 'positive'
            expected = f'a {kind} number up to {_MAX_NUMBER:,}'
            fits = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= _MAX_NUMBER and (
                value > 0 or kind == 'finite')
        if not fits and (value is not None or name == 'first_row_sec'):
            found = 'nothing' if value is None else f'the {type(value).__name__} {reprlib.repr(value)}'
            raise FeatureError(explain(f"{where}, '{name}'", expected, found, 'Correct the recipe.'))


def _shift(found: FeatureRecipe, expected: Mapping[str, object]) -> str:
    believed = found.updated(**{name: expected[name] for name in ('feature_fps', 'first_row_sec') if name in expected})
    row = int(believed.rows(_PROBE_SEC))
    believed_sec, true_sec = float(believed.seconds(row)), float(found.seconds(row))
    first = float(found.seconds(0) - believed.seconds(0))
    return (f'time shift: {first:+.3f} s at row 0, {true_sec - believed_sec:+.3f} s at row {row}, which would be taken '
            f'for second {believed_sec:.3f} and shows second {true_sec:.3f}')


_CLIP_5FPS = FeatureRecipe(  # of each five video frames the middle one; second t is in row int(5 t)
    backbone='clip', feature_fps=5.0, window=5, stride=5, first_row_sec=0.08, crop='full', dtype='float32', dim=768)
#: What the official code of a benchmark takes for granted; its downloads carry no description of their own.
OFFICIAL_RECIPES: dict[str, FeatureRecipe] = {
    'segmentation': FeatureRecipe(
        backbone='i3d_rgb', feature_fps=25.0, stride=1, first_row_sec=0.0, crop='full', dtype='float32', dim=1024),
    'anticipation': _CLIP_5FPS,
    'planning': _CLIP_5FPS,
    # Of Ego-Exo4D: windows of 32 frames at 30 fps every 16 frames; row k shows the frames 16 k to 16 k + 31.
    'transfer': FeatureRecipe(
        backbone='omnivore_swinL_imagenet21k', feature_fps=30 / 16, window=32, stride=16, first_row_sec=15.5 / 30,
        crop='center', dtype='float32', dim=1536),
}
