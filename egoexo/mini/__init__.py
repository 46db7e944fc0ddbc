"""EgoExo-Mini: a seeded toy kitchen that writes every official layout from one simulated state."""

from typing import Any

__all__ = ['make_mini']


def __getattr__(name: str) -> Any:
    # The generator needs OpenCV, PyAV and torch; readers of a part such as the vocabulary do not.
    if name == 'make_mini':
        from egoexo.mini.build import make_mini

        return make_mini
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
