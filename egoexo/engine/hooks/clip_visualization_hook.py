"""Pictures of some clips of every list, drawn while a model is validated or tested."""

from collections.abc import Sequence

from egoexo.engine.hooks.visualization_hook import SequenceVisualizationHook
from egoexo.registry import HOOKS, VISUALIZERS
from egoexo.structures import EgoExoDataSample

__all__ = ['ClipVisualizationHook']


@HOOKS.register_module()
class ClipVisualizationHook(SequenceVisualizationHook):
    """Draw one clip of each of the first videos of a list, one figure per split with ego above exo.

    Rows of one video follow each other and look alike, so a second clip of a video is left out, and so are clips
    without context. Files as for :class:`SequenceVisualizationHook`, below ``vis_data/clips``.

    Args:
        visualizer (str | dict): ``'AnticipationVisualizer'``, ``'PlanningVisualizer'`` or ``'TransferVisualizer'``, or
            its config.
        num_samples (int): Clips per list (``ego_val``, ``exo_val``, ...).
        draw_test (bool): Draw after a test.
        draw_val (bool): Draw after each validation; off by default.
        by_epoch (bool): Name the validation figures by epoch, else by iteration.
        out_dir (str): Folder below the work directory.

    Raises:
        ValueError: If ``num_samples`` is less than 1.
    """

    drawn = 'Pictures of %d clips'

    def __init__(self, visualizer: str | dict, num_samples: int = 3, draw_test: bool = True, draw_val: bool = False,
                 by_epoch: bool = True, out_dir: str = 'vis_data/clips') -> None:
        if num_samples < 1:
            raise ValueError(f'ClipVisualizationHook: num_samples must be at least 1, got {num_samples}; switch the '
                             'pictures off with draw_test=False.')
        visualizer = {'type': visualizer} if isinstance(visualizer, str) else visualizer
        super().__init__(num_samples, draw_test, draw_val, by_epoch, out_dir, visualizer)
        self._fields = VISUALIZERS.get(visualizer['type']).drawn_fields

    def _keep(self, samples: Sequence[EgoExoDataSample]) -> None:
        for sample in samples:
            kept = self._kept[str(sample.metainfo.get('subset', 'all'))]
            if len(kept) >= self.num_videos or sample.metainfo.get('has_context') is False:
                continue
            uid = sample.metainfo.get('uid')
            if uid is None or all(other.metainfo.get('uid') != uid for other in kept):
                fields = {name: sample.get(name).cpu() for name in self._fields if name in sample}
                kept.append(EgoExoDataSample(metainfo=sample.metainfo, **fields))
