"""Broken and hostile ``recipe.json`` of feature folders."""

import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from hostile.case import Case
from hostile.cases_features import placed, sparse_file

from egoexo.datasets.feature_store import FeatureStore
from egoexo.errors import FeatureError

NAME = 'recipe.json'
GOOD = json.dumps(dict(backbone='i3d_rgb', feature_fps=25.0, stride=1, dim=8, source=dict(checkpoint='i3d.pth')))


def read(path: Path) -> FeatureStore:
    """Open the folder as training does, for a benchmark whose features have 25 rows per second."""
    return FeatureStore(path.parent, benchmark='segmentation', dim=8)


def is_good(store: FeatureStore) -> None:
    """The good recipe was read."""
    assert (store.recipe.feature_fps, store.dim) == (25.0, 8)


def written(content: bytes, folder: Path) -> Path:
    """Make the recipe of a case."""
    (folder / NAME).write_bytes(content)
    return folder / NAME


def case(name: str, content: str | bytes, *text: str) -> Case:
    """A recipe that is refused."""
    data = content if isinstance(content, bytes) else content.encode()
    return Case(name, 'recipe', partial(written, data), read, FeatureError, text)


def value(key: str, text: str, *expected: str) -> Case:
    """A recipe with one value of the wrong kind, size or sign."""
    return case(f'{key}-is-{text[:12]}', f'{{"{key}": {text}}}', *(expected or (f"'{key}': expected",)))


def odd(name: str, place: Callable[[Path], object]) -> Case:
    """Something in the place of the recipe; it must not pass for a folder without one."""
    return Case(f'is-{name}', 'recipe', partial(placed, NAME, place), read, FeatureError)


CASES = [
    *[case(f'cut-at-{length}', GOOD[:length], 'not valid JSON') for length in (0, 1, 20, len(GOOD) - 1)],
    *[value('feature_fps', text) for text in ('"25"', '0', '-25', 'true', '[25]', '{}')],
    *[value('feature_fps', text, 'not valid JSON') for text in ('NaN', 'Infinity', '1e400', '0x19')],
    *[value('dim', text) for text in ('8.0', '-8', 'false', '1000000000000')],
    value('dim', '9' * 5000, 'not valid JSON'), value('first_row_sec', 'null'), value('first_row_sec', '"0"'),
    value('backbone', '["i3d"]'), value('dtype', '32'), value('source', '"i3d.pth"'),
    value('fps', '25', "found unknown key 'fps'"), value('__class__', '"os"', "unknown key '__class__'"),
    value('feature_fps', '5', 'time shift'), value('dim', '1024', 'dim: 1024 in the folder, 8 expected'),
    case('key-twice', '{"dim": 8, "dim": 1024}', "the key 'dim' twice"),
    *[case(f'{type(content).__name__}-outside', json.dumps(content), 'one JSON object') for content in ([], 'x', 3)],
    case('nested-lists', '[' * 100_000, 'nested a thousand deep'),
    case('nested-objects', '{"source":' * 100_000, 'nested a thousand deep'),
    case('not-utf-8', b'{"backbone": "\xff"}', 'byte 0xff'),
    case('utf-16', GOOD.encode('utf-16')),
    case('two-megabytes', GOOD + ' ' * 2**21, 'at most 1,048,576 bytes'),
    case('terminal-codes', '{"\\u001b[2J": 1}', 'unknown key'),
    Case('of-gigabytes', 'recipe', partial(sparse_file, NAME, GOOD.encode(), 2**34), read, FeatureError),
    odd('a-folder', lambda path: path.mkdir()), odd('a-pipe', os.mkfifo),
    odd('a-link-to-nothing', lambda path: path.symlink_to('nothing')),
    odd('a-link-to-itself', lambda path: path.symlink_to(path.name)),
    odd('endless', lambda path: path.symlink_to('/dev/zero')),
    Case('with-byte-order-mark', 'recipe', partial(written, b'\xef\xbb\xbf' + GOOD.encode()), read, check=is_good),
]
