import pickle
from pathlib import Path

import numpy as np
import pytest

from egoexo.datasets.transforms import LoadInteractionBoxes, ResizeClipUint8
from egoexo.datasets.transforms import load_interaction_boxes as module
from egoexo.errors import AnnotationError, ConfigError

BOX = np.array([[2, 1, 6, 4, 0.5, 77]], dtype=np.float32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Entry f: f % 3 objects, whose score tells the frame; a hand in entry 2."""
    frames = np.empty(6, dtype=object)
    for frame in range(6):
        objects = np.repeat(BOX, frame % 3, axis=0) + np.array([0, 0, 0, 0, frame, 0], dtype=np.float32)
        frames[frame] = (objects if len(objects) else None, BOX if frame == 2 else None)
    np.save(tmp_path / 'v.npy', frames, allow_pickle=True)
    return tmp_path / 'v.npy'


def results(path: Path, numbers: list[int], **options: object) -> dict:
    return dict(sample_id='x', interaction_map=str(path), views=np.array([numbers]), frame_shape=(10, 20),
                short_side=20, crops=np.array([[1, 2]]), crop_size=10, flip=False) | options


def test_boxes_follow_the_crop(path: Path) -> None:
    found = LoadInteractionBoxes()(results(path, [1, 2, 3]))
    assert found['hand_boxes'].tolist() == [pytest.approx([0.2, 0.1, 0.9, 0.7, 0.5, 1])]
    assert found['object_boxes'].shape == (3, 6) and found['object_boxes'].dtype == np.float32
    assert found['object_boxes'][:, 4:].tolist() == [[1.5, 0], [2.5, 1], [2.5, 1]]
    mirrored = LoadInteractionBoxes()(results(path, [2], flip=True))['hand_boxes']
    assert mirrored.tolist() == [pytest.approx([0, 0.1, 0.7, 0.7, 0.5, 0])]


def test_repeated_frames(path: Path) -> None:
    assert LoadInteractionBoxes()(results(path, [4, 4, 1, 4]))['object_boxes'][:, 5].tolist() == [0, 1, 2, 3]
    released = LoadInteractionBoxes(compat_alias=True)(results(path, [4, 4, 1, 4]))['object_boxes'][:, 5].tolist()
    assert released == [3, 3, 2, 3]


def test_no_box(path: Path) -> None:
    found = LoadInteractionBoxes()(results(path, [0, 3]))
    assert found['hand_boxes'].shape == found['object_boxes'].shape == (0, 6)


def test_a_file_is_read_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[str] = []
    read = module.read_interaction_boxes
    monkeypatch.setattr(module, 'read_interaction_boxes', lambda path: (reads.append(path), read(path))[1])
    load = LoadInteractionBoxes()
    first = load(results(path, [1, 2]))['object_boxes']
    assert np.array_equal(load(results(path, [1, 2]))['object_boxes'], first) and len(reads) == 1
    assert np.array_equal(pickle.loads(pickle.dumps(load))(results(path, [1, 2]))['object_boxes'], first)
    assert len(reads) == 2, 'a worker begins with nothing'
    small = LoadInteractionBoxes(cache_bytes=0)
    small(results(path, [1]))
    small(results(path, [1]))
    assert len(reads) == 4


def test_a_file_that_ends_before_the_frame(path: Path) -> None:
    with pytest.raises(AnnotationError, match=r'v.npy: expected detections up to frame 6, found 6 entries. Make'):
        LoadInteractionBoxes()(results(path, [5, 6]))


@pytest.mark.parametrize(('options', 'text'), [
    (dict(interaction_map=None), 'expected interaction_map, found none. Set interaction_maps in the data set'),
    (dict(views=np.zeros((2, 3), int)), 'expected one clip, not yet resized, found 2 views, 1 crops. Leave it out of'),
    (dict(crops=np.zeros((3, 2), int)), 'found 1 views, 3 crops')])
def test_what_it_cannot_do(path: Path, options: dict, text: str) -> None:
    with pytest.raises(ConfigError, match=f"LoadInteractionBoxes, sample 'x': .*{text}"):
        LoadInteractionBoxes()(results(path, [1], **options))


def test_order_of_transforms(path: Path) -> None:
    resized = ResizeClipUint8()(results(path, [1], frames=np.zeros((1, 10, 20, 3), np.uint8)))
    with pytest.raises(ConfigError, match='put it before ResizeClipUint8'):
        LoadInteractionBoxes()(resized)
