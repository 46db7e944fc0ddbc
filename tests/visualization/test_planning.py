import cv2
import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex

from egoexo.registry import VISUALIZERS
from egoexo.structures import EgoExoDataSample
from egoexo.visualization import PlanningVisualizer
from egoexo.visualization.palette import CLASS_COLORS

CLASSES = ('Prepare tomato', 'Cut tomato', 'Boil soup', 'Stir-frying')
LOGITS = torch.tensor([[0.0, 2.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]])


def make_sample(view='ego', gt=True, pred=True, past=True):
    sample = EgoExoDataSample(metainfo={'sample_id': 'bee9-1|58', 'uid': 'bee9-1', 'view': view,
                                        'subset': f'{view}_val', 'start_sec': 56.0, 'end_sec': 58.0})
    if gt:
        sample.gt_future_steps = torch.tensor([1, 2])
    if gt and past:
        sample.gt_past_steps = torch.tensor([0])
    if pred:
        sample.pred_future_logits = LOGITS
    return sample


@pytest.fixture
def visualizer():
    built = VISUALIZERS.build({'type': 'PlanningVisualizer', 'name': 'test'})
    built.dataset_meta = {'classes': CLASSES}
    return built


def texts(figure):
    return [text.get_text() for text in figure.texts] + [text.get_text() for axes in figure.axes for text in axes.texts]


def test_draw_reads_the_sample(visualizer):
    figure = visualizer.draw(make_sample(), title='run')
    shown = texts(figure)
    assert {'run', 'EGO', 'bee9   ego_val, 56.0 to 58.0 s', '✓', '✗'} <= set(shown)
    percent = torch.softmax(LOGITS[0], 0)[1].item() * 100
    assert f'{percent:.0f}' in shown
    patches = {patch.get_gid(): patch for axes in figure.axes for patch in axes.patches}
    assert to_hex(patches['done_0'].get_facecolor()) == CLASS_COLORS[1]
    assert patches['bar_0_1'].get_width() / 0.97 == pytest.approx(percent / 100)


def test_parts_are_left_out_on_request(visualizer):
    assert not any(text in ('✓', '✗') for text in texts(visualizer.draw(make_sample(), draw_gt=False)))
    gids = {patch.get_gid() for axes in visualizer.draw(make_sample(), draw_pred=False).axes for patch in axes.patches}
    assert gids == {'done_0', 'truth_0', 'truth_1'}


def test_names_without_dataset_meta():
    shown = {text.replace('\n', ' ') for text in texts(PlanningVisualizer(name='bare').draw(make_sample()))}
    assert {'class 1', 'class 3'} <= shown


def test_add_datasample_writes_a_file(visualizer, tmp_path):
    path = tmp_path / 'new' / 'val.png'
    visualizer.add_datasample('val', data_sample=[make_sample(), make_sample('exo', past=False)], out_file=path)
    picture = cv2.imread(str(path))
    assert picture.shape[1] == round(7.16 * 200)
    assert (picture[..., ::-1] == list(bytes.fromhex(CLASS_COLORS[2][1:]))).all(-1).any()  # class 1


def test_nothing_to_draw(visualizer):
    with pytest.raises(ValueError, match=r"sample 'bee9-1\|58' has neither gt_future_steps nor pred_future_logits"):
        visualizer.draw(make_sample(gt=False, pred=False))
    with pytest.raises(ValueError, match=r"add_datasample\('val'\) needs a data sample with gt_future_steps or"):
        visualizer.add_datasample('val', np.zeros((2, 2, 3), np.uint8))
