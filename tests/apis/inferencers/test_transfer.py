import numpy as np
import pytest
import torch
from mmengine.config import Config
from transfer_support import NOUNS, ROWS_PER_SEGMENT, write_ego2exo_root

from egoexo.apis import TransferInferencer, init_model
from egoexo.errors import CheckpointError, ConfigError, FeatureError
from egoexo.registry import DATASETS, INFERENCERS

DIM, NUM_CLASSES = 16, 6


def make_config(root, kind='TransferDataset', **model):
    model = {'type': 'SegmentClassifier', 'head': {'type': 'MLPHead', 'feat_size': [DIM, 8],
                                                   'num_classes': NUM_CLASSES}} | model
    options = {'feature': {'dim': DIM}} if kind == 'TransferDataset' else {}
    item = {'type': kind, 'view': 'exo', 'split': 'val' if options else 'train', 'data_root': str(root)} | options
    return Config({'model': model, 'test_dataloader': {'dataset': {'type': 'ConcatSubsets', 'datasets': [item]}}})


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    return write_ego2exo_root(tmp_path_factory.mktemp('ego2exo'), NUM_CLASSES, per_class=4, dim=DIM)


@pytest.fixture(scope='module')
def weights(root):
    torch.manual_seed(3)
    model = init_model(make_config(root), device='cpu')
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    torch.save({'state_dict': model.state_dict(), 'meta': {}}, root / 'best.pth')
    return root / 'best.pth'


@pytest.fixture(scope='module')
def inferencer(root, weights):
    return TransferInferencer(make_config(root), weights, device='cpu')


@pytest.fixture(scope='module')
def reader(root):
    """A model of text: TF-IDF, fitted to sentences about the classes."""
    encoder = {'type': 'TfidfEncoder', 'dim': 64, 'min_df': 1}
    config = make_config(root, 'SegmentTextDataset', type='TextClassifier', encoder=encoder, head={
        'type': 'LinearHead', 'feat_size': 64, 'num_classes': NUM_CLASSES})
    made = TransferInferencer(config, device='cpu')
    made.model.fit_texts([f'cuts the {first} and the {second}.' for first, second in NOUNS])
    return made


def take(root, uid='val-take-0'):
    return root / 'features/omnivore_video' / f'{uid}_cam01_0.pt'


def test_the_same_numbers_as_the_data_set(inferencer, root):
    dataset = DATASETS.build(dict(type='TransferDataset', view='exo', split='val', data_root=str(root), test_mode=True,
                                  feature=dict(dim=DIM)))
    batch = dataset.__getitems__(range(8))
    expected = [sample.pred_class_logits.softmax(-1).numpy() for sample in inferencer.model.test_step(batch)]
    results = inferencer([take(root, sample.uid) for sample in batch['data_samples']],
                         [sample.start_sec for sample in batch['data_samples']],
                         [sample.end_sec for sample in batch['data_samples']])
    np.testing.assert_allclose([result['probabilities'] for result in results], expected, atol=1e-6)


def test_result(inferencer, root):
    result, = inferencer(take(root), 1, 2.5, top=3, view='exo')
    assert result['sample_id'] == 'val-take-0_cam01_0'
    assert result['classes'] == tuple(f'Prepare {first}' for first, _ in NOUNS[:NUM_CLASSES])
    assert result['name'] == result['classes'][result['label']] == result['top'][0][0]
    assert len(result['top']) == 3 and result['top'][0][1] == result['probabilities'].max()
    assert result['probabilities'].sum() == pytest.approx(1)
    assert (result['view'], result['start_sec'], result['end_sec'], result['text']) == ('exo', 1.0, 2.5, None)


def test_pooled_vectors_and_rows_give_the_same(inferencer, root):
    rows = torch.load(take(root), weights_only=True).numpy()
    by_file, = inferencer(take(root))
    by_array, by_vector, by_bare_rows = inferencer([rows, rows[:, 0].mean(0), rows[:, 0]])
    for other in (by_array, by_vector, by_bare_rows):
        np.testing.assert_allclose(other['probabilities'], by_file['probabilities'], atol=1e-6)
    second, = inferencer(rows, 16 * ROWS_PER_SEGMENT / 30 + 20 / 30, 16 * ROWS_PER_SEGMENT / 30 + 44 / 30)
    vector, = inferencer(rows[ROWS_PER_SEGMENT:2 * ROWS_PER_SEGMENT, 0].mean(0))
    np.testing.assert_allclose(second['probabilities'], vector['probabilities'], atol=1e-6)


def test_last_window_ends_with_the_take(inferencer):
    rows = np.random.default_rng(0).standard_normal((16, DIM)).astype(np.float32)
    for duration, used in ((8.7, 16), (9.06, 15), (None, 15)):  # 261, 271 and, as a guess, 264 frames
        told, = inferencer(rows, 201 / 30, 231 / 30, duration_sec=duration)
        pooled, = inferencer(rows[11:used].mean(0))
        np.testing.assert_allclose(told['probabilities'], pooled['probabilities'], atol=1e-6)


