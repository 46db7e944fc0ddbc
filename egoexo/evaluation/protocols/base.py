"""What every named scoring protocol has: words for people and a hash over its rules."""

import dataclasses
import hashlib
import json

__all__ = ['Protocol']


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
