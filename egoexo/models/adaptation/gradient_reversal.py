"""Gradient reversal: identity forward, sign flip backward."""

import torch

__all__ = ['reverse_gradient']


class _ReverseGradient(torch.autograd.Function):

    @staticmethod
    def forward(ctx, x: torch.Tensor, scale: float) -> torch.Tensor:
        ctx.scale = scale
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad: torch.Tensor) -> tuple[torch.Tensor, None]:
        return grad * -ctx.scale, None


def reverse_gradient(x: torch.Tensor, scale: float) -> torch.Tensor:
    """Pass ``x`` through and multiply its gradient by ``-scale``.

    Source: Ganin and Lempitsky, "Unsupervised Domain Adaptation by Backpropagation", ICML 2015.

    Args:
        x (torch.Tensor): Features of any shape.
        scale (float): The weight beta of the adversarial branch; 0 cuts the gradient.

    Returns:
        torch.Tensor: ``x`` unchanged.
    """
    return _ReverseGradient.apply(x, float(scale))
