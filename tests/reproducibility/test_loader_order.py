"""What a job sees is a function of (seed, pass): any batch size, workers, processes, and starting point."""

import hashlib
import itertools
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from mmcv.transforms import BaseTransform
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from reproducibility.exact_world import SIZES, video_ids
from reproducibility.ranks import run_ranks
from tests_support import REPO
from torch.utils.data import DataLoader

from egoexo.apis import load_config
from egoexo.datasets.samplers import infinite_seeded_sampler, seeded_sampler
from egoexo.engine.loops import position
from egoexo.registry import TRANSFORMS

CONFIG = REPO / 'configs' / 'segmentation' / 'mini_mstcn_i3d_egoexolearn-egoexo.py'
SIZE = SIZES['ego_train'] + SIZES['exo_train']
PASSES = 2
Seen = list[tuple[str, str]]  # (sample id, hash of its content)


@TRANSFORMS.register_module(force=True)
class NoiseOfThreeStreams(BaseTransform):
    """Adds what each global generator draws, so the content shows whether all three were seeded."""

    def transform(self, results: dict) -> dict:
        drawn = [random.random(), np.random.rand(), float(torch.rand(()))]  # noqa: NPY002
        results['feats'] = results['feats'] + np.float32(sum(drawn))
        return results


def make_loader(root: Path, sampler: str = 'SeededSampler', batch: int = 1, workers: int = 0, seed: int = 0,
                drop_last: bool = False) -> DataLoader:
    """Train loader of the shipped co-training config with noise in its pipeline."""
    loader = load_config(CONFIG).train_dataloader
    loader.update(batch_size=batch, num_workers=workers, drop_last=drop_last)
    loader.sampler.type = sampler
    loader.dataset.data_root = str(root)
    loader.dataset.pipeline.insert(2, dict(type='NoiseOfThreeStreams'))
    with DefaultScope.overwrite_default_scope('egoexo'):
        return Runner.build_dataloader(loader, seed=seed)


def contents(batches: object) -> Seen:
    """Ids and hashes of the samples of some batches."""
    seen = []
    for batch in batches:
        for inputs, sample in zip(batch['inputs'], batch['data_samples'], strict=True):
            digest = hashlib.sha1(inputs.contiguous().numpy().tobytes() + sample.gt_step_labels.numpy().tobytes())
            seen.append((f'{sample.subset}/{sample.sample_id}', digest.hexdigest()))
    return seen


def run_passes(loader: DataLoader, passes: int = PASSES) -> list[Seen]:
    """What this rank sees in each pass."""
    seen = []
    for number in range(passes):
        loader.sampler.set_epoch(number)
        seen.append(contents(loader))
    return seen


def interleave(ranks: list[Seen]) -> Seen:
    """The order of the whole job: sample i of each rank before sample i + 1 of any."""
    return [tuple(item) for turn in zip(*ranks, strict=True) for item in turn]


@pytest.fixture(scope='module')
def reference(exact_root: Path) -> list[Seen]:
    """Passes of one process, one worker-less loader, one sample at a time."""
    return run_passes(make_loader(exact_root))


@pytest.fixture
def as_rank(monkeypatch: pytest.MonkeyPatch):
    """Let samplers be built as on one rank of several."""

    def change(rank: int, world_size: int) -> None:
        for module in (seeded_sampler, infinite_seeded_sampler):
            monkeypatch.setattr(module, 'get_dist_info', lambda: (rank, world_size))
        monkeypatch.setattr(position, 'get_world_size', lambda: world_size)

    return change


def padded(sequence: Seen, world_size: int) -> Seen:
    """A pass as several ranks share it: its first samples come again until all have equally many."""
    return sequence + sequence[:-len(sequence) % world_size]


def test_passes_and_seeds_differ_and_hold_every_video_once(exact_root: Path, reference: list[Seen]) -> None:
    listed = {f'{subset}/{uid}' for subset in ('ego_train', 'exo_train') for uid in video_ids(subset)}
    assert all(len(sequence) == SIZE and {name for name, _ in sequence} == listed for sequence in reference)
    orders = [[name for name, _ in sequence] for sequence in reference]
    other = run_passes(make_loader(exact_root, seed=1), passes=1)[0]
    assert all(one != two for one, two in itertools.combinations([*orders, [name for name, _ in other]], 2))
    digests = [digest for sequence in [*reference, other] for _, digest in sequence]
    assert len(set(digests)) == len(digests)  # fresh noise in each pass and under each seed
    assert run_passes(make_loader(exact_root)) == reference


