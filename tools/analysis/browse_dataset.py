#!/usr/bin/env python
"""Draw what a model gets to see: for each list of a config, the labels of some videos under a map of their features.

Of clips (anticipation, planning) the true classes or the coming steps are drawn, one clip per video; of samples with
one class (transfer) the most frequent classes, and the labels of some, with their texts if the model reads those; of
pairs of pictures (correspondence) the given and the wanted mask, negatives marked; of clips of segments (recognition)
the frames after every crop, flip and shift of colours, with the paired third-person clip below.

Example::

    python tools/analysis/browse_dataset.py configs/segmentation/mini_mstcn_i3d_egoexolearn-ego.py --split val --num 4
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # a clone works without being installed

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from mmengine.config import DictAction
from rich.console import Console
from rich.progress import track

from egoexo.apis import cli
from egoexo.apis.config import load_config
from egoexo.datasets.base import EgoExoDataset
from egoexo.datasets.pseudo_labelled import without_phase
from egoexo.errors import ConfigError
from egoexo.registry import DATASETS
from egoexo.utils.loader_configs import iter_datasets
from egoexo.visualization.action_strip import draw_action_strips
from egoexo.visualization.class_ranking import ClassRanking, draw_class_rankings
from egoexo.visualization.correspondence import make_pair
from egoexo.visualization.future_steps import FutureSteps, draw_future_steps
from egoexo.visualization.mask_pair import draw_mask_pairs
from egoexo.visualization.recognition import task_names
from egoexo.visualization.recognition_inputs import input_strip
from egoexo.visualization.sample_visualizer import clip_note, field_array
from egoexo.visualization.segmentation import TimelineVideo, draw_timeline

#: Size of the feature map in cells; its shape fills the width of the page.
MAP_ROWS, MAP_COLUMNS = 62, 644


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file')
    parser.add_argument('--split', choices=('train', 'val', 'test'), default='train', help='dataloader to draw')
    parser.add_argument('--num', type=int, default=6,
                        help='videos, clips, segments or pairs per list, spread over it (default: %(default)s)')
    parser.add_argument('--out-dir', type=Path, help='folder of the pictures (default: work_dirs/browse/<config>)')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, default={}, metavar='KEY=VALUE',
                        help='change values by dotted path')
    return parser.parse_args(argv)


def feature_map(feats: np.ndarray, num_columns: int = MAP_COLUMNS) -> np.ndarray:
    """Picture of a feature sequence: each number standardised over the video, neighbouring numbers added up.

    Args:
        feats (np.ndarray): (D, S), float32.
        num_columns (int): Width of the picture.

    Returns:
        np.ndarray: RGB, uint8, (min(62, D), num_columns, 3); blue is low, red is high.
    """
    centred = feats - feats.mean(axis=1, keepdims=True)
    scaled = centred / (feats.std(axis=1, keepdims=True) + 1e-6)
    starts = np.linspace(0, len(feats), min(MAP_ROWS, len(feats)), endpoint=False).astype(int)
    rows = np.add.reduceat(scaled, starts, axis=0)
    steps = (np.arange(num_columns) * feats.shape[1]) // num_columns
    shown = rows[:, steps]
    limit = np.percentile(np.abs(shown), 98) + 1e-6
    return (mpl.colormaps['RdBu_r'](shown / (2 * limit) + 0.5)[..., :3] * 255).astype(np.uint8)


def as_row(sample: dict) -> TimelineVideo:
    """One row of the picture: the feature map in the place of the frames, over the true labels."""
    data = sample['data_samples']
    labels = data.gt_frame_labels.numpy()
    feats = sample['inputs'].numpy()
    num_steps = min(feats.shape[1], -(-len(labels) // data.frames_per_step))  # features may go on after the labels
    note = ', '.join([*(str(data.get(key)) for key in ('subset', 'task') if data.get(key)),
                      f'{feats.shape[0]} x {feats.shape[1]} steps, {len(labels)} labels'])
    return TimelineVideo(data.sample_id, data.view, labels, note=note,
                         thumbnails=[feature_map(feats[:, :num_steps])], scores={})


def draw_clips(dataset: EgoExoDataset, num: int) -> Figure:
    """Truth of some clips of a list, one of each video, spread over its videos.

    Args:
        dataset (EgoExoDataset): Of anticipation or planning, not empty.
        num (int): Clips.

    Returns:
        matplotlib.figure.Figure: Coming steps, or the names of the true classes.
    """
    first: dict[str, int] = {}
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        if info['has_context']:
            first.setdefault(info['uid'], index)
    places = list(first.values()) or [0]
    chosen = np.unique(np.linspace(0, len(places) - 1, min(num, len(places))).round().astype(int)).tolist()
    items = [dataset[places[place]] for place in chosen]
    samples = [item['data_samples'] for item in items]
    names = dataset.metainfo['classes']
    shape = ' x '.join(map(str, items[0]['inputs'].shape))
    title = f'{dataset.subset}: {len(samples)} of {len(dataset)} clips, each {shape} steps of features'
    notes = [clip_note(sample.metainfo) for sample in samples]
    if 'gt_future_steps' in samples[0]:
        rows = []
        for sample, (name, note) in zip(samples, notes, strict=True):
            past = field_array(sample, 'gt_past_steps')
            rows.append(FutureSteps(name, sample.view, field_array(sample, 'gt_future_steps'), None,
                                    () if past is None else past.tolist(), note))
        return draw_future_steps(rows, names, title=title)
    return draw_class_rankings(
        [ClassRanking(name, sample.view, None, np.flatnonzero(field_array(sample, 'gt_class_targets')).tolist(), note)
         for sample, (name, note) in zip(samples, notes, strict=True)], names, title=title, columns=3)


def draw_labelled(dataset: EgoExoDataset, chosen: Sequence[int]) -> Figure:
    """The most frequent classes of a list, then the truth of some of its samples.

    Args:
        dataset (EgoExoDataset): Not empty; its samples have one class each (``gt_label``), or none known.
        chosen (Sequence[int]): Positions of the samples.

    Returns:
        matplotlib.figure.Figure: Names of the true classes, and texts.
    """
    names, items = dataset.metainfo['classes'], [dataset[index] for index in chosen]
    texts = [item['inputs'] if isinstance(item['inputs'], str) else '' for item in items]
    inputs = 'a text' if isinstance(items[0]['inputs'], str) else \
        f'{" x ".join(map(str, items[0]["inputs"].shape))} numbers'
    labelled = 'gt_label' in items[0]['data_samples']
    rankings = []
    if labelled:
        counts = np.bincount(dataset.labels, minlength=len(names))
        note = f'{np.count_nonzero(counts)} of {len(names)} classes occur, the rarest {counts[counts > 0].min()} times'
        rankings.append(ClassRanking('whole list', getattr(dataset, 'view', ''), counts / counts.sum(), None, note))
    for item, text in zip(items, texts, strict=True):
        sample = item['data_samples']
        name, note = clip_note(sample.metainfo)
        rankings.append(ClassRanking(name, sample.get('view', ''), None, [int(sample.gt_label)] if labelled else [],
                                     note, text, None if labelled else 'no label'))
    return draw_class_rankings(rankings, names, columns=2,
                               title=f'{dataset.subset}: {len(items)} of {len(dataset)} samples, each {inputs}')


def draw_pairs(dataset: EgoExoDataset, chosen: Sequence[int]) -> Figure:
    """Pairs of pictures with the mask that is given and the one that is wanted, as a training or test draws them.

    Args:
        dataset (EgoExoDataset): Of correspondence, not empty.
        chosen (Sequence[int]): Positions of the pairs.

    Returns:
        matplotlib.figure.Figure: Negatives say of which kind they are.
    """
    pairs = []
    for index in chosen:
        item = dataset[index]
        meta = item['data_samples'].metainfo
        pair = make_pair(meta)
        if not meta['is_negative']:
            notes = ['surroundings hidden'] if item['inputs']['hidden_tokens'].any() else []
        elif meta['is_annotated'] is False:
            notes = ['negative: nobody looked']
        else:
            drawn = str(meta['uid']) not in Path(meta['target_path']).parts
            notes = ['negative: picture of another take' if drawn else 'negative: not there']
        pairs.append(replace(pair, note=', '.join([*notes, str(meta['uid']).split('-')[0]])))
    return draw_mask_pairs(pairs, title=f'{dataset.subset}: {len(pairs)} of {len(dataset):,} pairs')


def draw_segments(dataset: EgoExoDataset, chosen: Sequence[int]) -> Figure:
    """Clips of segments as the network sees them, with narration and classes.

    Args:
        dataset (EgoExoDataset): Of recognition, not empty.
        chosen (Sequence[int]): Positions of the segments.

    Returns:
        matplotlib.figure.Figure: Frames of the slow pathway; of a test, those of the clip in the middle.
    """
    tpv = getattr(dataset, 'tpv', None)  # of pairs
    names, partner_names = (task_names(part.metainfo.get('classes')) if part is not None else {}
                            for part in (dataset, tpv))
    order = next(filter(None, (getattr(step, 'channel_order', None) for step in dataset.pipeline.transforms)), 'bgr')
    strips = []
    for index in chosen:
        item = dataset[index]
        strips.append(input_strip(item['inputs'], item['data_samples'], names, partner_names, channel_order=order))
    key = 'Frames as the network sees them, at evenly spaced places of the clip' + (
        '; hands and touched objects outlined.' if getattr(dataset, 'interaction_maps', None) else '.')
    return draw_action_strips(strips, names, key=key,
                              title=f'{dataset.subset}: {len(strips)} of {len(dataset):,} segments')


def draw_list(dataset: EgoExoDataset, num: int, path: Path) -> None:
    """Write the picture of one list.

    Args:
        dataset (EgoExoDataset): Not empty.
        num (int): Videos, spread evenly over the list.
        path (Path): Picture to write.
    """
    chosen = np.unique(np.linspace(0, len(dataset) - 1, min(num, len(dataset))).round().astype(int)).tolist()
    if dataset.METAINFO.get('benchmark') == 'correspondence':
        figure = draw_pairs(dataset, chosen)
    elif dataset.METAINFO.get('benchmark') == 'recognition':
        figure = draw_segments(dataset, chosen)
    elif hasattr(type(dataset), 'labels'):
        figure = draw_labelled(dataset, chosen)
    elif hasattr(dataset, '__getitems__'):
        figure = draw_clips(dataset, num)
    else:
        console = Console(stderr=True)
        rows = [as_row(dataset[index]) for index in track(chosen, dataset.subset, console=console, transient=True,
                                                          disable=not console.is_terminal)]
        meta = dataset.metainfo
        figure = draw_timeline(rows, meta['classes'], fps=meta['label_fps'],
                               title=f'{dataset.subset}: {len(rows)} of {len(dataset)} videos, features above labels')
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)


@cli.readable_errors
def main(argv: Sequence[str] | None = None) -> list[Path]:
    """Draw the lists of one dataloader.

    Args:
        argv (Sequence[str], optional): Arguments; None takes those of the process.

    Returns:
        list[Path]: The pictures written.

    Raises:
        ConfigError: If the config has no such dataloader or ``--num`` is below 1.
    """
    args = parse_args(argv)
    if args.num < 1:
        raise ConfigError(f'--num {args.num}: expected at least 1 video.')
    loader = load_config(args.config, args.cfg_options).get(f'{args.split}_dataloader')
    if not loader:
        raise ConfigError(f'{args.config} has no {args.split}_dataloader to draw.')
    out_dir = args.out_dir or Path('work_dirs') / 'browse' / Path(args.config).stem
    written = []
    for item in iter_datasets(loader):
        dataset = DATASETS.build(without_phase(item))
        if len(dataset):
            written.append(out_dir / f'{dataset.subset}.png')
            draw_list(dataset, args.num, written[-1])
            print(written[-1])
    return written


if __name__ == '__main__':
    main()
