"""The exceptions a user can meet. Below every room: standard library only, imported from everywhere.

A message says what was expected, what was found, where, and what to do about it. :func:`explain` puts the four in one
order and makes text that a file brought along safe to print; messages about files, samples and checkpoints are built
with it: ``raise FeatureError(explain(path, 'floating numbers', f'{dtype} ones', 'Extract the features again.'))``.
"""

__all__ = [
    'AnnotationError',
    'CheckpointError',
    'ConfigError',
    'DataError',
    'DownloadError',
    'EgoExoError',
    'FeatureError',
    'PredictionError',
    'TrainingError',
    'VideoError',
    'explain',
    'printable',
]

_MAX_PART = 600


class EgoExoError(Exception):
    """Root of all errors raised on purpose; takes one ready-made message."""


class ConfigError(EgoExoError, KeyError):
    """A config names an unknown key, type, argument or file.

    Also a ``KeyError`` because MMEngine raises that for unregistered types and callers may expect it.
    """

    def __str__(self) -> str:
        # KeyError would print the repr of the message, with quotes and escaped line breaks.
        return Exception.__str__(self)


class DataError(EgoExoError, ValueError):
    """A sample cannot be used, whatever the part of it that fails; names the sample."""


class AnnotationError(DataError):
    """An official annotation file is missing, malformed or contradicts another one."""


class FeatureError(DataError):
    """A feature file is missing, truncated, of the wrong size or holds NaN, or its recipe does not fit."""


class VideoError(DataError):
    """A video cannot be opened or decoded exactly."""


class CheckpointError(EgoExoError, ValueError):
    """A checkpoint is foreign, hostile, or its keys and shapes do not fit the model."""


class DownloadError(EgoExoError, OSError):
    """A file cannot be fetched, or what came is not the file that was asked for."""


class PredictionError(EgoExoError, ValueError):
    """A prediction file lacks a sample, names one twice or does not fit the ground truth."""


class TrainingError(EgoExoError, RuntimeError):
    """A run cannot go on: its loss is not finite, the disk is full, or a worker or rank died."""


def explain(where: object, expected: str, found: object, advice: str) -> str:
    """Put a message together from its four parts.

    Args:
        where (object): File, and line, key or sample in it. A path is written as it is.
        expected (str): What should have been there; follows the word "expected".
        found (object): What was there; follows the word "found". Comes from the file as a rule, therefore characters
            that would move the cursor of a terminal are written as escapes and long text is cut.
        advice (str): What to do about it: sentences of which the last begins with a verb.

    Returns:
        str: ``<where>: expected <expected>, found <found>. <advice>``

    Examples:
        >>> explain('a.txt line 3', 'a class id from 0 to 27', repr('28'), 'Correct the line.')
        "a.txt line 3: expected a class id from 0 to 27, found '28'. Correct the line."
    """
    return f'{printable(where)}: expected {printable(expected)}, found {printable(found)}. {advice}'


def printable(part: object, max_chars: int = _MAX_PART) -> str:
    """Make text that comes from a file safe to print.

    Args:
        part (object): Anything with a text.
        max_chars (int): Characters to keep.

    Returns:
        str: Without control characters, line breaks excepted, and with its middle cut out when it is longer.
    """
    text = str(part)
    if len(text) > max_chars:
        half = max_chars // 2
        text = f'{text[:half]} [... {len(text) - 2 * half:,} characters ...] {text[-half:]}'
    return ''.join(char if char.isprintable() or char == '\n' else char.encode('unicode_escape', 'replace').decode()
                   for char in text)
