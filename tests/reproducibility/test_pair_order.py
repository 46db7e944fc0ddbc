"""What a training of correspondence sees, random negatives and hidden tokens included, hangs on seed and pass alone."""

import hashlib
import itertools
from pathlib import Path

import pytest
from correspondence_support import write_correspondence_root
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from reproducibility.ranks import run_ranks
from tests_support import REPO
from torch.utils.data import DataLoader

from egoexo.apis import load_config

CONFIG = REPO / 'configs' / 'correspondence' / 'xsegtx_r50_egoexo4d-egoexo.py'
COUNT = 96  # more than a pass
Seen = list[tuple[str, str]]  # (sample id, hash of its content)


@pytest.fixture(scope='module')
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prepared takes, three of them to train on."""
    return write_correspondence_root(tmp_path_factory.mktemp('root'), dict(train=3, val=1), num_frames=3)


def make_loader(root: Path | str, batch: int, workers: int = 0, seed: int = 0) -> DataLoader:
    """Train loader of the shipped co-training config on pictures of 64 pixels, many of them random negatives."""
    loader = load_config(CONFIG).train_dataloader
    loader.update(batch_size=batch, num_workers=workers, persistent_workers=False)
    loader.dataset.update(data_root=str(root), negative_prob=0.3)
    loader.dataset.pipeline[1].size = 64
    with DefaultScope.overwrite_default_scope('egoexo'):
        return Runner.build_dataloader(loader, seed=seed)


def contents(loader: DataLoader, count: int) -> Seen:
    """Ids and hashes of the first pairs."""
    seen = []
    for batch in itertools.islice(loader, count // loader.batch_size):
        inputs = batch['inputs']
        for number, sample in enumerate(batch['data_samples']):
            tensors = (*(inputs['images'][inputs[role][number]] for role in ('query', 'target')),
                       inputs['query_mask'][number], inputs['hidden_tokens'][number], sample.gt_target_mask)
            digest = hashlib.sha1(b''.join(tensor.contiguous().numpy().tobytes() for tensor in tensors))
            seen.append((f'{sample.subset}/{sample.sample_id}', digest.hexdigest()))
    return seen


@pytest.fixture(scope='module')
def reference(root: Path) -> Seen:
    """One process, one pair at a time."""
    return contents(make_loader(root, 1), COUNT)


def test_negatives_are_drawn_anew(root: Path, reference: Seen) -> None:
    length = len(make_loader(root, 1).dataset)
    assert length < COUNT and len({name for name, _ in reference[:length]}) == length
    first, again = dict(reference[:length]), reference[length:]
    assert any(first[name] != digest for name, digest in again) and any(first[name] == digest for name, digest in again)
    assert contents(make_loader(root, 1, seed=1), 8) != reference[:8]


@pytest.mark.parametrize(('batch', 'workers'), [(8, 0), (8, 2)])
def test_the_stream_is_the_same_in_every_arrangement(root: Path, reference: Seen, batch: int, workers: int) -> None:
    assert contents(make_loader(root, batch, workers), COUNT) == reference


def _see(root: str) -> Seen:
    return contents(make_loader(root, 4), COUNT // 2)


def test_two_processes_share_the_stream(root: Path, reference: Seen, tmp_path: Path) -> None:
    ranks = run_ranks(_see, 2, tmp_path / 'ranks', str(root))
    assert [tuple(item) for turn in zip(*ranks, strict=True) for item in turn] == reference
