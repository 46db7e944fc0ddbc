"""Where the configs of the toolbox lie."""

from pathlib import Path

__all__ = ['OWN_PREFIX', 'config_folders', 'own_base']

#: Marks a base of ours in ``_base_``, wherever the config that names it lies.
OWN_PREFIX = 'egoexo::'
PACKAGE = Path(__file__).resolve().parent.parent


def config_folders() -> list[Path]:
    """Folders with configs of ours: beside the package in a clone, inside it in an installed wheel.

    Returns:
        list[Path]: Existing folders, the first one wins.
    """
    return [folder for folder in (PACKAGE.parent / 'configs', PACKAGE / '.mim' / 'configs') if folder.is_dir()]


def own_base(name: str) -> Path:
    """File of a base of ours.

    Args:
        name (str): Entry of ``_base_``, ``'egoexo::_base_/default_runtime.py'``.

    Returns:
        Path: Existing file.

    Raises:
        FileNotFoundError: If there is none; says where it was looked for.

    Examples:
        >>> own_base('egoexo::_base_/default_runtime.py').name
        'default_runtime.py'
    """
    relative, folders = name.removeprefix(OWN_PREFIX), config_folders()
    for folder in folders:
        if (folder / relative).is_file():
            return folder / relative
    raise FileNotFoundError(f"'{name}' is no file of {' or '.join(map(str, folders)) or 'this installation'}")
