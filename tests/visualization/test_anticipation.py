import cv2
import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex

from egoexo.registry import VISUALIZERS
from egoexo.structures import EgoExoDataSample
from egoexo.visualization import AnticipationVisualizer
from egoexo.visualization.class_ranking import HIT_COLOR

CLASSES = ('cut', 'hold', 'pour', 'take')
LOGITS = torch.tensor([0.5, 2.0, 0.0, 1.0])


def make_sample(view='ego', gt=True, pred=True):
    sample = EgoExoDataSample(metainfo={'sample_id': 'bee9-1|70.3|72', 'uid': 'bee9-1', 'view': view,
                                        'subset': f'{view}_val', 'start_sec': 67.3, 'end_sec': 69.3})
    if gt:
        sample.gt_class_targets = torch.tensor([0.0, 1.0, 1.0, 0.0])
    if pred:
        sample.pred_class_logits = LOGITS
    return sample


@pytest.fixture
def visualizer():
    built = VISUALIZERS.build({'type': 'AnticipationVisualizer', 'name': 'test', 'top': 2})
    built.dataset_meta = {'classes': CLASSES}
    return built


def texts(figure):
    return [text.get_text() for text in figure.texts] + [text.get_text() for axes in figure.axes for text in axes.texts]


def test_draw_reads_the_sample(visualizer):
    figure = visualizer.draw(make_sample(), title='run')
    probabilities = 100 * torch.softmax(LOGITS, 0).numpy()
    assert {'run', 'EGO', 'bee9   ego_val, 67.3 to 69.3 s', '1 of 2 found', '✓ hold', 'take', '✗ pour',
            f'{probabilities[1]:.1f} %', f'{probabilities[2]:.1f} %   rank 4'} <= set(texts(figure))
    bars = {patch.get_gid(): patch for axes in figure.axes for patch in axes.patches}
    assert to_hex(bars['bar_1'].get_facecolor()) == HIT_COLOR
    assert bars['bar_3'].get_width() / bars['bar_1'].get_width() == pytest.approx(np.exp(-1))


def test_parts_are_left_out_on_request(visualizer):
    assert not any('found' in text for text in texts(visualizer.draw(make_sample(), draw_gt=False)))
    assert {'✓ hold', '✓ pour'} <= set(texts(visualizer.draw(make_sample(), draw_pred=False)))


def test_names_without_dataset_meta():
    assert {'✓ class 1', 'class 3'} <= set(texts(AnticipationVisualizer(name='bare').draw(make_sample())))


def test_add_datasample_writes_a_file(visualizer, tmp_path):
    path = tmp_path / 'new' / 'val.png'
    visualizer.add_datasample('val', data_sample=[make_sample(), make_sample('exo')], out_file=path)
    assert (cv2.imread(str(path))[..., ::-1] == list(bytes.fromhex(HIT_COLOR[1:]))).all(-1).any()


def test_nothing_to_draw(visualizer):
    with pytest.raises(ValueError, match='has neither gt_class_targets nor pred_class_logits to draw; it holds no'):
        visualizer.draw(make_sample(gt=False, pred=False))
