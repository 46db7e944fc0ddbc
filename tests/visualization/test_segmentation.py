import cv2
import numpy as np
import pytest
import torch

from egoexo.registry import VISUALIZERS
from egoexo.structures import EgoExoDataSample
from egoexo.visualization import SegmentationVisualizer

CLASSES = ('background', 'Cut tomato', 'Stir-frying')


def make_sample(sample_id='uid-1', view='ego', subset='ego_val', gt=True, pred=True):
    sample = EgoExoDataSample(metainfo={'sample_id': sample_id, 'view': view, 'subset': subset, 'task': 'task2'})
    if gt:
        sample.gt_frame_labels = torch.tensor([0] * 50 + [1] * 100 + [2] * 50)
    if pred:
        sample.pred_frame_labels = torch.tensor([0] * 50 + [1] * 50 + [2] * 105)
    return sample


@pytest.fixture
def visualizer():
    built = VISUALIZERS.build({'type': 'SegmentationVisualizer', 'name': 'test'})
    built.dataset_meta = {'classes': CLASSES}
    return built


def texts(figure):
    return [text.get_text() for text in figure.texts] + [text.get_text() for text in figure.axes[-1].texts]


def test_draw_reads_the_sample(visualizer):
    shown = texts(visualizer.draw(make_sample(), title='run'))
    assert {'run', 'EGO', 'uid-1   ego_val, task2', '1 Cut tomato', '2 Stir-frying'} <= set(shown)
    assert any(text.startswith('Acc 75.0') for text in shown)


def test_names_without_dataset_meta():
    assert {'0 class 0', '2 class 2'} <= set(texts(SegmentationVisualizer().draw(make_sample())))


@pytest.mark.parametrize('suffix', ['png', 'pdf', 'svg'])
def test_add_datasample_writes_a_file(visualizer, tmp_path, suffix):
    path = tmp_path / 'new' / f'val.{suffix}'
    visualizer.add_datasample('val', data_sample=[make_sample(), make_sample('uid-2', 'exo', 'exo_val')], out_file=path)
    assert path.stat().st_size > 2000
    if suffix == 'png':
        assert cv2.imread(str(path)).shape[1] == round(7.16 * 200)


def test_add_datasample_through_a_backend(tmp_path):
    visualizer = SegmentationVisualizer(name='backend', vis_backends=[{'type': 'LocalVisBackend'}], save_dir=tmp_path)
    visualizer.dataset_meta = {'classes': CLASSES}
    visualizer.add_datasample('val', data_sample=make_sample(), step=3)
    picture = cv2.imread(str(tmp_path / 'vis_data' / 'vis_image' / 'val_3.png'))
    colours = {tuple(color) for color in picture[..., ::-1].reshape(-1, 3).tolist()}
    assert tuple(bytes.fromhex('4659b7')) in colours  # class 1


@pytest.mark.parametrize(('gt', 'pred', 'kwargs'), [(False, False, {}), (True, False, {'draw_gt': False}),
                                                     (False, True, {'draw_pred': False})])
def test_nothing_to_draw(visualizer, gt, pred, kwargs):
    with pytest.raises(ValueError, match="sample 'uid-1' has neither"):
        visualizer.draw(make_sample(gt=gt, pred=pred), **kwargs)


def test_no_sample(visualizer):
    with pytest.raises(ValueError, match=r"add_datasample\('val'\) needs a data sample"):
        visualizer.add_datasample('val', np.zeros((2, 2, 3), np.uint8))


@pytest.mark.parametrize(('fps', 'meta', 'expected'), [
    (None, {}, 25.0), (None, {'label_fps': 5.0}, 5.0), (10.0, {'label_fps': 5.0}, 10.0)])
def test_seconds_follow_the_rate_of_the_labels(monkeypatch, fps, meta, expected):
    seen = []
    monkeypatch.setattr('egoexo.visualization.segmentation.draw_timeline',
                        lambda *args, fps, **kwargs: seen.append(fps))
    visualizer = SegmentationVisualizer(fps=fps)
    visualizer.dataset_meta = meta
    visualizer.draw(make_sample())
    assert seen == [expected]
