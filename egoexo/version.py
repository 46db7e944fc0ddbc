"""Version of the package, the single place that holds it."""

__version__ = '0.1.0'
