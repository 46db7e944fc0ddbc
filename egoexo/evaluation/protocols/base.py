"""What every named scoring protocol has: words for people and a hash over its rules; and those over rows of lists."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TypeVar

from egoexo.errors import ConfigError

__all__ = ['ClipProtocol', 'Protocol', 'look_up']


@dataclasses.dataclass(frozen=True)
class Protocol:
    """A rule set by which predictions are scored. Subclasses add the rules as further fields.

    Two results may be compared when their :attr:`hash` is equal, whatever the protocols are called.

    Args:
        name (str): Key in the benchmark's table of protocols and in result files.
        description (str): One sentence: what is scored and how it differs from the official rules.
        comparable_with (tuple[str, ...]): Published or released numbers that follow the same rules; empty if none.

    Examples:
        >>> import dataclasses
        >>> @dataclasses.dataclass(frozen=True)
        ... class Rules(Protocol):
        ...     threshold: float = 0.5
        >>> mine, yours = (Rules(name, 'Overlap of half.', ()) for name in ('mine', 'yours'))
        >>> mine.hash == yours.hash                   # words do not count
        True
        >>> mine.hash == dataclasses.replace(mine, threshold=0.25).hash
        False
    """

    name: str
    description: str
    comparable_with: tuple[str, ...]

    @property
    def rules(self) -> dict[str, object]:
        """Every field that decides a number, by name; the words are left out."""
        words = {field.name for field in dataclasses.fields(Protocol)}
        return {name: value for name, value in dataclasses.asdict(self).items() if name not in words}

    @property
    def hash(self) -> str:
        """First 12 hex digits of the SHA-256 of the rules as canonical JSON."""
        canonical = json.dumps(self.rules, sort_keys=True, separators=(',', ':'), ensure_ascii=True)
        return hashlib.sha256(canonical.encode('ascii')).hexdigest()[:12]


@dataclasses.dataclass(frozen=True)
class ClipProtocol(Protocol):
    """Rules over rows, as anticipation and planning have them: each row of a list is one moment of a video.

    Args:
        drop_invalid (bool): Leave out the rows whose context would begin before the video. Officially they stay, with
            zeros for features and for labels (anticipation) or -1 (planning), and are scored as misses.
        exclude (tuple[tuple[str, str], ...]): Pairs (subset, video uid) left out.
    """

    drop_invalid: bool = False
    exclude: tuple[tuple[str, str], ...] = ()

    def scores(self, subset: str, uid: str, valid: bool = True) -> bool:
        """Whether a row of a list is scored.

        Args:
            subset (str): List the row comes from, e.g. ``'ego_val'``.
            uid (str): Official uid of its video.
            valid (bool): Whether it has a context, hence a label.
        """
        return (valid or not self.drop_invalid) and (subset, uid) not in self.exclude


Kind = TypeVar('Kind', bound=ClipProtocol)


def look_up(names: Sequence[str] | str, table: Mapping[str, Kind], benchmark: str) -> tuple[Kind, ...]:
    """Find protocols by name.

    Args:
        names (Sequence[str] | str): Names, or one name; ``'all'`` stands for every protocol.
        table (Mapping[str, Kind]): The protocols of the benchmark.
        benchmark (str): Its name, for the message.

    Returns:
        tuple[Kind, ...]: Each once, in the order asked for.

    Raises:
        ConfigError: If a name is unknown or none is given.
    """
    names = [names] if isinstance(names, str) else list(names)
    names = list(dict.fromkeys(other for name in names for other in (table if name == 'all' else [name])))
    unknown = [name for name in names if name not in table]
    if unknown or not names:
        raise ConfigError(f'unknown {benchmark} protocol {", ".join(map(repr, unknown)) or "(none given)"}; '
                          f"known: {', '.join(table)}, or 'all'.")
    return tuple(table[name] for name in names)
