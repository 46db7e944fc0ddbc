"""What a caller of the generator asked for, and the key that tells whether files on disk are the answer."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from egoexo.mini.presets import MiniPreset

__all__ = ['Request', 'layout_key']


@dataclass(frozen=True)
class Request:
    """The arguments of :func:`~egoexo.mini.build.make_mini` that decide what is written.

    Args:
        preset (MiniPreset): Sizes and knobs.
        seed (int): Seed of the world.
        features (tuple[str, ...]): Features of the asynchronous videos.
        gaze_features (tuple[str, ...]): Those also made from gaze crops.
        defects (tuple[str, ...]): Defects to plant.
        float32 (bool): Store I3D-like features as float32.
    """

    preset: MiniPreset
    seed: int
    features: tuple[str, ...] = ('clip', 'i3d')
    gaze_features: tuple[str, ...] = ('clip', 'i3d')
    defects: tuple[str, ...] = ()
    float32: bool = False


def layout_key(layout: str, arguments: dict[str, object], others: Iterable[str]) -> str:
    """Hash of what the files of one layout depend on: the same key means the same files.

    Args:
        layout (str): Layout family.
        arguments (dict[str, object]): The arguments it reads.
        others (Iterable[str]): The other layout families; their writers do not count.

    Returns:
        str: 16 hexadecimal digits over the arguments and the generator's own source.
    """
    digest = hashlib.sha256(json.dumps([layout, arguments], sort_keys=True, default=str).encode())
    folder, foreign = Path(__file__).parent, tuple(others)
    for path in sorted([*folder.rglob('*.py'), *folder.glob('*.npz')]):
        if path.parent.name != 'layouts' or not path.name.startswith(foreign):
            digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]
