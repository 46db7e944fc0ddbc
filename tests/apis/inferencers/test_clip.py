import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

from egoexo.apis import ClipInferencer, init_model
from egoexo.datasets.planning import PlanningDataset
from egoexo.errors import CheckpointError, ConfigError, FeatureError
from egoexo.formats.egoexolearn_planning import PlannedSteps, write_planning_list
from egoexo.registry import INFERENCERS
from egoexo.structures import EgoExoDataSample

DIM, FPS = 12, 5.0
LOSSES = {'planning': 'FutureCrossEntropy', 'anticipation': 'MultiLabelCrossEntropy'}


def make_config(benchmark='planning', **dataset):
    planning = benchmark == 'planning'
    head = {'type': 'ClipHead', 'num_classes': 27 if planning else 6, 'horizon': 8 if planning else 1,
            'loss': [{'type': LOSSES[benchmark]}]}
    model = {'type': 'ClipModel', 'embedding': {'type': 'FrameEmbedding', 'in_channels': DIM, 'channels': 16},
             'encoder': {'type': 'TemporalRelation', 'channels': 8, 'num_segments': 5}, 'head': head}
    item = {'type': f'{benchmark.title()}Dataset', 'view': 'ego', 'ann_file': '', 'data_prefix': {'features': 'x'},
            'feature': {'dim': DIM}} | dataset
    return Config({'model': model, 'test_dataloader': {'dataset': {'type': 'ConcatSubsets', 'datasets': [item]}}})


def make_features(rows=60, seed=0):
    return np.random.default_rng(seed).standard_normal((rows, DIM)).astype(np.float32)


def make_weights(config, path, meta=None):
    torch.manual_seed(3)
    model = init_model(config, device='cpu')
    for parameter in model.parameters():  # larger than at the start, so that the classes differ
        torch.nn.init.normal_(parameter, std=0.5)
    torch.save({'state_dict': model.state_dict(), 'meta': {'dataset_meta': meta or {}}}, path)
    return path


@pytest.fixture(scope='module')
def planner(tmp_path_factory):
    weights = make_weights(make_config(), tmp_path_factory.mktemp('weights') / 'best.pth')
    return ClipInferencer(make_config(), weights, device='cpu')


@pytest.fixture(scope='module')
def anticipator(tmp_path_factory):
    path = tmp_path_factory.mktemp('weights') / 'best.pth'
    names = ['cut', 'hold', 'pour', 'take', 'turn', 'wash']
    weights = make_weights(make_config('anticipation'), path, {'classes': names})
    return ClipInferencer(make_config('anticipation'), weights, device='cpu')


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('features')
    torch.save(torch.from_numpy(make_features()), folder / 'video-a.pt')
    np.save(folder / 'video-b.npy', make_features(seed=1))
    return folder


def test_the_same_numbers_as_the_data_set(planner, folder, tmp_path):
    times = ['2', '3.3', '7.1', '11.99']
    write_planning_list(tmp_path / 'list.txt', [PlannedSteps('video-a', time, float(time), (0,) * 8) for time in times])
    dataset = PlanningDataset('ego', ann_file=str(tmp_path / 'list.txt'), data_prefix={'features': str(folder)},
                              feature={'dim': DIM}, test_mode=True)
    batch = dataset.__getitems__(range(4))
    expected = [sample.pred_future_logits.softmax(-1).numpy() for sample in planner.model.test_step(batch)]
    results = planner(folder / 'video-a.pt', [float(time) for time in times])
    np.testing.assert_allclose([result['probabilities'] for result in results], expected, atol=1e-6)
    assert [result['start_sec'] for result in results] == pytest.approx([0, 1.3, 5.1, 9.99])


def test_result_of_a_planner(planner):
    result, = planner(make_features(), 5, top=3)
    assert result['sample_id'] == 'array_0'
    assert result['probabilities'].shape == (8, 27)
    assert [len(named) for named in result['top']] == [3] * 8
    best = result['probabilities'].argmax(1)
    assert result['steps'] == [(planner.classes[index], pytest.approx(row[index]))
                               for index, row in zip(best, result['probabilities'], strict=True)]
    assert result['classes'][14] == 'Cut potato'


