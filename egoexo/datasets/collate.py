"""How the samples of a batch become one."""

from collections.abc import Mapping, Sequence

from mmengine.dataset import pseudo_collate
from mmengine.registry import FUNCTIONS

__all__ = ['collate_domains']


# In MMEngine's own registry, because its runner looks nowhere else for collate functions.
@FUNCTIONS.register_module()
def collate_domains(items: Mapping | Sequence) -> Mapping:
    """Make one batch of what a data set returned for a list of indices.

    A data set with ``__getitems__`` reads a whole batch at once and its result passes unchanged; single samples are
    put into lists, as MMEngine's ``pseudo_collate`` does.

    Args:
        items (Mapping | Sequence): A ready batch, or samples.

    Returns:
        Mapping: ``inputs`` and ``data_samples``, or one such batch under each of ``source`` and ``target``.

    Examples:
        >>> collate_domains([dict(inputs=1), dict(inputs=2)])
        {'inputs': [1, 2]}
        >>> collate_domains(dict(source=dict(inputs=[1]), target=dict(inputs=[2])))
        {'source': {'inputs': [1]}, 'target': {'inputs': [2]}}
    """
    return items if isinstance(items, Mapping) else pseudo_collate(items)
