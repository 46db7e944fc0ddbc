"""The official loader's items and the draws of the official balanced sampler, made by our data sets and samplers."""

import json
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from tests_support import parity_dir

from egoexo.datasets.samplers.class_balanced_sampler import balanced_order, balanced_weights
from egoexo.datasets.segment_text import SegmentTextDataset
from egoexo.datasets.transfer import TransferDataset

OWNS = {'lagtran': ['loader_mini.json', 'sampler.json']}

TOPIC = parity_dir('lagtran')
LOADED = json.loads((TOPIC / 'loader_mini.json').read_text())
DRAWN = json.loads((TOPIC / 'sampler.json').read_text())


@pytest.fixture(scope='module')
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data root that the official loader was given, features made from the names of their files."""
    root = tmp_path_factory.mktemp('ego2exo')
    (root / 'metadata').mkdir()
    built = json.loads((TOPIC / 'build_mini.json').read_text())['expected']
    (root / 'metadata/ego2exo.json').write_text(json.dumps(built))
    for file, num_rows in LOADED['rows_per_file'].items():
        rows = np.random.default_rng(zlib.crc32(file.encode())).standard_normal((num_rows, 1, LOADED['dim']))
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        torch.save(torch.from_numpy(rows.astype(np.float32)), root / file)
    return root


@pytest.mark.parametrize('subset', sorted(LOADED['items']))
def test_items_of_the_official_loader(subset: str, root: Path) -> None:
    view, split = subset.split('_')
    official = LOADED['items'][subset]
    dataset = TransferDataset(view, split, data_root=str(root), feature=dict(dim=LOADED['dim']))
    batch = dataset.__getitems__(range(len(dataset)))
    assert [int(sample.sample_id) for sample in batch['data_samples']] == official['ids']
    assert [int(sample.gt_label) for sample in batch['data_samples']] == official['labels']
    assert dataset.labels.tolist() == official['labels']
    assert batch['inputs'].dtype == torch.float32
    assert np.abs(batch['inputs'].numpy() - np.array(official['feat'])).max() < 1e-6
    texts = SegmentTextDataset(view, split, data_root=str(root))
    assert texts.__getitems__(range(len(texts)))['inputs'] == official['text']


@pytest.mark.parametrize('case', DRAWN, ids=lambda case: f'{case["torch_seed"]}-{case["length"]}')
def test_draws_of_the_official_balanced_sampler(case: dict) -> None:
    labels = np.array(case['labels'])
    chosen = labels if case['indices'] is None else labels[case['indices']]
    assert balanced_weights(chosen).tolist() == case['weights']
    generator = torch.Generator().manual_seed(case['torch_seed'])
    passes = [balanced_order(labels, generator, case['indices']).tolist() for _ in range(2)]
    assert passes == [case['epoch1'], case['epoch2']]
    assert len(passes[0]) == case['length']
