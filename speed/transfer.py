"""Time LaGTran beside the released code: a step with its data, pooled features, scores, sentences.

Usage: OMP_NUM_THREADS=1 python speed/transfer.py [--rounds 3] [--profile]

An Ego2Exo of the released size: 9,086 training segments, twice 3,168 for validation, 24 classes, feature files of 562
rows of 1536 numbers (3.5 MB each, in the page cache, so this is CPU work and not the disk; most are links to 64 of each
view). "released" is written from the description of the released code: every sample loads the whole file of its take,
picks its rows and averages them; 64 and 64 samples go through one network in one pass; SGD with the falling rate. Its
text phase fine-tunes another encoder; here "released" is its loop (batches of 32 in list order, padded to the longest)
around ours. CPU milliseconds of one thread, median over rounds in which all cases of a group alternate. Each group has
a process of its own, because reading a file is up to twice as fast once other work has enlarged the heap.
"""

import argparse
import itertools
import json
import multiprocessing
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from torch import nn
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from clips import Case, measure, show_profile, start

from egoexo import compat
from egoexo.datasets.labelled_list import read_once
from egoexo.evaluation.functional.transfer import hits_at, predicted_classes, transfer_scores
from egoexo.evaluation.metrics.transfer import TransferMetric
from egoexo.formats.ego2exo import Ego2Exo, Segment, read_ego2exo, write_ego2exo
from egoexo.formats.pseudo_labels import write_pseudo_labels
from egoexo.registry import DATASETS, MODELS
from egoexo.structures import EgoExoDataSample

REPO = Path(__file__).resolve().parents[1]
LAGTRAN = REPO / 'configs/transfer/mlp_omnivore_ego2exo-ego2exo-lagtran.py'
TEXT = REPO / 'configs/transfer/minilm_text_ego2exo-ego.py'
DIM, NUM_ROWS, NUM_CLASSES, BATCH = 1536, 562, 24, 64
#: Segments of each class in the two training lists, and of each validation list.
HISTOGRAMS = dict(
    ego_train=(521, 28, 394, 105, 3, 22, 225, 137, 3, 205, 437, 6, 33, 148, 5, 195, 41, 75, 135, 785, 3, 526, 3, 65),
    exo_train=(638, 33, 480, 128, 3, 25, 273, 166, 3, 250, 531, 7, 40, 180, 6, 237, 48, 91, 164, 958, 3, 642, 2, 78))
NUM_VAL = 3168
NUM_TAKES = dict(train=248, val=87)  # of the second only the number of segments is known: as many per take
NUM_FILES = 64  # of each view that are really there
NUM_WINDOWS = 12
#: A training file's worth of exo cameras: the one that the annotators found best changes from segment to segment.
CAMERAS = dict(ego=('aria01_rgb',), exo=('cam01_0', 'cam02_0', 'cam03_0', 'cam04_0'))
#: CPU milliseconds of the released code on an idle machine; of a range the lower end.
FIGURES = {'step with its data, 64 + 64': 102.9, 'step, data in memory, 64 + 64': 2.9, 'a segment, any time': 0.76}
#: What is looked into by --profile.
PROFILED = ('step with its data, 64 + 64', 'step with its data, 64 + 64, with loop and hooks',
            'scores, 6,336 segments, out of samples, with the table')
WORDS = ('cut', 'mix', 'pour', 'onion', 'garlic', 'pan', 'knife', 'water', 'skillet', 'stirs', 'picks', 'tomato',
         'with', 'his', 'right', 'hand', 'left', 'the', 'puts', 'bowl', 'counter', 'holds', 'from', 'board')


