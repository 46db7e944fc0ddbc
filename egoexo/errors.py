"""The exceptions a user can meet. Below every room: standard library only, imported from everywhere.

A message says what was expected, what was found, where, and what to do about it.
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
]


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
    """A run cannot go on: its loss or weights are not finite."""
