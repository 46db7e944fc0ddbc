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

    Examples:
        >>> x = torch.ones(2, requires_grad=True)
        >>> reverse_gradient(x, 0.5).sum().backward()
        >>> x.grad
        tensor([-0.5000, -0.5000])
    """
    return _ReverseGradient.apply(x, float(scale))