def write_world(root: Path, dim: int = DIM, num_rows: int = NUM_ROWS, num_files: int = NUM_FILES) -> Path:
    """The metadata file, the feature files and the pseudo-labels of exo."""
    rng = np.random.default_rng(0)
    ids = iter(np.unique(rng.integers(0, 2**32, 20_000)).tolist())
    splits = {name: [segment(rng, next(ids), label, name[:3], 'train', num_rows)
                     for label, count in enumerate(counts) for _ in range(count)]
              for name, counts in HISTOGRAMS.items()}
    seen = [(next(ids), int(label)) for label in rng.integers(0, NUM_CLASSES, NUM_VAL)]
    for view in CAMERAS:
        splits[f'{view}_val'] = [segment(rng, number, label, view, 'val', num_rows) for number, label in seen]
    classes = tuple(f'Class {number}' for number in range(NUM_CLASSES))
    write_ego2exo(root / 'metadata/ego2exo.json', Ego2Exo(classes, {name: tuple(splits[name]) for name in (
        'ego_train', 'ego_val', 'exo_train', 'exo_val')}))
    for view in CAMERAS:
        paths = sorted({root / row.feature_file for name in splits if name.startswith(view) for row in splits[name]})
        paths[0].parent.mkdir(parents=True, exist_ok=True)
        for number, path in enumerate(paths):
            if number < num_files:
                torch.save(torch.randn(num_rows, 1, dim, generator=torch.Generator().manual_seed(number)), path)
            else:
                path.symlink_to(paths[number % num_files].name)
    target = splits['exo_train']
    write_pseudo_labels(root / 'labels.txt', [row.segment_id for row in target], [row.label for row in target])
    return root


def segment(rng: np.random.Generator, number: int, label: int, view: str, split: str, num_rows: int) -> Segment:
    """A segment of 12 windows somewhere in a take."""
    uid = f'{split}{rng.integers(NUM_TAKES[split]):03d}-59bd-8554-ec21283e9db6'
    first = int(rng.integers(0, num_rows - NUM_WINDOWS))
    rows = tuple(range(first, first + NUM_WINDOWS))
    text = '' if split == 'val' else sentence(rng)
    camera = CAMERAS[view][rng.integers(len(CAMERAS[view]))]
    return Segment(
        number, label, f'Class {label}', text, {'1': text} if text else {}, uid, first, first * 16 / 30,
        (first + NUM_WINDOWS) * 16 / 30, f'features/omnivore_video/{uid}_{camera}.pt', rows, f'takes/{uid}/cam.mp4',
        tuple((16 * row, 16 * row + 31) for row in rows), dict(cam_id='cam01', raw_cam_id='1'))


def sentence(rng: np.random.Generator) -> str:
    """As many words as a segment of Ego2Exo has narrations: median 44, mean 62."""
    return ' '.join(rng.choice(WORDS, int(np.clip(rng.lognormal(np.log(44), 0.83), 1, 254))))


