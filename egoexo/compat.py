"""Bridges over upstream gaps: one idempotent function per gap, called by the registry and the tools, never on import."""

__all__ = ['apply']


def apply() -> None:
    """Bridge every known gap of the installed mmengine, mmcv and mmaction2; cheap when called again."""
