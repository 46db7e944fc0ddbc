"""Gaussian kernels and the distances between two sets of rows that they define."""

import torch

__all__ = ['gaussian_kernel', 'linear_mmd', 'linear_time_mmd', 'quadratic_mmd']


def gaussian_kernel(rows: torch.Tensor, mul: float = 2.0, num: int = 5, sigma: float | None = None) -> torch.Tensor:
    """Sum of Gaussian kernels of several widths between all rows.

    The widths are ``sigma * mul ** (i - num // 2)``, i = 0 .. num - 1.

    Args:
        rows (torch.Tensor): float32, shape (n, F).
        mul (float): Ratio of one width to the one before.
        num (int): Number of widths.
        sigma (float, optional): Middle width, on the scale of squared distances; None takes the mean squared distance
            of two different rows, without gradient.

    Returns:
        torch.Tensor: Shape (n, n).
    """
    # No (n, n, F) differences, 16 times as fast at n = 1024; a product of matrices would lose small distances.
    distances = torch.cdist(rows, rows, compute_mode='donot_use_mm_for_euclid_dist').square()
    count = len(rows)
    width = sigma if sigma is not None else distances.detach().sum() / max(count * (count - 1), 1)
    width = width / mul**(num // 2)
    return sum(torch.exp(-distances / (width * mul**i)) for i in range(num))


def _blocks(kernel: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    half = len(kernel) // 2
    return kernel[:half, :half], kernel[half:, half:], kernel[:half, half:], kernel[half:, :half]


def quadratic_mmd(kernel: torch.Tensor) -> torch.Tensor:
    """Squared maximum mean discrepancy of the first half of the rows and the second.

    Source: Gretton et al., "A Kernel Two-Sample Test", JMLR 2012, the biased estimate.

    Args:
        kernel (torch.Tensor): Shape (2k, 2k).

    Returns:
        torch.Tensor: Scalar, not negative for a positive definite kernel.
    """
    source, target, across, back = _blocks(kernel)
    return (source + target - across - back).mean()


def linear_time_mmd(kernel: torch.Tensor) -> torch.Tensor:
    """The same from k pairs of neighbouring rows only; may be negative.

    Args:
        kernel (torch.Tensor): Shape (2k, 2k).

    Returns:
        torch.Tensor: Scalar.
    """
    here = torch.arange(len(kernel) // 2, device=kernel.device)
    following = here.roll(-1)
    source, target, across, back = _blocks(kernel)
    # across[i, j] compares source row i with target row j, back[j, i] the same the other way round.
    return (source[here, following] + target[here, following] - across[here, following] - back[here, following]).mean()


def linear_mmd(source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Squared distance of the mean rows.

    Args:
        source (torch.Tensor): Shape (R, F).
        target (torch.Tensor): Shape (Q, F).

    Returns:
        torch.Tensor: Scalar.
    """
    return (source.mean(0) - target.mean(0)).square().sum()
