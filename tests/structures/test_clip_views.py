import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from egoexo.structures import ClipViews
from egoexo.utils.clip_geometry import resized_shape


def make_views(rows: list[list[int]], **options: object) -> ClipViews:
    frames = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (max(map(max, rows)) + 1, 20, 34, 3), np.uint8))
    known = dict(crops=torch.tensor([[0, 0], [1, 5], [2, 11]]), crop_size=18, short_side=24)
    return ClipViews(frames, torch.tensor(rows), **known | options)


def one_by_one(views: ClipViews, view: int, crop: int) -> Tensor:
    """A clip in the words of the description: each step on the whole clip, nothing shared."""
    images = views.frames[views.views[view]].float() / 255.0
    if views.normalize_first:
        images = (images - 0.45) / 0.225
    images = images.permute(3, 0, 1, 2)
    shape = resized_shape(*images.shape[2:], views.short_side)
    if shape != tuple(images.shape[2:]):
        images = functional.interpolate(images, size=shape, mode='bilinear', align_corners=False)
    top, left = views.crops[crop].tolist()
    images = images[:, :, top:top + views.crop_size, left:left + views.crop_size]
    if views.flip:
        images = images.flip(-1)
    if views.lighting is not None:
        images = images + views.lighting.view(3, 1, 1, 1)
    if not views.normalize_first:
        images = (images - 0.45) / 0.225
    return images.flip(0) if views.swap_channels else images


ROWS = [[0, 2, 4, 6], [2, 4, 5, 6], [3, 5, 7, 7], [8, 8, 8, 8], [1, 0, 9, 3]]
LIGHT = torch.tensor([0.1, -0.2, 0.05])


@pytest.mark.parametrize('options', [
    dict(), dict(short_side=None), dict(short_side=20), dict(flip=True), dict(swap_channels=True),
    dict(normalize_first=False, lighting=LIGHT), dict(normalize_first=False, lighting=LIGHT, swap_channels=True,
                                                      flip=True)])
@pytest.mark.parametrize('chunk', [15, 1, 4])
def test_clips_are_those_of_the_description(options: dict, chunk: int) -> None:
    views = make_views(ROWS, **options)
    assert len(views) == 15 and views.clip_len == 4
    for first in range(0, 15, chunk):
        clips = views.make(first, min(first + chunk, 15))
        assert clips.dtype == torch.float32 and clips.shape[1:] == (3, 4, 18, 18)
        for number, clip in enumerate(clips, start=first):
            torch.testing.assert_close(clip, one_by_one(views, number // 3, number % 3), rtol=0, atol=2e-6)


def test_each_frame_is_prepared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    views = make_views(ROWS[:3])
    seen: list[int] = []
    original = ClipViews._resize
    monkeypatch.setattr(ClipViews, '_resize', lambda self, stored, out: (seen.append(len(stored)),
                                                                       original(self, stored, out)))
    for first in range(9):
        views.make(first, first + 1)
    assert sum(seen) == len({row for view in ROWS[:3] for row in view})
    assert views._pictures is None, 'nothing is kept behind the last clip'


def test_what_is_kept_is_what_later_views_need() -> None:
    views = make_views(ROWS[:3])
    views.make(0, 3)
    assert views._rows == [2, 4, 6]
    views.make(3, 5)
    assert views._rows == [2, 4, 6, 5], 'the third crop of the second view is still to come'


def test_out_of_order_calls() -> None:
    views = make_views(ROWS)
    late = views.make(9, 12)
    early = views.make(0, 3)
    torch.testing.assert_close(early[1], one_by_one(views, 0, 1), rtol=0, atol=2e-6)
    torch.testing.assert_close(late[2], one_by_one(views, 3, 2), rtol=0, atol=2e-6)


def test_a_given_place_is_written_to() -> None:
    views = make_views([[0, 1]])
    batch = torch.full((5, 3, 2, 18, 18), 7.0)
    found = views.make(1, 3, out=batch[2:4])
    assert found.data_ptr() == batch[2].data_ptr()
    assert (batch[[0, 1, 4]] == 7).all() and not (batch[2:4] == 7).any()


def test_autocast_changes_nothing() -> None:
    with torch.autocast('cpu', dtype=torch.bfloat16):
        clips = make_views(ROWS).make(0, 1)
    assert clips.dtype == torch.float32 and torch.equal(clips, make_views(ROWS).make(0, 1))


def test_more_frames_than_are_worked_on_at_once() -> None:
    rows = [list(range(0, 80, 2)), list(range(1, 81, 2))]
    views = make_views(rows)
    clips = views.make()
    torch.testing.assert_close(clips[4], one_by_one(views, 1, 1), rtol=0, atol=2e-6)


@pytest.mark.parametrize(('first', 'stop'), [(0, 16), (3, 3), (-1, 2)])
def test_clips_that_are_not_there(first: int, stop: int) -> None:
    with pytest.raises(IndexError, match=f'There are no clips {first} to {stop} among 15'):
        make_views(ROWS).make(first, stop)


def test_fields_make_the_same_again() -> None:
    views = make_views(ROWS, flip=True, lighting=LIGHT)
    views.make(0, 2)
    again = ClipViews(**views.fields())
    assert torch.equal(again.to('cpu').make(2, 3), views.make(2, 3))


@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
def test_clips_on_a_gpu() -> None:
    views = make_views(ROWS, flip=True, normalize_first=False, lighting=LIGHT)
    torch.testing.assert_close(views.to('cuda').make().cpu(), views.make(), rtol=0, atol=2e-6)
