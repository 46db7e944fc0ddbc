"""What the timing scripts of anticipation and planning share: the released arithmetic, made-up data, the table.

"released" is the released network, step and loader written from their description with PyTorch's plain layers: a
source and a target batch are forwarded with all discriminators whether or not a loss reads them, one product per
subset of frames, one clip at a time from a dictionary of whole files.
"""

import cProfile
import gc
import itertools
import math
import platform
import pstats
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.optim import OptimWrapper, build_optim_wrapper
from torch import nn
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from egoexo.formats.egoexolearn_anticipation import (
    CLASS_FILES,
    TABLE_FOLDER,
    ActionRow,
    ListedAction,
    table_name,
    write_action_table,
)
from egoexo.models.clip import relation_frames
from egoexo.registry import MODELS
from egoexo.structures import EgoExoDataSample

REPO = Path(__file__).resolve().parents[1]
DIM, NUM_SEGMENTS, FPS = 768, 5, 5
#: Rows and videos of the released ego training table; a mean ego video has 833 s at 5 rows a second.
NUM_TABLE_ROWS, NUM_NOUN_ROWS, NUM_VIDEOS, NUM_ROWS = 34_584, 31_412, 421, 4165
NUM_NOUNS = 31
NUM_FILES = 8  # that are really there; the others are links, which costs the same to read and less disk
ADVERSARIAL, ENTROPY = (0.75, 0.75, 0.5), 0.003


class Case(NamedTuple):
    """One thing to time.

    Args:
        what (str): Cases of the same name are compared.
        who (str): ``'released'``, ``'egoexo'`` or a variant of one of them.
        run (Callable): Does it once.
        per (int): Items that one call handles; times are per item.
    """

    what: str
    who: str
    run: Callable[[], object]
    per: int = 1


class _Reverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx: object, x: torch.Tensor, beta: float) -> torch.Tensor:
        ctx.beta = beta
        return x.view_as(x)

    @staticmethod
    def backward(ctx: object, grad: torch.Tensor) -> tuple[torch.Tensor, None]:
        return -ctx.beta * grad, None


def domain_certainty(logits: torch.Tensor) -> torch.Tensor:
    """1 - H of two-way logits."""
    return 1 + (logits.softmax(-1) * logits.log_softmax(-1)).sum(-1)


class ReleasedNet(nn.Module):
    """The released clip network; ``num_outputs`` is C, or 8 times 27 for planning."""

    def __init__(self, num_outputs: int, attention: bool) -> None:
        super().__init__()
        self.attention = attention
        self.shared = nn.Linear(DIM, 512)
        self.frame_classifier, self.classifier = nn.Linear(512, num_outputs), nn.Linear(256, num_outputs)
        self.frame_judge = nn.Sequential(nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 2))
        self.video_judge = nn.Sequential(nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 2))
        self.scales = range(NUM_SEGMENTS, 1, -1)
        self.relation_judges = nn.ModuleList(
            nn.Sequential(nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 2)) for _ in self.scales)
        self.fusions = nn.ModuleList(
            nn.Sequential(nn.ReLU(), nn.Linear(scale * 512, 256), nn.ReLU()) for scale in self.scales)
        # The released code leaves layers that its source-only training never reads trainable.

    def branch(self, clips: torch.Tensor, beta: Sequence[float]) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Logits (N, C) and domain logits of relations, video and frames for the clips (N, T, D) of one domain."""
        frames = F.dropout(F.relu(self.shared(clips.reshape(-1, DIM))), 0.5, self.training)
        by_frame = self.frame_judge(_Reverse.apply(frames, beta[2]))
        self.frame_classifier(frames)
        frames = frames.view(len(clips), NUM_SEGMENTS, 512)
        relations = []
        for scale, fusion in zip(self.scales, self.fusions, strict=True):
            parts = [fusion(frames[:, list(picked)].reshape(len(clips), -1))
                     for picked in relation_frames(NUM_SEGMENTS, scale)]
            relations.append(sum(parts[1:], parts[0]))
        relations = torch.stack(relations, 1)
        by_relation = torch.stack([judge(_Reverse.apply(relations[:, index], beta[0]))
                                   for index, judge in enumerate(self.relation_judges)], 1)
        if self.attention:
            relations = relations * (1 + domain_certainty(by_relation)).unsqueeze(-1)
        video = F.dropout(relations.sum(1), 0.5, self.training)
        by_video = self.video_judge(_Reverse.apply(video, beta[1]))
        return self.classifier(video), [by_relation.reshape(-1, 2), by_video, by_frame]

    def forward(self, source: torch.Tensor, target: torch.Tensor, beta: Sequence[float] = (0.0, 0.0, 0.0)) -> tuple:
        """Both branches, whatever is needed."""
        return *self.branch(source, beta), *self.branch(target, beta)


class ReleasedTraining:
    """Steps of the released training.

    Args:
        num_classes (int): C.
        adapt (bool): With adversarial losses, attention and attentive entropy.
        horizon (int): Z; above 1 only the first step has a loss, as released.
    """

    def __init__(self, num_classes: int, adapt: bool, horizon: int = 1) -> None:
        self.num_classes, self.adapt, self.horizon = num_classes, adapt, horizon
        self.net = ReleasedNet(num_classes * horizon, attention=adapt)
        self.sgd = torch.optim.SGD(self.net.parameters(), 3e-3, momentum=0.9, weight_decay=1e-4, nesterov=True)

    def step(self, source: torch.Tensor, target: torch.Tensor, labels: torch.Tensor) -> None:
        """One step on clips (N, T, D), (N', T, D) and labels (N, C) or (N, Z)."""
        logits, judged, other, judged_other = self.net(source, target, ADVERSARIAL if self.adapt else (0.0, 0.0, 0.0))
        if self.horizon == 1:
            loss = F.cross_entropy(logits, labels)
            best = labels.argmax(1)
        else:
            best = labels[:, 0]
            loss = F.cross_entropy(logits.view(-1, self.horizon, self.num_classes)[:, 0], best, ignore_index=-1)
        if self.adapt:
            for ours, theirs in zip(judged, judged_other, strict=True):
                domains = torch.cat([torch.zeros(len(ours)), torch.ones(len(theirs))]).long()
                loss = loss + F.cross_entropy(torch.cat([ours, theirs]), domains)
            both, sides = torch.cat([logits, other]), torch.cat([judged[1], judged_other[1]])
            entropy = -(both.softmax(1) * both.log_softmax(1)).sum(1)
            loss = loss + ENTROPY * ((2 - domain_certainty(sides)) * entropy).mean()
        self.sgd.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 20)
        self.sgd.step()
        loss.item()
        (logits.topk(5, 1)[1] == best[:, None]).sum(0).tolist()  # the accuracy it logs


