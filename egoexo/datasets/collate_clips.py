"""How samples of clips become a batch."""

from collections.abc import Mapping, Sequence

from mmengine.registry import FUNCTIONS

__all__ = ['collate_clips']


# In MMEngine's own registry, because its runner looks nowhere else for collate functions.
@FUNCTIONS.register_module()
def collate_clips(items: Sequence[Mapping]) -> dict:
    """Make one batch of N samples; their frames, which may differ in size and number, stay apart.

    Args:
        items (Sequence[Mapping]): What :class:`egoexo.datasets.transforms.PackClip` made: ``inputs``, the fields of
            :class:`egoexo.structures.ClipViews` or such a dict for each of several streams, and ``data_samples``.

    Returns:
        dict: ``inputs``, a list of N dicts, or a dict with such a list for each stream; ``data_samples``, a list.

    Examples:
        >>> collate_clips([dict(inputs=dict(ego=dict(flip=True), tpv=dict(flip=False)), data_samples='a')])
        {'inputs': {'ego': [{'flip': True}], 'tpv': [{'flip': False}]}, 'data_samples': ['a']}
    """
    inputs = [item['inputs'] for item in items]
    samples = [item['data_samples'] for item in items]
    if not all(isinstance(part, Mapping) for part in inputs[0].values()):
        return dict(inputs=inputs, data_samples=samples)
    return dict(inputs={stream: [entry[stream] for entry in inputs] for stream in inputs[0]}, data_samples=samples)
