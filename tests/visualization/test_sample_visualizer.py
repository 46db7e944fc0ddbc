import cv2
import pytest
import torch

from egoexo.structures import EgoExoDataSample
from egoexo.visualization import AnticipationVisualizer
from egoexo.visualization.sample_visualizer import clip_note, field_array


def make_sample():
    sample = EgoExoDataSample(metainfo={'sample_id': 'uid|1|2'})
    sample.gt_class_targets = torch.tensor([0.0, 1.0])
    return sample


def test_field_array_copies_or_tells_absence():
    sample = make_sample()
    assert field_array(sample, 'gt_class_targets').tolist() == [0, 1]
    assert field_array(sample, 'gt_class_targets', wanted=False) is None
    assert field_array(sample, 'pred_class_logits') is None


@pytest.mark.parametrize(('meta', 'expected'), [
    ({'uid': 'bee9-ac78', 'subset': 'exo_val', 'start_sec': 1.0, 'end_sec': 3.04}, ('bee9', 'exo_val, 1.0 to 3.0 s')),
    ({'uid': 'bee9', 'subset': 'exo_val', 'start_sec': -1.0, 'end_sec': 1.0, 'has_context': False},
     ('bee9', 'exo_val, no context')),
    ({'sample_id': 'row 7'}, ('row 7', ''))])
def test_clip_note(meta, expected):
    assert clip_note(meta) == expected


def test_picture_through_a_backend(tmp_path):
    visualizer = AnticipationVisualizer(name='backend', vis_backends=[{'type': 'LocalVisBackend'}], save_dir=tmp_path)
    visualizer.add_datasample('val', data_sample=make_sample(), step=3)
    assert cv2.imread(str(tmp_path / 'vis_data' / 'vis_image' / 'val_3.png')).shape[1] == round(7.16 * 200)
