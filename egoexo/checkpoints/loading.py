"""The one way a checkpoint file is opened: as data, never as code."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

import torch

from egoexo.checkpoints.file_scan import scan_file
from egoexo.checkpoints.official_state import bare_state
from egoexo.checkpoints.pickle_scan import Refusal
from egoexo.checkpoints.safe_globals import safe_globals_list
from egoexo.errors import CheckpointError, explain, printable
from egoexo.files import check_file

__all__ = ['count_non_finite', 'find_state_dict', 'load_checkpoint_file', 'sha256_of']

#: Keys under which published containers keep their state dict, most specific first.
_STATE_DICT_KEYS = ('state_dict', 'model_state', 'model_state_dict', 'model', 'params', 'model_cls_state')
#: Entries that make up one model together (XSegTx).
_PARTS = ('backbone', 'encoder')


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
    expected = 'tensors, numbers and text'
    refused = re.search(r'GLOBAL (\S+)', str(error)) or re.search(r'unrecognized function (.+)', str(error))
    if refused:
        error = Refusal(f'the Python object {refused[1]}, which is not built from a file')
    if isinstance(error, Refusal):
        return explain(path, expected, error, 'Nothing of it was executed. Save the state dict alone with torch.save, '
                                              'or leave the file alone.')
    if isinstance(error, CheckpointError):
        return explain(path, expected, f'a crafted entry: {error}', 'Leave the file alone.')
    first_line = (str(error).strip().split('\n')[0] or 'no further reason')[:200]
    found = f'something that cannot be read ({type(error).__name__}: {first_line})'
    return explain(path, 'a file written by torch.save or safetensors', found,
                   'It is truncated or of another kind. Fetch it again.')


def _read(path: Path, stand_ins: list[tuple[object, str]]) -> object:
    if path.suffix == '.safetensors':
        from safetensors.torch import load_file
        return load_file(path)
    scan_file(path, [name for _, name in stand_ins])
    # The context takes back on exit what it is given, so it must not be given what this process has registered.
    present = torch.serialization.get_safe_globals()
    with torch.serialization.safe_globals([pair for pair in safe_globals_list() + stand_ins if pair not in present]):
        return torch.load(path, map_location='cpu', weights_only=True)


def load_checkpoint_file(path: str | Path, stand_ins: list[tuple[object, str]] | None = None) -> dict:
    """Read a ``torch.save`` file (MMEngine checkpoints included) or a ``.safetensors`` file onto the CPU.

    Before torch reads it, :mod:`egoexo.checkpoints.file_scan` looks at every instruction and size in the file, so that
    its content costs no more memory than the file has bytes.

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
    check_file(path, CheckpointError, 'a checkpoint file')
    try:
        content = _read(path, stand_ins or [])
    except Exception as error:  # a damaged file fails in any way; all of them mean the same to the caller
        raise CheckpointError(_explain(path, error)) from error
    if not isinstance(content, dict):
        raise CheckpointError(explain(path, 'a dictionary', f'{type(content).__name__}',
                                      'If this is a feature file, it belongs under data_prefix.features. Check the '
                                      'path.'))
    return content


def _is_state_dict(value: object) -> bool:
    return (isinstance(value, Mapping) and len(value) > 0
            and all(isinstance(key, str) and isinstance(item, torch.Tensor) for key, item in value.items()))


def find_state_dict(container: Mapping[str, object], where: object = 'checkpoint',
                    ) -> tuple[str, Mapping[str, torch.Tensor]]:
    """Find the weights in a container.

    Args:
        container (Mapping): Content of a checkpoint file.
        where (object): The file, for the message.

    Returns:
        tuple[str, Mapping[str, torch.Tensor]]: Key of the container that held them (``''`` when the container itself
        is the state dict) and the state dict. A model in two entries, ``backbone`` and ``encoder``, comes as one dict,
        each key behind the name of its entry; its key is then ``'backbone and encoder'``.

    Raises:
        CheckpointError: If no entry is a dictionary of tensors.
    """
    if _is_state_dict(container):
        return '', container
    found = {str(key): value[0] if isinstance(value, tuple | list) and len(value) == 1 else value
             for key, value in container.items()}
    found = {key: value for key, value in found.items() if _is_state_dict(value)}
    if not found:
        keys = ', '.join(printable(key, 80) for key in list(container)[:8]) or '(none)'
        raise CheckpointError(explain(where, 'a state dict, names and tensors, or a dictionary that holds one',
                                      f'the keys {keys} without tensors below them', 'Check that this is the file that '
                                      'you mean.'))
    best = next((key for key in _STATE_DICT_KEYS if key in found), None)
    if best is None and all(part in found for part in _PARTS):
        return ' and '.join(_PARTS), {f'{part}.{key}': value for part in _PARTS
                                      for key, value in bare_state(found[part], where).items()}
    best = best or max(found, key=lambda key: len(found[key]))
    return best, found[best]


def count_non_finite(state: Mapping[str, torch.Tensor]) -> dict[str, int]:
    """Count the NaN and infinite numbers of a state dict.

    Args:
        state (Mapping): Names to tensors.

    Returns:
        dict[str, int]: By name, only for tensors that have any.
    """
    counts = {name: int(value.numel() - torch.isfinite(value).sum()) for name, value in state.items()
              if (value.is_floating_point() or value.is_complex()) and not value.is_sparse}
    return {name: count for name, count in counts.items() if count}
