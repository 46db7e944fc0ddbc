import torch
from mmengine.registry import FUNCTIONS
from torch.utils.data import DataLoader

from egoexo.datasets import collate_clips
from egoexo.structures import ClipViews, EgoExoDataSample


def item(num_frames: int) -> dict:
    views = ClipViews(torch.zeros(num_frames, 4, 6, 3).byte(), torch.zeros(1, 2).long(), torch.zeros(1, 2).long(), 4)
    return dict(inputs=views.fields(), data_samples=EgoExoDataSample(metainfo=dict(sample_id=str(num_frames))))


def test_samples_stay_apart() -> None:
    batch = collate_clips([item(3), item(5)])
    assert [len(entry['frames']) for entry in batch['inputs']] == [3, 5]
    assert [sample.sample_id for sample in batch['data_samples']] == ['3', '5']


def test_streams() -> None:
    pairs = [dict(inputs=dict(ego=item(3)['inputs'], tpv=item(2)['inputs']), data_samples=number)
             for number in range(2)]
    batch = collate_clips(pairs)
    assert [len(entry['frames']) for entry in batch['inputs']['ego']] == [3, 3]
    assert [len(entry['frames']) for entry in batch['inputs']['tpv']] == [2, 2]
    assert batch['data_samples'] == [0, 1]


def test_through_a_loader() -> None:
    assert FUNCTIONS.get('collate_clips') is collate_clips
    items = [item(number) for number in (1, 2, 3)]
    found = [[len(entry['frames']) for entry in batch['inputs']]
             for batch in DataLoader(items, batch_size=2, collate_fn=collate_clips)]
    assert found == [[1, 2], [3]]
