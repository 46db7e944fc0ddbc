from egoexo.visualization.segmentation import SegmentationVisualizer
from egoexo.visualization.timeline import TimelineVideo, draw_timeline

__all__ = ['SegmentationVisualizer', 'TimelineVideo', 'draw_timeline']
