"""Models by name: list them, look at them, load them."""

from fnmatch import fnmatchcase
from pathlib import Path

import torch
from mmengine.model import BaseModel

from egoexo.apis.init_model import init_model
from egoexo.apis.model_card import ModelCard, find_card, load_cards
from egoexo.apis.zoo_index import read_zoo

__all__ = ['get_model', 'list_models']


def list_models(pattern: str | None = None, benchmark: str | None = None, with_weights: bool = False) -> list[str]:
    """Names of the models that :func:`get_model` and :func:`init_model` take.

    Args:
        pattern (str, optional): Glob pattern; without ``*`` or ``?`` it may stand anywhere in the name.
        benchmark (str, optional): Only of this benchmark, e.g. ``'segmentation'``.
        with_weights (bool): Only models whose weights can be had now: published ones, and those made on this machine.

    Returns:
        list[str]: Sorted.

    Examples:
        >>> list_models('mini_*egoexo', benchmark='segmentation')
        ['mini_mstcn_i3d_egoexolearn-egoexo']
    """
    if pattern and not set('*?[') & set(pattern):
        pattern = f'*{pattern}*'
    made = read_zoo() if with_weights else {}
    return sorted(card.name for card in load_cards().values()
                  if (not pattern or fnmatchcase(card.name, pattern)) and benchmark in (None, card.benchmark)
                  and (not with_weights or _has_weights(card, made)))


def _has_weights(card: ModelCard, made: dict[str, dict]) -> bool:
    if card.weights is None:
        return False
    return card.name in made if card.weights.kind == 'made' else card.weights.url is not None


def get_model(name: str, pretrained: bool | str | Path = False, device: str | torch.device | None = None,
              cfg_options: dict | None = None) -> BaseModel:
    """Build a model of the zoo.

    Args:
        name (str): One of :func:`list_models`.
        pretrained (bool | str | Path): True loads the weights of its card, fetched, converted or made as the card
            says; a file or URL (``#sha256=``) loads that. Defaults to False: random weights.
        device (str | torch.device | None): ``None`` takes the GPU if there is one.
        cfg_options (dict, optional): Changes to its config by dotted path, see :func:`egoexo.apis.load_config`.

    Returns:
        BaseModel: In evaluation mode, with ``cfg`` and ``dataset_meta``.

    Raises:
        ConfigError: If there is no such model; lists the nearest names.
        CheckpointError: If it has no weights; says which command makes them.
        DownloadError: If they cannot be fetched.

    Examples:
        >>> get_model('mstcn_i3d_egoexolearn-ego_exo', pretrained=True)
        Traceback (most recent call last):
        egoexo.errors.ConfigError: There is no model 'mstcn_i3d_egoexolearn-ego_exo'. Nearest: ...
    """
    card = find_card(name)
    return init_model(card.name, pretrained or None, device, cfg_options)
