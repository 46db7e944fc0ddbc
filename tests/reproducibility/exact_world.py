"""A data set in the official layout whose every byte is the same on every machine.

The features of EgoExo-Mini differ in their last digits between processors (docs/reproducibility.md), so they cannot
carry a comparison of all digits. These are whole numbers from a hash, divided by 128: no library and no processor has
a say in them. Each class has its own mean, so a model learns something.
"""

import hashlib
import json
import uuid
from pathlib import Path

import numpy as np
import torch

from egoexo.formats.egoexolearn import write_frame_labels, write_split

__all__ = ['SIZES', 'hash_files', 'video_ids', 'write_exact_world']

#: Videos per official list; the scored ones are 13, which no number of processes tested divides.
SIZES = {'ego_train': 5, 'exo_train': 4, 'ego_val': 5, 'exo_val': 4, 'ego_test': 3, 'exo_test': 1}
_TAS = 'temporal_action_segmentation_benchmark/tas_annotation'
_FEATURES = 'features/i3d_rgb_25fps'
_DIM, _NUM_CLASSES = 1024, 28
_RECIPE = dict(backbone='hash', feature_fps=25.0, window=1, stride=1, first_row_sec=0.0, crop='full', dtype='float16',
               dim=_DIM)


def _bytes(*key: object, count: int, kind: str = 'u1') -> np.ndarray:
    """Whole numbers that depend on the key alone; shape (count,)."""
    text = '/'.join(map(str, key)).encode()
    return np.frombuffer(hashlib.shake_256(text).digest(count), dtype=kind).astype(np.int64)


def video_ids(subset: str) -> list[str]:
    """Ids of one list, in file order.

    Args:
        subset (str): Key of :data:`SIZES`.
    """
    return [str(uuid.uuid5(uuid.NAMESPACE_DNS, f'{subset}/{number}')) for number in range(SIZES[subset])]


def _labels(uid: str, num_frames: int) -> np.ndarray:
    # Six classes from all over the range: every list has most of them.
    classes, lengths = _bytes(uid, 'class', count=64) % 6 * 5, 8 + _bytes(uid, 'length', count=64) % 32
    return np.repeat(classes, lengths)[:num_frames]


def _features(uid: str, labels: np.ndarray) -> torch.Tensor:
    means = _bytes('means', count=_NUM_CLASSES * _DIM, kind='i1').reshape(_NUM_CLASSES, _DIM)
    noise = _bytes(uid, 'noise', count=labels.size * _DIM, kind='i1').reshape(labels.size, _DIM)
    rows = (means[labels] + noise).astype(np.float32) / 128  # 9 bits over a power of two: exact in float16
    return torch.from_numpy(rows.astype(np.float16))


def write_exact_world(root: Path) -> Path:
    """Write every list of both views, with labels, features and the video table.

    Args:
        root (Path): Folder to make; what ``data_root`` of a config then points to.

    Returns:
        Path: The folder.
    """
    (root / _FEATURES).mkdir(parents=True)
    (root / _FEATURES / 'recipe.json').write_text(json.dumps(_RECIPE))
    table = []
    for subset in SIZES:
        write_split(root / f'{_TAS}/splits/{subset}_annotations.bundle', video_ids(subset))
        for number, uid in enumerate(video_ids(subset)):
            labels = _labels(uid, 90 + int(_bytes(uid, 'frames', count=1)[0]) // 2)
            write_frame_labels(root / f'{_TAS}/gts_fps25/{uid}.txt', np.append(labels, 0))  # its reader drops the last
            torch.save(_features(uid, labels), root / f'{_FEATURES}/{uid}.pt')
            table.append(dict(video_uid=uid, num_frames=float(labels.size), fps=25.0, width=128.0, height=128.0,
                              view=subset[:3], scene='kitchen', task=f'task{number % 3 + 1}'))
    (root / 'video_meta_downsampled.json').write_text(json.dumps(table))
    return root


def hash_files(root: Path) -> str:
    """Hash of what a run reads: lists, labels, table and feature values.

    Args:
        root (Path): Folder of :func:`write_exact_world`.

    Returns:
        str: 64 hexadecimal digits; the container of the feature files, which torch may change, is left out.
    """
    digest = hashlib.sha256()
    for path in sorted(file for file in root.rglob('*') if file.is_file()):
        content = torch.load(path, weights_only=True).numpy().tobytes() if path.suffix == '.pt' else path.read_bytes()
        digest.update(f'{path.relative_to(root)} {len(content)}\n'.encode() + content)
    return digest.hexdigest()
