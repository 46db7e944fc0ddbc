"""One broken or hostile file, the public reader it is given to, and what has to come of it.

A family of cases is a module ``cases_<something>.py`` beside this one that has a list ``CASES``; ``test_corpus.py``
finds it, runs its cases in a guarded child process and holds every message against ``messages.py``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ['Case', 'canary_of']

#: Environment variable that no test may find set: the gadgets of the corpus try to set it.
CANARY_VARIABLE = 'EGOEXO_HOSTILE_RAN'


def canary_of(folder: Path) -> Path:
    """File that the gadgets of a case try to make; beside the folder of the case, where no reader writes."""
    return folder.with_name(f'{folder.name}.canary')


@dataclass(frozen=True)
class Case:
    """A file and the outcome of reading it.

    Args:
        name (str): Unique in its family, words joined by ``-``.
        family (str): One of ``test_corpus.FAMILIES``.
        make (Callable): Writes the file (or files) into the empty folder it is given and returns the path to read,
            whose name the message must contain.
        read (Callable): Public reader; takes that path.
        error (type | None): Class of the refusal; None when the reader goes on, with a counted skip for example.
        text (tuple[str, ...]): Patterns (``re.search``) that the message must contain.
        check (Callable | None): Takes what the reader returned and raises ``AssertionError`` if it is not as it should
            be; demanded when ``error`` is None.
        may_load (bool): With ``error``: the file may also load (a flipped bit in a weight), then ``check`` applies.
        max_growth (int): Bytes by which the peak of the resident memory may grow while reading.
        seconds (float): A reader that takes longer counts as hanging.
    """

    name: str
    family: str
    make: Callable[[Path], Path]
    read: Callable[[Path], object]
    error: type[Exception] | None = None
    text: tuple[str, ...] = ()
    check: Callable[[object], None] | None = None
    may_load: bool = False
    max_growth: int = 64 * 2**20
    seconds: float = 20.0

    def __post_init__(self) -> None:
        if self.check is None and (self.error is None or self.may_load):
            raise ValueError(f'{self.family}/{self.name}: a case that may load needs a check of what was loaded')

    @property
    def id(self) -> str:
        """``<family>/<name>``."""
        return f'{self.family}/{self.name}'
