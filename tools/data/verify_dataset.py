#!/usr/bin/env python
"""Say before training what is missing or broken in the data of a config.

Looks at every list of the train, val and test dataloaders: missing, truncated and mis-sized files, unknown labels,
the recipe of each feature folder, and how the lengths of features and labels differ. With --full every feature row is
read and searched for NaN and Inf, and every picture, frame and mask is decoded.

Examples::

    python tools/data/verify_dataset.py configs/segmentation/mini_mstcn_i3d_egoexolearn-ego.py
    python tools/data/verify_dataset.py CONFIG --full --lengths lengths.csv --all
"""

import argparse
import csv
import logging
import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # a clone works without being installed

from mmengine.config import Config, DictAction
from mmengine.logging import MMLogger
from rich.console import Console
from rich.progress import track

from egoexo.apis import cli
from egoexo.apis.config import load_config
from egoexo.datasets.base import EgoExoDataset, SampleReport
from egoexo.datasets.pseudo_labelled import PHASE, without_phase
from egoexo.errors import DataError
from egoexo.registry import DATASETS
from egoexo.utils.loader_configs import iter_datasets

LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
#: Arguments that name a list.
KEYS = ('type', 'data_root', 'ann_file', 'data_prefix', 'view', 'direction', 'domain', 'split', 'gaze', 'part',
        'list_source', 'labels', 'pseudo_labels', 'pairs_file', 'takes', 'frame_templates', 'video_templates', 'ego',
        'tpv')
#: Ids of segments of EPIC-Kitchens-100.
NARRATION_ID = re.compile(r'P\d+_\d+_\d+')
NUM_VIDEOS = 10


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file')
    parser.add_argument('--full', action='store_true', help='read every feature row, look for NaN and Inf')
    parser.add_argument('--all', action='store_true', help='list all unusable samples instead of five per list')
    parser.add_argument('--lengths', type=Path, metavar='CSV', help='write the lengths found for every sample')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, default={}, metavar='KEY=VALUE',
                        help='change values by dotted path')
    return parser.parse_args(argv)


def lists_of(config: Config) -> list[dict]:
    """Configs of all lists that the dataloaders use, each once, made to be inspected only."""
    lists: dict[str, dict] = {}
    for name in LOADERS:
        for item in items_of(config, name):
            lists.setdefault(key_of(item), item)
    return [item | dict(lazy_init=True) for item in lists.values()]


def items_of(config: Config, name: str) -> list[dict]:
    """Configs of the lists of one dataloader, without labels that training has yet to write."""
    return [without_phase(item) for item in iter_datasets(config.get(name))]


def key_of(item: Mapping[str, object]) -> str:
    """What tells one list from another, whichever loader uses it."""
    return '|'.join(str(item.get(name, '')) for name in KEYS)


def describe_overlap(config: Config, samples: Mapping[str, Sequence[str]]) -> str:
    """Which videos, rows of action lists or segments are trained on and scored as well, in one line, or nothing.

    Args:
        config (Config): Says which lists are for training.
        samples (Mapping[str, Sequence[str]]): Sample ids by :func:`key_of`.
    """
    used = {name: {uid for item in items_of(config, name) for uid in samples.get(key_of(item), ())}
            for name in LOADERS}
    shared = sorted(used[LOADERS[0]] & (used[LOADERS[1]] | used[LOADERS[2]]))
    if not shared:
        return ''
    segments = shared[0].isdigit() or NARRATION_ID.fullmatch(shared[0])
    unit = 'actions' if '|' in shared[0] else 'segments' if segments else 'videos'
    return (f'WARNING: {len(shared)} {unit} are trained on and scored as well: {", ".join(shared[:5])}'
            f'{" ..." if len(shared) > 5 else ""}. Their scores say nothing about new videos; use exclude=[...].')


def inspect_list(dataset: EgoExoDataset, full: bool, console: Console) -> list[SampleReport]:
    """Look at every sample of one list, with a progress bar and its remaining time on a terminal."""
    items = dataset.list_samples()
    steps = track(items, f'{dataset.subset or dataset.ann_file}', console=console, transient=True,
                  disable=not console.is_terminal)
    return [dataset.inspect_sample(item, full=full) for item in steps]


def describe_lengths(reports: Sequence[SampleReport]) -> str:
    """How features (T) and labels (N - 1) differ in length, in one line; empty when nothing is known."""
    gaps = {report.sample_id: report.facts['rows'] - report.facts['labels'] for report in reports
            if {'rows', 'labels'} <= set(report.facts)}
    if not gaps:
        return ''
    shortest, longest = min(gaps, key=gaps.get), max(gaps, key=gaps.get)
    num_equal = sum(gap in (0, 1) for gap in gaps.values())
    return (f'rows T minus labels N - 1: 0 or 1 in {num_equal} of {len(gaps)}, from {gaps[shortest]:+d} ({shortest}) '
            f'to {gaps[longest]:+d} ({longest})')


