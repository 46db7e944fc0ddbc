"""Kernel distances between source and target rows."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence

import torch

from egoexo.errors import ConfigError, explain
from egoexo.models.adaptation.domain_level import DomainBatch, DomainLevel
from egoexo.models.adaptation.kernels import gaussian_kernel, quadratic_mmd
from egoexo.models.adaptation.objectives.domain_objective import DomainObjective
from egoexo.registry import MODELS

__all__ = ['JointMMDLoss', 'MMDLoss']

_QUANTITIES = ('features', 'logits', 'probs')


class _Discrepancy(DomainObjective):
    """Chooses equally many rows of both domains and cuts them into blocks."""

    def __init__(self, places: Sequence[str], rows: str, max_rows: int | None, block_rows: int,
                 loss_weight: float | Mapping, name: str | None) -> None:
        super().__init__(places, loss_weight, name)
        if rows not in ('first', 'random'):
            raise ConfigError(explain(f'{type(self).__name__}, rows', "'first' or 'random'", repr(rows),
                                      'Choose one of the two.'))
        self.rows, self.max_rows, self.block_rows = rows, max_rows, block_rows

    def draw_rows(self, count: int) -> torch.Tensor:
        """Random order of ``count`` rows, (count,) int64, on CPU."""
        return torch.randperm(count)

    def compare(self, level: DomainLevel, domains: DomainBatch, place: str) -> torch.Tensor:
        """Mean distance over the blocks."""
        sizes = [len(item) for item in level.features]
        count = min(*sizes, self.max_rows or max(sizes))
        chosen = [self.draw_rows(size)[:count] if self.rows == 'random' else torch.arange(count) for size in sizes]
        losses = [self.distance(level, source, target)
                  for source, target in zip(*(item.split(self.block_rows) for item in chosen), strict=True)]
        return torch.stack(losses).mean()

    @abstractmethod
    def distance(self, level: DomainLevel, source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Distance of k source rows and k target rows, given by their numbers."""

    @staticmethod
    def stacked(level: DomainLevel, of: str, source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """The chosen rows of one quantity, source first, (2k, F)."""
        pair = level.features if of == 'features' else level.logits
        rows = torch.cat([pair[0][source.to(pair[0].device)], pair[1][target.to(pair[1].device)]])
        return rows.softmax(dim=-1) if of == 'probs' else rows


def _check_quantity(owner: str, of: object) -> None:
    if of not in _QUANTITIES:
        raise ConfigError(explain(f'{owner}, of', ', '.join(map(repr, _QUANTITIES)), repr(of), 'Choose one of them.'))


@MODELS.register_module()
class MMDLoss(_Discrepancy):
    """DAN: maximum mean discrepancy of the rows of both domains under a Gaussian kernel of several widths.

    Source: Long et al., "Learning Transferable Features with Deep Adaptation Networks", ICML 2015. Several quantities
    are several of these, told apart by ``name``.

    Args:
        places (Sequence[str]): Levels.
        of (str): ``'features'``, ``'logits'`` or ``'probs'``.
        mul (float): Ratio of the kernel widths.
        num (int): Number of kernel widths; the released clip code takes 2 for logits and 5 for features.
        sigma (float, optional): Middle width; None takes it from the rows.
        rows (str): Which rows make the numbers equal: ``'first'`` (default) or ``'random'`` ones.
        max_rows (int, optional): At most so many of each domain.
        block_rows (int): Rows compared at a time; the blocks are averaged.
        loss_weight (float | Mapping): Weight alpha, constant or ramp.
        name (str, optional): Key of the loss.
    """

    loss_name = 'loss_mmd'

    def __init__(self, places: Sequence[str], of: str = 'features', mul: float = 2.0, num: int = 5,
                 sigma: float | None = None, rows: str = 'first', max_rows: int | None = None, block_rows: int = 256,
                 loss_weight: float | Mapping = 1.0, name: str | None = None) -> None:
        super().__init__(places, rows, max_rows, block_rows, loss_weight, name)
        _check_quantity('MMDLoss', of)
        self.of, self.mul, self.num, self.sigma = of, mul, num, sigma
        self.reads = ('features',) if of == 'features' else ('features', 'logits')

    def distance(self, level: DomainLevel, source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Squared discrepancy of the chosen rows."""
        return quadratic_mmd(gaussian_kernel(self.stacked(level, self.of, source, target), self.mul, self.num,
                                             self.sigma))


@MODELS.register_module()
class JointMMDLoss(_Discrepancy):
    """JAN: maximum mean discrepancy of several quantities together, their kernels multiplied.

    Source: Long et al., "Deep Transfer Learning with Joint Adaptation Networks", ICML 2017. The defaults are those of
    the released segmentation code.

    Args:
        places (Sequence[str]): Levels with ``features`` and ``logits``.
        kernels (Sequence[Mapping]): Per quantity ``of``, and perhaps ``mul``, ``num`` and ``sigma``; see
            :class:`MMDLoss`.
        rows (str): ``'random'`` (default) or ``'first'`` rows.
        max_rows (int, optional): At most so many of each domain.
        block_rows (int): Rows compared at a time; the blocks are averaged.
        loss_weight (float | Mapping): Weight nu, constant or ramp.
        name (str, optional): Key of the loss.
    """

    loss_name = 'loss_joint_mmd'
    reads = ('features', 'logits')

    def __init__(self, places: Sequence[str],
                 kernels: Sequence[Mapping] = (dict(of='features', num=5), dict(of='probs', num=1, sigma=1.68)),
                 rows: str = 'random', max_rows: int | None = 512, block_rows: int = 512,
                 loss_weight: float | Mapping = 1.0, name: str | None = None) -> None:
        super().__init__(places, rows, max_rows, block_rows, loss_weight, name)
        self.kernels = [dict(kernel) for kernel in kernels]
        for kernel in self.kernels:
            _check_quantity('JointMMDLoss.kernels', kernel.get('of'))

    def distance(self, level: DomainLevel, source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Squared discrepancy of the chosen rows."""
        joint = 1.0
        for kernel in self.kernels:
            settings = {key: value for key, value in kernel.items() if key != 'of'}
            joint = joint * gaussian_kernel(self.stacked(level, kernel['of'], source, target), **settings)
        return quadratic_mmd(joint)
