"""The messages that the page quotes are those of the source."""

import ast
import re
from functools import cache

import pytest
from tests_support import REPO

PAGE = REPO / 'docs/troubleshooting.md'
#: Words that errors.explain puts between the parts of a message, and the ends of sentences.
_SEAMS = re.compile(r'\.\.\.+|: expected |, found |(?<=[.:!?]) (?=[A-Z])')


@cache
def source_texts() -> str:
    texts = []
    for folder in ('egoexo', 'tools'):
        for path in sorted((REPO / folder).rglob('*.py')):
            nodes = ast.walk(ast.parse(path.read_text(encoding='utf-8')))
            texts += [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return '\0'.join(texts)


def quotes() -> list[str]:
    return re.findall(r'```text\n(.*?)\n```', PAGE.read_text(encoding='utf-8'), flags=re.DOTALL)


def missing_pieces(quote: str) -> list[str]:
    pieces = [piece.strip(' ,.()') for piece in _SEAMS.split(quote)]
    return [piece for piece in pieces if len(piece) > 2 and piece not in source_texts()]


@pytest.mark.parametrize('quote', quotes(), ids=lambda quote: quote[:40])
def test_quoted_message_is_in_the_source(quote: str) -> None:
    assert missing_pieces(quote) == []
    assert len(re.sub(r'\W', '', quote)) > 12


def test_an_outdated_quote_would_be_noticed() -> None:
    assert missing_pieces('...: expected features of ... in ..., discovered nothing') == ['discovered nothing']
    assert len(quotes()) > 20
