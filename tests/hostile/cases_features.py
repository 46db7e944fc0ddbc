"""Broken and hostile feature files: .npy, and what may stand in the place of any of them."""

import os
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from hostile.case import Case
from hostile.feature_bytes import ROWS, flipped, header, npy, npz, plain, pt, with_value

from egoexo.datasets.feature_files import open_feature_file
from egoexo.datasets.feature_store import FeatureStore
from egoexo.datasets.segmentation import SegmentationDataset
from egoexo.errors import DataError, FeatureError
from egoexo.registry import TRANSFORMS
from tests.datasets.conftest import Layout

TRANSFORMS.get('PackInputs')  # imports the transforms here instead of under the guard
def write(name: str, content: Callable[[], object], folder: Path) -> Path:
    """Make the file of a case from bytes, or from what pickles with a canary."""
    path = folder / name
    path.write_bytes(content())
    return path


def sparse_file(name: str, start: bytes, size: int, folder: Path) -> Path:
    """A file that is long but takes no space on the disk."""
    path = folder / name
    path.write_bytes(start)
    os.truncate(path, size)
    return path


def placed(name: str, place: Callable[[Path], object], folder: Path) -> Path:
    """Put something that is no regular file where one is expected."""
    path = folder / name
    place(path)
    return path


def bind(path: Path) -> None:
    """A socket; made beside the place and moved, because the names of sockets may not be long."""
    here = os.getcwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
    finally:
        os.chdir(here)


def read(path: Path, step: int = 1) -> np.ndarray:
    """Read a file as training does."""
    return FeatureStore(path.parent).read(path.name.removesuffix(path.suffix), step=step)


def scan(path: Path) -> None:
    """Read a file as ``verify_dataset.py --full`` does."""
    FeatureStore(path.parent).scan(path.stem)


def read_without_permission(path: Path) -> np.ndarray:
    """Read as a user who may not."""
    path.chmod(0)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        return open_feature_file(path)
    finally:
        if root:
            os.seteuid(0)


def is_sound(rows: np.ndarray) -> None:
    """Whatever bits were flipped, what is read has the right shape and is finite."""
    assert rows.shape == ROWS.shape
    assert np.issubdtype(rows.dtype, np.floating)
    assert np.isfinite(rows).all()


def is_rows(rows: np.ndarray) -> None:
    """Exactly what was saved."""
    np.testing.assert_array_equal(rows, ROWS)


def case(name: str, file: str, content: Callable[[], bytes], *text: str, **options: object) -> Case:
    """A file made from bytes that is refused, unless it has a ``check`` and no error."""
    options = dict(error=FeatureError, read=read) | options
    return Case(name, 'feature', partial(write, file, content), text=text, **options)


def loads(name: str, file: str, content: Callable[[], bytes], check: Callable = is_rows, **options: object) -> Case:
    """An unusual file that is read all the same."""
    return case(name, file, content, error=None, check=check, **options)


def cut(kind: str, make: Callable[[], bytes], places: tuple[float, ...]) -> list[Case]:
    """Files cut short."""
    suffix = kind.partition('-')[0]
    return [case(f'{kind}-cut-at-{place}', f'a.{suffix}',
                 lambda place=place: make()[:int(place * len(make())) if place < 1 else place],
                 'damaged or was cut short|the file is damaged') for place in places]


def flips(kind: str, make: Callable[[], bytes], num_seeds: int, end: int | None = None) -> list[Case]:
    """Files with changed bits: refused or sound."""
    suffix = kind.partition('-')[0]
    return [case(f'{kind}-flipped-{seed}', f'a.{suffix}', lambda seed=seed: flipped(make(), seed, end=end),
                 may_load=True, check=is_sound) for seed in range(num_seeds)]


def odd(name: str, place: Callable[[Path], object], *text: str) -> Case:
    """Something in the place of a feature file."""
    return Case(f'is-{name}', 'feature', partial(placed, 'a.npy', place), read, FeatureError, text)


