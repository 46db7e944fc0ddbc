from egoexo.visualization.action_strip import ActionStrip, draw_action_strips
from egoexo.visualization.anticipation import AnticipationVisualizer
from egoexo.visualization.class_accuracy import draw_class_accuracy
from egoexo.visualization.class_ranking import ClassRanking, draw_class_rankings
from egoexo.visualization.correspondence import CorrespondenceVisualizer
from egoexo.visualization.feature_space import FeatureSet, draw_feature_space
from egoexo.visualization.feature_space_visualizer import FeatureSpaceVisualizer
from egoexo.visualization.future_steps import FutureSteps, draw_future_steps
from egoexo.visualization.mask_pair import MaskPair, draw_mask_pairs
from egoexo.visualization.mask_strip import draw_mask_strips
from egoexo.visualization.planning import PlanningVisualizer
from egoexo.visualization.recognition import RecognitionVisualizer
from egoexo.visualization.segmentation import SegmentationVisualizer
from egoexo.visualization.timeline import TimelineVideo, draw_timeline
from egoexo.visualization.transfer import TransferVisualizer

__all__ = ['ActionStrip', 'AnticipationVisualizer', 'ClassRanking', 'CorrespondenceVisualizer', 'FeatureSet',
           'FeatureSpaceVisualizer', 'FutureSteps', 'MaskPair', 'PlanningVisualizer', 'RecognitionVisualizer',
           'SegmentationVisualizer', 'TimelineVideo', 'TransferVisualizer', 'draw_action_strips', 'draw_class_accuracy',
           'draw_class_rankings', 'draw_feature_space', 'draw_future_steps', 'draw_mask_pairs', 'draw_mask_strips',
           'draw_timeline']
