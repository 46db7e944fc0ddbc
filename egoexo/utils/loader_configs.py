"""What a data loader config is made of."""

from collections.abc import Iterator, Mapping

__all__ = ['iter_datasets']

_OWN_KEYS = ('type', 'datasets', 'target_datasets', 'lazy_init')


def iter_datasets(loader: Mapping | None) -> Iterator[dict]:
    """Data sets of a loader config, with those inside concatenations and other wrappers.

    Args:
        loader (Mapping | None): ``train_dataloader`` and the like.

    Yields:
        dict: Config of a data set that wraps no other; what stands beside ``datasets``
        in a wrapper, e.g. ``data_root`` or ``pipeline``, counts where the data set does not state it itself.
    """
    pending: list[dict] = [dict((loader or {}).get('dataset') or {})]
    while pending:
        dataset = pending.pop(0)
        parts = [dict(item) for key in ('datasets', 'target_datasets') for item in dataset.get(key) or []]
        if 'dataset' in dataset:  # one of MMEngine's wrappers, whose other arguments are its own
            pending.insert(0, {'data_root': dataset.get('data_root', '')} | dict(dataset['dataset'] or {}))
            continue
        shared = {key: value for key, value in dataset.items() if key not in _OWN_KEYS}
        if parts:
            pending = [shared | item for item in parts] + pending
        elif dataset and 'datasets' not in dataset:
            yield dataset
