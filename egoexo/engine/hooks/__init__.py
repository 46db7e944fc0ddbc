"""Hooks that MMEngine lacks: derived seeds, bounded logs, safe checkpoints, preemption, a guard against NaN."""

from egoexo.engine.hooks.adaptation_progress_hook import AdaptationProgressHook
from egoexo.engine.hooks.bounded_log_hook import BoundedLogHook
from egoexo.engine.hooks.clip_prediction_hook import ClipPredictionHook
from egoexo.engine.hooks.clip_visualization_hook import ClipVisualizationHook
from egoexo.engine.hooks.correspondence_prediction_hook import CorrespondencePredictionHook
from egoexo.engine.hooks.correspondence_visualization_hook import CorrespondenceVisualizationHook
from egoexo.engine.hooks.counter_seed_hook import CounterSeedHook
from egoexo.engine.hooks.feature_space_hook import FeatureSpaceHook
from egoexo.engine.hooks.fit_encoder_hook import FitEncoderHook
from egoexo.engine.hooks.frame_prediction_hook import FramePredictionHook
from egoexo.engine.hooks.input_report_hook import InputReportHook
from egoexo.engine.hooks.nan_guard_hook import NaNGuardHook
from egoexo.engine.hooks.precise_bn_hook import PreciseBNHook
from egoexo.engine.hooks.preemption_hook import PreemptionHook
from egoexo.engine.hooks.progress_logger_hook import ProgressLoggerHook
from egoexo.engine.hooks.pseudo_label_hook import PseudoLabelHook
from egoexo.engine.hooks.recognition_prediction_hook import RecognitionPredictionHook
from egoexo.engine.hooks.recognition_visualization_hook import RecognitionVisualizationHook
from egoexo.engine.hooks.resume_guard_hook import ResumeGuardHook
from egoexo.engine.hooks.safe_checkpoint_hook import SafeCheckpointHook
from egoexo.engine.hooks.sync_norm_buffers_hook import SyncNormBuffersHook
from egoexo.engine.hooks.visualization_hook import SequenceVisualizationHook

__all__ = [
    'AdaptationProgressHook',
    'BoundedLogHook',
    'ClipPredictionHook',
    'ClipVisualizationHook',
    'CorrespondencePredictionHook',
    'CorrespondenceVisualizationHook',
    'CounterSeedHook',
    'FeatureSpaceHook',
    'FitEncoderHook',
    'FramePredictionHook',
    'InputReportHook',
    'NaNGuardHook',
    'PreciseBNHook',
    'PreemptionHook',
    'ProgressLoggerHook',
    'PseudoLabelHook',
    'RecognitionPredictionHook',
    'RecognitionVisualizationHook',
    'ResumeGuardHook',
    'SafeCheckpointHook',
    'SequenceVisualizationHook',
    'SyncNormBuffersHook',
]
