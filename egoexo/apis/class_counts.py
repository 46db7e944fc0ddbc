"""Class counts that a config leaves to the data set."""

from collections.abc import Iterator, Mapping, Sequence

from mmengine.config import Config

from egoexo.errors import ConfigError, explain
from egoexo.registry import DATASETS
from egoexo.utils.loader_configs import iter_datasets

__all__ = ['FROM_DATASET', 'count_classes', 'needs_class_count', 'settle_class_counts']

#: ``num_classes='dataset'`` in a model: as many as the data set names in its class file.
FROM_DATASET = 'dataset'


def _open_counts(node: object, path: str = 'model') -> Iterator[tuple[dict, str]]:
    """Dicts below ``node`` whose ``num_classes`` is left to the data set, with their path."""
    if isinstance(node, dict):
        if node.get('num_classes') == FROM_DATASET:
            yield node, path
        for key, value in node.items():
            yield from _open_counts(value, f'{path}.{key}')
    elif isinstance(node, Sequence) and not isinstance(node, str):
        for index, value in enumerate(node):
            yield from _open_counts(value, f'{path}.{index}')


def needs_class_count(cfg: Config) -> bool:
    """Whether the model of a config leaves a class count to the data set.

    Args:
        cfg (Config): Any config.
    """
    return next(_open_counts(cfg.get('model')), None) is not None


def count_classes(cfg: Config) -> int | dict[str, int]:
    """Classes that the first data set of a config names; opens its class file, no list and no features.

    Args:
        cfg (Config): With a data loader.

    Returns:
        int | dict[str, int]: C; by task where the data set names classes of several.

    Raises:
        ConfigError: If there is no data set, or it names no classes.
        AnnotationError: If its class file is missing or malformed.
    """
    loaders = [cfg.get(f'{split}_dataloader') for split in ('train', 'val', 'test')]
    settings = next((item for loader in loaders for item in iter_datasets(loader)), None)
    if settings is None:
        raise ConfigError(explain('model, num_classes', f"a data set to take '{FROM_DATASET}' from", 'none in the '
                                  'config', 'Write the number of classes.'))
    light = dict(lazy_init=True) | (dict(pipeline=[]) if 'pipeline' in settings else {})
    dataset = DATASETS.build(dict(settings) | light)
    classes = dataset.metainfo.get('classes')
    if not classes:
        raise ConfigError(explain('model, num_classes', f'classes named by {settings["type"]}', 'none',
                                  'Write the number of classes.'))
    return _count(classes)


def _count(classes: Sequence[str] | Mapping[str, Sequence[str]]) -> int | dict[str, int]:
    if isinstance(classes, Mapping):
        return {task: len(names) for task, names in classes.items()}
    return len(classes)


def settle_class_counts(cfg: Config, classes: Sequence[str] | Mapping[str, Sequence[str]] | None = None) -> None:
    """Replace every ``num_classes='dataset'`` of the model by the number of classes.

    Args:
        cfg (Config): Changed in place.
        classes (Sequence[str] | Mapping[str, Sequence[str]], optional): Class names, or those of each task, where they
            are known, e.g. from a checkpoint; None asks the data set.

    Raises:
        ConfigError: As :func:`count_classes`.
        AnnotationError: As :func:`count_classes`.
    """
    found = list(_open_counts(cfg.get('model')))
    if found:
        count = _count(classes) if classes else count_classes(cfg)
        for node, _ in found:
            node['num_classes'] = count
