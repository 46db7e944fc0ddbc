"""A model from a config and a checkpoint, ready to predict."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.logging import print_log
from mmengine.model import BaseModel

from egoexo.apis.class_counts import needs_class_count, settle_class_counts
from egoexo.apis.config import get_config, load_config
from egoexo.apis.model_card import find_card
from egoexo.apis.weights import resolve_weights
from egoexo.checkpoints.differences import list_differences, state_dict_differences
from egoexo.checkpoints.loading import count_non_finite, find_state_dict, load_checkpoint_file
from egoexo.errors import CheckpointError, ConfigError, explain
from egoexo.registry import MODELS

__all__ = ['find_weights', 'init_model', 'load_weights', 'resolve_config']

_NUM_SHOWN = 5


def resolve_config(config: str | Path | Config, cfg_options: dict | None = None) -> Config:
    """Config from whatever names one.

    Args:
        config (str | Path | Config): File, model of the zoo (``'mstcn_i3d_egoexolearn-ego'``), short name
            (``'segmentation/mstcn_i3d_egoexolearn-ego'``) or config.
        cfg_options (dict, optional): Changes by dotted path, see :func:`egoexo.apis.load_config`.

    Returns:
        Config: Checked, unless it was given as a ``Config``.

    Raises:
        ConfigError: If there is no such config or it is wrong.
    """
    if isinstance(config, Config):
        if cfg_options:
            raise ConfigError('cfg_options change a config while it is read, found a Config that is read already. '
                              'Change it with config.merge_from_dict().')
        return config
    path, name = Path(config), str(config)
    if path.is_file():
        return load_config(path, cfg_options)
    if '/' in name or path.suffix == '.py':
        return get_config(name, cfg_options)
    return load_config(find_card(name).config, cfg_options)


def load_weights(model: torch.nn.Module, checkpoint: str | Path) -> dict:
    """Fill a model with the weights of a file; every key and shape must fit.

    Args:
        model (torch.nn.Module): Filled in place.
        checkpoint (str | Path): Checkpoint of ours, or a converted official one.

    Returns:
        dict: ``meta`` of the file, empty if it has none.

    Raises:
        CheckpointError: If the file is missing, damaged, hostile, or of another model; lists what does not fit. Also
            if a weight is NaN or infinite: every prediction of such a model is the first class, without a word.
    """
    container = load_checkpoint_file(checkpoint)
    _, found = find_state_dict(container, checkpoint)
    wanted = model.state_dict()
    differences = state_dict_differences(wanted, found)
    if differences:
        raise CheckpointError(
            f'{checkpoint} does not fit the {type(model).__name__} of the config: expected the same names and shapes, '
            f'found that {len(differences)} of {len(wanted)} parameters differ:\n{list_differences(differences)}\n'
            'Take the config it was trained with; an official file is converted by tools/convert_checkpoint.py, whose '
            '--inspect tells what a file is.')
    damaged = count_non_finite(found)
    if damaged:
        raise CheckpointError(explain(
            checkpoint, 'finite weights', f'{sum(damaged.values()):,} NaN or infinite numbers in {len(damaged)} of '
            f'{len(found)} parameters, {", ".join(list(damaged)[:_NUM_SHOWN])} among them',
            'The run that wrote it has diverged. Take an earlier checkpoint.'))
    model.load_state_dict(dict(found), strict=True)
    meta = container.get('meta')
    return dict(meta) if isinstance(meta, Mapping) else {}


def find_weights(config: Config, checkpoint: str | Path | bool) -> Path:
    """File of weights from whatever names them.

    Args:
        config (Config): The model's config, whose file name is that of its card.
        checkpoint (str | Path | bool): File; URL with ``#sha256=``; True for the weights of the model's card.

    Returns:
        Path: Existing file, fetched or converted if need be.

    Raises:
        ConfigError: If True is given and the config has no card.
        CheckpointError: If there are no such weights; says which command makes them.
        DownloadError: If they cannot be fetched.
    """
    if checkpoint is True:
        return find_card(Path(config.filename or 'a config without a file').stem).fetch_weights()
    return resolve_weights(checkpoint)


def _classes_of(checkpoint: Path) -> Sequence[str] | None:
    """Class names that a checkpoint of ours states."""
    meta = load_checkpoint_file(checkpoint).get('meta')
    classes = (meta.get('dataset_meta') or {}).get('classes') if isinstance(meta, Mapping) else None
    return classes or None


def init_model(config: str | Path | Config, checkpoint: str | Path | bool | None = None,
               device: str | torch.device | None = None, cfg_options: dict | None = None) -> BaseModel:
    """Build the model of a config and load its weights.

    Args:
        config (str | Path | Config): File, model of the zoo, short name or config.
        checkpoint (str | Path | bool | None): Weights: a file, a URL with ``#sha256=``, True for those of the model
            zoo; ``None`` keeps the random ones, said aloud.
        device (str | torch.device | None): ``None`` takes the GPU if there is one.
        cfg_options (dict, optional): Changes to the config by dotted path, see :func:`egoexo.apis.load_config`.

    Returns:
        BaseModel: In evaluation mode, with ``cfg`` (Config) and ``dataset_meta`` (dict, as the checkpoint states it).

    Raises:
        ConfigError: If the config is wrong or has no model.
        CheckpointError: If there are no such weights or they do not fit.
        DownloadError: If they cannot be fetched.

    Examples:
        >>> model = init_model('segmentation/mstcn_i3d_egoexolearn-ego', device='cpu')     # random weights
        >>> model(torch.zeros(1, 1024, 20)).shape                     # one video of 20 steps, 4 stages, 28 classes
        torch.Size([1, 4, 28, 20])
    """
    cfg = resolve_config(config, cfg_options)
    if 'model' not in cfg:
        raise ConfigError(f"config {cfg.filename or ''} has no 'model', expected model=dict(type=...).")
    path = find_weights(cfg, checkpoint) if checkpoint not in (None, False) else None
    if needs_class_count(cfg):
        settle_class_counts(cfg, path and _classes_of(path))
    model = MODELS.build(cfg.model)
    meta: dict = {}
    if path is not None:
        meta = load_weights(model, path)
    else:
        print_log(f'{type(model).__name__} has random weights: no checkpoint was given.', 'current', logging.WARNING)
    model.cfg = cfg
    model.dataset_meta = dict(meta.get('dataset_meta') or {})
    device = device or ('cuda' if torch.cuda.is_available() else 'cpu')
    return model.to(device).eval()
