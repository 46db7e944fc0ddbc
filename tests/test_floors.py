"""The rooms of the package import downwards only."""

import ast
from pathlib import Path

import pytest
from tests_support import REPO

CELLAR = {'errors', 'version'}
FLOORS = [
    {'files'},
    {'utils', 'formats', 'evaluation.functional', 'evaluation.protocols', 'checkpoints'},
    {'compat'},  # registers the stand-ins with which checkpoints are read
    {'registry', 'structures'},
    {'datasets', 'models', 'evaluation.metrics', 'evaluation.offline', 'engine', 'visualization'},
    {'apis'},
]
ISLAND = 'mini'


def room_of(module: str) -> str | None:
    """Room of a dotted module name below ``egoexo``; None for the bare package."""
    parts = module.split('.')[1:]
    if not parts or parts == ['evaluation']:
        return None
    return '.'.join(parts[:2]) if parts[0] == 'evaluation' else parts[0]


def floor_of(room: str) -> int:
    """Number of the floor a room stands on, -1 for the cellar."""
    if room in CELLAR:
        return -1
    return next(number for number, rooms in enumerate(FLOORS) if room in rooms)


def imported_modules(path: Path) -> set[str]:
    """Every ``egoexo.*`` module a file imports, at any depth of the file."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f'{path}: relative imports hide the room'
            if node.module == 'egoexo':
                found.update(f'egoexo.{alias.name}' for alias in node.names)
            else:
                found.add(node.module)
    return {name for name in found if name.split('.')[0] == 'egoexo'}


def package_files() -> list[Path]:
    return sorted((REPO / 'egoexo').rglob('*.py'))


@pytest.mark.parametrize('path', package_files(), ids=lambda path: str(path.relative_to(REPO)))
def test_imports_point_down(path: Path) -> None:
    own = room_of('.'.join(path.relative_to(REPO).with_suffix('').parts).removesuffix('.__init__'))
    for module in imported_modules(path):
        other = room_of(module)
        if own is None:
            assert other in CELLAR | {None}, f'{path} imports {module}: the bare package stays light'
        elif other is None or other == own:
            continue
        elif own == ISLAND:
            assert other in CELLAR, f'{path} imports {module}: {ISLAND} is an island'
        else:
            assert other != ISLAND, f'{path} imports {module}: only tools and tests visit {ISLAND}'
            assert floor_of(other) < floor_of(own), f'{path} imports {module}, which does not stand below it'


def test_every_room_has_a_floor() -> None:
    rooms = {room_of('egoexo.' + '.'.join(path.relative_to(REPO / 'egoexo').with_suffix('').parts)
                     .removesuffix('.__init__')) for path in package_files()}
    known = CELLAR.union(*FLOORS) | {ISLAND, None, '__init__'}
    assert rooms <= known, f'rooms without a floor: {sorted(rooms - known, key=str)}'


def test_a_wrong_import_is_seen(tmp_path: Path) -> None:
    wrong = tmp_path / 'wrong.py'
    wrong.write_text('def f():\n    from egoexo.apis import config\n')
    assert imported_modules(wrong) == {'egoexo.apis'}
    assert floor_of('apis') > floor_of('datasets')
