"""Checks a whole config against registries and signatures, without building anything."""

import ast
import difflib
import inspect
import logging
import re
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

from mmengine import registry as mmengine_registry
from mmengine.config import Config
from mmengine.logging import print_log
from mmengine.runner import Runner

from egoexo import registry
from egoexo.errors import ConfigError

__all__ = ['accepted_arguments', 'check_config', 'check_unread_keys']

# Keys that Runner or our tools read beside the arguments of Runner.__init__.
READ_KEYS = {'auto_scale_lr', 'find_unused_parameters', 'model_wrapper_cfg', 'sync_bn', 'runner_type', 'custom_imports',
             'compile', 'activation_checkpointing', 'efficient_conv_bn_eval', 'launcher', 'tta_model', 'tta_pipeline',
             'env_cfg', 'phases'}
KNOWN_KEYS = READ_KEYS | set(inspect.signature(Runner.__init__).parameters) - {'self', 'cfg'}
# Helpers as all of OpenMMLab calls them: no misspelt tta_pipeline, and a dumped config holds them unread.
HELPERS = {'train_pipeline', 'val_pipeline', 'test_pipeline'}

# Which registries a `type=` is looked up in: by the top-level key, and below it by the last of NESTED on its path.
ROOMS = {
    'model': (registry.MODELS,), 'tta_model': (registry.MODELS,), 'model_wrapper_cfg': (registry.MODEL_WRAPPERS,),
    'optim_wrapper': (registry.OPTIM_WRAPPERS,), 'param_scheduler': (registry.PARAM_SCHEDULERS,),
    'val_evaluator': (registry.METRICS, registry.EVALUATORS), 'test_evaluator': (registry.METRICS, registry.EVALUATORS),
    'default_hooks': (registry.HOOKS,), 'custom_hooks': (registry.HOOKS,),
    'train_cfg': (registry.LOOPS,), 'val_cfg': (registry.LOOPS,), 'test_cfg': (registry.LOOPS,),
    'visualizer': (registry.VISUALIZERS,), 'log_processor': (registry.LOG_PROCESSORS,),
}
NESTED = {
    'dataset': (registry.DATASETS,), 'datasets': (registry.DATASETS,),
    'pipeline': (registry.TRANSFORMS,), 'transforms': (registry.TRANSFORMS,),
    'sampler': (registry.DATA_SAMPLERS,), 'batch_sampler': (registry.DATA_SAMPLERS,),
    'collate_fn': (registry.FUNCTIONS,), 'worker_init_fn': (registry.FUNCTIONS,),
    'optimizer': (registry.OPTIMIZERS,), 'vis_backends': (registry.VISBACKENDS,),
    'init_cfg': (mmengine_registry.WEIGHT_INITIALIZERS,),
}
# Below these keys, names such as `sampler` are names of parts, not of registries.
FLAT = ('default_hooks', 'custom_hooks', 'param_scheduler')
# Keys that a builder takes out before it calls the class.
BUILDER_KEYS = {
    'default_hooks': {'priority'}, 'custom_hooks': {'priority'}, 'param_scheduler': {'convert_to_iter_based'},
    'optim_wrapper': {'constructor', 'paramwise_cfg', 'optimizer'},
}
ALWAYS_TAKEN = {'type', '_scope_', '_delete_'}


def check_config(cfg: Config, source: str) -> None:
    """Resolve every ``type=`` and compare its arguments with the signature of what it names.

    Args:
        cfg (Config): Composed config.
        source (str): File name for the message.

    Raises:
        ConfigError: Lists every problem with its config path.
    """
    problems = []
    for path, node in _typed_nodes(cfg):
        try:
            target = _resolve(path, node)
        except ConfigError as error:
            problems.append(f'{path}: {error}')
        else:
            problems += [f'{path}.{problem}' for problem in _argument_problems(path, node, target)]
    if problems:
        count = 'a problem' if len(problems) == 1 else f'{len(problems)} problems'
        raise ConfigError(f'{source} has {count}:\n' + '\n'.join(f'  {problem}' for problem in problems))


def check_unread_keys(cfg: Config, path: Path) -> None:
    """Refuse top-level keys that look like a misspelt one, warn of others of this file that nothing reads.

    A helper such as ``num_classes = 28`` is fine where it occurs again. Set in a child it changes nothing, because
    bases are evaluated first: that is worth a warning. Helpers that bases offer and nobody takes are not.

    Args:
        cfg (Config): Composed config.
        path (Path): Its file.

    Raises:
        ConfigError: For a key close to one the runner reads, set in this file or while that one is absent.
    """
    own, chain = path.read_text(encoding='utf-8'), _chain_text(path)
    for key in cfg:
        if key in KNOWN_KEYS or key.startswith('_'):
            continue
        near = [] if key in HELPERS else difflib.get_close_matches(key, KNOWN_KEYS, n=2, cutoff=0.8)
        set_here = re.search(rf'^{re.escape(key)}\s*=', own, flags=re.MULTILINE)
        # A base may offer a helper that nobody takes; in this file it is a change that does not happen.
        suspects = near if set_here else [match for match in near if match not in cfg]
        if suspects and not _is_read(key, chain):
            raise ConfigError(f"{path}: top-level key '{key}' is read by nothing. "
                              f"Did you mean {' or '.join(suspects)}?")
        if set_here and not _is_read(key, own):
            print_log(f"{path}: '{key}' is set here and read by nothing. Bases are evaluated before this file: set the "
                      'value where it is used.', 'current', logging.WARNING)


