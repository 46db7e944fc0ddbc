"""What the documentation names must exist."""

import argparse
import functools
import importlib.util
import re

import pytest
from markdown_it import MarkdownIt
from tests_support import REPO

from egoexo.evaluation.protocols import anticipation, planning, transfer
from egoexo.evaluation.protocols.segmentation import PROTOCOLS
from egoexo.mini.presets import PRESETS

PAGES = sorted(path for path in (REPO / 'docs').rglob('*.md') if '_build' not in path.parts)
TEXTS = [*PAGES, REPO / 'README.md', REPO / 'CONTRIBUTING.md']
TOOLS = sorted(path.relative_to(REPO).as_posix() for path in (REPO / 'tools').rglob('*.*')
               if path.suffix in ('.py', '.sh'))


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


def scripts_and_configs(page):
    """Script cells and config words of the table of released scripts."""
    text = read(f'benchmarks/{page}.md')
    table = text[text.index('| released script'):].split('\n\n')[0].splitlines()[2:]
    cells = [line.split('|') for line in table]
    return [line[1] for line in cells], {word for line in cells for word in re.findall(r'`([^`]+)`', line[2])}


def test_every_released_script_of_clips_has_a_config():
    scripts, words = scripts_and_configs('anticipation')
    assert sum(1 + ('*' in script) for script in scripts) == 18
    gazed = {f'{word}-gaze' for word in words if 'ego' in word and word != 'exo2ego'}
    names = [f'anticipation/{prefix}trn_clip_egoexolearn-{part}-{word}.py' for part in ('noun', 'verb')
             for word in words | gazed for prefix in ('', 'mini_')]
    assert len(names) == 2 * 2 * 12
    scripts, words = scripts_and_configs('planning')
    assert sum(len(script.split(',')) for script in scripts) == 18
    names += [f'planning/trn_clip_egoexolearn-{word}.py' for word in words]
    assert [name for name in names if not (REPO / 'configs' / name).is_file()] == []


def test_settings_of_transfer_are_configs_in_both_directions():
    page = read('benchmarks/transfer.md')
    table = page[page.index('| protocol of the paper'):].split('\n\n')[0].splitlines()[2:]
    words = {word for line in table for word in re.findall(r'`([^`]+)`', line.split('|')[2])}
    assert len(words) == 13
    words |= {word.replace('ego2exo', 'exo2ego') for word in words}
    names = [f'mlp_omnivore_ego2exo-{word}.py' for word in words]
    assert [name for name in names if not (REPO / 'configs/transfer' / name).is_file()] == []


def test_tables_name_every_protocol_and_preset():
    assert first_column(read('benchmarks/anticipation.md'), 'protocol') == list(anticipation.PROTOCOLS)
    assert first_column(read('benchmarks/planning.md'), 'protocol') == list(planning.PROTOCOLS)
    assert first_column(read('benchmarks/segmentation.md'), 'protocol') == list(PROTOCOLS)
    assert first_column(read('benchmarks/transfer.md'), 'protocol |') == list(transfer.PROTOCOLS)
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


@pytest.mark.parametrize('page', TEXTS, ids=lambda path: path.stem)
def test_links_lead_somewhere(page):
    text = re.sub(r'```.*?```', '', page.read_text(encoding='utf-8'), flags=re.DOTALL)
    links = [link.partition('#')[0] for link in re.findall(r'\]\(([^)\s]+)\)', text) if '://' not in link]
    assert [link for link in links if link and not (page.parent / link).exists()] == []


@pytest.mark.parametrize('tool', TOOLS)
def test_every_tool_is_named_on_a_page(tool):
    if tool == 'tools/launch.sh':
        return  # what the four launch scripts share
    assert any(tool in page.read_text(encoding='utf-8') for page in PAGES)


def test_every_benchmark_has_a_page():
    modules = {path.stem for path in (REPO / 'egoexo/evaluation/protocols').glob('*.py')}
    assert modules - {'__init__', 'base'} == {page.stem for page in PAGES if page.parent.name == 'benchmarks'}


def options_of(tool, monkeypatch):
    """Every option of a tool and its subcommands, from the parser that it is about to use."""
    class ParserIsReady(Exception):
        pass

    def stop(parser, *args, **kwargs):
        ParserIsReady.parser = parser
        raise ParserIsReady

    monkeypatch.setattr(argparse.ArgumentParser, 'parse_args', stop)
    spec = importlib.util.spec_from_file_location(tool.replace('/', '_').removesuffix('.py'), REPO / tool)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with pytest.raises(ParserIsReady):
        module.main([])
    pending, options = [ParserIsReady.parser], set()
    while pending:
        parser = pending.pop()
        options.update(parser._option_string_actions)
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                pending += action.choices.values()
    return options


@functools.cache
def code_lines():
    """Every line in a code block of a page, continued lines joined: (page, line)."""
    blocks = ((page.name, block) for page in TEXTS
              for block in MarkdownIt('commonmark').parse(page.read_text(encoding='utf-8')) if block.type == 'fence')
    return [(name, line) for name, block in blocks for line in block.content.replace('\\\n', ' ').splitlines()]


def commands_of(tool):
    """Command lines of a tool on all pages: (page, options)."""
    for name, line in code_lines():
        if f'python {tool}' in line:
            used = line.partition(f'python {tool}')[2].partition('   #')[0]
            yield name, set(re.findall(r'(?<![\w-])--[a-z][a-z-]*', used))


@pytest.mark.parametrize('tool', [tool for tool in TOOLS if tool.endswith('.py')])
def test_options_on_pages_exist(tool, monkeypatch):
    known = options_of(tool, monkeypatch)
    assert [(page, sorted(used - known)) for page, used in commands_of(tool) if used - known] == []


def test_commands_are_found():
    assert ('your_own_benchmark.md', {'--work-dir', '--out'}) in list(commands_of('tools/test.py'))
    assert sum(len(list(commands_of(tool))) for tool in TOOLS) >= 20
