"""Every example of a docstring, a page or the README runs, in a folder that holds EgoExo-Mini in ``data/mini``."""

import doctest
import importlib
import io

import pytest
from markdown_it import MarkdownIt
from mmengine.logging import MMLogger
from tests_support import REPO

OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
MODULES = sorted(path for path in (REPO / 'egoexo').rglob('*.py') if '>>> ' in path.read_text(encoding='utf-8'))
PAGES = sorted(path for path in [REPO / 'README.md', *(REPO / 'docs').rglob('*.md')]
               if '>>> ' in path.read_text(encoding='utf-8') and '_build' not in path.parts)


def name_of(path):
    return '.'.join(path.relative_to(REPO).with_suffix('').parts).removesuffix('.__init__')


def run(tests):
    """Number of examples that ran; AssertionError with the report of doctest if one gives another output."""
    report, runner = io.StringIO(), doctest.DocTestRunner(optionflags=OPTIONS)
    for test in tests:
        runner.run(test, out=report.write)
    failed, attempted = runner.summarize(verbose=False)
    assert not failed, report.getvalue()
    return attempted


@pytest.fixture
def world(tmp_path, mini_root, monkeypatch):
    MMLogger.get_current_instance()  # binds its stream once: not to that of an example
    (tmp_path / 'data').mkdir()
    (tmp_path / 'data/mini').symlink_to(mini_root)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize('path', MODULES, ids=name_of)
def test_examples_of_docstrings(path, world):
    finder = doctest.DocTestFinder(exclude_empty=True)
    assert run(finder.find(importlib.import_module(name_of(path)))) == path.read_text(encoding='utf-8').count('>>> ')


@pytest.mark.parametrize('path', PAGES, ids=name_of)
def test_examples_of_pages(path, world):
    text = path.read_text(encoding='utf-8')
    fences = (token for token in MarkdownIt('commonmark').parse(text) if token.type == 'fence')
    blocks = [fence for fence in fences if '>>> ' in fence.content]
    # The blocks of a page follow each other, as a reader would type them.
    example = doctest.DocTestParser().get_doctest(
        '\n'.join(block.content for block in blocks), {}, path.name, str(path), 0)
    assert run([example]) == text.count('>>> ')


def test_there_are_examples():
    counts = {name_of(path): path.read_text(encoding='utf-8').count('>>> ') for path in [*MODULES, *PAGES]}
    assert sum(counts.values()) >= 80, counts


def test_no_example_is_switched_off():
    assert [name_of(path) for path in [*MODULES, *PAGES] if '+SKIP' in path.read_text(encoding='utf-8')] == []


def test_a_wrong_example_is_seen():
    parser = doctest.DocTestParser()
    with pytest.raises(AssertionError, match=r'(?s)Expected:\n *3\n *Got:\n *2'):
        run([parser.get_doctest('>>> 1 + 1\n3\n', {}, 'wrong', None, 0)])
    assert run([parser.get_doctest('>>> 1 + 1\n2\n', {}, 'right', None, 0)]) == 1
