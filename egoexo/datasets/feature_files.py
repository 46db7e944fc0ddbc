"""Feature files of the three usual formats, opened without reading more than the header where the format allows."""

import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from egoexo.errors import FeatureError

__all__ = ['SUFFIXES', 'open_feature_file']


def open_feature_file(path: Path) -> np.ndarray:
    """Open one feature file.

    Args:
        path (Path): ``.npy`` (mapped), ``.pt`` (a bare tensor, safe load, mapped) or ``.npz`` (read).

    Returns:
        np.ndarray: As stored, (T, D) or (T, D, k), floating; do not write into it. bfloat16 becomes float32.

    Raises:
        FeatureError: If the file is missing, damaged, truncated, or holds something else.
    """
    try:
        array = SUFFIXES[path.suffix](path)
    except FileNotFoundError as error:
        raise FeatureError(f'{path} does not exist. Check data_prefix.features.') from error
    except (OSError, ValueError, EOFError, RuntimeError, KeyError, zipfile.BadZipFile, pickle.UnpicklingError) as error:
        if isinstance(error, FeatureError):
            raise
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise FeatureError(f'{path} ({path.stat().st_size} bytes) cannot be read: {reason}. It is damaged or was cut '
                           'short; fetch or extract it again.') from error
    if not np.issubdtype(array.dtype, np.floating):
        raise FeatureError(f'{path} holds {array.dtype} numbers, expected floating ones.')
    if array.ndim not in (2, 3) or 0 in array.shape:
        raise FeatureError(f'{path} has shape {array.shape}, expected (T, D) or (T, D, k), none of them 0.')
    return array


def _open_npy(path: Path) -> np.ndarray:
    return np.load(path, mmap_mode='r', allow_pickle=False)


def _open_pt(path: Path) -> np.ndarray:
    if zipfile.is_zipfile(path):
        tensor = torch.load(path, map_location='cpu', weights_only=True, mmap=True)
    else:  # written before torch 1.6, or with the old format on purpose: cannot be mapped
        tensor = torch.load(io.BytesIO(path.read_bytes()), map_location='cpu', weights_only=True)
    if not isinstance(tensor, torch.Tensor):
        raise FeatureError(f'{path} holds a {type(tensor).__name__}, expected a bare tensor.')
    tensor = tensor.detach()
    return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()


def _open_npz(path: Path) -> np.ndarray:
    with np.load(path, allow_pickle=False) as archive:
        if len(archive.files) != 1:
            raise FeatureError(f'{path} holds {len(archive.files)} arrays {archive.files[:5]}, expected exactly one.')
        return archive[archive.files[0]]


#: Readers by file suffix, in the order in which a folder is searched.
SUFFIXES: dict[str, Callable[[Path], np.ndarray]] = {'.npy': _open_npy, '.pt': _open_pt, '.npz': _open_npz}