def test_folder(inferencer, root):
    assert len(inferencer(root / 'features/omnivore_video', 0, 1)) == 12


def test_sentences(reader):
    results = reader(['cuts the onion', 'heats the milk'], top=2)
    assert [result['text'] for result in results] == ['cuts the onion', 'heats the milk']
    assert [result['sample_id'] for result in results] == ['text_0', 'text_1']
    alone, = reader('heats the milk')
    np.testing.assert_allclose(alone['probabilities'], results[1]['probabilities'], atol=1e-6)
    assert len(results[0]['top']) == 2


def test_visualize(inferencer, reader, root, tmp_path):
    inferencer([take(root)] * 9, 0, 2)
    paths = inferencer.visualize(tmp_path / 'new')
    assert [path.name for path in paths] == ['segments_0.png', 'segments_1.png']
    assert all(path.stat().st_size > 3000 for path in paths)
    assert reader.visualize(tmp_path / 'text', reader('cuts the onion'))[0].is_file()
    with pytest.raises(ValueError, match='nothing to draw'):
        inferencer.visualize(tmp_path, [])


def test_registered_and_named_by_the_checkpoint(root, tmp_path):
    model = init_model(make_config(root), device='cpu')
    torch.save({'state_dict': model.state_dict(), 'meta': {'dataset_meta': {'classes': list('abcdef')}}},
               tmp_path / 'best.pth')
    made = INFERENCERS.build({'type': 'TransferInferencer', 'model': make_config(root / 'moved'),
                              'weights': str(tmp_path / 'best.pth'), 'device': 'cpu'})
    assert made.classes == tuple('abcdef')
    bare = TransferInferencer(make_config(root / 'moved'), device='cpu')
    assert bare(np.ones(DIM, np.float32))[0]['classes'][5] == 'class 5'


@pytest.mark.parametrize(('inputs', 'times', 'error', 'message'), [
    ('absent.pt', (), FeatureError, 'absent.pt'),
    (np.zeros((9, DIM + 1), np.float32), (), FeatureError, r'numbers \(T, 16\).* found float32 \(9, 17\)'),
    (np.zeros((9, DIM), np.int64), (), FeatureError, r'found int64 \(9, 16\)'),
    (np.zeros(DIM, np.float32), (0, 1), FeatureError, r'or \(16,\), a pooled vector without times'),
    (np.zeros((0, DIM), np.float32), (), FeatureError, r'found float32 \(0, 16\)'),
    (np.full((9, DIM), np.nan, np.float32), (0, 1), FeatureError, 'array_0'),
    (np.zeros((9, DIM), np.float32), (3, 2), FeatureError, 'expected a segment inside the 5.06667 s .* 3 to 2 s'),
    (np.zeros((9, DIM), np.float32), (6, 7), FeatureError, 'found 6 to 7 s. Correct start_sec and end_sec'),
    (np.zeros((9, DIM), np.float32), (float('nan'), 7), FeatureError, 'found nan to 7 s'),
    (np.zeros((9, DIM), np.float32), (1, 2, 5, '', -3), FeatureError, 'found duration_sec=-3'),
    (np.zeros((9, DIM), np.float32), (1, 2, 5, '', 0.1), FeatureError, 'found 1 to 2 s'),
    (np.zeros((9, DIM), np.float32), (1,), ValueError, 'start_sec and end_sec go together, got 1.0 and None'),
    (np.zeros((9, DIM), np.float32), ([1, 2], 3), ValueError, 'start_sec has 2 times for 1 inputs'),
    ([], (), FeatureError, 'no input'),
])
def test_bad_features(inferencer, inputs, times, error, message):
    with pytest.raises(error, match=message):
        inferencer(inputs, *times)


@pytest.mark.parametrize(('inputs', 'times', 'message'), [
    ([], (), 'expected a sentence or a list of sentences, got none'), ([1.0], (), 'got a float; the model reads text'),
    ('cuts', (1, 2), 'start_sec, end_sec and duration_sec are for features'),
])
def test_bad_sentences(reader, inputs, times, message):
    with pytest.raises(ValueError, match=message):
        reader(inputs, *times)


def test_bad_options(inferencer, root, weights):
    with pytest.raises(ValueError, match='top must be at least 1, got 0'):
        inferencer(take(root), top=0)
    with pytest.raises(CheckpointError, match='does not fit'):
        TransferInferencer(make_config(root, head={'type': 'LinearHead', 'feat_size': DIM,
                                                   'num_classes': NUM_CLASSES}), weights, device='cpu')
    config = make_config(root)
    config.test_dataloader.dataset.datasets[0].type = 'PlanningDataset'
    with pytest.raises(ConfigError, match='found SegmentClassifier on PlanningDataset'):
        TransferInferencer(config, device='cpu')