def _is_read(key: str, text: str) -> bool:
    """Whether a name occurs in config text beside its assignments at the top level."""
    mentions = len(re.findall(rf'(?<![\w.]){re.escape(key)}\b|_base_\.{re.escape(key)}\b', text))
    settings = len(re.findall(rf'^{re.escape(key)}\s*=', text, flags=re.MULTILINE))
    return mentions > settings


def _chain_text(path: Path) -> str:
    """Text of a config and, recursively, of the bases it names."""
    texts, pending, seen = [], [path.resolve()], set()
    while pending:
        file = pending.pop()
        if file in seen or not file.is_file():
            continue
        seen.add(file)
        texts.append(file.read_text(encoding='utf-8'))
        pending += [Path(Config._get_cfg_path(base, str(file))[0]).resolve()
                    for base in Config._get_base_files(str(file))]
    return '\n'.join(texts)


def _typed_nodes(cfg: Config) -> Iterator[tuple[str, dict]]:
    """Every dict with a ``type`` below the keys that the runner reads, and pipeline steps even without one."""
    pending = [(key, cfg[key]) for key in cfg if key in ROOMS or key.endswith('_dataloader')]
    while pending:
        path, node = pending.pop(0)
        if isinstance(node, dict):
            if 'type' in node or re.search(r'\bpipeline\.\d+$', path) or path == 'model':
                yield path, node
            pending += [(f'{path}.{key}', value) for key, value in node.items()]
        elif isinstance(node, list | tuple):
            pending += [(f'{path}.{index}', value) for index, value in enumerate(node)]


def _room(path: str) -> str:
    """The key of ROOMS or NESTED that is responsible for a path, empty when none is."""
    top, *below = path.split('.')
    if top not in FLAT:
        found = next((part for part in reversed(below) if part in NESTED), None)
        if found is not None and (top != 'model' or found == 'init_cfg'):
            return found
    return top if top in ROOMS else ''


def _resolve(path: str, node: dict) -> Callable | None:
    """What a node names; None where no single registry is responsible and any of them knows the name."""
    if 'type' not in node:
        raise ConfigError(f"has no 'type'; it holds {', '.join(map(str, node)) or 'nothing'}.")
    name = node['type']
    if not isinstance(name, str):
        return name
    rooms = {**ROOMS, **NESTED}.get(_room(path), ())
    first_error = None
    for room in rooms:
        try:
            found = room.get(name)
        except ConfigError as error:
            first_error = first_error or error
        else:
            if found is not None:
                return found
    if rooms and _room(path) != 'model' and not path.endswith('_cfg'):
        raise first_error or ConfigError(f"type='{name}' is not a registered {rooms[0].name}.")
    if not any(name in every for every in _all_registries()):
        raise first_error or ConfigError(f"type='{name}' is not registered anywhere.")
    return None


def _all_registries() -> list:
    rooms = [room for rooms in ROOMS.values() for room in rooms]
    return list({id(room): room for room in [*rooms, registry.TASK_UTILS]}.values())


def _argument_problems(path: str, node: dict, target: Callable | None) -> list[str]:
    # The builders behind norm_cfg, act_cfg, init_cfg and so on take keys out by rules of their own.
    if target is None or (path.endswith('_cfg') and path not in ROOMS):
        return []
    accepted, closed = accepted_arguments(target)
    taken = ALWAYS_TAKEN | BUILDER_KEYS.get(_room(path), set())
    problems = []
    for name in node:
        if name in accepted or name in taken:
            continue
        # Where **kwargs go elsewhere, only a name that is all but equal to a known one is a mistake.
        near = difflib.get_close_matches(name, accepted, n=2, cutoff=0.5 if closed else 0.85)
        if near or closed:
            hint = f'Did you mean {" or ".join(near)}?' if near else f'It takes: {", ".join(sorted(accepted))}.'
            problems.append(f"{name}: {target.__name__} has no argument '{name}'. {hint}")
    return problems


def accepted_arguments(target: Callable) -> tuple[set[str], bool]:
    """Keyword arguments of a class or function, those passed on to parents by ``**kwargs`` included.

    Args:
        target (type | Callable): What a ``type=`` names.

    Returns:
        tuple[set[str], bool]: The names, and whether they are all: False when ``**kwargs`` go elsewhere.
    """
    if not inspect.isclass(target):
        names, kwargs = _named(target)
        return names, not kwargs
    accepted: set[str] = set()
    for owner in target.__mro__:
        init = vars(owner).get('__init__')
        if init is None or owner is object:
            continue
        try:
            names, kwargs = _named(init)
        except ValueError:  # a class in C without a signature
            return accepted, False
        accepted |= names - {'self'}
        if not kwargs:
            return accepted, True
        if not _only_passes_on(init, kwargs):
            return accepted, False
    return accepted, True


def _named(function: Callable) -> tuple[set[str], str]:
    """Names of the arguments and the name of ``**kwargs``, empty when there is none."""
    parameters = inspect.signature(function).parameters.values()
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    names = {parameter.name for parameter in parameters if parameter.kind not in variable}
    return names, next((parameter.name for parameter in parameters if parameter.kind is variable[1]), '')


def _only_passes_on(init: Callable, kwargs: str) -> bool:
    """Whether the one use of ``**kwargs`` is ``super().__init__(..., **kwargs)``."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(init))))
    except (OSError, SyntaxError):
        return False
    uses = sum(isinstance(node, ast.Name) and node.id == kwargs for node in ast.walk(tree))
    passed = [node for node in ast.walk(tree) if isinstance(node, ast.Call)
              and any(word.arg is None and getattr(word.value, 'id', '') == kwargs for word in node.keywords)
              and ast.unparse(node.func) == 'super().__init__']
    return uses == len(passed) == 1
