from egoexo.models.recognition.clip_recognizer import ClipRecognizer
from egoexo.models.recognition.interaction_map_head import InteractionMapHead
from egoexo.models.recognition.multi_task_head import MultiTaskHead
from egoexo.models.recognition.suml_recognizer import SUMLRecognizer
from egoexo.models.recognition.text_contrast_head import TextContrastHead

__all__ = ['ClipRecognizer', 'InteractionMapHead', 'MultiTaskHead', 'SUMLRecognizer', 'TextContrastHead']
