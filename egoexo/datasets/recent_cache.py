"""What a worker keeps of the pictures it decoded last."""

from collections import OrderedDict
from collections.abc import Hashable

__all__ = ['RecentCache']


class RecentCache:
    """The values used last, as far as they fit; empty again in every other process.

    Args:
        max_bytes (int): How much to keep; 0 keeps nothing.

    Examples:
        >>> cache = RecentCache(10)
        >>> for key in 'abc':
        ...     cache.put(key, key.upper(), num_bytes=5)
        >>> cache.get('a'), cache.get('c')
        (None, 'C')
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.num_bytes = 0
        self._entries: OrderedDict[Hashable, tuple[object, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Hashable) -> object | None:
        """The value of a key, which becomes the one used last.

        Args:
            key (Hashable): What it was put under.

        Returns:
            object | None: None if it is not kept.
        """
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def put(self, key: Hashable, value: object, num_bytes: int) -> None:
        """Keep a value, and forget those used longest ago until all fit.

        Args:
            key (Hashable): Anything; a value of the same key is replaced.
            value (object): What to keep; nobody may write to it.
            num_bytes (int): Its size; one larger than all there is room for is not kept.
        """
        if num_bytes > self.max_bytes:
            return
        self.num_bytes += num_bytes - self._entries.pop(key, (None, 0))[1]
        self._entries[key] = (value, num_bytes)
        while self.num_bytes > self.max_bytes:
            self.num_bytes -= self._entries.popitem(last=False)[1][1]

    def __getstate__(self) -> dict[str, object]:
        return dict(max_bytes=self.max_bytes, num_bytes=0, _entries=OrderedDict())
