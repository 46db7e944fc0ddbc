"""Checkpoints with the same bytes whenever their content is the same."""

import io
from collections.abc import Mapping

import torch

__all__ = ['checkpoint_bytes']


def checkpoint_bytes(content: Mapping[str, object]) -> bytes:
    """What ``torch.save`` would write, without anything that depends on the place or the time of writing.

    ``torch.save`` puts the name of the file into the file, so that the same weights saved twice have two hashes.
    Tensors are copied, because a view would take its whole storage along.

    Args:
        content (Mapping[str, object]): Dictionaries, lists, tuples, plain values and tensors.

    Returns:
        bytes: For :func:`torch.load`; the same for equal content in the same order under one version of torch.
    """
    stream = io.BytesIO()
    torch.save(_copied(content), stream)
    return stream.getvalue()


def _copied(value: object) -> object:
    if isinstance(value, torch.Tensor):
        return value.detach().cpu().clone(memory_format=torch.contiguous_format)
    if isinstance(value, Mapping):
        return {key: _copied(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_copied(item) for item in value)
    return value
