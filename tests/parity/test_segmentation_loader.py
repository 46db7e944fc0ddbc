"""The official loader's batches, made by our transforms and the data preprocessor."""

from pathlib import Path

import numpy as np
import pytest
import torch
from tests_support import parity_dir

from egoexo.datasets.segmentation import SegmentationDataset
from egoexo.models.data_preprocessors.sequence import SequenceDataPreprocessor

OWNS = {'segmentation': ['loader.npz']}

#: Official feat_sample_rate, label_sample_rate, all_sample_rate and batch size of each case.
CASES = {
    'official': (1, 1, 5, 1),
    'batch4': (1, 1, 5, 4),
    'feat2': (2, 2, 1, 2),
    'feat1_label5': (1, 5, 1, 4),
    'all1': (1, 1, 1, 4),
}


def fixture() -> dict[str, np.ndarray]:
    with np.load(parity_dir('segmentation') / 'loader.npz') as archive:
        return dict(archive)


def found_cases() -> list[str]:
    return sorted({name.split('/')[0] for name in fixture()} - {'feat', 'labels'})


@pytest.fixture(scope='module')
def numbers() -> dict[str, np.ndarray]:
    return fixture()


@pytest.fixture(scope='module')
def official(tmp_path_factory: pytest.TempPathFactory, numbers: dict[str, np.ndarray]) -> Path:
    """The inputs of the fixture as official files; label files of A and C end their lines with CRLF."""
    root = tmp_path_factory.mktemp('loader')
    (root / 'feats').mkdir()
    (root / 'gts').mkdir()
    uids = sorted(name.split('/')[1] for name in numbers if name.startswith('feat/'))
    for uid in uids:
        torch.save(torch.from_numpy(numbers[f'feat/{uid}']), root / f'feats/{uid}.pt')
        newline = '\r\n' if uid in 'AC' else '\n'
        (root / f'gts/{uid}.txt').write_bytes(newline.join(numbers[f'labels/{uid}']).encode())
    (root / 'parity.bundle').write_text('\n'.join(f'{uid}.txt' for uid in uids))
    return root


def batches(root: Path, case: str) -> list[dict]:
    feature_interval, label_interval, step, batch_size = CASES[case]
    dataset = SegmentationDataset(
        ann_file='parity.bundle', view='ego', data_root=str(root), data_prefix=dict(features='feats', labels='gts'),
        pipeline=[
            dict(type='LoadSequence'),
            dict(type='SampleSequence', feature_interval=feature_interval, label_interval=label_interval, step=step),
            dict(type='PackInputs'),
        ])
    samples = [dataset[index] for index in range(len(dataset))]
    starts = range(0, len(samples), batch_size)
    return [SequenceDataPreprocessor()(dict(
        inputs=[sample['inputs'] for sample in samples[start:start + batch_size]],
        data_samples=[sample['data_samples'] for sample in samples[start:start + batch_size]])) for start in starts]


@pytest.mark.parametrize('case', found_cases())
def test_batches_equal_the_official_ones(official: Path, numbers: dict[str, np.ndarray], case: str) -> None:
    ours = batches(official, case)
    assert len(ours) == len({name.split('/')[1] for name in numbers if name.startswith(f'{case}/')})
    for number, batch in enumerate(ours):
        labels = torch.nn.utils.rnn.pad_sequence(
            [sample.gt_step_labels for sample in batch['data_samples']], batch_first=True, padding_value=-100)
        np.testing.assert_array_equal(batch['inputs'].numpy(), numbers[f'{case}/{number}/x'])
        np.testing.assert_array_equal(batch['mask'].float().numpy(), numbers[f'{case}/{number}/mask_row'])
        np.testing.assert_array_equal(labels.numpy(), numbers[f'{case}/{number}/y'])
