"""Sabotage of query masks on a list of takes."""

from pathlib import Path

import pytest
from correspondence_support import write_correspondence_root

from egoexo.datasets import CorrespondenceDataset


@pytest.mark.parametrize('direction', ['ego2exo', 'exo2ego'])
@pytest.mark.parametrize('test_mode', [False, True])
def test_every_pair_shows_another_object_of_the_same_picture(tmp_path: Path, direction: str, test_mode: bool) -> None:
    root = write_correspondence_root(tmp_path)
    plain, swapped = (list(CorrespondenceDataset(data_root=str(root), split='train', direction=direction,
                                                 test_mode=test_mode, swap_masks=seed).data_list)
                      for seed in (None, 3))
    shown = {}  # (take, camera, frame) -> object -> its mask
    for info in plain:
        picture = info['uid'], info['query_camera'], info['frame']
        shown.setdefault(picture, {})[info['object_name']] = info['query_rle']
    assert len(plain) == len(swapped) > 0
    for before, after in zip(plain, swapped, strict=True):
        others = shown[after['uid'], after['query_camera'], after['frame']]
        assert {key: value for key, value in before.items() if key != 'query_rle'} == \
            {key: value for key, value in after.items() if key != 'query_rle'}
        owner = [name for name, mask in others.items() if mask == after['query_rle']]
        assert len(owner) == 1
        assert (owner[0] == after['object_name']) == (len(others) == 1)


def test_a_seed_decides_the_masks(tmp_path: Path) -> None:
    root = write_correspondence_root(tmp_path)
    masks = [[info['query_rle'] for info in CorrespondenceDataset(
        data_root=str(root), split='train', direction='ego2exo', swap_masks=seed).data_list] for seed in (1, 1, 2)]
    assert masks[0] == masks[1] != masks[2]
