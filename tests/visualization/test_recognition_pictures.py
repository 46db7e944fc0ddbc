import numpy as np
import pytest
import torch
from recognition_report_support import write_epic
from video_support import write_video

from egoexo.structures import ClipViews
from egoexo.visualization.recognition_pictures import (
    network_pictures,
    read_segment_pictures,
    shrink,
    stored_pictures,
)


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    return write_epic(tmp_path_factory.mktemp('epic') / 'root')


def make_views(**changes):
    frames = torch.zeros(6, 4, 8, 3, dtype=torch.uint8)
    frames[..., 0] = torch.arange(6).view(6, 1, 1) * 20  # blue of a BGR picture
    return ClipViews(**dict(frames=frames, views=torch.tensor([[0, 2, 4], [1, 3, 4]]), crops=torch.zeros(1, 2).long(),
                            crop_size=4) | changes)


def test_stored_pictures_are_rgb_in_order_of_time():
    pictures = stored_pictures(make_views(), 5)
    assert [picture[0, 0].tolist() for picture in pictures] == [[0, 0, 20 * place] for place in range(5)]
    assert [picture[0, 0, 0] for picture in stored_pictures(make_views().fields(), 2, 'rgb')] == [0, 80]


def test_network_pictures_undo_the_normalisation():
    views = make_views(views=torch.tensor([[0, 1, 2, 3, 4, 5]]))
    pictures = network_pictures(views.make()[0], 6)
    assert [picture[1, 1].tolist() for picture in pictures] == [[0, 0, 20 * place] for place in range(6)]
    assert pictures[0].shape == (4, 4, 3) and pictures[0].flags.writeable
    swapped = make_views(swap_channels=True).make()[0]
    assert network_pictures(swapped, 1, 'rgb')[0][0, 0].tolist() == [0, 0, 0]
    assert network_pictures(swapped[:, 2:], 1, 'rgb')[0][0, 0].tolist() == [0, 0, 80]


def test_pictures_of_a_folder(root):
    pattern = str(root / 'rgb_frames/P01/rgb_frames/P01_101/frame_{frame:010d}.jpg')
    pictures = read_segment_pictures(dict(start_frame=3, stop_frame=5, frame_pattern=pattern), 8)
    assert len(pictures) == 3 and pictures[0].shape == (24, 40, 3)
    assert pictures[0][12, 20, 0] > 200 > 60 > pictures[0][12, 20, 2]  # red


def test_pictures_of_a_video(tmp_path):
    path = write_video(tmp_path / 'P01_01.mp4', num_frames=30, fps=30)
    info = dict(start_frame=1, stop_frame=60, frame_rate=60.0, video_path=str(path))
    pictures = read_segment_pictures(info, 4)
    assert len(pictures) == 4 and len({picture.tobytes() for picture in pictures}) == 4
    assert not read_segment_pictures(info | dict(video_path=str(tmp_path / 'absent.mp4')), 2)


@pytest.mark.parametrize('info', [
    {}, dict(start_frame=1, stop_frame=2), dict(start_frame=1, stop_frame=2, frame_pattern='/nowhere/{frame}.jpg'),
    dict(start_frame=1, stop_frame=2, frame_pattern='DAMAGED')])
def test_absent_pictures_are_none(info, tmp_path):
    if info.get('frame_pattern') == 'DAMAGED':
        (tmp_path / '1.jpg').write_bytes(b'\xff\xd8 no picture')
        info = info | dict(frame_pattern=str(tmp_path / '{frame}.jpg'))
    assert read_segment_pictures(info, 4) == []


def test_large_pictures_are_shrunk():
    assert shrink(np.zeros((256, 456, 3), np.uint8)).shape == (128, 228, 3)
