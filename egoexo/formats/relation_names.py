"""Names in the annotations of relations: which may be part of a file name, and which camera is the ego one."""

import re

from egoexo.errors import AnnotationError, EgoExoError, explain

__all__ = ['checked_frame', 'checked_name', 'checked_object', 'is_ego']

_NAME = re.compile(r'[^/\\\x00-\x1f\x7f]{1,200}')
_OBJECT = re.compile(r'[^\x00-\x1f\x7f]{1,200}')
_FRAME = re.compile(r'[0-9]{1,9}')
_ADVICE = 'Fetch the file again, or correct it.'


def is_ego(camera: str) -> bool:
    """Whether a camera is the one on the head: its name holds ``aria``, as in ``aria01_214-1``.

    Args:
        camera (str): Name in the annotation.

    Returns:
        bool: False for ``cam01``, ``gp02`` and all others.
    """
    return 'aria' in camera


def checked_name(value: object, where: str, error: type[EgoExoError] = AnnotationError) -> str:
    """Let a take or camera name through that may become part of a path.

    Args:
        value (object): The name.
        where (str): Where it stands, for messages.
        error (type[EgoExoError]): Class of the refusal.

    Returns:
        str: The name.

    Raises:
        EgoExoError: ``error`` if it could lead out of its folder.
    """
    if not isinstance(value, str) or not _NAME.fullmatch(value) or value in ('.', '..'):
        raise error(explain(where, 'a name that may be part of a file name', f'{value!r:.80}', _ADVICE))
    return value


def checked_object(value: object, where: str, error: type[EgoExoError] = AnnotationError) -> str:
    """Let the name of an object through; it may hold spaces and ``/`` and never becomes part of a path.

    Args:
        value (object): The name.
        where (str): Where it stands, for messages.
        error (type[EgoExoError]): Class of the refusal.

    Returns:
        str: The name.

    Raises:
        EgoExoError: ``error`` if it is empty, too long or holds control characters.
    """
    if not isinstance(value, str) or not _OBJECT.fullmatch(value):
        raise error(explain(where, 'the name of an object, of at most 200 characters', f'{value!r:.80}', _ADVICE))
    return value


def checked_frame(value: object, where: str, error: type[EgoExoError] = AnnotationError) -> str:
    """Let a frame number through that is the key of a mask.

    Args:
        value (object): The number as text.
        where (str): Where it stands, for messages.
        error (type[EgoExoError]): Class of the refusal.

    Returns:
        str: The number, as it stands.

    Raises:
        EgoExoError: ``error`` if it is no number of at most nine digits.
    """
    if not isinstance(value, str) or not _FRAME.fullmatch(value):
        raise error(explain(where, 'a frame number of at most nine digits', f'{value!r:.80}', _ADVICE))
    return value
