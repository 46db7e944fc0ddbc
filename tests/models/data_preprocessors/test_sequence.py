import pytest
import torch

from egoexo.models.data_preprocessors import SequenceDataPreprocessor
from egoexo.structures import EgoExoDataSample


def test_pads_at_the_end_and_marks_it():
    first, second = torch.arange(6.0).view(2, 3), torch.tensor([[7.0], [8.0]])
    batch = SequenceDataPreprocessor()(dict(inputs=[first, second], data_samples=['a', 'b']))
    assert batch['inputs'].tolist() == [[[0, 1, 2], [3, 4, 5]], [[7, 0, 0], [8, 0, 0]]]
    assert batch['mask'].tolist() == [[True, True, True], [True, False, False]]
    assert batch['data_samples'] == ['a', 'b']


@pytest.mark.parametrize('dtype', [torch.float16, torch.float64])
def test_casts_to_float32(dtype):
    preprocessor = SequenceDataPreprocessor()
    one = preprocessor(dict(inputs=[torch.ones(2, 3, dtype=dtype)]))
    two = preprocessor(dict(inputs=[torch.ones(2, 3, dtype=dtype)] * 2))
    assert one['inputs'].dtype == two['inputs'].dtype == torch.float32
    assert one['data_samples'] is None


def test_one_sequence_is_not_copied():
    sequence = torch.randn(10, 4).t()
    assert SequenceDataPreprocessor()(dict(inputs=[sequence]))['inputs'].data_ptr() == sequence.data_ptr()


@pytest.mark.parametrize('shapes', [[(2, 3), (4, 3)], [(2, 0)]])
def test_unusable_batches_name_their_samples(shapes):
    samples = [EgoExoDataSample(metainfo=dict(sample_id=f'uid-{i}')) for i in range(len(shapes))]
    with pytest.raises(ValueError, match='one D for all and S >= 1, found uid-0'):
        SequenceDataPreprocessor()(dict(inputs=[torch.zeros(shape) for shape in shapes], data_samples=samples))
