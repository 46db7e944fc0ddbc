"""A small Ego2Exo release in which something can be learnt, for the tests of the benchmark `transfer`."""

import hashlib
import json
from pathlib import Path

import numpy as np
import torch

__all__ = ['NOUNS', 'ROWS_PER_SEGMENT', 'change_ego2exo', 'write_ego2exo_root', 'write_true_pseudo_labels']

#: What the classes are about, two words each; the class of number c is called ``Prepare <first word>``.
NOUNS = (('onion', 'garlic'), ('pan', 'skillet'), ('milk', 'kettle'), ('dough', 'flour'), ('salad', 'dressing'),
         ('noodle', 'pasta'), ('egg', 'omelet'), ('coffee', 'filter'), ('rice', 'sushi'), ('stove', 'burner'))
ROWS_PER_SEGMENT = 3
_VERBS = ('picks up', 'looks at', 'holds', 'moves', 'touches', 'takes')
_CAMERAS = dict(ego='aria01_rgb', exo='cam01_0')
_NUM_TAKES = dict(train=4, val=2)


def write_ego2exo_root(path: str | Path, num_classes: int = 6, per_class: int = 8, dim: int = 16,
                       seed: int = 0) -> Path:
    """Write ``metadata/ego2exo.json`` and one ``.pt`` file (rows, 1, dim) per take and camera.

    The two train lists hold different segments of the same four takes, grouped by class; the two val lists hold the
    same segments of two other takes, without text. Every list has ``num_classes * per_class`` segments of three
    windows each. A feature is the centre of its class plus the offset of its view plus noise; the centres of the views
    differ, so that a model of one view alone is worse on the other. A text names things of its class.

    Args:
        path (str | Path): Folder to write into.
        num_classes (int): At most 10.
        per_class (int): Segments of a class in each list.
        dim (int): Numbers per feature row.
        seed (int): Of everything that is drawn.

    Returns:
        Path: ``path``, which serves as ``data_root``.
    """
    root = Path(path)
    rng = np.random.default_rng(seed)
    centres = dict(ego=2 * rng.standard_normal((num_classes, dim)))
    centres['exo'] = 0.4 * centres['ego'] + 1.8 * rng.standard_normal((num_classes, dim)) + 0.5
    content: dict[str, object] = dict(
        categories=[dict(category_name=f'Prepare {NOUNS[number][0]}', category_id=number)
                    for number in range(num_classes)], info='synthetic')
    takes: dict[str, list[int]] = {}  # classes of the segments, by take

    def segment(split: str, views: tuple[str, ...], label: int, number: int) -> None:
        uid = f'{split}-take-{number % _NUM_TAKES[split]}'
        index = len(takes.setdefault(uid, []))
        takes[uid].append(label)
        text = '' if split == 'val' else _text(label, rng)
        for view in views:
            for part, value in _rows(uid, index, view, label, text).items():
                content.setdefault(f'{view}_{split}', {}).setdefault(part, []).append(value)

    for view in ('ego', 'exo'):
        for label in range(num_classes):
            for number in range(per_class):
                segment('train', (view,), label, number)
    for number in range(per_class):
        for label in range(num_classes):
            segment('val', ('ego', 'exo'), label, number)

    (root / 'metadata').mkdir(parents=True, exist_ok=True)
    (root / 'metadata' / 'ego2exo.json').write_text(json.dumps(content, indent=4))
    folder = root / 'features' / 'omnivore_video'
    folder.mkdir(parents=True, exist_ok=True)
    for uid, labels in takes.items():
        for view, camera in _CAMERAS.items():
            rows = centres[view][labels].repeat(ROWS_PER_SEGMENT, axis=0)
            rows = rows + rng.standard_normal(rows.shape)
            torch.save(torch.from_numpy(rows.astype(np.float32))[:, None], folder / f'{uid}_{camera}.pt')
    return root


def change_ego2exo(root: Path, **lists: dict[str, list]) -> None:
    """Replace parts of lists in the metadata file, e.g. ``ego_train=dict(clips=[...])``.

    Args:
        root (Path): What :func:`write_ego2exo_root` wrote.
        **lists (dict[str, list]): By list name, the parts to replace.
    """
    path = root / 'metadata' / 'ego2exo.json'
    content = json.loads(path.read_text())
    for name, parts in lists.items():
        content[name].update(parts)
    path.write_text(json.dumps(content, indent=4))


def write_true_pseudo_labels(root: Path, subset: str, name: str = 'pseudo_labels.txt') -> Path:
    """Write a pseudo-label file that holds the true labels of a list.

    Args:
        root (Path): What :func:`write_ego2exo_root` wrote.
        subset (str): List, e.g. ``'exo_train'``.
        name (str): File name under ``root``.

    Returns:
        Path: The file.
    """
    rows = json.loads((root / 'metadata' / 'ego2exo.json').read_text())[subset]['annotations']
    path = root / name
    path.write_text(''.join(f'{row["segment_id"]} {row["category"]}\n' for row in rows))
    return path


def _text(label: int, rng: np.random.Generator) -> str:
    """Three sentences, most of them about things of the class."""
    about = [NOUNS[label][rng.integers(2)], NOUNS[label][rng.integers(2)], NOUNS[rng.integers(len(NOUNS))][0]]
    return ' '.join(f'{_VERBS[rng.integers(len(_VERBS))]} the {noun}.' for noun in about)


def _rows(uid: str, index: int, view: str, label: int, text: str) -> dict[str, dict]:
    """One segment in each of the four parts of a list; its times overlap exactly its windows of 32 frames."""
    number = int(hashlib.md5(f'{uid}{index}'.encode()).hexdigest()[:8], 16)
    first = ROWS_PER_SEGMENT * index
    start, end = 16 * first + 20, 16 * first + 44
    camera = _CAMERAS[view]
    return dict(
        clips=dict(
            id=number, video_file_name=f'takes/{uid}/frame_aligned_videos/downscaled/448/{camera[:-2]}.mp4',
            feature_file_name=f'features/omnivore_video/{uid}_{camera}.pt',
            feature_indices=list(range(first, first + ROWS_PER_SEGMENT)), frame_indices=[[end - 31, end]]),
        annotations=dict(segment_id=number, category=label, class_name=f'Prepare {NOUNS[label][0]}'),
        metadata=dict(segment_id=number, start_time=start / 30, end_time=end / 30, take_uid=uid, segment_index=index,
                      best_exo=dict(cam_id='cam01', raw_cam_id='1')),
        descriptions=dict(segment_id=number, text_caption=text, annotator_texts={'1': text} if text else {}))
