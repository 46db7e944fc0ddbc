"""Attention to the steps whose domain is easy to tell."""

import torch
from torch.nn import functional as F

__all__ = ['class_weights', 'domain_attention', 'entropy']


def entropy(logits: torch.Tensor, dim: int = -1) -> torch.Tensor:
    """Entropy, in nats, of the softmax of ``logits`` along ``dim``.

    Args:
        logits (torch.Tensor): Unnormalised log probabilities.
        dim (int): The dimension over which they are normalised.

    Returns:
        torch.Tensor: Shape of ``logits`` without ``dim``.

    Examples:
        >>> round(entropy(torch.zeros(2)).item(), 4)                        # log 2
        0.6931
    """
    log_probs = F.log_softmax(logits, dim=dim)
    return -(log_probs.exp() * log_probs).sum(dim)


def domain_attention(domain_logits: torch.Tensor) -> torch.Tensor:
    """Weight ``1 - H`` of each prediction of the domain; gradients flow through it.

    Sources: Chen et al., "TA3N", ICCV 2019; "SSTDA", CVPR 2020.

    Args:
        domain_logits (torch.Tensor): Shape (..., 2).

    Returns:
        torch.Tensor: Between 1 - ln 2 (undecided) and 1 (certain), shape (...).
    """
    return 1 - entropy(domain_logits)


def class_weights(probs: torch.Tensor, kind: str = 'soft') -> torch.Tensor:
    """Weight of each class-specific discriminator at each step, without gradient.

    Args:
        probs (torch.Tensor): Class probabilities, classes in the last dimension, shape (..., C).
        kind (str): ``'soft'`` for the probabilities themselves, ``'hard'`` for 1 at the largest (at each of several
            equal ones) and 0 elsewhere.

    Returns:
        torch.Tensor: Shape (..., C).
    """
    probs = probs.detach()
    if kind == 'soft':
        return probs
    return (probs == probs.amax(-1, keepdim=True)).to(probs.dtype)
