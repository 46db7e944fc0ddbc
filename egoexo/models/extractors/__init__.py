from egoexo.models.extractors.backbone_extractor import BackboneExtractor
from egoexo.models.extractors.feature_extractor import FeatureExtractor
from egoexo.models.extractors.huggingface_extractor import HuggingFaceExtractor

__all__ = ['BackboneExtractor', 'FeatureExtractor', 'HuggingFaceExtractor']
