"""Time recognition beside other code: data of a test and of training, a step, inference, scores, texts.

Usage: OMP_NUM_THREADS=1 python speed/recognition.py [--rounds 3] [--profile] [--groups test train ...]

"released" is what recognition_released.py describes: in "step", "inference" and "layouts" mmaction2's SlowFast with two
linear layers, which executes the convolutions of the released code; elsewhere the released loader, the EPIC-100 script
and the text encoder that runs in every step. Segments have the mean length of the validation list (222 frames of
456 x 256), classes and lists the released sizes. CPU milliseconds of one thread, median over rounds in which all cases
of a group alternate. What a GPU does is timed by recognition_cuda.py.
"""

import argparse
import random
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.optim import OptimWrapper
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from clips import Case, measure, show_profile, start
from recognition_released import PlainSlowFast, ReleasedClips, make_text_encoder, plain_step, released_accuracies

from egoexo import compat
from egoexo.datasets.collate_clips import collate_clips
from egoexo.formats.text_embeddings import TextEmbeddings
from egoexo.registry import DATASETS, METRICS, MODELS
from egoexo.structures import ClipViews, EgoExoDataSample

VIDEO, FRAME, NUM_FRAMES, START = 'P01_101', (256, 456), 240, 11
NUM_CLASSES = dict(verb=97, noun=300)
#: Segments of the validation list, and classes that are rare in it.
NUM_SEGMENTS, NUM_TAIL = 9668, (86, 228)
#: Networks: depth, channels, kernel of the fusion, clips of a step, frames, side of the clips.
NETS = {'R50, 2 clips of 112': (50, 64, 7, 2, 32, 112), 'R101, 2 clips of 112': (101, 64, 5, 2, 32, 112),
        'mini, 16 clips of 56': (50, 16, 7, 16, 8, 56), '18 layers, 8 clips of 64': (18, 16, 7, 8, 8, 64)}
#: CPU milliseconds of the released code on another, loaded machine; the fastest of some runs.
FIGURES = {'step, R50, 2 clips of 112': 5500, 'step, R101, 2 clips of 112': 6500,
           'forward, R50, 2 clips of 112': 1400, 'forward, R101, 2 clips of 112': 1450}
PROFILED = ('a clip of a test', 'a clip of training', 'step, R50, 2 clips of 112', 'scores, 9,668 segments')
TEXTS_PER_STEP, ENCODES, TOKENS = 32, 8, 12


