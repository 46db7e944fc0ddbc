"""A small GeoNet layout in which colour and text tell the class, for tests."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

__all__ = ['COLOURS', 'write_geonet_root']

#: Mean colour of each class.
COLOURS = ((220, 40, 40), (40, 220, 40), (40, 40, 220), (220, 220, 40), (40, 220, 220), (220, 40, 220))
_NAMES = ('tower', 'forest', 'lake', 'desert', 'harbour', 'temple')


def write_geonet_root(root: Path, num_classes: int = 6, per_class: int = 4, size: tuple[int, int] = (40, 48)) -> Path:
    """Write ``metadata/geoimnet.json``, its pictures and the pseudo-labels of both training lists, which are true.

    Args:
        root (Path): Folder to write into; serves as ``data_root``.
        num_classes (int): At most 6.
        per_class (int): Images of each class in each list.
        size (tuple[int, int]): Height and width of the pictures.
    """
    rng = np.random.default_rng(0)
    content: dict[str, object] = dict(
        categories=[dict(category_name=_NAMES[number], category_id=number) for number in range(num_classes)])
    number = 10**9
    (root / 'pseudo_labels').mkdir(parents=True)
    for domain, other in (('usa', 'asia'), ('asia', 'usa')):
        for split in ('train', 'test'):
            tables: dict[str, list[dict]] = dict(images=[], annotations=[], locations=[], metadata=[])
            for label in np.repeat(np.arange(num_classes), per_class).tolist():
                number += 7
                name = f'images/{domain}/{_NAMES[label]}/{number}.jpg'
                _paint(root / name, label, 0.6 if domain == 'asia' else 1.0, size, rng)
                tables['images'].append(dict(id=number, filename=name))
                tables['annotations'].append(dict(image_id=number, category=label, class_name=_NAMES[label]))
                tables['locations'].append(dict(image_id=number, latitude=1.0, longitude=2.0))
                tables['metadata'].append(dict(
                    image_id=number, caption=f'The {_NAMES[label]}', tags=f'{_NAMES[label]},{domain}', url='http://x'))
            content[f'{domain}_{split}'] = tables
            if split == 'train':
                (root / f'pseudo_labels/geoimnet_{other}_{domain}.txt').write_text(''.join(
                    f'{row["image_id"]} {row["category"]}\n' for row in tables['annotations']))
    (root / 'metadata').mkdir()
    (root / 'metadata/geoimnet.json').write_text(json.dumps(content))
    return root


def _paint(path: Path, label: int, light: float, size: tuple[int, int], rng: np.random.Generator) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.array(COLOURS[label]) * light + rng.normal(0, 8, (*size, 3))
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)
