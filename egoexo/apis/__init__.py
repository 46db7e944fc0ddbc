"""What users call from Python. The inferencers, which need models and figures, are imported on first use."""

from egoexo.apis.config import find_config, get_config, load_config
from egoexo.apis.init_model import init_model
from egoexo.apis.model_zoo import get_model, list_models

__all__ = ['ClipInferencer', 'CorrespondenceInferencer', 'RecognitionInferencer', 'SegmentationInferencer',
           'TransferInferencer', 'find_config', 'get_config', 'get_model', 'init_model', 'list_models', 'load_config']
_INFERENCERS = ('ClipInferencer', 'CorrespondenceInferencer', 'RecognitionInferencer', 'SegmentationInferencer',
                'TransferInferencer')


def __getattr__(name: str) -> object:
    """Import an inferencer when it is asked for.

    Args:
        name (str): ``'ClipInferencer'``, ``'CorrespondenceInferencer'``, ``'RecognitionInferencer'``,
            ``'SegmentationInferencer'`` or ``'TransferInferencer'``.

    Raises:
        AttributeError: For any other name.
    """
    if name in _INFERENCERS:
        from egoexo.apis import inferencers
        return getattr(inferencers, name)
    raise AttributeError(f"module 'egoexo.apis' has no attribute '{name}'; it has {', '.join(__all__)}.")
