"""The one way a checkpoint file is opened: as data, never as code."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

import torch

from egoexo.checkpoints.safe_globals import safe_globals_list
from egoexo.errors import CheckpointError

__all__ = ['find_state_dict', 'load_checkpoint_file', 'sha256_of']

#: Keys under which published containers keep their state dict, most specific first.
_STATE_DICT_KEYS = ('state_dict', 'model_state', 'model_state_dict', 'model', 'params')


def sha256_of(path: str | Path) -> str:
    """Hash of a file.

    Args:
        path (str | Path): Any file.

    Returns:
        str: 64 hexadecimal digits.
    """
    with open(path, 'rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()


def _explain(path: Path, error: Exception) -> str:
    """What is wrong with the file, without torch's advice to trust it."""
    refused = re.search(r'GLOBAL (\S+)', str(error)) or re.search(r'unrecognized function (.+)', str(error))
    if refused:
        return (f'{path}: expected tensors, numbers and text, found the Python object {refused[1]}, which is not '
                'built from a file. Save the state dict alone with torch.save, or leave the file alone.')
    if isinstance(error, CheckpointError):
        return f'{path}: {error}'
    first_line = str(error).strip().split('\n')[0][:200]
    return (f'{path}: expected a file written by torch.save or safetensors, found something that cannot be read '
            f'({type(error).__name__}: {first_line}). It is truncated or of another kind; fetch it again.')


def _read(path: Path, stand_ins: list[tuple[object, str]]) -> object:
    if path.suffix == '.safetensors':
        from safetensors.torch import load_file
        return load_file(path)
    # The context takes back on exit what it is given, so it must not be given what this process has registered.
    present = torch.serialization.get_safe_globals()
    with torch.serialization.safe_globals([pair for pair in safe_globals_list() + stand_ins if pair not in present]):
        return torch.load(path, map_location='cpu', weights_only=True)


def load_checkpoint_file(path: str | Path, stand_ins: list[tuple[object, str]] | None = None) -> dict:
    """Read a ``torch.save`` file (MMEngine checkpoints included) or a ``.safetensors`` file onto the CPU.

    Args:
        path (str | Path): The file; its name does not matter except for ``.safetensors``.
        stand_ins (list[tuple[object, str]], optional): Further pairs (inert class, name in the file), for inspection.

    Returns:
        dict: Content of the file.

    Raises:
        CheckpointError: If the file is missing, truncated, of another kind, not a dictionary, or asks for any Python
            object that is not plain data. Nothing in it is executed.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f'{path}: expected a checkpoint file, found '
                              f'{"a folder" if path.is_dir() else "nothing"}. Check the path.')
    try:
        content = _read(path, stand_ins or [])
    except Exception as error:  # a damaged file fails in any way; all of them mean the same to the caller
        raise CheckpointError(_explain(path, error)) from error
    if not isinstance(content, Mapping):
        raise CheckpointError(f'{path}: expected a dictionary, found {type(content).__name__}. If this is a feature '
                              'file, it belongs under data_prefix.features.')
    return dict(content)


def _is_state_dict(value: object) -> bool:
    return (isinstance(value, Mapping) and len(value) > 0
            and all(isinstance(key, str) and isinstance(item, torch.Tensor) for key, item in value.items()))


def find_state_dict(container: Mapping[str, object]) -> tuple[str, Mapping[str, torch.Tensor]]:
    """Find the weights in a container.

    Args:
        container (Mapping): Content of a checkpoint file.

    Returns:
        tuple[str, Mapping[str, torch.Tensor]]: Key of the container that held them (``''`` when the container itself
        is the state dict) and the state dict.

    Raises:
        CheckpointError: If no entry is a dictionary of tensors.
    """
    if _is_state_dict(container):
        return '', container
    found = {str(key): value[0] if isinstance(value, tuple | list) and len(value) == 1 else value
             for key, value in container.items()}
    found = {key: value for key, value in found.items() if _is_state_dict(value)}
    if not found:
        raise CheckpointError('expected a state dict, or a dictionary that holds one, found the keys '
                              f'{", ".join(map(str, list(container)[:8])) or "(none)"} without tensors below them.')
    best = next((key for key in _STATE_DICT_KEYS if key in found), max(found, key=lambda key: len(found[key])))
    return best, found[best]
