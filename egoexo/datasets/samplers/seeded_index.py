"""A dataset index that carries the seed of its sample."""

__all__ = ['SeededIndex']


class SeededIndex(int):
    """An ``int`` that knows from which key the random numbers of its sample are drawn.

    A sampler yields it, the queue to a loader worker pickles it and the dataset seeds from it, so the noise of a
    sample depends on (seed, pass, index) alone: the same with any number of workers, fresh in each pass, and
    reproducible from any starting point. Wrappers such as ``ConcatDataset`` and ``RepeatDataset`` shift or wrap an
    index; arithmetic with a plain integer therefore keeps the key, while the number changes.

    Args:
        index (int): Position in the dataset, >= 0.
        seed_key (tuple[int, ...]): Non-negative integers for :class:`numpy.random.SeedSequence`, usually
            (seed, pass, index).

    Examples:
        >>> index = SeededIndex(7, (0, 2, 7))
        >>> index - 5, (index - 5).seed_key
        (2, (0, 2, 7))
    """

    seed_key: tuple[int, ...]

    def __new__(cls, index: int, seed_key: tuple[int, ...]) -> 'SeededIndex':
        """Make the integer and attach its key."""
        instance = super().__new__(cls, index)
        instance.seed_key = tuple(seed_key)
        return instance

    def __reduce__(self) -> tuple[type, tuple[int, tuple[int, ...]]]:
        return type(self), (int(self), self.seed_key)

    def __add__(self, other: int) -> 'SeededIndex':
        return type(self)(int(self) + int(other), self.seed_key)

    def __sub__(self, other: int) -> 'SeededIndex':
        return type(self)(int(self) - int(other), self.seed_key)

    def __mod__(self, other: int) -> 'SeededIndex':
        return type(self)(int(self) % int(other), self.seed_key)

    def __floordiv__(self, other: int) -> 'SeededIndex':
        return type(self)(int(self) // int(other), self.seed_key)