def test_result_of_an_anticipation(anticipator):
    result, = anticipator(make_features(), 5.0, top=2)
    order = np.argsort(-result['probabilities'])
    assert [name for name, _ in result['top']] == [anticipator.classes[index] for index in order[:2]]
    assert set(anticipator.classes) == {'cut', 'hold', 'pour', 'take', 'turn', 'wash'}
    assert result['probabilities'].sum() == pytest.approx(1)
    assert 'steps' not in result


def test_classes_without_a_checkpoint_are_numbers():
    inferencer = ClipInferencer(make_config('anticipation', data_root='nowhere'), device='cpu')
    assert inferencer.classes[:2] == ('class 0', 'class 1')


def test_every_second_of_a_folder(planner, folder):
    results = planner(str(folder))
    assert [result['sample_id'] for result in results] == ['video-a'] * 11 + ['video-b'] * 11
    assert [result['time'] for result in results[:11]] == list(range(2, 13))
    alone, = planner(make_features(seed=1), 7.0)
    np.testing.assert_allclose(results[16]['probabilities'], alone['probabilities'], atol=1e-6)


def test_view_reaches_the_model(planner, monkeypatch):
    seen = []
    predict = planner.model.test_step
    monkeypatch.setattr(planner.model, 'test_step',
                        lambda data: seen.extend(data['data_samples']) or predict(data))
    planner(make_features(), 5.0, view='exo')
    assert isinstance(seen[0], EgoExoDataSample)
    assert seen[0].view == 'exo'


@pytest.mark.parametrize('kind', ['planner', 'anticipator'])
def test_visualize(kind, request, folder, tmp_path):
    inferencer = request.getfixturevalue(kind)
    inferencer(folder)
    paths = inferencer.visualize(tmp_path / 'out')
    assert [path.name for path in paths] == ['video-a.png', 'video-b.png']
    assert cv2.imread(str(paths[0])).shape[1] == round(7.16 * 200)
    inferencer(folder / 'video-a.pt', 5.0)
    one, = inferencer.visualize(tmp_path / 'one')
    assert cv2.imread(str(one)).shape[0] < cv2.imread(str(paths[0])).shape[0]


def test_built_by_name():
    built = INFERENCERS.build({'type': 'ClipInferencer', 'model': make_config(context_sec=3.0), 'device': 'cpu'})
    assert built.context_sec == 3.0


@pytest.mark.parametrize(('make', 'times', 'message'), [
    (lambda folder: folder / 'none.pt', 5, 'none.pt does not exist'),
    (lambda folder: [], 5, 'no input'),
    (lambda folder: make_features()[:, :3], 5, rf'array_0 is float32 \(60, 3\).*\(rows, {DIM}\)'),
    (lambda folder: np.zeros((60, DIM), np.int64), 5, 'array_0 is int64'),
    (lambda folder: np.full((60, DIM), np.nan, np.float32), 5, 'NaN or Inf in 11 of 11 rows'),
    (lambda folder: make_features(), 1.9, '1.9 s cannot be predicted at; expected a moment from 2 s.* to 12 s'),
    (lambda folder: make_features(), [5, 12.1], '12.1 s cannot be predicted at'),
    (lambda folder: make_features(), float('nan'), 'nan s cannot be predicted at'),
    (lambda folder: folder / 'twin.npy', 5, None),
])
def test_bad_input(planner, folder, make, times, message):
    if message is None:
        np.save(folder / 'video-a.npy', make_features())
        with pytest.raises(FeatureError, match='are features of one video; keep one of them'):
            planner(folder / 'video-a.pt', 5)
        (folder / 'video-a.npy').unlink()
        return
    with pytest.raises(FeatureError, match=message):
        planner(make(folder), times)


def test_bad_settings(planner):
    with pytest.raises(ValueError, match='top must be at least 1, got 0'):
        planner(make_features(), 5, top=0)
    with pytest.raises(ValueError, match='no moment to predict at: times is empty'):
        planner(make_features(), [])
    with pytest.raises(ValueError, match='nothing to draw'):
        planner.visualize('nowhere', results=[])
    with pytest.raises(ConfigError, match='expected a data set of clips with features .* with_features=False'):
        ClipInferencer(make_config(with_features=False), device='cpu')
    with pytest.raises(CheckpointError, match='expected a checkpoint file, found nothing'):
        ClipInferencer(make_config(), 'none.pth')