def leaves_folder(uid: str) -> Case:
    """A video id that points to a sound file outside of the feature folder."""
    def make(folder: Path) -> Path:
        (folder / 'secret.npy').write_bytes(npy())
        (folder / 'feats').mkdir()
        return folder / 'feats'

    return Case(f'uid-{uid.replace("/", "_")}', 'feature', make,
                lambda path: FeatureStore(path).read(uid.replace('HERE', str(path.parent))), FeatureError,
                ('a video id that stays inside the feature folder',))


def skips(name: str, spoil: Callable[[Path], object]) -> Case:
    """A list of which one video is left out, counted and named."""
    def make(folder: Path) -> Path:
        layout = Layout(folder / 'official')
        for uid in 'abc':
            layout.video(uid)
        layout.split('ego_train', list('abc'))
        spoil(layout.root / 'feats/b.pt')
        return layout.root / 'feats/b.pt'

    def load(path: Path) -> SegmentationDataset:
        layout = object.__new__(Layout)
        layout.root = path.parents[1]
        config = layout.config('ego_train', on_bad='skip')
        config.pop('type')
        return SegmentationDataset(**config)

    def check(dataset: SegmentationDataset) -> None:
        assert (len(dataset), dataset.num_listed, list(dataset.unusable)) == (2, 3, ['b'])
        assert 'b.pt: expected ' in dataset.unusable['b'][0]
        assert [dataset.get_data_info(index)['sample_id'] for index in range(2)] == ['a', 'c']

    return Case(f'skip-{name}', 'feature', make, load, check=check)


def spoil_twice(path: Path) -> None:
    """Empty file."""
    path.write_bytes(b'')


OBJECTS = np.array([[{'a': 1}]], dtype=object)
RECORDS = np.zeros(4, dtype=[('x', '<f4'), ('y', '<f8')])
BIG = np.ones((80, 8), np.float32)

