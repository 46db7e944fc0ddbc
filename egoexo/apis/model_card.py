"""What the metafiles say about each model."""

import dataclasses
import difflib
import math
import reprlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import yaml

from egoexo.apis.weights import WeightsSource, resolve_weights
from egoexo.checkpoints.families import FAMILIES
from egoexo.errors import CheckpointError, ConfigError, DownloadError, explain
from egoexo.files import read_text
from egoexo.utils.config_files import config_folders
from egoexo.utils.download import check_sha256

__all__ = ['ModelCard', 'find_card', 'load_cards']

#: Field of a metafile -> (kind of weights, fields it must have, fields it may have).
_WEIGHTS = {
    'Weights': ('published', {'URL', 'SHA256'}, {'Note'}),
    'Converted From': ('converted', {'Family', 'SHA256'}, {'URL', 'Note'}),
    'Made By': ('made', set(), set()),
}
_SHORT = reprlib.Repr()  # a few lines of YAML can stand for gigabytes of text
_SHORT.maxstring = _SHORT.maxother = 200
_SHORT.maxlevel = 3
_shown = _SHORT.repr
_MODEL_FIELDS = {'Name', 'In Collection', 'Config', 'Metadata', 'Results', *_WEIGHTS}


@dataclasses.dataclass(frozen=True)
class ModelCard:
    """One entry of a metafile.

    Args:
        name (str): Name of the model, that of its config file.
        config (Path): Config file.
        benchmark (str): Folder of the config, e.g. ``'segmentation'``.
        collection (str): Family of models it belongs to.
        metadata (dict): Of the collection and of the model.
        results (list[dict]): ``Task``, ``Dataset`` and ``Metrics`` (name -> number) of each list that was scored.
        weights (WeightsSource | None): Where its weights come from; None when there are none.
    """

    name: str
    config: Path
    benchmark: str
    collection: str
    metadata: dict
    results: list[dict]
    weights: WeightsSource | None

    def fetch_weights(self, official: str | Path | None = None) -> Path:
        """File with the weights of this model, fetched or converted if need be.

        Args:
            official (str | Path, optional): The official file it is converted from, when it is here already.

        Returns:
            Path: Existing file.

        Raises:
            CheckpointError: If there are none; says which command makes them.
            DownloadError: If they cannot be fetched.
        """
        if self.weights is not None:
            return resolve_weights(self.weights, self.name, official)
        config = f'configs/{self.benchmark}/{self.config.name}'
        mini = '' if self.name.startswith('mini_') else f' mini_{self.name} is a small one made by `make mini`.'
        raise CheckpointError(explain(
            self.name, 'weights in its model card', 'none, since none are published',
            f'Train it: python tools/train.py {config}, or convert an official checkpoint with '
            f'tools/convert_checkpoint.py, and give the file.{mini}'))


def load_cards(index: Path | None = None) -> dict[str, ModelCard]:
    """Every card that a model index names.

    Args:
        index (Path, optional): A ``model-index.yml``; None takes ours, of a clone or of the installed package.

    Returns:
        dict[str, ModelCard]: By name, in the order of the metafiles.

    Raises:
        ConfigError: If a metafile is damaged or contradicts itself; names the file and the entry.
    """
    if index is None:
        index = next((folder.parent / 'model-index.yml' for folder in config_folders()
                      if (folder.parent / 'model-index.yml').is_file()), None)
        if index is None:
            raise ConfigError('no model-index.yml: expected it beside the folder configs, found none in '
                              f'{", ".join(str(folder.parent) for folder in config_folders()) or "the package"}. '
                              'Install egoexo again.')
    cards: dict[str, ModelCard] = {}
    for name in _listed(_read(index), 'Import', index, str):
        _check(_is_inside(name), index, 'files below the index', name)
        metafile = index.parent / name
        content = _read(metafile)
        listed = _listed(content, 'Collections', metafile, dict)
        _check(all(isinstance(item.get('Name'), str) for item in listed), metafile, 'a Name for each collection',
               _shown([item.get('Name') for item in listed]))
        collections = {item['Name']: item for item in listed}
        for entry in _listed(content, 'Models', metafile, dict):
            card = _card(entry, collections, metafile, index.parent)
            _check(card.name not in cards, metafile, 'one entry per name', f'{card.name} twice')
            cards[card.name] = card
    return cards


