"""egoexo: one toolbox for understanding a human activity from the ego and the exo camera.

Importing the package imports nothing heavy: neither torch nor mmengine.
"""

from egoexo.version import __version__

__all__ = ['__version__']
