"""The folder of weights made on this machine and its list."""

import datetime
import json
import os
from pathlib import Path

from egoexo.checkpoints.loading import sha256_of
from egoexo.engine import write_atomically
from egoexo.errors import CheckpointError, explain
from egoexo.files import read_json
from egoexo.utils.config_files import config_folders
from egoexo.utils.file_lock import file_lock
from egoexo.version import __version__

__all__ = ['INDEX_NAME', 'add_to_zoo', 'read_zoo', 'zoo_folder']

INDEX_NAME = 'zoo.json'


def zoo_folder() -> Path:
    """Where weights made on this machine are kept.

    Returns:
        Path: ``$EGOEXO_ZOO``; else ``work_dirs/zoo`` of the clone; of the current folder when egoexo is installed.
    """
    if os.environ.get('EGOEXO_ZOO'):
        return Path(os.environ['EGOEXO_ZOO']).expanduser()
    folders = config_folders()
    in_clone = folders and folders[0].parent.name != '.mim'
    return (folders[0].parent if in_clone else Path()) / 'work_dirs' / 'zoo'


def read_zoo(folder: Path | None = None) -> dict[str, dict]:
    """List of a zoo folder.

    Args:
        folder (Path, optional): Defaults to :func:`zoo_folder`.

    Returns:
        dict[str, dict]: Model name -> ``file`` (in the folder), ``sha256``, ``size``, ``config``, ``metrics``,
        ``egoexo`` and ``date``; empty when there is no list.

    Raises:
        CheckpointError: If the list is damaged.
    """
    path = (folder or zoo_folder()) / INDEX_NAME
    if not path.exists():
        return {}
    content = read_json(path, CheckpointError, 'the list of a zoo folder')
    models = content.get('models') if isinstance(content, dict) else None
    if not isinstance(models, dict) or not all(_is_entry(entry) for entry in models.values()):
        raise CheckpointError(explain(path, "{'models': {name: {'file': ..., 'sha256': ...}}}", 'something else',
                                      'Remove it and publish the models again with tools/publish_model.py.'))
    return models


def _is_entry(entry: object) -> bool:
    # A name with a folder in it would lead out of the zoo.
    return (isinstance(entry, dict) and isinstance(entry.get('file'), str) and isinstance(entry.get('sha256'), str)
            and Path(entry['file']).name == entry['file'])


def add_to_zoo(name: str, file: Path, config: str, metrics: dict[str, float]) -> None:
    """Put a file of a zoo folder on its list; several processes may do so at once.

    Args:
        name (str): Model name; an older entry of that name is replaced, its file stays.
        file (Path): Checkpoint in the zoo folder.
        config (str): Config it was trained with.
        metrics (dict[str, float]): Its scores.
    """
    entry = {'file': file.name, 'sha256': sha256_of(file), 'size': file.stat().st_size, 'config': config,
             'metrics': metrics, 'egoexo': __version__, 'date': f'{datetime.date.today():%Y-%m-%d}'}
    path = file.parent / INDEX_NAME
    with file_lock(f'{path}.lock'):
        models = read_zoo(file.parent) | {name: entry}
        write_atomically((json.dumps({'models': models}, indent=1, sort_keys=True) + '\n').encode(), path)
