"""Text compressed by LZ-String."""

import random

import pytest

from egoexo.errors import AnnotationError
from egoexo.formats.lz_string import decompress_from_uri
from egoexo.mini.layouts.lz_text import lz_text


@pytest.mark.parametrize(('text', 'expected'), [
    ('BIUwNmD2AEDukCcwBMg', 'Hello world'),
    ('IZA', 'a'),
    ('Q', ''),
])
def test_known_texts(text, expected):
    assert decompress_from_uri(text) == expected


@pytest.mark.parametrize('length', [1, 2, 7, 100, 5000])
def test_undoes_a_compressor_written_apart_from_it(length):
    draw = random.Random(length)
    text = ''.join(draw.choice('0123MNO1O001O\xff') for _ in range(length))
    assert decompress_from_uri(lz_text(text)) == text


def test_a_run_refers_to_the_entry_that_it_makes():
    assert decompress_from_uri(lz_text('a' * 1000)) == 'a' * 1000


def test_a_space_counts_as_plus():
    text = next(text for number in range(1000) if '+' in (text := lz_text(str(number**9))))
    assert decompress_from_uri(text.replace('+', ' ')) == decompress_from_uri(text)


def test_characters_of_16_bits():
    # Code 1 in 2 bits, U+20AC in 16 bits, the end in 3 bits; each number with its low bit first.
    bits = '10' + f'{0x20ac:016b}'[::-1] + '010'
    bits += '0' * (-len(bits) % 6)
    alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-$'
    coded = ''.join(alphabet[int(bits[place:place + 6], 2)] for place in range(0, len(bits), 6))
    assert decompress_from_uri(coded) == '\u20ac'


@pytest.mark.parametrize(('text', 'message'), [
    ('', r"mask: expected the characters A-Z, a-z, 0-9, \+, - and \$, found an empty text. Its frame has no usable"),
    ('IZA*', r"found '\*'"),
    ('IZ\u00e9', "found '\u00e9'"),
    ('BIUwNmD2AEDukCc', 'expected an end mark in the compressed text, found none in 15 characters'),
    ('8', 'expected a code below 3 in the compressed text, found 3'),
])
def test_refuses_what_is_damaged(text, message):
    with pytest.raises(AnnotationError, match=message):
        decompress_from_uri(text, 'mask')


def test_the_result_is_bounded():
    coded = lz_text('a' * 20_000)
    assert len(coded) < 500
    assert len(decompress_from_uri(coded, max_chars=20_000)) == 20_000
    with pytest.raises(AnnotationError, match='at most 19,999 characters of text, found more'):
        decompress_from_uri(coded, max_chars=19_999)