class ReleasedLoader:
    """Clips one at a time; each feature file is loaded whole and kept for ever.

    Args:
        root (Path): Folder of ``<uid>.pt``.
        actions (Sequence[ListedAction]): The list.
        num_classes (int): C.
    """

    def __init__(self, root: Path, actions: Sequence[ListedAction], num_classes: int) -> None:
        self.root, self.actions, self.num_classes = root, actions, num_classes
        self.files: dict[str, torch.Tensor] = {}

    def item(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Clip (T, D) and label (C,)."""
        action = self.actions[index]
        end = action.start_sec - 1
        start = end - 2
        if start < 0:
            return torch.zeros(NUM_SEGMENTS, DIM), torch.zeros(self.num_classes)
        if action.uid not in self.files:
            self.files[action.uid] = torch.load(self.root / f'{action.uid}.pt', weights_only=True)
        rows = self.files[action.uid][int(start * FPS):int(end * FPS) + 1]
        if len(rows) != NUM_SEGMENTS:
            rows = F.interpolate(rows.t()[None], size=NUM_SEGMENTS, mode='linear', align_corners=False)[0].t()
        label = torch.zeros(self.num_classes)
        for number in action.labels:
            label = label + F.one_hot(torch.tensor(number), self.num_classes)
        return rows, label

    def batch(self, indices: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Clips (N, T, D) and labels (N, C)."""
        items = [self.item(index) for index in indices]
        return torch.stack([item[0] for item in items]), torch.stack([item[1] for item in items])


def write_layout(root: Path, num_videos: int = NUM_VIDEOS) -> None:
    """The ego training table of the released size, its classes, and features; fewer videos, fewer rows."""
    rng = np.random.default_rng(0)
    share = num_videos / NUM_VIDEOS
    uids = [f'video{number:03d}' for number in range(num_videos)]
    places = np.sort(rng.integers(0, num_videos, round(NUM_TABLE_ROWS * share)))
    with_noun = np.zeros(len(places), dtype=bool)
    with_noun[rng.permutation(len(places))[:round(NUM_NOUN_ROWS * share)]] = True
    seconds = rng.uniform(0, NUM_ROWS / FPS - 2, len(places)).round(1)
    folder = root / TABLE_FOLDER
    write_action_table(folder / table_name('ego', 'train'), (
        ActionRow(uids[place], f'id{number}', str(sec), str(sec + 2), (1,), tuple(
            rng.choice(NUM_NOUNS, rng.integers(1, 3), replace=False).tolist()) if noun else (), 'kitchen')
        for number, (place, sec, noun) in enumerate(zip(places.tolist(), seconds.tolist(), with_noun, strict=True))))
    (folder / CLASS_FILES['noun']).write_text('\n'.join(map(str, range(NUM_NOUNS))))
    write_features(root / 'features', uids)


def write_features(folder: Path, uids: Sequence[str]) -> None:
    """Files of the released length; all but the first ones are links."""
    folder.mkdir()
    for number, uid in enumerate(uids):
        path = folder / f'{uid}.pt'
        if number < NUM_FILES:
            rows = torch.randn(NUM_ROWS, DIM, generator=torch.Generator().manual_seed(number))
            torch.save(rows, path)
        else:
            path.symlink_to(f'{uids[number % NUM_FILES]}.pt')


def load_model(config: str, num_classes: int) -> tuple[nn.Module, OptimWrapper]:
    """Model and optimizer of one of our configs."""
    cfg = Config.fromfile(REPO / 'configs' / config)
    cfg.model.head.num_classes = num_classes
    model = MODELS.build(cfg.model)
    return model.train(), build_optim_wrapper(model, cfg.optim_wrapper)


def make_batch(clips: torch.Tensor, labels: torch.Tensor | None, field: str) -> dict:
    """A batch as our loader gives it, out of clips (N, T, D) and labels (N, C) or (N, Z)."""
    samples = [EgoExoDataSample() for _ in clips]
    for sample, label in zip(samples, [] if labels is None else labels, strict=labels is not None):
        setattr(sample, field, label)
    return dict(inputs=clips.transpose(1, 2), data_samples=samples)


def training_cases(what: str, config: str, sizes: tuple[int, int], make_labels: Callable[[int], torch.Tensor],
                   num_classes: int, adapt: bool, horizon: int = 1) -> list[Case]:
    """A step, released and ours, batches in memory; a source-only step of ours sees no target."""
    generator = torch.Generator().manual_seed(0)
    source, target = (torch.randn(size, NUM_SEGMENTS, DIM, generator=generator) for size in sizes)
    labels, other_labels = (make_labels(size) for size in sizes)
    field = 'gt_class_targets' if horizon == 1 else 'gt_future_steps'
    released = ReleasedTraining(num_classes, adapt, horizon)
    model, wrapper = load_model(config, num_classes)
    batch = make_batch(source, labels, field)
    if adapt:
        batch = dict(source=batch, target=make_batch(target, other_labels, field))
    return [Case(what, 'released', lambda: released.step(source, target, labels)),
            Case(what, 'egoexo', lambda: model.train_step(batch, wrapper))]


def prediction_cases(what: str, config: str, sizes: Sequence[int], num_classes: int, horizon: int = 1) -> list[Case]:
    """Prediction, released (both branches) and ours (one, and a filled sample for each clip)."""
    cases = []
    for size in sizes:
        clips = torch.randn(size, NUM_SEGMENTS, DIM, generator=torch.Generator().manual_seed(0))
        net = ReleasedNet(num_classes * horizon, attention=False).eval()
        model = load_model(config, num_classes)[0].eval()
        batch = make_batch(clips, None, '')

        @torch.no_grad()
        def released(net: nn.Module = net, clips: torch.Tensor = clips) -> None:
            net(clips, clips)

        name = f'{what}, batch {size}'
        cases += [Case(name, 'released', released),
                  Case(name, 'egoexo', lambda model=model, batch=batch: model.test_step(batch))]
    return cases


def start() -> None:
    """One thread, no log lines, date and versions."""
    torch.set_num_threads(1)
    MMLogger.get_instance('speed', log_level='ERROR')
    print(f'{time.strftime("%Y-%m-%d")}  Python {platform.python_version()}, torch {torch.__version__}, numpy '
            f'{np.__version__}, {platform.machine()}, 1 thread')


def measure(cases: Sequence[Case], figures: dict[str, float], rounds: int) -> dict[tuple[str, str], float]:
    """Time all cases in turn; print and return the medians, CPU milliseconds.

    Args:
        cases (Sequence[Case]): What to time.
        figures (dict[str, float]): Figures of the released code by what is timed, in milliseconds.
        rounds (int): After one that warms up.
    """
    gc.collect()
    gc.freeze()  # else the collector walks through the data of all cases while one of them is timed
    spent: dict[tuple[str, str], list[float]] = {(case.what, case.who): [] for case in cases}
    for _ in range(rounds + 1):
        for case in cases:
            start = time.process_time()
            case.run()
            spent[case.what, case.who].append(1000 * (time.process_time() - start) / case.per)
    medians = {key: statistics.median(values[1:]) for key, values in spent.items()}
    print(f'\n{"case":62}{"CPU ms":>10}{"than released here":>20}{"than its figure":>24}')
    for (what, who), median in medians.items():
        here = medians.get((what, 'released'), math.nan) / median
        figure = figures.get(what, math.nan)
        print(f'{what + ": " + who:62}{median:{"10.0f" if median >= 1000 else "10.4g"}}'
              + (f'{here:19.2f}x' if math.isfinite(here) else f'{"":20}')
              + (f'{figure / median:14.2f}x of {figure:<6g}' if math.isfinite(figure) else '').rstrip())
    return medians


def show_profile(cases: Sequence[Case], names: Sequence[str]) -> None:
    """Print the operators of torch, or the functions, that take most of the time of our cases."""
    for case in cases:
        if case.who != 'egoexo' or case.what not in names:
            continue
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
            case.run()
        rows = sorted(profile.key_averages(), key=lambda row: row.self_cpu_time_total, reverse=True)
        total = sum(row.self_cpu_time_total for row in rows) or 1
        print(f'\nprofile: {case.what}, operators of torch')
        for row in itertools.islice(rows, 8):
            print(f'{row.key:45}{row.self_cpu_time_total / total:7.1%}{row.count:8d} calls')
        with cProfile.Profile() as profile:
            case.run()
        print(f'profile: {case.what}, functions')
        pstats.Stats(profile).strip_dirs().sort_stats('tottime').print_stats(8)
