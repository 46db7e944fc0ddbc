"""The timing scripts of recognition time the same work on both sides."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from tests_support import REPO

sys.path.insert(0, str(REPO / 'speed'))

import recognition as speed
import recognition_cuda as speed_cuda
from recognition_released import CLIP_LEN, PlainSlowFast, make_text_encoder, pathways, released_accuracies, resized

sys.path.remove(str(REPO / 'speed'))

MINI = 'mini, 16 clips of 56'


@pytest.fixture()
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(speed, 'FRAME', (48, 88))
    monkeypatch.setattr(speed, 'NUM_FRAMES', 110)
    return speed.write_world(tmp_path, 95)


def test_clips_of_a_test_are_the_same(root: Path) -> None:
    for size in (48, 32):
        dataset = speed.make_dataset(root, 'test', size)
        speed.check_test_clips(speed.released_clips(root, dataset), dataset, size)


def test_clips_of_training_are_the_same(root: Path) -> None:
    """The making of the cases compares them."""
    cases = speed.train_data_cases(root, 40)
    assert [case.who for case in cases] == ['released', 'egoexo, in the worker', 'egoexo',
                                            'egoexo, grey levels resized, in the worker', 'egoexo, grey levels resized']


def test_pathways_and_sizes() -> None:
    slow, fast = pathways(torch.arange(CLIP_LEN).float().expand(3, 1, 1, CLIP_LEN).permute(0, 3, 1, 2))
    assert slow[0].flatten().tolist() == [0, 4, 8, 13, 17, 22, 26, 31] and fast.shape[1] == CLIP_LEN
    assert [resized(torch.zeros(3, 1, *shape), 280).shape[2:] for shape in ((256, 456), (456, 256), (280, 300))] == [
        (280, 498), (498, 280), (280, 300)]


def test_networks_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the frames of the slow pathway that mmaction2 takes, and no dropout."""
    net, model = PlainSlowFast(50, 16).train(), speed.make_model(MINI).train()
    model.backbone.frame_selection = 'interval'
    model.cls_head.dropout = 0.0
    monkeypatch.setattr(torch.nn.functional, 'dropout', lambda values, *_: values)
    model.backbone.load_state_dict(
        {key: value for key, value in net.backbone.state_dict().items() if '.pool2' not in key})
    for layer, task in zip(net.layers, ('verb', 'noun'), strict=True):
        getattr(model.cls_head, f'fc_{task}').load_state_dict(layer.state_dict())
    clips, labels, batch = speed.make_batch(MINI)
    data = model.data_preprocessor(batch)
    torch.testing.assert_close(data['inputs'], clips)
    theirs, ours = net(clips), model(data['inputs'])
    for logits, task in zip(theirs, ('verb', 'noun'), strict=True):
        torch.testing.assert_close(ours[task], logits)
    losses = model(data['inputs'], data['data_samples'], mode='loss')
    for logits, label, task in zip(theirs, labels, ('verb', 'noun'), strict=True):
        torch.testing.assert_close(losses[f'loss_{task}'], torch.nn.functional.cross_entropy(logits, label))


def test_scores_are_the_same(root: Path) -> None:
    """The making of the cases compares them."""
    assert [case.who for case in speed.score_cases(root, 200)] == ['released', 'egoexo, of rows', 'egoexo']


def test_accuracies_by_hand() -> None:
    verb, noun = np.array([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0]]), np.array([[0.0, 1.0], [0.5, 0.0]])
    found = released_accuracies(verb, noun, (np.array([0, 2]), np.array([1, 0])))
    assert found == dict(verb_accuracy_at_1=50, verb_accuracy_at_5=100, noun_accuracy_at_1=100, noun_accuracy_at_5=100,
                         action_accuracy_at_1=50, action_accuracy_at_5=100)


def test_other_cases_run(root: Path) -> None:
    assert sum(value.numel() for value in make_text_encoder().parameters()) == 21_293_568
    for case in speed.text_cases(root)[2:]:
        case.run()


def test_table_of_the_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(speed.NETS, 'tiny', (18, 16, 7, 2, 8, 32))
    monkeypatch.setattr(speed_cuda, 'WARM_UP', 1)
    figures = speed_cuda.measure_step('tiny', speed_cuda.Setting('any'), 1, torch.device('cpu'))
    assert figures.milliseconds > 0 and figures.clips > 0 and figures.share is None
    assert speed_cuda.peak_of('NVIDIA H200', half=True) == 989e12
    assert speed_cuda.peak_of('NVIDIA L40S', half=False) == 183e12
    assert speed_cuda.peak_of('a processor of tomorrow', half=True) is None
