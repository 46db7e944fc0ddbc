#!/usr/bin/env python
"""Make a small file of weights out of a training checkpoint and put it on the list of a zoo folder.

Kept are weights, dataset_meta, config and scores; optimizer, schedules and logs are left out. The same input gives the
same bytes, so the hash in the file name says what is inside. With EMA the averaged weights are taken.

Usage:
    python tools/publish_model.py work_dirs/run/best.pth work_dirs/zoo --config configs/segmentation/CONFIG.py
    python tools/publish_model.py work_dirs/run/best.pth work_dirs/zoo --name mine --metrics scalars.json
"""

import argparse
import ast
import hashlib
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from egoexo.apis import cli, load_config
from egoexo.apis.class_counts import settle_class_counts
from egoexo.apis.init_model import load_weights
from egoexo.apis.zoo_index import add_to_zoo, read_zoo
from egoexo.checkpoints.loading import find_state_dict, load_checkpoint_file, sha256_of
from egoexo.checkpoints.saving import checkpoint_bytes
from egoexo.engine import write_atomically
from egoexo.errors import CheckpointError, explain
from egoexo.files import read_json
from egoexo.registry import MODELS
from egoexo.utils.transfer_progress import format_bytes
from egoexo.version import __version__

#: Lines of a config that say where and when a run was, not what it was.
_PRIVATE = ('work_dir', 'experiment_name', 'load_from', 'resume', 'launcher')


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('source', metavar='IN', type=Path, help='checkpoint of a training')
    parser.add_argument('folder', metavar='OUT_FOLDER', type=Path, help='zoo folder; its zoo.json is updated')
    parser.add_argument('--name', help='model name; default the name of --config')
    parser.add_argument('--config', type=Path, help='config the weights must fit; default the one inside IN, unchecked')
    parser.add_argument('--metrics', type=Path, help='what tools/test.py --out wrote for this very checkpoint')
    parser.add_argument('--date', help='date for the file name, YYYYMMDD; default none')
    parser.add_argument('--force', action='store_true', help='replace other weights of that name, and their file')
    args = parser.parse_args(argv)
    args.name = args.name or (args.config and args.config.stem)
    if not args.name or not re.fullmatch(r'[A-Za-z0-9._-]+', args.name):
        parser.error(f'expected --name of letters, digits, dots, _ and -, or --config; found {args.name!r}')
    if args.date and not re.fullmatch(r'\d{8}', args.date):
        parser.error(f'expected --date as YYYYMMDD, found {args.date!r}')
    return args


def read_metrics(path: Path, checkpoint: Path) -> dict[str, float]:
    """Scores of a checkpoint, without the bounds of their intervals.

    Args:
        path (Path): What ``tools/test.py --out`` wrote.
        checkpoint (Path): The checkpoint that must have been tested.

    Returns:
        dict[str, float]: By name.

    Raises:
        CheckpointError: If another checkpoint was tested.
    """
    content = read_json(path, CheckpointError, 'scores of tools/test.py --out')
    tested = content.get('checkpoint_sha256') if isinstance(content, dict) else None
    if tested != sha256_of(checkpoint):
        raise CheckpointError(explain(path, f'scores of {checkpoint} (sha256 {sha256_of(checkpoint)})',
                                      f'those of {tested}',
                                      'Test it: python tools/test.py CONFIG CHECKPOINT --out FILE.'))
    return {name: value for name, value in content['metrics'].items() if not name.endswith(('_low', '_high'))}


def public_config(text: str) -> str:
    """Text of a config without what differs from run to run, such as folders and dates.

    Args:
        text (str): As MMEngine prints it: one assignment per top-level key.

    Returns:
        str: Without the private keys; nothing is executed. Text that is no such config is dropped.
    """
    try:
        statements = ast.parse(text).body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return ''
    kept = [ast.get_source_segment(text, item) for item in statements if isinstance(item, ast.Assign)
            and isinstance(item.targets[0], ast.Name) and item.targets[0].id not in _PRIVATE]
    return ''.join(f'{line}\n' for line in kept)


def slim(container: Mapping[str, object], source: Path, cfg_text: str, metrics: dict[str, float],
         config: str) -> dict[str, object]:
    """What is published of a checkpoint.

    Args:
        container (Mapping): Content of the checkpoint.
        source (Path): Its file, for messages.
        cfg_text (str): Config, read by people.
        metrics (dict[str, float]): Scores.
        config (str): Name of the config file.

    Returns:
        dict[str, object]: ``state_dict`` and ``meta``.
    """
    _, state = find_state_dict(container, source)
    meta = container.get('meta') if isinstance(container.get('meta'), Mapping) else {}
    # MMEngine exchanges the two when it saves: state_dict has the averaged weights, ema_state_dict the trained ones.
    averaged = 'ema_state_dict' in container
    kept = {key: meta[key] for key in ('dataset_meta', 'epoch', 'iter', 'seed') if key in meta}
    return {'state_dict': state, 'meta': kept | {
        'config': config, 'cfg': cfg_text, 'metrics': metrics, 'weights': 'ema' if averaged else 'trained',
        'egoexo': __version__}}


def write_model(data: bytes, args: argparse.Namespace, digest: str) -> Path:
    """Write the file under the name that carries its hash; a file of that name with other content is refused."""
    path = args.folder / f'{args.name}{f"_{args.date}" if args.date else ""}-{digest[:8]}.pth'
    if path.exists() and sha256_of(path) != digest:
        raise CheckpointError(explain(path, f'no file, or one with sha256 {digest}', f'sha256 {sha256_of(path)}',
                                      'It is damaged or was named by hand. Move it away.'))
    if not path.exists():
        write_atomically(data, path)
    return path


@cli.readable_errors
def main(argv: Sequence[str] | None = None) -> Path:
    """Publish one checkpoint.

    Args:
        argv (Sequence[str], optional): Arguments; None takes those of the process.

    Returns:
        Path: The file.
    """
    args = parse_args(argv)
    container = load_checkpoint_file(args.source)
    meta = container.get('meta')
    text = str(meta.get('cfg', '')) if isinstance(meta, Mapping) else ''
    if args.config is not None:
        cfg = load_config(args.config)
        stated = (meta.get('dataset_meta') or {}) if isinstance(meta, Mapping) else {}
        settle_class_counts(cfg, stated.get('classes'))
        load_weights(MODELS.build(cfg.model), args.source)
        text = text or cfg.pretty_text
    metrics = read_metrics(args.metrics, args.source) if args.metrics else {}
    config = args.config.name if args.config else ''
    content = slim(container, args.source, public_config(text), metrics, config)
    data = checkpoint_bytes(content)
    digest = hashlib.sha256(data).hexdigest()
    former = read_zoo(args.folder).get(args.name)
    if former and former['sha256'] != digest and not args.force:
        raise CheckpointError(explain(args.folder / 'zoo.json', f'no {args.name} or sha256 {digest}',
                                      f'sha256 {former["sha256"]}', 'Choose another --name, or replace it by --force.'))
    path = write_model(data, args, digest)
    add_to_zoo(args.name, path, config, metrics)
    if former and former['file'] != path.name:
        (args.folder / former['file']).unlink(missing_ok=True)
        print(f'replaced {former["file"]}')
    print(f'{path}: {content["meta"]["weights"]} weights, {format_bytes(len(data))} of '
          f'{format_bytes(args.source.stat().st_size)}\nsha256 {digest}\n'
          'metafile entry, once the file has an address:\n'
          f'    Weights:\n      URL: https://.../{path.name}\n      SHA256: {digest}')
    return path


if __name__ == '__main__':
    main(sys.argv[1:])
