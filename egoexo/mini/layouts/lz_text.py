"""LZ-String text that is safe in an address, the form in which Ego-Exo4D stores its masks."""

from base64 import b64encode
from collections.abc import Iterator
from functools import cache

__all__ = ['lz_text']

_SPELLED, _END, _FIRST = 0, 2, 3  # codes: a character follows in 8 bits, the end, the first stretch
_CHARACTER_BITS = 6


def lz_text(text: str) -> str:
    """Compress text as "compressToEncodedURIComponent" of LZ-String does.

    The stream holds codes of growing width. A character that is new is announced by a code and spelled out; a code from
    3 on repeats an earlier stretch. Each code adds a stretch to the dictionary (a new character another one), and codes
    get one bit wider whenever the next one may need it. Numbers lie in the stream with their lowest bit first.

    Args:
        text (str): Characters below U+0100.

    Returns:
        str: Letters, digits, ``+`` and ``-``, each for 6 bits of the stream, the first bit being the highest.
    """
    stream, width, left = [], 2, 2  # left: dictionary entries until codes get wider
    for code, character in _codes(text):
        stream.append(_numbers(width)[code])
        left -= 1
        if character:
            stream.append(_numbers(8)[ord(character)])
            left -= 1
        if left <= 0:
            left, width = left + (1 << width), width + 1
    return _pack(''.join([*stream, _numbers(width)[_END]]))


def _codes(text: str) -> Iterator[tuple[int, str]]:
    """Code of each stretch, and the character to spell out if it is new."""
    known: dict[str, int] = {}
    fresh: set[str] = set()
    stretch = ''
    for character in text:
        if character not in known:
            known[character] = len(known) + _FIRST
            fresh.add(character)
        longer = stretch + character
        if longer in known:
            stretch = longer
            continue
        yield (_SPELLED, stretch) if stretch in fresh else (known[stretch], '')
        fresh.discard(stretch)
        known[longer] = len(known) + _FIRST
        stretch = character
    if stretch:
        yield (_SPELLED, stretch) if stretch in fresh else (known[stretch], '')


@cache
def _numbers(width: int) -> list[str]:
    """Binary digits of all numbers of a width, lowest first."""
    return [f'{value:0{width}b}'[::-1] for value in range(1 << width)]


def _pack(bits: str) -> str:
    """Six bits per character; at least one zero bit fills the last one."""
    length = len(bits) // _CHARACTER_BITS + 1
    bits = bits.ljust(-(-length * _CHARACTER_BITS // 24) * 24, '0')
    packed = b64encode(int(bits, 2).to_bytes(len(bits) // 8, 'big'), altchars=b'+-')
    return packed[:length].decode('ascii')
