#!/usr/bin/env python
"""Extract the features of a folder of videos: one file per video and one recipe.json for all of them.

EXTRACTOR is `mini:i3d` or `mini:clip` (hand-made descriptors of EgoExo-Mini, no weights), a config such as
configs/extraction/slowfast_r50.py (any mmaction2 backbone), or `hf:FOLDER` (a Hugging Face vision model on disk).
Repeat a command that was interrupted: finished files are kept. A video that cannot be read is named at the end and in
failed.json, the others go on.

Examples::

    python tools/data/extract_features.py videos data/own/features --extractor mini:i3d --feature-fps 5
    python tools/data/extract_features.py videos features --extractor configs/extraction/slowfast_r50.py \\
        --checkpoint slowfast_r50_kinetics400.pth --stride 16 --jobs 2
    python tools/data/extract_features.py videos features --extractor hf:dinov2-base --shard 1/4     # of 4 machines
"""

import argparse
import functools
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # a clone works without being installed

import numpy as np
import torch

from egoexo.apis import cli
from egoexo.apis.clip_features import ClipFeatures, load_extractor_config, no_advance
from egoexo.apis.feature_extraction import ExtractionOptions, VideoFeatures, extract_features, find_videos
from egoexo.apis.timed_video import TimedVideo
from egoexo.errors import ConfigError
from egoexo.mini import features as mini


class MiniFeatures:
    """Descriptors of EgoExo-Mini for any video. They look at a whole video at once: 7 kB of memory per frame.

    Args:
        name (str): ``'i3d'`` (a row per ``stride`` frames) or ``'clip'`` (5 rows per second, whatever the stride).
    """

    def __init__(self, name: str) -> None:
        if name not in ('i3d', 'clip'):
            raise ConfigError(f"--extractor mini:{name}: choose 'mini:i3d' or 'mini:clip'.")
        self.name = name

    def recipe(self, video_fps: float, stride: int) -> dict[str, object]:
        """What the rows mean, as in :class:`FeatureRecipe`."""
        if self.name == 'clip' and stride != max(round(video_fps / 5), 1):
            raise ConfigError(f'--extractor mini:clip has one row per {max(round(video_fps / 5), 1)} frames at '
                              f'{video_fps:g} frames per second, asked for one per {stride}. Leave --stride and '
                              '--feature-fps out.')
        middle = stride // 2 if self.name == 'clip' else (stride - 1) // 2
        return mini.recipe(self.name) | dict(
            feature_fps=video_fps / stride, stride=stride, window=stride if self.name == 'clip' else 1,
            first_row_sec=middle / video_fps, source=dict(extractor=f'mini:{self.name}'))

    def rows(self, video: TimedVideo, stride: int, advance: Callable[[int], None] = no_advance) -> np.ndarray:
        """Rows of one video, float32, (T, D)."""
        def blocks() -> Iterator[np.ndarray]:
            for _, frames in video.blocks():
                advance(len(frames))
                yield np.ascontiguousarray(frames[..., ::-1])  # BGR

        rows = mini.extract(blocks(), video.fps, names=(self.name,))[self.name]
        if self.name == 'clip' or stride == 1:
            return rows
        middles = np.arange(-(-len(rows) // stride)) * stride + (stride - 1) // 2
        return rows[middles.clip(max=len(rows) - 1)]


def make_extractor(device: str, spec: str, checkpoint: str | None, batch_size: int, amp: bool,
                   pooling: str) -> VideoFeatures:
    """Extractor that a command line asks for.

    Args:
        device (str): Where it runs.
        spec (str): Value of ``--extractor``.
        checkpoint (str, optional): Weights for a config.
        batch_size (int): Clips per forward pass.
        amp (bool): Mixed precision.
        pooling (str): For ``hf:``.

    Returns:
        VideoFeatures: Ready.
    """
    kind, _, name = spec.partition(':')
    if checkpoint is not None and kind in ('mini', 'hf'):
        raise ConfigError(f'--checkpoint belongs to an extractor config, not to --extractor {spec}.')
    if kind == 'mini':
        return MiniFeatures(name)
    config = dict(type='HuggingFaceExtractor', folder=name, pooling=pooling) if kind == 'hf' else \
        load_extractor_config(spec, checkpoint)
    return ClipFeatures(config, batch_size, amp, device)


def shard(text: str) -> tuple[int, int]:
    """Read ``i/n``."""
    number, _, count = text.partition('/')
    if not (number.isdigit() and count.isdigit()):
        raise argparse.ArgumentTypeError(f'{text!r}: expected i/n, e.g. 1/4')
    return int(number), int(count)


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('videos', type=Path, help='folder of videos, searched with its sub-folders, or one video')
    parser.add_argument('out', type=Path, help='feature folder')
    parser.add_argument('--extractor', required=True, help='mini:i3d, mini:clip, a config file, or hf:FOLDER')
    parser.add_argument('--checkpoint', help="weights for the config's backbone")
    parser.add_argument('--pooling', default='cls', choices=('cls', 'mean', 'pooler'), help='row of a hf: model')
    rate = parser.add_mutually_exclusive_group()
    rate.add_argument('--stride', type=int, help='video frames from row to row (default: nearest to 5 rows a second)')
    rate.add_argument('--feature-fps', type=float, help='rows per second')
    parser.add_argument('--video-fps', type=float, help='bring all videos to this rate, by time')
    parser.add_argument('--dtype', default='float32', choices=('float32', 'float16'), help='of the stored numbers')
    parser.add_argument('--format', default='npy', choices=('npy', 'pt'), help='of the files')
    parser.add_argument('--jobs', type=int, default=1, help='processes, one thread each (default: %(default)s); '
                        'never changes the files')
    parser.add_argument('--shard', type=shard, default=(1, 1), metavar='i/n', help='this machine is number i of n')
    parser.add_argument('--device', help="'cpu' or 'cuda' (default: all GPUs there are, one process takes one)")
    parser.add_argument('--batch-size', type=int, default=8, help='clips per forward pass (default: %(default)s)')
    parser.add_argument('--amp', action='store_true', help='mixed precision')
    return parser.parse_args(argv)


def devices_of(asked: str | None) -> list[str]:
    """Devices that processes take in turn."""
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if asked is None:
        asked = 'cuda' if count else 'cpu'
    if asked.startswith('cuda') and not count:
        raise ConfigError(f'--device {asked}: no GPU can be used here. Leave --device out, or give cpu.')
    return [f'cuda:{index}' for index in range(count)] if asked == 'cuda' else [asked]


@cli.readable_errors
def main(argv: Sequence[str] | None = None) -> int:
    """Extract.

    Args:
        argv (Sequence[str], optional): Arguments; None takes those of the process.

    Returns:
        int: 0 if every video of this shard has its features now, else 1.
    """
    args = parse_args(argv)
    options = ExtractionOptions(args.stride, args.feature_fps, args.video_fps, args.dtype, f'.{args.format}',
                                args.jobs, args.shard)
    make = functools.partial(make_extractor, spec=args.extractor, checkpoint=args.checkpoint,
                             batch_size=args.batch_size, amp=args.amp, pooling=args.pooling)
    summary = extract_features(find_videos(args.videos), args.out, make, options, devices_of(args.device),
                               functools.partial(print, flush=True))
    if not summary.failed:
        print(f'{args.out}: features of {len(summary.written) + len(summary.skipped)} videos')
        return 0
    print(f'{len(summary.failed)} video(s) have no features; why stands in {args.out}/failed*.json. Mend or remove '
          'them and repeat the command: what is finished is kept.', file=sys.stderr)
    return 1


if __name__ == '__main__':
    sys.exit(main())
