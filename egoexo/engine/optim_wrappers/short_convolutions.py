"""Convolutions over clips shorter than their kernel, kept out of half precision on the CPU."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch.overrides import TorchFunctionMode

__all__ = ['ShortConvolutions']


class ShortConvolutions(TorchFunctionMode):
    """Within this context, 3-D convolutions whose input is shorter than their kernel run in float32.

    Under bfloat16 on the CPU, torch 2.13 returns uninitialised memory as the gradient of their weights: a kernel of 3
    frames over the 2 frames of a slow pathway is enough. Forward pass and gradient of the input are right, and so are
    longer inputs.

    Examples:
        >>> layer = torch.nn.Conv3d(2, 2, (3, 1, 1), padding=(1, 0, 0))
        >>> with torch.autocast('cpu', dtype=torch.bfloat16), ShortConvolutions():
        ...     layer(torch.zeros(1, 2, 2, 4, 4)).dtype, layer(torch.zeros(1, 2, 4, 4, 4)).dtype
        (torch.float32, torch.bfloat16)
    """

    def __torch_function__(self, func: Callable, types: Sequence[type], args: tuple = (),
                           kwargs: Mapping[str, object] | None = None) -> object:
        """Run one function of torch.

        Args:
            func (Callable): The function.
            types (Sequence[type]): Not used.
            args (tuple): Its arguments.
            kwargs (Mapping[str, object], optional): Its named arguments.

        Returns:
            object: Its result.
        """
        if func is not torch.conv3d or not _is_short(*args[:2]):
            return func(*args, **(kwargs or {}))
        with torch.autocast('cpu', enabled=False):
            return func(args[0].float(), *args[1:], **(kwargs or {}))


def _is_short(clips: torch.Tensor, weight: torch.Tensor) -> bool:
    return clips.device.type == 'cpu' and any(
        kernel > length for kernel, length in zip(weight.shape[2:], clips.shape[-3:], strict=True))
