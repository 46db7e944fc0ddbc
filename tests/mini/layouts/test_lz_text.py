"""LZ-String text against strings of the reference compressor and against our reader."""

import numpy as np
import pytest

from egoexo.formats.lz_string import decompress_from_uri
from egoexo.mini.layouts.lz_text import lz_text

# Text, what the reference compressor makes of it.
KNOWN = [
    ('', 'Q'),
    ('Ve32X43O1N2O00001O000001O001N2O1Mg9', 'GoUwzATAGgLGDyBGAcheAGT7Ea93KaiAsgOYCcQA'),
]


@pytest.mark.parametrize(('text', 'compressed'), KNOWN)
def test_text_is_that_of_the_reference(text, compressed):
    assert lz_text(text) == compressed


@pytest.mark.parametrize('length', [*range(1, 40), 200, 3000])
def test_our_reader_gets_the_text_back(length):
    draw = np.random.default_rng(length)
    for letters in (2, 5, 48):
        text = ''.join(chr(48 + value) for value in draw.integers(0, letters, length))
        compressed = lz_text(text)
        assert decompress_from_uri(compressed) == text
        assert set(compressed) <= set('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-')


def test_repetition_is_cheap():
    assert len(lz_text('ab' * 500)) < 80
