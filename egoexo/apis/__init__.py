"""What users call from Python. The inferencer, which needs models and figures, is imported on first use."""

from egoexo.apis.config import find_config, get_config, load_config
from egoexo.apis.init_model import init_model
from egoexo.apis.model_zoo import get_model, list_models

__all__ = ['SegmentationInferencer', 'find_config', 'get_config', 'get_model', 'init_model', 'list_models',
           'load_config']


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
