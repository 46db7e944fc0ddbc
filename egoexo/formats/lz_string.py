"""Text compressed by LZ-String for use in a URI, as the relation annotations of Ego-Exo4D hold their masks.

LZ-String is LZ78 with a growing dictionary of texts. Its bit stream is cut into six bits a character, the most
significant first; each number in the stream is written with its least significant bit first. Turning the six bits of
every character round makes both the same, so that the stream can be read as one long number from its low end.
"""

from collections.abc import Iterator

from egoexo.errors import AnnotationError, explain

__all__ = ['MAX_CHARS', 'decompress_from_uri']

#: Longest text that is taken out of a string; the counts of a mask of 3840x2160 take some thousand characters.
MAX_CHARS = 2**24
_ALPHABET = b'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-$'
_BAD = 255
_ADVICE = 'Its frame has no usable mask. Fetch the annotation again.'
_CHAR_8, _CHAR_16, _END = 0, 1, 2  # codes that are no place in the dictionary


def _reversed_bits() -> bytes:
    """Table from a character to its six bits with the first one lowest."""
    table = bytearray([_BAD] * 256)
    for value, char in enumerate(_ALPHABET[:64]):
        table[char] = int(f'{value:06b}'[::-1], 2)
    table[_ALPHABET[64]] = 0  # padding
    table[ord(' ')] = table[ord('+')]  # a form decoder turned it into a space
    return bytes(table)


_TABLE = _reversed_bits()


def decompress_from_uri(text: str, where: str = 'LZ-String', max_chars: int = MAX_CHARS) -> str:
    """Undo ``compressToEncodedURIComponent`` of LZ-String.

    Args:
        text (str): Characters ``A-Z a-z 0-9 + - $``; a space counts as ``+``.
        where (str): What it belongs to, for messages.
        max_chars (int): Longest result.

    Returns:
        str: The text that was compressed.

    Raises:
        AnnotationError: If a character is foreign, the stream ends early or names a place that the dictionary does not
            have, or the result grows beyond ``max_chars``.

    Examples:
        >>> decompress_from_uri('BIUwNmD2AEDukCcwBMg')
        'Hello world'
    """
    stream = text.encode('ascii', 'replace').translate(_TABLE)
    if not stream or _BAD in stream:
        found = repr(text[stream.index(_BAD)]) if stream else 'an empty text'
        raise AnnotationError(explain(where, 'the characters A-Z, a-z, 0-9, +, - and $', found, _ADVICE))
    try:
        return _decompress(iter(stream), where, max_chars)
    except StopIteration:
        raise AnnotationError(explain(where, 'an end mark in the compressed text', f'none in {len(text):,} characters: '
                                      'it was cut short', _ADVICE)) from None


def _decompress(stream: Iterator[int], where: str, max_chars: int) -> str:
    words: list[str] = ['', '', '']  # places 0 to 2 are codes of their own
    parts: list[str] = []
    num_chars, last = 0, ''
    bits, num_bits = 0, 0  # read but not used
    width, room = 2, 1  # bits of a code; codes until it takes one more
    while True:
        while num_bits < width:
            bits |= next(stream) << num_bits
            num_bits += 6
        code = bits & ((1 << width) - 1)
        bits >>= width
        num_bits -= width
        if code == _END:
            return ''.join(parts)
        if code <= _CHAR_16:
            size = 8 if code == _CHAR_8 else 16
            while num_bits < size:
                bits |= next(stream) << num_bits
                num_bits += 6
            word = chr(bits & ((1 << size) - 1))
            bits >>= size
            num_bits -= size
            words.append(word)
            room -= 1
            if not room:
                room = 1 << width
                width += 1
        elif code < len(words):
            word = words[code]
        elif code == len(words) and last:
            word = last + last[0]
        else:
            raise AnnotationError(explain(where, f'a code below {len(words)} in the compressed text', code, _ADVICE))
        num_chars += len(word)
        if num_chars > max_chars:
            raise AnnotationError(explain(where, f'at most {max_chars:,} characters of text', 'more', _ADVICE))
        parts.append(word)
        if last:
            words.append(last + word[0])
            room -= 1
            if not room:
                room = 1 << width
                width += 1
        last = word
