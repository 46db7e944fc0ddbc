from egoexo.models.transfer.concat_text_encoder import ConcatTextEncoder
from egoexo.models.transfer.embedding_cache import EmbeddingCache
from egoexo.models.transfer.feature_domain_heads import FeatureDomainHeads, conditional_features
from egoexo.models.transfer.hf_text_encoder import HFTextEncoder
from egoexo.models.transfer.knn_match import KNNMatch
from egoexo.models.transfer.logits_head import LogitsHead
from egoexo.models.transfer.multi_clip_classifier import MultiClipClassifier
from egoexo.models.transfer.ngram_match import NGramMatch, ngrams
from egoexo.models.transfer.pretrained_text import PretrainedText
from egoexo.models.transfer.segment_classifier import SegmentClassifier
from egoexo.models.transfer.text_classifier import TextClassifier
from egoexo.models.transfer.text_encoder import TextEncoder
from egoexo.models.transfer.text_match import TextMatch
from egoexo.models.transfer.text_matcher import TextMatcher
from egoexo.models.transfer.tfidf_encoder import TfidfEncoder

__all__ = [
    'ConcatTextEncoder',
    'EmbeddingCache',
    'FeatureDomainHeads',
    'HFTextEncoder',
    'KNNMatch',
    'LogitsHead',
    'MultiClipClassifier',
    'NGramMatch',
    'PretrainedText',
    'SegmentClassifier',
    'TextClassifier',
    'TextEncoder',
    'TextMatch',
    'TextMatcher',
    'TfidfEncoder',
    'conditional_features',
    'ngrams',
]
