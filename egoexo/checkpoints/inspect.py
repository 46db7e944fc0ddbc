"""The passport of a checkpoint: what a file holds, read without trusting it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch

from egoexo.checkpoints.families import FAMILIES, Family
from egoexo.checkpoints.loading import count_non_finite, find_state_dict, load_checkpoint_file, sha256_of
from egoexo.errors import CheckpointError, printable

__all__ = ['Passport', 'inspect_file']

# Settings that training code leaves in its containers. Shown by name, never built; anything else is refused.
_SETTINGS_MODULES = ('argparse', 'omegaconf', 'yacs', 'fvcore', 'easydict', 'addict', 'mmengine.config', 'mmcv.utils',
                     'pathlib', 'datetime', 'typing', 'detectron2.config')
_SETTINGS_GLOBALS = {f'builtins.{name}' for name in ('dict', 'list', 'int', 'float', 'str', 'bool', 'tuple')}


class _Inert:
    """Takes the place of a settings object while a file is inspected; remembers only its name."""

    def __new__(cls, *_: object, **__: object) -> '_Inert':
        return super().__new__(cls)

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __setstate__(self, state: object) -> None:
        self.names = sorted(map(str, state)) if isinstance(state, Mapping) else []


def _plain_dict(*_: object) -> dict:
    return {}


@dataclass
class Passport:
    """What :func:`inspect_file` found.

    Args:
        path (Path): The file.
        num_bytes (int): Its size.
        sha256 (str): Its hash.
        container (str): Where in the file the state dict was.
        family (str): Name in :data:`egoexo.checkpoints.families.FAMILIES`, or ``'unknown'``.
        naming (str): ``'official'``, ``'egoexo'`` or ``'unknown'``: whose names the keys have.
        num_tensors (int): Tensors of the state dict.
        num_values (int): Numbers in them.
        dtypes (dict[str, int]): Tensors per element type.
        coverage (tuple[int, int]): Keys that fit the model read off the shapes, and keys that model has.
        layout (str): That model's sizes and options.
        problems (str): List of missing, unexpected and mis-shaped keys; empty when all fit.
        non_finite (list[str]): Keys with NaN or infinite values.
        extras (dict[str, str]): Other entries of the container, described.
        foreign (list[str]): Settings objects that were named and not built.
        shapes (dict[str, tuple[int, ...]]): Every key, as in the file.
    """

    path: Path
    num_bytes: int
    sha256: str
    container: str
    family: str = 'unknown'
    naming: str = 'unknown'
    num_tensors: int = 0
    num_values: int = 0
    dtypes: dict[str, int] = field(default_factory=dict)
    coverage: tuple[int, int] = (0, 0)
    layout: str = ''
    problems: str = ''
    non_finite: list[str] = field(default_factory=list)
    extras: dict[str, str] = field(default_factory=dict)
    foreign: list[str] = field(default_factory=list)
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def table(self, with_shapes: bool = True) -> str:
        """The passport as text.

        Args:
            with_shapes (bool): Whether to list every tensor.

        Returns:
            str: One fact per line.
        """
        covered, expected = self.coverage
        share = f' ({100 * covered / expected:.1f} %)' if expected else ''
        rows = [
            ('file', str(self.path)), ('bytes', f'{self.num_bytes:,}'), ('sha256', self.sha256),
            ('container', self.container), ('family', f'{self.family}, {self.naming} names'),
            ('tensors', f'{self.num_tensors} with {self.num_values:,} values, '
                        + ', '.join(f'{count} {name}' for name, count in self.dtypes.items())),
            ('model', self.layout or 'not recognised'),
            ('keys that fit', f'{covered} of {expected}{share}' if expected else 'not recognised'),
            ('NaN or Inf in', ', '.join(self.non_finite[:8]) or 'none'),
            ('not built', ', '.join(self.foreign) or 'nothing'),
        ]
        rows += [(f'extra {key}', text) for key, text in self.extras.items()]
        width = max(len(name) for name, _ in rows)
        lines = [f'{name:<{width}}  {text}' for name, text in rows]
        lines += [line for line in self.problems.split('\n') if line.startswith('  ')]
        if with_shapes:
            shapes = {key: 'x'.join(map(str, shape)) or 'scalar' for key, shape in self.shapes.items()}
            key_width = max(map(len, shapes), default=0)
            lines += [f'  {key:<{key_width}}  {shape}' for key, shape in shapes.items()]
        return '\n'.join(printable(line.replace('\n', '\\n'), 2000) for line in lines)


def _describe(value: object) -> str:
    """One line about an entry beside the state dict."""
    kind = type(value).__name__
    if isinstance(value, _Inert):
        names = ', '.join(getattr(value, 'names', [])[:12])
        return f'{kind} (not built){": " if names else ""}{names}'
    if isinstance(value, torch.Tensor):
        return f'tensor {tuple(value.shape)} {str(value.dtype).removeprefix("torch.")}'
    if isinstance(value, Mapping):
        names = ', '.join(map(str, list(value)[:8]))
        return f'{kind} of {len(value)}: {names}{", ..." if len(value) > 8 else ""}'
    if isinstance(value, list | tuple | set):
        return f'{kind} of {len(value)}'
    text = repr(value)
    return f'{kind} {text if len(text) <= 60 else text[:57] + "..."}'


def _stand_ins(path: Path) -> dict[str, object]:
    """An inert stand-in for every settings object that the file names; other names are left to be refused."""
    try:
        named = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    except Exception:  # not a zip archive, or damaged: reading it tells which
        return {}
    settings = [name for name in named if name in _SETTINGS_GLOBALS
                or any(name.startswith(f'{module}.') for module in _SETTINGS_MODULES)]
    made: dict[str, object] = {name: type(name, (_Inert,), {}) for name in settings}
    if 'collections.defaultdict' in named:
        made['collections.defaultdict'] = _plain_dict
    return made


def _recognise(passport: Passport) -> None:
    """Fill in the family whose names cover most keys, and how well its model fits."""
    keys = [key.removeprefix('module.') for key in passport.shapes]
    best: tuple[tuple[int, int], str, str, Family | None] = ((0, 0), 'unknown', 'unknown', None)
    for family in FAMILIES.values():
        usual = family.shapes(family.layout())
        for naming, rename in (('official', family.our_key), ('egoexo', family.official_key)):
            known = sum(rename(key) is not None for key in keys)
            if known and naming == 'official':
                known += sum(family.is_aside(key) for key in keys)
            # Anticipation and planning share their names: the sizes of a released model decide.
            same = sum(usual.get(key if naming == 'official' else rename(key) or '') == shape
                       for key, shape in zip(keys, passport.shapes.values(), strict=True))
            best = max(best, ((known, same), family.name, naming, family), key=lambda item: item[0])
    (known, _), passport.family, passport.naming, family = best
    if family is None or 2 * known < len(keys):
        passport.family = passport.naming = 'unknown'
        return
    shapes = {key.removeprefix('module.'): shape for key, shape in passport.shapes.items()}
    if passport.naming == 'egoexo':
        shapes = {family.official_key(key) or f'{key} (no name of ours)': shape for key, shape in shapes.items()}
    else:
        shapes = {key: shape for key, shape in shapes.items() if not family.is_aside(key)}
    try:
        layout = family.guess(shapes)
        expected = family.shapes(layout)
        passport.layout = str(layout)
        passport.coverage = (sum(shapes.get(key) == shape for key, shape in expected.items()), len(expected))
        family.check(shapes, layout)
    except CheckpointError as error:
        passport.problems = str(error)


def inspect_file(path: str | Path) -> Passport:
    """Describe a checkpoint of any origin.

    Args:
        path (str | Path): A ``torch.save`` or ``.safetensors`` file.

    Returns:
        Passport: Family, key coverage, shapes, container extras, hash.

    Raises:
        CheckpointError: If the file is missing or truncated, asks for Python objects other than plain data and
            well-known settings, or holds no state dict. Nothing in it is executed.
    """
    path = Path(path)
    made = _stand_ins(path) if path.is_file() else {}
    container = load_checkpoint_file(path, [(item, name) for name, item in made.items()])
    key, state = find_state_dict(container, path)
    if not key:
        described = 'bare state dict'
    else:
        described = f'state dict under {key!r}' + (' of an MMEngine checkpoint' if 'message_hub' in container else '')
    if all(str(name).startswith('module.') for name in state):
        described += ', keys prefixed by module.'
    passport = Passport(
        path=path, num_bytes=path.stat().st_size, sha256=sha256_of(path), container=described,
        num_tensors=len(state), num_values=sum(value.numel() for value in state.values()),
        dtypes=dict(Counter(str(value.dtype).removeprefix('torch.') for value in state.values())),
        non_finite=list(count_non_finite(state)),
        extras={str(name): _describe(value) for name, value in container.items()
                if key and str(name) not in key.split(' and ')},
        foreign=sorted(made), shapes={name: tuple(value.shape) for name, value in state.items()})
    _recognise(passport)
    return passport