@pytest.mark.parametrize('world_size', [1, 2])
@pytest.mark.parametrize('workers', [0, 2])
@pytest.mark.parametrize('batch', [1, 4])
def test_epochs_are_the_same_in_every_arrangement(
        exact_root: Path, reference: list[Seen], as_rank, batch: int, workers: int, world_size: int) -> None:
    ranks = []
    for rank in range(world_size):
        as_rank(rank, world_size)
        ranks.append(run_passes(make_loader(exact_root, batch=batch, workers=workers)))
    for number in range(PASSES):
        assert interleave([rank[number] for rank in ranks]) == padded(reference[number], world_size)


@pytest.mark.parametrize('world_size', [1, 2])
@pytest.mark.parametrize('workers', [0, 2])
@pytest.mark.parametrize('batch', [1, 4])
def test_the_endless_stream_is_the_passes_without_padding(
        exact_root: Path, reference: list[Seen], as_rank, batch: int, workers: int, world_size: int) -> None:
    stream = list(itertools.chain(*reference))
    batches = len(stream) // (batch * world_size)
    ranks = []
    for rank in range(world_size):
        as_rank(rank, world_size)
        loader = make_loader(exact_root, 'InfiniteSeededSampler', batch, workers)
        ranks.append(contents(itertools.islice(loader, batches)))
    assert interleave(ranks) == stream[:batches * batch * world_size]


@pytest.mark.parametrize(('batch', 'workers', 'world_size'), [(1, 0, 1), (4, 0, 1), (1, 0, 2), (4, 0, 2), (4, 2, 2)])
def test_an_epoch_resumed_anywhere_is_the_tail(
        exact_root: Path, reference: list[Seen], as_rank, batch: int, workers: int, world_size: int) -> None:
    whole = padded(reference[1], world_size)
    loaders = []
    for rank in range(world_size):
        as_rank(rank, world_size)
        loaders.append(make_loader(exact_root, batch=batch, workers=workers))
    for seen in range(len(loaders[0])) if workers == 0 else [1]:
        tails = []
        for loader in loaders:
            loader.sampler.set_epoch(1)
            assert position.seek(loader, seen) == 0
            tails.append(contents(loader))
        assert interleave(tails) == whole[seen * batch * world_size:]


@pytest.mark.parametrize(('batch', 'world_size'), [(1, 1), (4, 1), (1, 2), (4, 2)])
def test_the_stream_resumed_anywhere_is_the_tail(
        exact_root: Path, reference: list[Seen], as_rank, batch: int, world_size: int) -> None:
    stream = list(itertools.chain(*reference))
    step = batch * world_size
    for rank in range(world_size):
        as_rank(rank, world_size)
        loader = make_loader(exact_root, 'InfiniteSeededSampler', batch)
        for seen in range(len(stream) // step):
            assert position.seek(loader, seen) == 0
            following = contents(itertools.islice(loader, 1))
            assert following == stream[seen * step + rank:(seen + 1) * step:world_size]


def test_drop_last_loses_the_end_of_each_pass(exact_root: Path, reference: list[Seen], as_rank) -> None:
    loader = make_loader(exact_root, batch=4, drop_last=True)
    assert [len(sequence) for sequence in run_passes(loader)] == [8] * PASSES
    assert run_passes(loader) == [sequence[:8] for sequence in reference]
    ranks = []
    for rank in range(2):  # 9 videos are 5 for each rank after padding, of which the fifth makes no batch of 4
        as_rank(rank, 2)
        ranks.append(run_passes(make_loader(exact_root, batch=4, drop_last=True), passes=1)[0])
    assert interleave(ranks) == reference[0][:8]


def _see_both_samplers(root: str) -> list[list[Seen]]:
    return [run_passes(make_loader(Path(root), batch=4, workers=2)),
            [contents(itertools.islice(make_loader(Path(root), 'InfiniteSeededSampler', 4, 2), 2))]]


def test_real_processes_see_the_same(exact_root: Path, reference: list[Seen], tmp_path: Path) -> None:
    ranks = run_ranks(_see_both_samplers, 2, tmp_path / 'ranks', str(exact_root))
    for number in range(PASSES):
        assert interleave([rank[0][number] for rank in ranks]) == padded(reference[number], 2)
    assert interleave([rank[1][0] for rank in ranks]) == list(itertools.chain(*reference))[:16]
