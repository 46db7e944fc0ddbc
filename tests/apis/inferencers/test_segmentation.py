import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

from egoexo.apis import SegmentationInferencer, init_model
from egoexo.errors import CheckpointError, ConfigError, FeatureError
from egoexo.formats.egoexolearn import write_frame_labels
from egoexo.registry import INFERENCERS

DIM = 12


def make_config():
    feature = {'benchmark': 'segmentation', 'dim': DIM}
    pipeline = [{'type': 'LoadSequence', 'feature': feature}, {'type': 'SampleSequence', 'step': 5, 'trim': False},
                {'type': 'PackInputs'}]
    model = {'type': 'Segmentor', 'data_preprocessor': {'type': 'SequenceDataPreprocessor'},
             'backbone': {'type': 'MultiStageTCN', 'in_channels': DIM, 'num_classes': 28, 'num_stages': 2,
                          'num_layers': 3, 'channels': 8},
             'head': {'type': 'FrameHead', 'num_classes': 28, 'upsample': 5, 'loss': [{'type': 'StageCrossEntropy'}]}}
    dataset = {'type': 'ConcatSubsets', 'datasets': [{'type': 'SegmentationDataset', 'ann_file': 'x', 'view': 'ego',
                                                      'pipeline': pipeline}]}
    return Config({'model': model, 'test_dataloader': {'dataset': dataset}})


def make_features(rows, seed):
    return np.random.default_rng(seed).standard_normal((rows, DIM)).astype(np.float32)


@pytest.fixture(scope='module')
def weights(tmp_path_factory):
    torch.manual_seed(3)
    model = init_model(make_config(), device='cpu')
    for parameter in model.parameters():  # larger than at the start, so that the classes change over time
        torch.nn.init.normal_(parameter, std=0.6)
    path = tmp_path_factory.mktemp('weights') / 'best.pth'
    torch.save({'state_dict': model.state_dict(), 'meta': {'dataset_meta': {'label_fps': 25.0}}}, path)
    return path


@pytest.fixture(scope='module')
def inferencer(weights):
    return SegmentationInferencer(make_config(), weights, device='cpu')


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('features')
    torch.save(torch.from_numpy(make_features(103, 0)), folder / 'video-a.pt')
    np.save(folder / 'video-b.npy', make_features(60, 1))
    return folder


def test_labels_are_the_models_best_class_per_frame(inferencer, folder):
    result, = inferencer(folder / 'video-a.pt')
    features = torch.from_numpy(make_features(103, 0)[::5].T)[None]
    with torch.no_grad():
        probabilities = inferencer.model(features, mode='tensor')[0, -1].softmax(0)
    np.testing.assert_allclose(result['scores'], probabilities, atol=1e-4)
    np.testing.assert_array_equal(result['labels'], probabilities.argmax(0).repeat_interleave(5))
    assert result['sample_id'] == 'video-a'
    assert result['labels'].shape == (105,)  # 21 steps of 5 frames
    assert len(np.unique(result['labels'])) > 2


def test_segments_cover_the_labels(inferencer, folder):
    result, = inferencer(folder / 'video-a.pt')
    rebuilt = np.concatenate([np.full(round((end - start) * 25), class_id)
                              for start, end, class_id, _ in result['segments']])
    np.testing.assert_array_equal(rebuilt, result['labels'])
    assert all(name == inferencer.classes[class_id] for *_, class_id, name in result['segments'])
    assert (inferencer.classes[0], inferencer.classes[12], result['fps']) == ('background', 'Cut tomato', 25.0)


@pytest.mark.parametrize('batch_size', [1, 2, 3])
def test_files_folders_arrays_and_lists_agree(inferencer, folder, batch_size):
    by_folder = inferencer(str(folder), batch_size=batch_size, progress=False)
    mixed = inferencer([make_features(103, 0), folder / 'video-b.npy'], batch_size=batch_size, progress=False)
    assert [result['sample_id'] for result in by_folder] == ['video-a', 'video-b']
    assert [result['sample_id'] for result in mixed] == ['array_0', 'video-b']
    for one, other in zip(by_folder, mixed, strict=True):
        np.testing.assert_array_equal(one['labels'], other['labels'])
    alone, = inferencer(folder / 'video-b.npy')
    np.testing.assert_allclose(by_folder[1]['scores'], alone['scores'], atol=1e-4)