def write_world(root: Path, length: int = 222) -> Path:
    """A video as folder of frames and a list with one segment of it."""
    rng = np.random.default_rng(0)
    folder = root / f'frames/P01/rgb_frames/{VIDEO}'
    folder.mkdir(parents=True)
    coarse = rng.integers(0, 255, (2, FRAME[0] // 8, FRAME[1] // 8, 3), np.uint8)
    first, last = (cv2.resize(noise, FRAME[::-1], interpolation=cv2.INTER_CUBIC) for noise in coarse)
    for number in range(1, NUM_FRAMES + 1):
        frame = cv2.addWeighted(first, 1 - number / NUM_FRAMES, last, number / NUM_FRAMES, 0)
        cv2.imwrite(str(folder / f'frame_{number:010d}.jpg'), frame, [cv2.IMWRITE_JPEG_QUALITY, 90])
    header = ('narration_id,participant_id,video_id,narration_timestamp,start_timestamp,stop_timestamp,start_frame,'
              'stop_frame,narration,verb,verb_class,noun,noun_class,all_nouns,all_noun_classes')
    row = (f'{VIDEO}_0,P01,{VIDEO},00:00:01.000,00:00:00.22,00:00:04.64,{START},{START + length - 1},put down plate,'
           "put-down,1,plate,2,\"['plate']\",[2]")
    (root / 'EPIC_100_validation.csv').write_text(f'{header}\n{row}\n')
    return root


def make_dataset(root: Path, mode: str, size: int, *extra: dict) -> object:
    """The list with our transforms of a test or of training."""
    crop = dict(type='ThreeCropClip', size=size) if mode == 'test' else dict(type='RandomScaleCropFlip', size=size)
    return DATASETS.build(dict(
        type='RecognitionDataset', ann_file='EPIC_100_validation.csv', data_root=str(root), test_mode=mode == 'test',
        data_prefix=dict(frames='frames'), pipeline=[dict(type='SampleClips', mode=mode), dict(type='LoadClipFrames'),
                                                     crop, *extra, dict(type='PackClip')]))


def released_clips(root: Path, dataset: object) -> ReleasedClips:
    """The same segment as the released loader reads it."""
    info = dataset.get_data_info(0)
    return ReleasedClips(root / f'frames/P01/rgb_frames/{VIDEO}', info['start_frame'], info['stop_frame'])


def test_data_cases(root: Path, size: int = 256) -> list[Case]:
    """All 30 clips of a segment: what a worker does, and with the clips made of it."""
    dataset = make_dataset(root, 'test', size)
    released = released_clips(root, dataset)
    check_test_clips(released, dataset, size)

    def ours(made: bool) -> None:
        views = ClipViews(**dataset[0]['inputs'])
        for begin in range(0, len(views) if made else 0, 10):
            views.make(begin, begin + 10)

    what = 'a clip of a test'
    return [Case(what, 'released', lambda: [released.test_clip(number, size) for number in range(30)], 30),
            Case(what, 'egoexo, in the worker', lambda: ours(made=False), 30),
            Case(what, 'egoexo', lambda: ours(made=True), 30)]


def check_test_clips(released: ReleasedClips, dataset: object, size: int) -> None:
    """Both sides make the same numbers."""
    views = ClipViews(**dataset[0]['inputs'])
    for number in (0, 7, 29):
        torch.testing.assert_close(views.make(number, number + 1)[0], released.test_clip(number, size)[1])


def train_data_cases(root: Path, size: int = 224) -> list[Case]:
    """A clip of training, with normalised floating numbers resized, or grey levels in the worker."""
    usual = make_dataset(root, 'train', size)
    small = make_dataset(root, 'train', size, dict(type='ResizeClipUint8'))
    released = released_clips(root, usual)
    count = 4

    def seeded(run: Callable[[], object]) -> list[object]:
        random.seed(0)
        np.random.seed(0)  # noqa: NPY002 the released loaders draw from it
        return [run() for _ in range(count)]

    theirs, ours = (seeded(run)[0] for run in (lambda: released.train_clip(size)[1],
                                               lambda: ClipViews(**usual[0]['inputs']).make()[0]))
    torch.testing.assert_close(ours, theirs)
    what = 'a clip of training'
    return [Case(what, 'released', lambda: seeded(lambda: released.train_clip(size)), count),
            Case(what, 'egoexo, in the worker', lambda: seeded(lambda: usual[0]), count),
            Case(what, 'egoexo', lambda: seeded(lambda: ClipViews(**usual[0]['inputs']).make()), count),
            Case(what, 'egoexo, grey levels resized, in the worker', lambda: seeded(lambda: small[0]), count),
            Case(what, 'egoexo, grey levels resized',
                 lambda: seeded(lambda: ClipViews(**small[0]['inputs']).make()), count)]


def make_model(name: str, **options: object) -> nn.Module:
    """A recogniser with random weights."""
    depth, channels, kernel, *_ = NETS[name]
    backbone = dict(type='SlowFast', depth=depth, base_channels=channels, fusion_kernel=kernel)
    return MODELS.build(dict(type='ClipRecognizer', backbone=backbone, cls_head=dict(
        type='MultiTaskHead', num_classes=NUM_CLASSES, pool='global'), **options))


def make_batch(name: str) -> tuple[torch.Tensor, list[torch.Tensor], dict]:
    """The same clips and labels for both sides: (N, 3, T, S, S) and two times (N,); and as our loader sends them."""
    *_, count, length, side = NETS[name]
    generator = torch.Generator().manual_seed(0)
    frames = torch.randint(0, 256, (count, length, side, side, 3), generator=generator, dtype=torch.uint8)
    labels = [torch.randint(0, classes, (count,), generator=generator) for classes in NUM_CLASSES.values()]
    items = [dict(inputs=ClipViews(clip, torch.arange(length)[None], torch.zeros(1, 2, dtype=torch.int64),
                                   side).fields(),
                  data_samples=EgoExoDataSample(metainfo=dict(sample_id=str(number)), gt_verb_label=verb,
                                                gt_noun_label=noun))
             for number, (clip, verb, noun) in enumerate(zip(frames, *labels, strict=True))]
    clips = ((frames.float() / 255 - 0.45) / 0.225).permute(0, 4, 1, 2, 3).contiguous()
    return clips, labels, collate_clips(items)


def sgd_of(net: nn.Module) -> torch.optim.SGD:
    """As EPIC-KITCHENS is trained."""
    return torch.optim.SGD(net.parameters(), 0.01, momentum=0.9, weight_decay=1e-4, nesterov=True)


def step_cases(root: Path) -> list[Case]:
    """A training step; ours begins with grey levels."""
    cases = []
    for name in ('R50, 2 clips of 112', 'mini, 16 clips of 56'):
        depth, channels, kernel, *_ = NETS[name]
        clips, labels, batch = make_batch(name)
        net, model = PlainSlowFast(depth, channels, fusion_kernel=kernel).train(), make_model(name).train()
        cases += [Case(f'step, {name}', 'released', partial(plain_step, net, sgd_of(net), clips, labels)),
                  Case(f'step, {name}', 'egoexo', partial(model.train_step, batch, OptimWrapper(sgd_of(model))))]
    return cases


def inference_cases(root: Path) -> list[Case]:
    """A forward pass of single clips, and a segment in 30 overlapping clips, which ours makes as it goes."""
    cases = []
    for name in ('R50, 2 clips of 112', 'R101, 2 clips of 112'):
        depth, channels, kernel, *_ = NETS[name]
        clips, _, batch = make_batch(name)
        net, model = PlainSlowFast(depth, channels, fusion_kernel=kernel).eval(), make_model(name).eval()
        cases += [Case(f'forward, {name}', 'released', torch.no_grad()(partial(net, clips))),
                  Case(f'forward, {name}', 'egoexo', torch.no_grad()(partial(model.test_step, batch)))]
    name, size = 'mini, 16 clips of 56', 56
    net, model = PlainSlowFast(50, 16).eval(), make_model(name).eval()
    dataset = make_dataset(root, 'test', size)
    released, what = released_clips(root, dataset), 'a segment of 30 clips, mini'

    @torch.no_grad()
    def theirs() -> None:
        total = [0, 0]
        for begin in range(0, 30, 10):
            clips = torch.stack([released.test_clip(number, size)[1] for number in range(begin, begin + 10)])
            total = [so_far + logits.softmax(1).sum(0) for so_far, logits in zip(total, net(clips), strict=True)]

    return [*cases, Case(what, 'released', theirs),
            Case(what, 'egoexo', torch.no_grad()(lambda: model.test_step(collate_clips([dataset[0]]))))]


def score_cases(root: Path, count: int = NUM_SEGMENTS) -> list[Case]:
    """The accuracies of a validation; ours also has those of tail classes and unseen participants."""
    rng = np.random.default_rng(0)
    labels = [rng.integers(0, classes, count) for classes in NUM_CLASSES.values()]
    scores = [rng.standard_normal((count, classes)).astype(np.float32) for classes in NUM_CLASSES.values()]
    for truth, values in zip(labels, scores, strict=True):
        values[np.arange(count), truth] += 3 * (rng.random(count) < 0.55)
    metric = METRICS.build(dict(type='RecognitionMetric'))
    metric.dataset_meta = dict(tail_verbs=list(range(NUM_TAIL[0])), tail_nouns=list(range(NUM_TAIL[1])),
                               unseen_participants=['P18', 'P32'])
    samples = [EgoExoDataSample(
        metainfo=dict(sample_id=f'P{row % 32 + 1:02d}_{row}', uid=f'P{row % 32 + 1:02d}_01', subset='val',
                      participant_id=f'P{row % 32 + 1:02d}', sample_idx=row),
        gt_verb_label=torch.tensor(labels[0][row]), gt_noun_label=torch.tensor(labels[1][row]),
        pred_verb_scores=torch.from_numpy(scores[0][row]), pred_noun_scores=torch.from_numpy(scores[1][row])).to_dict()
        for row in range(count)]

    def rows() -> list:
        return [metric.describe_sample(sample) for sample in samples]

    ready = rows()
    found, expected = metric.compute_scores(ready), released_accuracies(*scores, labels)
    for name, value in expected.items():
        assert abs(found[f'val/all_{name}'] - value) < 1e-9, (name, value, found)
    what = f'scores, {count:,} segments'
    return [Case(what, 'released', lambda: released_accuracies(*scores, labels)),
            Case(what, 'egoexo, of rows', lambda: metric.compute_scores(ready)),
            Case(what, 'egoexo', lambda: metric.compute_scores(rows()))]


def text_cases(root: Path) -> list[Case]:
    """Texts of a step of SUM-L: eight times encoded, or both narrations looked up."""
    encoder, count = make_text_encoder(), TEXTS_PER_STEP
    tokens = torch.randn(count, TOKENS, 384, generator=torch.Generator().manual_seed(0))
    names = [f'put down plate {number}' for number in range(40_000)]
    table = TextEmbeddings(names, np.random.default_rng(0).standard_normal((len(names), 384), np.float32))
    order = np.random.default_rng(1).integers(0, len(names), 2 * count).tolist()

    @torch.no_grad()
    def encode(times: int) -> None:
        for _ in range(times):
            nn.functional.normalize(encoder(tokens).mean(1), dim=1)

    def look_up() -> None:
        for begin in (0, count):
            rows = torch.stack([torch.from_numpy(table[names[number]]) for number in order[begin:begin + count]])
            nn.functional.normalize(rows, dim=1)

    what = f'texts of a step, {count} pairs'
    return [Case(what, 'released', lambda: encode(ENCODES)), Case(what, 'released, two of the encodes',
                                                                  lambda: encode(2)),
            Case(what, 'egoexo', look_up)]


def layout_cases(root: Path) -> list[Case]:
    """A step in another memory format."""
    cases = []
    for name in ('R50, 2 clips of 112', 'mini, 16 clips of 56'):
        batch = make_batch(name)[2]
        for who, options in (('egoexo', {}), ('egoexo, channels last', dict(memory_format='channels_last_3d'))):
            model = make_model(name, **options).train()
            cases.append(Case(f'layout, {name}', who, partial(model.train_step, batch, OptimWrapper(sgd_of(model)))))
    return cases


def compile_cases(root: Path) -> list[Case]:
    """A step of a small network by torch.compile; the first round, which compiles for minutes, is not counted."""
    name = '18 layers, 8 clips of 64'
    batch, cases = make_batch(name)[2], []
    for who in ('egoexo', 'egoexo, compiled'):
        model = make_model(name).train()
        if who != 'egoexo':
            model.backbone.compile()
        cases.append(Case(f'compile, {name}', who, partial(model.train_step, batch, OptimWrapper(sgd_of(model)))))
    return cases


GROUPS = dict(test=test_data_cases, train=train_data_cases, step=step_cases, inference=inference_cases,
              scores=score_cases, texts=text_cases, layouts=layout_cases, compile=compile_cases)


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--profile', action='store_true', help='also show where the time goes')
    parser.add_argument('--groups', nargs='+', default=[name for name in GROUPS if name != 'compile'],
                        choices=tuple(GROUPS), help='all but compile, which takes minutes, when left out')
    args = parser.parse_args()
    compat.apply()
    start()
    with tempfile.TemporaryDirectory() as place:
        root = write_world(Path(place))
        for name in args.groups:
            print(f'\n{name}', end='')
            cases = GROUPS[name](root)
            measure(cases, FIGURES, args.rounds)
            if args.profile:
                show_profile(cases, PROFILED)
            sys.stdout.flush()


if __name__ == '__main__':
    main()
