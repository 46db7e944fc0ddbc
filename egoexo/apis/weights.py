"""From whatever names weights to a checked file on this machine."""

import dataclasses
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from egoexo.apis.zoo_index import INDEX_NAME, read_zoo, zoo_folder
from egoexo.checkpoints.families import FAMILIES
from egoexo.checkpoints.loading import find_state_dict, load_checkpoint_file, sha256_of
from egoexo.checkpoints.saving import checkpoint_bytes
from egoexo.engine import write_atomically
from egoexo.errors import CheckpointError, DownloadError, explain
from egoexo.files import check_file
from egoexo.utils.download import check_sha256, download, shown_url
from egoexo.version import __version__

__all__ = ['WeightsSource', 'cache_folder', 'resolve_weights']


@dataclasses.dataclass(frozen=True)
class WeightsSource:
    """Where the weights of a model card come from.

    Args:
        kind (str): ``'published'`` (a file of ours), ``'converted'`` (an official file) or ``'made'`` (on this
            machine).
        url (str | None): Address; None for a converted file without a stable link, which the user has to bring.
        sha256 (str | None): Hash of the file at ``url``.
        family (str | None): Converter, a key of :data:`egoexo.checkpoints.families.FAMILIES`.
        made_by (str | None): Command that makes them.
        note (str): For people, e.g. how to get the official file.
    """

    kind: str
    url: str | None = None
    sha256: str | None = None
    family: str | None = None
    made_by: str | None = None
    note: str = ''


def cache_folder() -> Path:
    """Where fetched and converted weights are kept.

    Returns:
        Path: ``checkpoints`` below ``$EGOEXO_HOME`` or ``~/.cache/egoexo``.
    """
    home = os.environ.get('EGOEXO_HOME')
    return (Path(home).expanduser() if home else Path.home() / '.cache' / 'egoexo') / 'checkpoints'


def resolve_weights(spec: str | Path | WeightsSource, name: str = '', local: str | Path | None = None,
                    sha256: str | None = None, allow_unverified: bool = False) -> Path:
    """Path of weights, fetched or converted if need be.

    Args:
        spec (str | Path | WeightsSource): A file; a URL, with its hash behind ``#sha256=``; or the ``weights`` of a
            model card.
        name (str): Model name, for a card whose weights are made on this machine and for messages.
        local (str | Path, optional): The official file that a card is converted from, when it is here already.
        sha256 (str, optional): Hash of the file at the URL, instead of ``#sha256=``.
        allow_unverified (bool): Take a URL without a hash; the hash found is printed. Defaults to False.

    Returns:
        Path: Existing file in our form.

    Raises:
        CheckpointError: If there are no such weights; says which command makes them.
        DownloadError: If they cannot be fetched or are other ones than expected.

    Examples:
        ``resolve_weights('https://example.org/mstcn.pth#sha256=6b1e...')``
    """
    if isinstance(spec, WeightsSource):
        return {'published': _published, 'converted': _converted, 'made': _made}[spec.kind](spec, name, local)
    if '://' in str(spec):
        return _fetch(str(spec), sha256, allow_unverified)
    check_file(spec, CheckpointError, 'a checkpoint file')
    return Path(spec)


def _fetch(url: str, sha256: str | None, allow_unverified: bool) -> Path:
    """Into the cache, under a name that carries the hash, so that it is fetched once."""
    url, _, fragment = url.partition('#')
    given = fragment.removeprefix('sha256=') if fragment.startswith('sha256=') else None
    if sha256 and given and check_sha256(sha256, url) != check_sha256(given, url):
        raise DownloadError(explain(shown_url(url), f'sha256 {sha256}', f'#sha256={given} in the address',
                                    'Give one of the two.'))
    sha256 = check_sha256(sha256 or given, shown_url(url))
    if sha256 is None and not allow_unverified:
        raise DownloadError(explain(
            shown_url(url), 'a hash to check the file against', 'none', 'Add #sha256=<64 digits> to the address, or '
            'fetch the file yourself and give its path.'))
    file_name = re.sub(r'[^A-Za-z0-9._-]+', '_', unquote(urlsplit(url).path).rpartition('/')[2])[-100:] or 'weights.pth'
    folder = cache_folder()
    if sha256 is not None:
        # The cache is ours, and a file there with another hash is damaged.
        return download(url, folder / f'{sha256[:16]}-{file_name}', sha256, overwrite=True)
    path = download(url, folder / f'unverified-{file_name}', overwrite=True)
    print(f'{path}: not checked, its sha256 is {sha256_of(path)}')
    return path


def _published(source: WeightsSource, name: str, local: str | Path | None) -> Path:
    return _fetch(source.url, source.sha256, allow_unverified=False)


def _made(source: WeightsSource, name: str, local: str | Path | None) -> Path:
    folder = zoo_folder()
    entry = read_zoo(folder).get(name)
    if entry is None:
        raise CheckpointError(explain(folder / INDEX_NAME, f'weights of {name}', 'none', f'They are made on your '
                                      f'machine: run `{source.made_by}` in a clone, or set EGOEXO_ZOO to the folder '
                                      'that has them.'))
    path = folder / entry['file']
    found = sha256_of(path) if path.is_file() else None
    if found != entry['sha256']:
        raise CheckpointError(explain(path, f'sha256 {entry["sha256"]} as {INDEX_NAME} says', found or 'no file',
                                      f'Make it again with `{source.made_by}`.'))
    return path


def _converted(source: WeightsSource, name: str, local: str | Path | None) -> Path:
    """The official file, checked, in our form; kept in the cache with a record of where it came from."""
    if local is not None:
        official = Path(local)
        check_file(official, CheckpointError, f'the official file of {name}')
        found = sha256_of(official)
        if found != source.sha256:
            raise CheckpointError(explain(official, f'sha256 {source.sha256} of the official file of {name}', found,
                                          'It is another file or damaged. Fetch it again.'))
    elif source.url is None:
        raise CheckpointError(explain(name, 'the official file, which has no stable link', 'none', f'{source.note} '
                                      f'Then give it: python tools/download_model.py {name} --official FILE.'))
    else:
        official = _fetch(source.url, source.sha256, allow_unverified=False)
    target = cache_folder() / f'{source.sha256[:16]}-{source.family}-converted.pth'
    record = {'source_url': source.url and shown_url(source.url), 'source_sha256': source.sha256,
              'converter': source.family, 'egoexo': __version__}
    if not _is_current(target, record):
        _convert(official, source, target, record)
    return target


def _is_current(target: Path, record: Mapping[str, object]) -> bool:
    """Whether the converted file is there, as this version of egoexo wrote it."""
    try:
        kept = json.loads(target.with_suffix('.json').read_text(encoding='utf-8'))
        return kept == {**record, 'sha256': sha256_of(target)}
    except (OSError, ValueError):
        return False


def _convert(official: Path, source: WeightsSource, target: Path, record: Mapping[str, object]) -> None:
    _, state = find_state_dict(load_checkpoint_file(official))
    try:
        converted = FAMILIES[source.family].from_official(state, None)
    except CheckpointError as error:
        raise CheckpointError(f'{official}: {error}') from error
    meta = {'source': official.name, 'family': source.family, 'sha256': source.sha256}
    write_atomically(checkpoint_bytes({'state_dict': converted, 'meta': meta}), target)
    text = json.dumps({**record, 'sha256': sha256_of(target)}, indent=1)
    write_atomically(f'{text}\n'.encode(), target.with_suffix('.json'))
