"""What a data loader config is made of."""

from collections.abc import Iterator, Mapping

__all__ = ['iter_datasets']


def iter_datasets(loader: Mapping | None) -> Iterator[tuple[Mapping, str]]:
    """Data sets of a loader config, with those inside concatenations and other wrappers.

    Args:
        loader (Mapping | None): ``train_dataloader`` and the like.

    Yields:
        tuple[Mapping, str]: Config of a data set with an ``ann_file``, and the root its paths start from.
    """
    pending = [((loader or {}).get('dataset') or {}, '')]
    while pending:
        dataset, root = pending.pop(0)
        root = dataset.get('data_root') or root
        if 'ann_file' in dataset:
            yield dataset, root
            continue
        inner = dataset.get('datasets') or ([dataset['dataset']] if 'dataset' in dataset else [])
        pending = [(item, root) for item in inner] + pending
