"""What the documentation names must exist."""

import re

import pytest
from tests_support import REPO

from egoexo.evaluation.protocols.segmentation import PROTOCOLS
from egoexo.mini.presets import PRESETS

PAGES = sorted(path for path in (REPO / 'docs').rglob('*.md') if '_build' not in path.parts)


def read(name):
    return (REPO / 'docs' / name).read_text(encoding='utf-8')


def first_column(page, heading):
    """First cells of the table whose head line begins with ``heading``, back quotes taken off."""
    lines = page[page.index(f'| {heading}'):].split('\n\n')[0].splitlines()[2:]
    return [line.split('|')[1].strip().strip('`') for line in lines]


@pytest.mark.parametrize('page', PAGES, ids=lambda path: path.stem)
def test_named_files_exist(page):
    named = re.findall(r'(?<![\w/])(?:tools|configs|egoexo|requirements)/[\w/.-]+\.(?:py|sh|txt)',
                       page.read_text(encoding='utf-8'))
    assert [name for name in named if not (REPO / name).is_file()] == []


def test_settings_are_configs_with_a_mini_twin():
    page = read('benchmarks/segmentation.md')
    table = page[page.index('| official `exp_type`'):].split('\n\n')[0].splitlines()[2:]
    settings = {line.split('|')[2].strip().strip('`') for line in table}
    assert len(table) == 11
    assert len(settings) == 9
    names = [f'{prefix}mstcn_i3d_egoexolearn-{setting}.py' for setting in settings for prefix in ('', 'mini_')]
    assert [name for name in names if not (REPO / 'configs/segmentation' / name).is_file()] == []


def test_tables_name_every_protocol_and_preset():
    assert first_column(read('benchmarks/segmentation.md'), 'protocol') == list(PROTOCOLS)
    assert first_column(read('mini.md'), 'preset') == list(PRESETS)


def test_presets_have_the_documented_sizes():
    table = read('mini.md')
    for name, preset in PRESETS.items():
        splits = ', '.join(map(str, preset.ego_splits))
        assert f'| `{name}` | {preset.num_ego_videos} + {preset.num_exo_videos} ({splits}) |' in table


def test_every_page_is_listed_once():
    """Either in the index or, for a page of the reference, in the index of its folder."""
    listed = []
    for index in (path for path in PAGES if path.stem == 'index'):
        for block in re.findall(r'```{toctree}\n(.*?)```', index.read_text(encoding='utf-8'), flags=re.DOTALL):
            names = [line for line in block.splitlines() if line and not line.startswith(':')]
            listed += [(index.parent / f'{name}.md').relative_to(REPO / 'docs') for name in names]
    pages = [page.relative_to(REPO / 'docs') for page in PAGES]
    assert sorted(listed) == sorted(page for page in pages if page.name != 'index.md' or page.parent.name == 'api')
