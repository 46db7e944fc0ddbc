"""Colours of one kitchen and actor: the nuisance every video has its own of."""

import numpy as np

from egoexo.mini.kitchen import Kitchen
from egoexo.mini.presets import MiniPreset
from egoexo.mini.state import Appearance
from egoexo.mini.vocabulary import OBJECTS

__all__ = ['draw_appearance']

_SKIN = np.array([135.0, 165.0, 215.0])


def draw_appearance(kitchen: Kitchen, preset: MiniPreset, view: str, draw: np.random.Generator) -> Appearance:
    """Draw colours: nearly grey furniture, so that saturation marks objects.

    Args:
        kitchen (Kitchen): Gives the objects and boxes to colour.
        preset (MiniPreset): ``object_color_jitter`` and ``exo_cast``.
        view (str): ``'exo'`` adds the cast of the exo cameras; takes and ego videos have none.
        draw (np.random.Generator): Random stream.

    Returns:
        Appearance: BGR colours in 0..255.
    """
    def surface(low: float, high: float, spread: float = 18.0) -> tuple[float, ...]:
        return tuple(np.clip(draw.uniform(low, high) + draw.uniform(-spread, spread, 3), 0, 255).tolist())

    wall, counter = surface(150, 225), surface(120, 200)
    floor, cabinet = surface(55, 115), surface(80, 165)
    cloth = surface(40, 210, 30.0)
    skin = tuple(np.clip(_SKIN * draw.uniform(.75, 1.1), 0, 255).tolist())
    colors = np.array([OBJECTS[name].color for name in kitchen.names], float)
    colors = np.clip(colors * draw.normal(1, preset.object_color_jitter, colors.shape), 0, 255)
    boxes = np.clip(draw.uniform(60, 200, (len(kitchen.distractor_position), 1))
                    + draw.uniform(-30, 30, (len(kitchen.distractor_position), 3)), 0, 255)
    gain, cast = draw.uniform(.85, 1.12), draw.normal(1, .05, 3)
    if view == 'exo':
        cast = cast * preset.exo_cast
    return Appearance(wall, counter, floor, cabinet, cloth, skin, colors, boxes, float(gain), tuple(cast.tolist()))
