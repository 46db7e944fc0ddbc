"""Child registries of MMEngine's roots, scope ``egoexo``, filled on first use through ``locations``."""

import difflib

from mmengine import registry as mmengine_registry
from mmengine.registry import Registry as MMEngineRegistry

from egoexo import compat
from egoexo.errors import ConfigError

__all__ = [
    'DATASETS',
    'DATA_SAMPLERS',
    'EVALUATORS',
    'FUNCTIONS',
    'HOOKS',
    'INFERENCERS',
    'LOG_PROCESSORS',
    'LOOPS',
    'METRICS',
    'MODELS',
    'MODEL_WRAPPERS',
    'OPTIMIZERS',
    'OPTIM_WRAPPERS',
    'OPTIM_WRAPPER_CONSTRUCTORS',
    'PARAM_SCHEDULERS',
    'Registry',
    'TASK_UTILS',
    'TRANSFORMS',
    'VISBACKENDS',
    'VISUALIZERS',
    'nearest_names',
]


def nearest_names(name: str, registry: MMEngineRegistry, count: int = 3) -> list[str]:
    """Registered names that look like ``name``, searched in the whole tree the registry belongs to.

    Args:
        name (str): The unknown type, with or without a scope (``'mmaction.ResNet3D'``).
        registry (Registry): Any registry of the tree.
        count (int): Largest number of suggestions.

    Returns:
        list[str]: Best match first; foreign names carry their scope.

    Examples:
        >>> 'MultiStageTCN' in MODELS                       # imports the models, else there is nothing to compare with
        True
        >>> nearest_names('MultiStageTNC', MODELS, count=1)
        ['MultiStageTCN']
    """
    known: dict[str, str] = {}
    pending = [registry.root]
    while pending:
        node = pending.pop()
        pending.extend(node.children.values())
        for module_name in node.module_dict:
            shown = module_name if node.scope in ('egoexo', 'mmengine') else f'{node.scope}.{module_name}'
            known[shown.lower()] = shown
            known.setdefault(module_name.lower(), shown)
    matches = difflib.get_close_matches(name.lower(), known, n=2 * count, cutoff=0.5)
    matches += difflib.get_close_matches(name.rsplit('.', 1)[-1].lower(), known, n=2 * count, cutoff=0.5)
    return list(dict.fromkeys(known[match] for match in matches))[:count]


class Registry(MMEngineRegistry):
    """MMEngine's registry that bridges upstream gaps before its first import and explains unknown names."""

    def import_from_location(self) -> None:
        """Apply :mod:`egoexo.compat`, then import the modules of ``locations`` once."""
        if not self._imported:
            compat.apply()
        super().import_from_location()

    def get(self, key: str) -> type:
        """Return the registered object.

        Args:
            key (str): Name, optionally with a scope (``'mmaction.SlowFast'``).

        Raises:
            ConfigError: If the name is not registered; names the nearest ones.

        Examples:
            >>> METRICS.get('SegmentationMetrik')
            Traceback (most recent call last):
            egoexo.errors.ConfigError: type='SegmentationMetrik' is not a registered metric. ...
        """
        if isinstance(key, str) and not key.startswith('egoexo.'):
            compat.apply()  # a foreign scope is imported by MMEngine itself
        found = super().get(key)
        if found is None:
            nearest = nearest_names(key, self)
            hint = f'Did you mean {" or ".join(nearest)}?' if nearest else 'Nothing similar is registered.'
            raise ConfigError(
                f"type='{key}' is not a registered {self.name}. {hint} "
                'A module of your own is registered by importing it: custom_imports=dict(imports=[...]).')
        return found

    def __contains__(self, key: str) -> bool:
        try:
            return self.get(key) is not None
        except ConfigError:
            return False


def _child(root_name: str, *locations: str) -> Registry:
    root = getattr(mmengine_registry, root_name)
    return Registry(root.name, parent=root, scope='egoexo', locations=list(locations))


MODELS = _child('MODELS', 'egoexo.models')
MODEL_WRAPPERS = _child('MODEL_WRAPPERS')
DATASETS = _child('DATASETS', 'egoexo.datasets')
DATA_SAMPLERS = _child('DATA_SAMPLERS', 'egoexo.datasets.samplers')
TRANSFORMS = _child('TRANSFORMS', 'egoexo.datasets.transforms')
FUNCTIONS = _child('FUNCTIONS', 'egoexo.datasets')
METRICS = _child('METRICS', 'egoexo.evaluation.metrics')
EVALUATORS = _child('EVALUATOR')
HOOKS = _child('HOOKS', 'egoexo.engine.hooks')
LOOPS = _child('LOOPS', 'egoexo.engine.loops')
LOG_PROCESSORS = _child('LOG_PROCESSORS', 'egoexo.engine')
OPTIMIZERS = _child('OPTIMIZERS')
OPTIM_WRAPPERS = _child('OPTIM_WRAPPERS', 'egoexo.engine.optim_wrappers')
OPTIM_WRAPPER_CONSTRUCTORS = _child('OPTIM_WRAPPER_CONSTRUCTORS', 'egoexo.engine.optim_wrappers')
PARAM_SCHEDULERS = _child('PARAM_SCHEDULERS', 'egoexo.engine.schedulers')
VISUALIZERS = _child('VISUALIZERS', 'egoexo.visualization')
VISBACKENDS = _child('VISBACKENDS')
INFERENCERS = _child('INFERENCERS', 'egoexo.apis.inferencers')
TASK_UTILS = _child('TASK_UTILS')
