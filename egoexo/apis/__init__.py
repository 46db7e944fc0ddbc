"""What users call from Python. The inferencer, which needs models and figures, is imported on first use."""

from egoexo.apis.config import find_config, get_config, load_config
from egoexo.apis.init_model import init_model

__all__ = ['SegmentationInferencer', 'find_config', 'get_config', 'init_model', 'load_config']


def __getattr__(name: str) -> object:
    """Import the inferencer when it is asked for.

    Args:
        name (str): ``'SegmentationInferencer'``.

    Raises:
        AttributeError: For any other name.
    """
    if name == 'SegmentationInferencer':
        from egoexo.apis.inferencers import SegmentationInferencer
        return SegmentationInferencer
    raise AttributeError(f"module 'egoexo.apis' has no attribute '{name}'; it has {', '.join(__all__)}.")