def find_card(name: str) -> ModelCard:
    """Card of a model.

    Args:
        name (str): ``'mstcn_i3d_egoexolearn-ego'``.

    Returns:
        ModelCard: The card.

    Raises:
        ConfigError: If there is none; lists the nearest names.
    """
    cards = load_cards()
    if name in cards:
        return cards[name]
    near = difflib.get_close_matches(name, cards, n=3, cutoff=0.4) or list(cards)[:3]
    raise ConfigError(f"There is no model '{name}'. Nearest: {', '.join(near)}. All: egoexo.apis.list_models().")


def _read(path: Path) -> dict:
    try:
        content = yaml.safe_load(read_text(path, ConfigError, 'a metafile'))
    except yaml.YAMLError as error:
        raise ConfigError(explain(path, 'valid YAML', ' '.join(str(error).split()), 'Correct the line.')) from error
    except RecursionError:
        raise ConfigError(explain(path, 'a metafile', 'lists nested a thousand deep', 'Write it again.')) from None
    _check(isinstance(content, dict), path, 'a mapping', type(content).__name__)
    return content


def _listed(content: Mapping, key: str, path: Path, kind: type) -> list:
    value = content.get(key, [])
    fits = isinstance(value, list) and all(isinstance(item, kind) for item in value)
    _check(fits, path, f'a list of {kind.__name__} under {key}', _shown(value))
    return value


def _check(fits: bool, where: object, expected: str, found: str) -> None:
    if not fits:
        raise ConfigError(explain(where, expected, found, 'Correct the entry.'))


def _is_inside(name: object) -> bool:
    """Whether a name leads nowhere but below the folder of the index."""
    return isinstance(name, str) and not PurePosixPath(name).is_absolute() and '..' not in PurePosixPath(name).parts


def _card(entry: dict, collections: Mapping[str, dict], metafile: Path, root: Path) -> ModelCard:
    name, config, collection = entry.get('Name'), entry.get('Config'), entry.get('In Collection')
    where = f'{metafile} entry {_shown(name)}'
    _check(isinstance(name, str) and bool(name), where, 'a Name', _shown(name))
    unknown = sorted(set(map(str, entry)) - _MODEL_FIELDS)
    _check(not unknown, where, f'fields among {", ".join(sorted(_MODEL_FIELDS))}', ', '.join(unknown))
    _check(isinstance(config, str) and _is_inside(config) and (root / config).is_file(), where,
           'a Config that exists', _shown(config))
    _check(isinstance(collection, str) and collection in collections, where,
           f'In Collection among {", ".join(collections)}', _shown(collection))
    parts = [collections[collection].get('Metadata') or {}, entry.get('Metadata') or {}]
    _check(all(isinstance(part, dict) for part in parts), where, 'a mapping as Metadata', _shown(entry.get('Metadata')))
    results = entry.get('Results') or []
    for result in results:
        metrics = result.get('Metrics') if isinstance(result, dict) else None
        fits = isinstance(metrics, dict) and {'Task', 'Dataset', 'Metrics'} == set(result) and all(
            isinstance(value, int | float) and math.isfinite(value) for value in metrics.values())
        _check(fits, where, 'Results with Task, Dataset and Metrics, numbers by name', _shown(result))
    return ModelCard(name, root / config, Path(config).parent.name, collection, parts[0] | parts[1], results,
                     _weights(entry, where))


def _weights(entry: dict, where: str) -> WeightsSource | None:
    given = [field for field in _WEIGHTS if field in entry]
    if not given:
        return None
    _check(len(given) == 1, where, f'one of {", ".join(_WEIGHTS)}', ' and '.join(given))
    kind, needed, possible = _WEIGHTS[given[0]]
    value = entry[given[0]]
    if kind == 'made':
        _check(isinstance(value, str) and bool(value), where, 'a command under Made By', _shown(value))
        return WeightsSource(kind, made_by=value)
    fits = isinstance(value, dict) and needed <= set(value) <= needed | possible and all(
        isinstance(item, str) for item in value.values())
    _check(fits, where, f'{given[0]} with {", ".join(sorted(needed))} as text', _shown(value))
    _check(value.get('Family') in (*FAMILIES, None), where, f'a Family among {", ".join(FAMILIES)}',
           _shown(value.get('Family')))
    try:
        sha256 = check_sha256(value['SHA256'], where)
    except DownloadError as error:
        raise ConfigError(str(error)) from error
    return WeightsSource(kind, value.get('URL'), sha256, value.get('Family'), note=value.get('Note', ''))
