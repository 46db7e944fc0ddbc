import pickle
import sys

import numpy as np

from egoexo.datasets.mask_store import MaskStore
from egoexo.formats.rle import encode_mask

MASKS = [encode_mask(np.eye(size, dtype=np.uint8)) for size in (3, 5, 40)]


def filled() -> MaskStore:
    store = MaskStore()
    assert [store.add(frame, rle) for frame, rle in ((30, MASKS[0]), (0, None), (90, MASKS[2]), (60, MASKS[1]))] == [
        0, 1, 2, 3]
    return store


def test_gives_back_what_was_put_in() -> None:
    store = filled()
    assert [store.rle(row) for row in range(4)] == [MASKS[0], None, MASKS[2], MASKS[1]]
    assert store.rle(-1) is None
    assert [store.size(row) for row in range(4)] == [(3, 3), (0, 0), (40, 40), (5, 5)]
    assert store.frames.tolist() == [30, 0, 90, 60] and store.frames.dtype == np.int32
    assert store.is_null.tolist() == [False, True, False, False]
    assert len(store) == 4 and store.num_bytes == sum(len(rle['counts']) for rle in MASKS)


def test_masks_are_copies() -> None:
    store = filled()
    store.rle(0)['size'][0] = 99
    assert store.rle(0) == MASKS[0]


def test_survives_the_way_to_a_worker() -> None:
    copy = pickle.loads(pickle.dumps(filled()))
    assert copy.rle(2) == MASKS[2] and copy.frames.tolist() == [30, 0, 90, 60]


def test_empty() -> None:
    store = MaskStore()
    assert len(store) == 0 and store.is_null.tolist() == [] and store.frames.tolist() == []


def test_a_mask_takes_little_more_than_its_text() -> None:
    store = MaskStore()
    for frame in range(10_000):
        store.add(frame, MASKS[0])
    held = sum(sys.getsizeof(part) for part in vars(store).values())
    assert held < 1.3 * 10_000 * (len(MASKS[0]['counts']) + 8 + 8 + 4)
