"""Lets MMEngine's Runner read checkpoints the way we do: scanned first, and never with foreign code."""

import functools
from pathlib import Path

from egoexo.checkpoints.loading import load_checkpoint_file

__all__ = ['load_from_local', 'register_loader']


def load_from_local(filename: str, map_location: object = None) -> dict:
    """Loader of MMEngine for paths; what ``load_from``, ``resume`` and ``init_cfg`` of a config end in.

    Args:
        filename (str): Checkpoint file.
        map_location (object): Ignored: tensors come to the CPU, and model and optimizer copy them to their own device.

    Returns:
        dict: Content of the file.

    Raises:
        CheckpointError: See :func:`load_checkpoint_file`.
    """
    return load_checkpoint_file(Path(filename).expanduser())


def register_loader() -> None:
    """Put the loader in the place of MMEngine's, and let its downloads be read as data too; free when called again."""
    from mmengine.runner import checkpoint

    checkpoint.CheckpointLoader.register_scheme(prefixes='', loader=load_from_local, force=True)
    if not isinstance(checkpoint.load_url, functools.partial):
        # torch.hub still reads what it has downloaded with weights_only=False unless it is told otherwise.
        checkpoint.load_url = functools.partial(checkpoint.load_url, weights_only=True)