NPY = [
    *cut('npy', npy, (0, 5, 9, 11, 100, 127, 128, 0.5, 0.999)),
    *flips('npy', npy, 8), *flips('npy-header', npy, 12, end=128),
    case('npy-longer-than-its-shape', 'a.npy', lambda: npy() + b'\0', 'expected 1,280 bytes .* found 1,281'),
    case('npy-terabytes-declared', 'a.npy', lambda: header(plain('(1000000000, 1024)')) + bytes(64),
         'expected 4,096,000,000,000 bytes'),
    case('npy-shape-overflows', 'a.npy', lambda: header(plain(f'({2**62}, 4)')) + bytes(64), 'expected 73,786'),
    case('npy-shape-negative', 'a.npy', lambda: header(plain('(-4, -4)')) + bytes(64), 'a header like'),
    case('npy-shape-is-float', 'a.npy', lambda: header(plain('(4.0, 4)')) + bytes(64), 'a header like'),
    case('npy-shape-is-code', 'a.npy', lambda: header(plain('(__import__("os").abort(), 4)')) + bytes(64),
         'a header like'),
    case('npy-header-nested', 'a.npy', lambda: header('(' * 1000) + bytes(64), 'a header like'),
    case('npy-header-minus-signs', 'a.npy', lambda: header('-' * 1000 + '1') + bytes(64), 'a header like'),
    case('npy-header-long', 'a.npy', lambda: header(plain('(4, 4)') + ' ' * 60_000) + bytes(64), 'at most 1024 bytes'),
    Case('npy-header-of-gigabytes', 'feature',
         partial(sparse_file, 'a.npy', header(plain('(4, 4)'), 2**32 - 1, version=2), 5 * 2**30), read, FeatureError,
         ('found 4294967295 bytes',)),
    Case('npy-file-of-a-terabyte', 'feature', partial(sparse_file, 'a.npy', header(plain(f'({2**35}, 8)')), 2**40),
         read, FeatureError, ('a feature file of at most 17,179,869,184 bytes',)),
    case('npy-unknown-version', 'a.npy', lambda: b'\x93NUMPY\x09\x00' + npy()[8:], may_load=True, check=is_rows),
    case('npy-objects', 'a.npy', lambda: npy(OBJECTS), 'found pickled objects'),
    case('npy-records', 'a.npy', lambda: npy(RECORDS), 'holds records'),
    *[case(f'npy-{np.dtype(kind).name}', 'a.npy', lambda kind=kind: npy(ROWS.astype(kind)), 'found .* numbers')
      for kind in (np.int64, np.complex64, np.bool_, 'U4', 'S4', np.longdouble, 'M8[s]')],
    case('npy-no-rows', 'a.npy', lambda: npy(ROWS[:0]), r'found shape \(0, 8\)'),
    case('npy-no-columns', 'a.npy', lambda: npy(ROWS[:, :0]), r'found shape \(40, 0\)'),
    case('npy-one-axis', 'a.npy', lambda: npy(ROWS[0]), r'found shape \(8,\)'),
    case('npy-no-axis', 'a.npy', lambda: npy(np.float32(3)), r'found shape \(\)'),
    case('npy-four-axes', 'a.npy', lambda: npy(ROWS[None, None]), r'found shape \(1, 1, 40, 8\)'),
    case('npy-is-npz', 'a.npy', lambda: npz(ROWS), 'found a zip archive'),
    case('npy-is-pickle', 'a.npy', lambda: pt(old=True), 'found a pickle'),
    case('npy-is-web-page', 'a.npy', lambda: b'<!DOCTYPE html><h1>404</h1>', 'found a web page'),
    *[case(f'npy-{value}-in-row-{row}', 'a.npy', lambda value=value, row=row: npy(with_value(value, row)),
           f'NaN or Inf in 1 of 40 rows read, first in row {row}')
      for value, row in ((np.nan, 0), (np.inf, 39), (-np.inf, 20))],
    case('npy-nan-in-half-precision', 'a.npy', lambda: npy(with_value(np.nan, 7, np.float16)), 'first in row 7'),
    loads('npy-nan-in-a-row-not-read', 'a.npy', lambda: npy(with_value(np.nan, 11)), read=partial(read, step=5),
          check=lambda rows: np.testing.assert_array_equal(rows, ROWS[::5])),
    case('npy-nan-in-a-row-scanned', 'a.npy', lambda: npy(with_value(np.nan, 11)), 'first in row 11', read=scan),
    loads('npy-by-column', 'a.npy', lambda: npy(np.asfortranarray(ROWS))),
    loads('npy-big-endian', 'a.npy', lambda: npy(ROWS.astype('>f4')),
          check=lambda rows: [is_rows(rows), torch.from_numpy(rows)]),
    *[loads(f'npy-name-{name.encode("unicode_escape").decode()}', f'{name}.npy', npy)
      for name in ('with space', 'line\nbreak', 'Küche-厨房', '-rf', '%s{}', 'a.b')],
    case('npy-damaged-name', 'Küche {0} %d.npy', lambda: npy()[:300], 'found 172'),
]

PLACES = [
    odd('a-folder', lambda path: path.mkdir(), 'found a folder'),
    odd('a-pipe', os.mkfifo, 'found a named pipe'),
    odd('a-socket', bind, 'found a socket'),
    odd('a-device', lambda path: path.symlink_to('/dev/zero'), 'found a device'),
    odd('a-link-to-nothing', lambda path: path.symlink_to('nothing.npy'), 'found a link'),
    odd('a-link-to-itself', lambda path: path.symlink_to(path.name), 'found a path that cannot be followed'),
    odd('a-link-to-a-folder', lambda path: path.symlink_to(path.parent), 'found a folder'),
    case('not-permitted', 'a.npy', npy, 'Permission denied', 'Check', read=read_without_permission),
    leaves_folder('../secret'), leaves_folder('x/../../secret'), leaves_folder('HERE/secret'),
    skips('empty', spoil_twice),
    skips('wide', lambda path: torch.save(torch.zeros(23, 2048), path)),
    skips('pipe', lambda path: [path.unlink(), os.mkfifo(path)]),
]

LISTED = Case('list-names-all', 'feature', lambda folder: skips('x', spoil_twice).make(folder),
              lambda path: SegmentationDataset(
                  ann_file=str(path.parents[1] / 'splits/ego_train_annotations.bundle'), view='ego',
                  data_prefix=dict(features=str(path.parent), labels=str(path.parents[1] / 'gts'))),
              DataError, ('1 of 3 samples', 'b: .*b.pt: expected'))

CASES = NPY + PLACES + [LISTED]
