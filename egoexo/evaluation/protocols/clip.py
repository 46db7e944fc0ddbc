"""What the protocols of anticipation and planning share: rows that are left out, and looking them up by name."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TypeVar

from egoexo.errors import ConfigError
from egoexo.evaluation.protocols.base import Protocol

__all__ = ['ClipProtocol', 'look_up']


@dataclasses.dataclass(frozen=True)
class ClipProtocol(Protocol):
    """Rules over rows; each row of a list is one moment of a video.

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