class ReleasedData:
    """Segments of one list, each out of the whole file of its take, and the endless batches of them.

    Args:
        root (Path): Data root.
        name (str): List, e.g. ``'exo_train'``.
    """

    def __init__(self, root: Path, name: str) -> None:
        self.root = root
        content = json.loads((root / 'metadata/ego2exo.json').read_text())[name]
        self.clips = {row['id']: row for row in content['clips']}
        self.labels = {row['segment_id']: row['category'] for row in content['annotations']}
        self.texts = {row['segment_id']: row['text_caption'] for row in content['descriptions']}
        self.ids = list(self.clips)

    def item(self, index: int) -> tuple[torch.Tensor, int]:
        """Feature (D,) and label."""
        key = self.ids[index]
        rows = torch.load(self.root / self.clips[key]['feature_file_name'], weights_only=True)
        return rows[self.clips[key]['feature_indices']].mean(0).squeeze(), self.labels[key]

    def batches(self, balanced: bool) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Features (64, D) and labels (64,) without end."""
        counts = np.bincount(list(self.labels.values()), minlength=NUM_CLASSES)
        weights = torch.tensor([1 / counts[self.labels[key]] for key in self.ids], dtype=torch.double)
        while True:
            order = (torch.multinomial(weights, len(weights), replacement=True) if balanced
                     else torch.randperm(len(weights))).tolist()
            for begin in range(0, len(order) - BATCH + 1, BATCH):
                items = [self.item(index) for index in order[begin:begin + BATCH]]
                yield torch.stack([item[0] for item in items]), torch.tensor([item[1] for item in items])


class ReleasedTraining:
    """Steps of the released trainer.

    Args:
        dim (int): Numbers per segment.
    """

    def __init__(self, dim: int = DIM) -> None:
        self.net = nn.Sequential(nn.Linear(dim, 256), nn.BatchNorm1d(256), nn.ReLU(inplace=True),
                                 nn.Linear(256, NUM_CLASSES))
        for layer, std, bias in ((self.net[0], 0.005, 0.1), (self.net[3], 0.01, 0.0)):
            nn.init.normal_(layer.weight, 0, std)
            nn.init.constant_(layer.bias, bias)
        self.sgd = torch.optim.SGD(self.net.parameters(), 0.03, momentum=0.9, weight_decay=5e-4, nesterov=True)
        self.iteration = 0

    def step(self, source: torch.Tensor, labels: torch.Tensor, target: torch.Tensor, guesses: torch.Tensor) -> None:
        """One step on features (64, D) and labels (64,) of both views."""
        for group in self.sgd.param_groups:
            group['lr'] = 0.03 * (1 + 0.001 * self.iteration) ** -0.75
        self.sgd.zero_grad()
        logits = self.net(torch.cat([source, target]))
        loss = sum(F.cross_entropy(part, truth, reduction='none').mean()
                   for part, truth in zip(logits.chunk(2), (labels, guesses), strict=True))
        if not torch.isfinite(loss) or loss > 1e5:
            raise FloatingPointError(loss)
        loss.backward()
        self.sgd.step()
        self.iteration += 1


def load_config(path: Path, root: Path, folder: Path, text: bool = False) -> Config:
    """A config over the made-up release, without validation, checkpoints and log lines."""
    cfg = Config.fromfile(path)
    cfg.merge_from_dict({
        'work_dir': str(folder), 'log_level': 'ERROR', 'experiment_name': f'{path.stem}-{folder.name}',
        'custom_hooks': [], 'train_dataloader.dataset.data_root': str(root),
        'default_hooks.checkpoint': dict(_delete_=True, type='SafeCheckpointHook', interval=-1, save_last=False),
        'model.head.num_classes': NUM_CLASSES, 'train_cfg.max_iters': 1})
    for split in ('val', 'test'):
        for part in ('dataloader', 'evaluator', 'cfg'):
            cfg[f'{split}_{part}'] = None
    if not text:
        cfg.pop('phases')
        cfg.param_scheduler.end = 45_001  # else that of the first training, which is one iteration long
        cfg.train_dataloader.dataset.target_datasets[0].pseudo_labels = str(root / 'labels.txt')
    return cfg


class Training:
    """Our training, by hand or through loop and hooks, as many iterations as are asked for.

    Args:
        cfg (Config): From :func:`load_config`.
    """

    def __init__(self, cfg: Config) -> None:
        self.runner = Runner.from_cfg(cfg)
        self.runner.train()
        self.loop = self.runner.train_loop
        self.model, self.wrapper = self.runner.model.train(), self.runner.optim_wrapper
        self.batches = (batch for _ in itertools.count() for batch in self.loop.dataloader)

    def by_hand(self, iterations: int) -> None:
        """Batches of the loader, steps and the rate, without loop and hooks."""
        for batch in itertools.islice(self.batches, iterations):
            self.model.train_step(batch, self.wrapper)
            for scheduler in self.runner.param_schedulers:
                scheduler.step()

    def through_loop(self, iterations: int) -> None:
        """The same through the loop and the hooks of every run."""
        self.loop._max_iters += iterations
        self.loop.run()


def step_cases(root: Path, folder: Path) -> list[Case]:
    """A step with what its data cost, with data in memory, and through loop and hooks."""
    source, target = ReleasedData(root, 'ego_train').batches(True), ReleasedData(root, 'exo_train').batches(False)
    released, ours = ReleasedTraining(), Training(load_config(LAGTRAN, root, folder / 'by_hand'))
    looped = Training(load_config(LAGTRAN, root, folder / 'looped'))
    check_features(root, ours)
    known, batch = (*next(source), *next(target)), next(ours.batches)
    names = [f'{name}, {BATCH} + {BATCH}' for name in ('step with its data', 'step, data in memory')]
    few, many = 3, 100
    return [
        Case(names[0], 'released', lambda: [released.step(*next(source), *next(target)) for _ in range(few)], few),
        Case(names[0], 'egoexo', lambda: ours.by_hand(many), many),
        Case(names[0], 'egoexo, with loop and hooks', lambda: looped.through_loop(many), many),
        Case(names[1], 'released', lambda: [released.step(*known) for _ in range(many)], many),
        Case(names[1], 'egoexo', lambda: [ours.model.train_step(batch, ours.wrapper) for _ in range(many)], many),
    ]


def check_features(root: Path, ours: Training) -> None:
    """Both sides average the same rows."""
    theirs, dataset = ReleasedData(root, 'exo_train'), ours.loop.dataloader.dataset.target
    for index in (0, 7, len(dataset) - 1):
        feature, label = theirs.item(index)
        item = dataset[index]
        assert item['data_samples'].sample_id == str(theirs.ids[index]) and int(item['data_samples'].gt_label) == label
        torch.testing.assert_close(item['inputs'], feature, rtol=0, atol=1e-6)


def make_datasets(root: Path, cache: Path | None = None) -> list:
    """The four lists of a training and its validation with all their features, as a new process makes them."""
    read_once.cache_clear()
    return [DATASETS.build(dict(type='TransferDataset', view=view, split=split, data_root=str(root),
                                feature=dict(dim=DIM, cache_dir=None if cache is None else str(cache))))
            for split in ('train', 'val') for view in ('ego', 'exo')]


def loading_cases(root: Path, folder: Path) -> list[Case]:
    """The lists, and segments: the first time, from a cache on disk, and from memory."""
    lists = [f'{view}_{split}' for split in ('train', 'val') for view in CAMERAS]
    released, ours = ReleasedData(root, 'exo_train'), make_datasets(root, folder / 'cache')
    total, few, rng = sum(map(len, ours)), 200, np.random.default_rng(1)
    batches = [rng.integers(0, len(ours[1]), BATCH).tolist() for _ in range(50)]
    picked = rng.integers(0, len(released.ids), few).tolist()
    return [
        Case('four lists', 'released', lambda: [ReleasedData(root, name) for name in lists]),
        Case('four lists', 'egoexo, with checks', lambda: read_ego2exo(root / 'metadata/ego2exo.json')),
        Case('a segment, any time', 'released', lambda: [released.item(index) for index in picked], few),
        Case('a segment, any time', 'egoexo, first time, with the lists', lambda: make_datasets(root), total),
        Case('a segment, any time', 'egoexo, cache on disk, with the lists',
             lambda: make_datasets(root, folder / 'cache'), total),
        Case('a segment, any time', 'egoexo', lambda: [ours[1].__getitems__(indices) for indices in batches],
             BATCH * len(batches)),
    ]


def released_scores(logits: torch.Tensor, labels: torch.Tensor) -> tuple[float, float, float]:
    """Top-1 and top-5, averaged over batches of 64, and the mean accuracy of the classes, in percent."""
    sums = torch.zeros(2)
    for begin in range(0, len(labels), BATCH):
        truth = labels[begin:begin + BATCH]
        hits = logits[begin:begin + BATCH].topk(5)[1] == truth[:, None]
        sums += len(truth) * torch.stack([100 * hits[:, :k].any(1).sum() / len(truth) for k in (1, 5)])
    guesses = logits.argmax(1)
    classes = [100 * (guesses[labels == number] == number).float().mean().nan_to_num().item()
               for number in range(NUM_CLASSES)]
    return *(sums / len(labels)).tolist(), sum(classes) / NUM_CLASSES


def score_cases(root: Path, folder: Path) -> list[Case]:
    """Scores of both validation lists, of arrays and out of filled samples."""
    generator = torch.Generator().manual_seed(2)
    logits = torch.randn(2 * NUM_VAL, NUM_CLASSES, generator=generator)
    labels = torch.randint(NUM_CLASSES, (2 * NUM_VAL,), generator=generator)
    samples = []
    for number, (row, label) in enumerate(zip(logits, labels, strict=True)):
        view = ('ego', 'exo')[number // NUM_VAL]
        sample = EgoExoDataSample(metainfo=dict(sample_id=str(number), uid=f'take{number % 87}', view=view,
                                                subset=f'{view}_val', sample_idx=number))
        sample.gt_label, sample.pred_class_logits = label, row
        samples.append(sample.to_dict())

    def score() -> dict[str, float]:
        metric = TransferMetric()
        metric.dataset_meta = dict(classes=tuple(map(str, range(NUM_CLASSES))))
        metric.process(None, samples)
        return metric.evaluate(len(samples))

    found = score()
    for view, part in (('ego', slice(NUM_VAL)), ('exo', slice(NUM_VAL, None))):
        expected = released_scores(logits[part], labels[part])
        ours = [found[f'{view}_val/{name}'] for name in ('top1', 'top5', 'mean_class_acc')]
        np.testing.assert_allclose(ours, expected, atol=1e-3)
    what = f'scores, {len(samples):,} segments'
    halves = [(logits[part].numpy(), labels[part].numpy()) for part in (slice(NUM_VAL), slice(NUM_VAL, None))]
    return [
        Case(what, 'released', lambda: [released_scores(logits[part], labels[part])
                                        for part in (slice(NUM_VAL), slice(NUM_VAL, None))]),
        Case(what, 'egoexo, arrays', lambda: [
            transfer_scores(truth, predicted_classes(rows), NUM_CLASSES, hits_at(rows, truth, 5))
            for rows, truth in halves]),
        Case(what, 'egoexo, out of samples, with the table', score),
    ]


def text_cases(root: Path, folder: Path) -> list[Case]:
    """Embedding of sentences, by token, and a step of the text phase whose sentences are embedded."""
    encoder = MODELS.build(Config.fromfile(TEXT).model.encoder)
    rng = np.random.default_rng(3)
    sets = {'a narration': [' '.join(rng.choice(WORDS, 3)) for _ in range(128)],
            'an Ego2Exo text': list(dict.fromkeys(sentence(rng) for _ in range(64)))}
    cases = []

    def released(texts: Sequence[str]) -> None:
        for begin in range(0, len(texts), 32):
            encode(texts[begin:begin + 32])

    @torch.no_grad()
    def encode(texts: Sequence[str]) -> torch.Tensor:
        return encoder._run(encoder._load_frozen(), encoder.tokenize(texts))

    def ours(texts: Sequence[str]) -> None:
        encoder._cache = None
        encoder(texts)

    for name, texts in sets.items():
        torch.testing.assert_close(encoder(texts[:5]), encode(texts[:5]) * encoder.scale, rtol=0, atol=1e-4)
        tokens = sum(len(row['input_ids']) for row in encoder.tokenize(texts))
        what = f'{name} of {tokens / len(texts):.1f} tokens'
        cases += [Case(what, 'released', lambda texts=texts: released(texts), len(texts)),
                  Case(what, 'egoexo', lambda texts=texts: ours(texts), len(texts))]
    training = text_training(root, folder)
    return [*cases, Case('text step, 64 sentences embedded before', 'egoexo', lambda: training.by_hand(50), 50),
            Case('text step, 64 sentences embedded before', 'egoexo, with loop and hooks',
                 lambda: training.through_loop(50), 50)]


def text_training(root: Path, folder: Path) -> 'Training':
    """The text phase; its rows are random numbers, which takes as long and saves minutes."""
    cfg = load_config(TEXT, root, folder / 'text', text=True)
    cfg.train_cfg.max_iters = 0
    training = Training(cfg)
    texts = list(dict.fromkeys(ReleasedData(root, 'ego_train').texts.values()))
    training.model.encoder.cache.add(texts, torch.randn(len(texts), training.model.encoder.dim))
    return training


def time_group(make: Callable[[Path, Path], list[Case]], root: Path, folder: Path, rounds: int, profile: bool) -> None:
    """Make and time some cases."""
    folder.mkdir()
    cases = make(root, folder)
    print(f'\n{make.__name__.replace("_", " ")}', end='')
    medians = measure(cases, FIGURES, rounds)
    for (what, who), median in medians.items():
        if what.endswith('tokens'):
            tokens = float(what.split()[-2])
            print(f'{what}: {who}: {1000 / median:.0f} sentences, {1000 * tokens / median:.0f} tokens per CPU second')
    if profile:
        show_profile([case._replace(what=case.what + case.who.removeprefix('egoexo'), who='egoexo')
                      for case in cases if case.who != 'released'], PROFILED)
    sys.stdout.flush()


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--profile', action='store_true', help='also show where the time goes')
    args = parser.parse_args()
    compat.apply()
    start()
    with tempfile.TemporaryDirectory() as place:
        root = write_world(Path(place, 'ego2exo'))
        sys.stdout.flush()
        for make in (step_cases, loading_cases, score_cases, text_cases):
            with multiprocessing.get_context('fork').Pool(1) as pool:
                pool.apply(time_group, (make, root, Path(place, make.__name__), args.rounds, args.profile))


if __name__ == '__main__':
    main()
