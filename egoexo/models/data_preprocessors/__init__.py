from egoexo.models.data_preprocessors.clip import ClipDataPreprocessor
from egoexo.models.data_preprocessors.pair import PairDataPreprocessor
from egoexo.models.data_preprocessors.picture import PictureDataPreprocessor
from egoexo.models.data_preprocessors.sequence import SequenceDataPreprocessor
from egoexo.models.data_preprocessors.vector import VectorDataPreprocessor

__all__ = ['ClipDataPreprocessor', 'PairDataPreprocessor', 'PictureDataPreprocessor', 'SequenceDataPreprocessor',
           'VectorDataPreprocessor']
