"""Large JSON files, written member by member."""

import json
from collections.abc import Iterator
from typing import TextIO

__all__ = ['write_members']


def write_members(stream: TextIO, members: Iterator[tuple[str, object]]) -> int:
    """Write an object member by member.

    Args:
        stream (TextIO): Open for writing.
        members (Iterator[tuple[str, object]]): Key and value; only one is in memory at a time.

    Returns:
        int: Number of members.
    """
    count = 0
    stream.write('{')
    for key, value in members:
        stream.write(f'{", " if count else ""}{json.dumps(key)}: {json.dumps(value, allow_nan=False)}')
        count += 1
    stream.write('}')
    return count
