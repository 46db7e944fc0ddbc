import pytest
import torch

from egoexo.errors import FeatureError
from egoexo.models.data_preprocessors import VectorDataPreprocessor
from egoexo.structures import EgoExoDataSample


def test_vectors_are_stacked():
    batch = VectorDataPreprocessor()(dict(inputs=[torch.ones(3), torch.zeros(3)], data_samples=['a', 'b']))
    assert batch['inputs'].tolist() == [[1, 1, 1], [0, 0, 0]]
    assert batch['data_samples'] == ['a', 'b']
    assert set(batch) == {'inputs', 'data_samples'}  # no mask: nothing is padded


def test_a_batch_is_not_copied():
    inputs = torch.randn(4, 3)
    assert VectorDataPreprocessor()(dict(inputs=inputs))['inputs'].data_ptr() == inputs.data_ptr()


@pytest.mark.parametrize('dtype', [torch.float16, torch.float64, torch.uint8])
def test_casts_to_float32(dtype):
    batch = VectorDataPreprocessor()(dict(inputs=torch.ones(2, 3, 8, 8, dtype=dtype)))
    assert batch['inputs'].dtype == torch.float32 and batch['inputs'].shape == (2, 3, 8, 8)
    assert batch['data_samples'] is None


def test_sentences_stay():
    assert VectorDataPreprocessor()(dict(inputs=('cut', 'stir')))['inputs'] == ['cut', 'stir']


def test_pairs():
    pair = VectorDataPreprocessor()(dict(source=dict(inputs=torch.ones(2, 3)), target=dict(inputs=['cut'])))
    assert pair['source']['inputs'].shape == (2, 3) and pair['target']['inputs'] == ['cut']


def test_unequal_sizes_are_named():
    samples = [EgoExoDataSample(metainfo=dict(sample_id=name)) for name in 'abc']
    text = r'expected 3 inputs of one shape, found c: \(4,\), a: \(3,\)\. Check that every feature root'
    with pytest.raises(FeatureError, match=text):
        VectorDataPreprocessor()(dict(inputs=[torch.ones(3), torch.ones(3), torch.ones(4)], data_samples=samples))
    with pytest.raises(FeatureError, match=r'found \?: \('):
        VectorDataPreprocessor()(dict(inputs=[torch.ones(3), torch.ones(4)]))