def test_three_dimensional_features_are_averaged(inferencer):
    features = make_features(50, 4)
    doubled = np.stack([features - 1, features + 1], axis=2)
    np.testing.assert_allclose(inferencer(doubled)[0]['scores'], inferencer(features)[0]['scores'], atol=1e-4)


def test_single_step_video(inferencer):
    result, = inferencer(make_features(1, 5))
    assert result['labels'].shape == (5,)
    assert len(result['segments']) == 1


def test_progress_shows_many_files_only(inferencer, folder, capsys):
    inferencer(folder / 'video-a.pt')
    assert capsys.readouterr().err == ''
    inferencer(folder)
    assert '2/2' in capsys.readouterr().err


def test_visualize(inferencer, folder, tmp_path):
    inferencer(folder, progress=False)
    paths = inferencer.visualize(tmp_path / 'out')
    assert [path.name for path in paths] == ['video-a.png', 'video-b.png']
    write_frame_labels(tmp_path / 'video-a.txt', np.zeros(100, np.int64))
    with_truth, without = inferencer.visualize(tmp_path / 'both', label_dir=tmp_path)
    heights = [cv2.imread(str(path)).shape[0] for path in (with_truth, paths[0], without, paths[1])]
    assert heights[0] > heights[1]  # one strip more
    assert heights[2] == heights[3]


def test_built_by_name(weights):
    built = INFERENCERS.build({'type': 'SegmentationInferencer', 'model': make_config(), 'weights': str(weights)})
    assert built.label_fps == 25.0


@pytest.mark.parametrize(('make', 'message'), [
    (lambda folder: folder / 'none.pt', 'none.pt does not exist'),
    (lambda folder: folder / 'movie.mp4', 'does not end in .npy, .pt, .npz'),
    (lambda folder: folder / 'empty', 'holds no feature file'),
    (lambda folder: [], 'no input'),
    (lambda folder: [3], 'input 0 is a int, expected a path or an array'),
    (lambda folder: np.zeros((5, DIM + 1), np.float32), rf'array_0 is float32 \(5, 13\).*\(T, {DIM}\)'),
    (lambda folder: np.zeros((0, DIM), np.float32), r'array_0 is float32 \(0, 12\)'),
    (lambda folder: np.zeros((5, DIM), np.int64), 'array_0 is int64'),
    (lambda folder: np.full((5, DIM), np.nan, np.float32), 'found NaN or Inf in 1 of 1 rows'),
    (lambda folder: folder / 'wide.npy', r'wide.npy: expected shape \(T, 12\), found \(9, 13\)'),
    (lambda folder: folder / 'cut.pt', r'cut.pt: .* found 40 bytes that cannot be read'),
    (lambda folder: folder / 'twin.pt', 'are features of one video; keep one of them'),
])
def test_bad_input(inferencer, tmp_path, make, message):
    (tmp_path / 'empty').mkdir()
    np.save(tmp_path / 'wide.npy', np.zeros((9, DIM + 1), np.float32))
    (tmp_path / 'cut.pt').write_bytes(b'PK' + b'0' * 38)
    np.save(tmp_path / 'twin.npy', make_features(5, 0))
    torch.save(torch.zeros(5, DIM), tmp_path / 'twin.pt')
    with pytest.raises(FeatureError, match=message):
        inferencer(make(tmp_path))


def test_bad_settings(inferencer, weights):
    with pytest.raises(ValueError, match='batch_size must be at least 1, got 0'):
        inferencer(make_features(5, 0), batch_size=0)
    with pytest.raises(ValueError, match='nothing to draw'):
        inferencer.visualize('nowhere', results=[])
    config = make_config()
    config.test_dataloader.dataset.datasets[0].pipeline.pop(0)
    with pytest.raises(ConfigError, match=r"must begin with LoadSequence .*found \['SampleSequence', 'PackInputs'\]"):
        SegmentationInferencer(config, weights)
    with pytest.raises(CheckpointError, match='expected a checkpoint file, found nothing'):
        SegmentationInferencer(make_config(), 'none.pth')