def describe_null_masks(reports: Sequence[SampleReport]) -> str:
    """How many masks of a correspondence list could not be decoded when it was prepared; empty when none."""
    counts = [report.facts['null_masks'] for report in reports if report.facts.get('null_masks')]
    if not counts:
        return ''
    return (f'{sum(counts):,} masks in {len(counts)} takes could not be decoded when they were prepared (null in '
            'annotation.json); pairs that need them are left out')


def describe_missing_frames(reports: Sequence[SampleReport]) -> str:
    """How many frames of a recognition list have no file; empty when none."""
    counts = [report.facts['missing'] for report in reports if report.facts.get('missing')]
    return f'{sum(counts):,} frames in {len(counts)} segments have no file' if counts else ''


def describe_bad_videos(dataset: EgoExoDataset, bad: Mapping[str, Sequence[str]]) -> str:
    """Videos that the unusable segments of a recognition list are of, so that they can be fetched; else empty."""
    if not bad or dataset.METAINFO.get('benchmark') != 'recognition':
        return ''
    items = dataset.list_samples()
    counts = Counter(str(item['uid']) for item in items if item['sample_id'] in bad)
    shown = ', '.join(f'{uid} ({count})' for uid, count in counts.most_common(NUM_VIDEOS))
    return (f'unusable segments are of {len(counts)} of {len({item["uid"] for item in items})} videos: {shown}'
            f'{" ..." if len(counts) > NUM_VIDEOS else ""}')


def verify_list(item: dict, args: argparse.Namespace, console: Console) -> tuple[int, list[dict]]:
    """Print what is wrong with one list.

    Args:
        item (dict): Its config.
        args (argparse.Namespace): See :func:`parse_args`.
        console (Console): Where the progress bar goes.

    Returns:
        tuple[int, list[dict]]: Number of unusable samples (a list that cannot be opened counts as one), and one row
        per sample for the table of lengths.
    """
    dataset = DATASETS.build(item)
    try:
        reports = inspect_list(dataset, args.full, console)
    except DataError as error:
        print(f'{dataset.subset}: UNUSABLE\n  {error}')
        return 1, []
    bad = {report.sample_id: report.problems for report in reports if report.problems}
    store = getattr(dataset, 'feature_store', None)
    state = 'left out, there is no list' if not reports else f'{len(reports) - len(bad)} of {len(reports)} usable'
    print(f'{dataset.subset}: {state}')
    for line in (describe_lengths(reports), describe_null_masks(reports), describe_missing_frames(reports),
                 describe_bad_videos(dataset, bad), store and f'{store.root}: {store.recipe}'):
        if line:
            print(f'  {line}')
    if bad and args.all:
        print('\n'.join(f'  {sample_id}: {"; ".join(problems)}' for sample_id, problems in bad.items()))
    elif bad:
        print(dataset.describe_unusable(bad, len(reports)))
    return len(bad), [dict(subset=dataset.subset, sample_id=report.sample_id, **report.facts) for report in reports]


@cli.readable_errors
def main(argv: Sequence[str] | None = None) -> int:
    """Check the data of a config.

    Args:
        argv (Sequence[str], optional): Arguments; None takes those of the process.

    Returns:
        int: 0 if every sample of every list can be used, else 1.
    """
    args = parse_args(argv)
    config = load_config(args.config, args.cfg_options)
    lists = lists_of(config)
    MMLogger.get_instance('verify_dataset', logger_name='verify_dataset').setLevel(logging.WARNING)
    console = Console(stderr=True)
    results = [verify_list(item, args, console) for item in lists]
    if args.lengths:
        with args.lengths.open('w', newline='', encoding='utf-8') as file:
            writer = csv.DictWriter(file, ['subset', 'sample_id', 'rows', 'labels'], extrasaction='ignore')
            writer.writeheader()
            writer.writerows(row for _, rows in results for row in rows)
    later = sorted({item['pseudo_labels'] for name in LOADERS for item in iter_datasets(config.get(name))
                    if str(item.get('pseudo_labels') or '').startswith(PHASE)})
    if later:
        print(f'not looked at, because training writes them first: pseudo-labels {", ".join(later)}')
    overlap = describe_overlap(config, {key_of(item): [row['sample_id'] for row in rows]
                                        for item, (_, rows) in zip(lists, results, strict=True)})
    if overlap:
        print(overlap)
    num_bad = sum(count for count, _ in results)
    scope = 'every feature row was read' if args.full else 'headers and labels were read; --full searches for NaN'
    print(f'{len(lists)} lists, {num_bad} problem(s): {"not usable as it is" if num_bad else "ready"} ({scope})')
    return int(num_bad > 0)


if __name__ == '__main__':
    sys.exit(main())
