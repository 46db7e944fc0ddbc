"""The rule that every message about a file is held against: where, expected, found, and what to do."""

import re
from pathlib import Path

__all__ = ['ADVICE', 'problems_of']

#: Words for "expected" and "found"; add one here and nowhere else.
EXPECTED = re.compile(r'\bexpected\b', re.IGNORECASE)
FOUND = re.compile(r'\bfound\b', re.IGNORECASE)
#: Verbs with which an advice begins.
ADVICE = ('Add', 'Ask', 'Change', 'Check', 'Choose', 'Close', 'Convert', 'Copy', 'Correct', 'Cut', 'Delete', 'Download',
          'Encode', 'Extract', 'Fetch', 'Give', 'Install', 'Keep', 'Leave', 'Make', 'Move', 'Name', 'Pass',
          'Point', 'Predict', 'Put', 'Remove', 'Rename', 'Repeat', 'Replace', 'Run', 'Save', 'Score', 'Set',
          'Start', 'State', 'Take', 'Try', 'Unpack', 'Use', 'Wait', 'Write')
_MAX_CHARS = 4000


def problems_of(message: str, path: Path) -> list[str]:
    """What a message lacks.

    Args:
        message (str): Text of an exception, or the last line of a tool's output.
        path (Path): The file it is about.

    Returns:
        list[str]: One entry per broken rule, empty for a good message.
    """
    problems = []
    if path.name not in message:
        problems.append(f'does not name the file {path.name}')
    if not EXPECTED.search(message):
        problems.append('does not say what was expected')
    if not FOUND.search(message):
        problems.append('does not say what was found')
    last = re.split(r'(?<=[.:;!?)])\s+(?=[A-Z])|\n(?=[A-Z])', message.strip())[-1]
    if not last.startswith(ADVICE):
        problems.append(f'gives no advice: its last sentence is {last[-120:]!r}')
    if len(message) > _MAX_CHARS:
        problems.append(f'has {len(message)} characters, more than {_MAX_CHARS}')
    strange = {char for char in message if not char.isprintable() and char != '\n'}
    if strange:
        problems.append(f'holds control characters {sorted(strange)[:5]!r}')
    return problems
