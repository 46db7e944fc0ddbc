from egoexo.models.data_preprocessors.sequence import SequenceDataPreprocessor

__all__ = ['SequenceDataPreprocessor']
