"""Pictures of some segments of every list, drawn while a model is validated or tested."""

from collections.abc import Mapping, Sequence

from mmengine.runner import Runner

from egoexo.engine.hooks.visualization_hook import SequenceVisualizationHook
from egoexo.registry import HOOKS, VISUALIZERS
from egoexo.structures import EgoExoDataSample

__all__ = ['RecognitionVisualizationHook']


@HOOKS.register_module()
class RecognitionVisualizationHook(SequenceVisualizationHook):
    """Draw one segment of each of the first videos of a list: frames, narration, likeliest verbs and nouns.

    The frames are those that the model was given, so they are not read again, and a video file serves as well as a
    folder of frames. Files as for :class:`SequenceVisualizationHook`, below ``vis_data/recognition``.

    Args:
        num_samples (int): Segments per list.
        num_pictures (int): Frames of each.
        draw_test (bool): Draw after a test.
        draw_val (bool): Draw after each validation; off by default.
        by_epoch (bool): Name the validation figures by epoch, else by iteration.
        out_dir (str): Folder below the work directory.
        visualizer (str | dict): Drawer or its config, built on first use; it must take meta entry ``pictures``.

    Raises:
        ValueError: If ``num_samples`` or ``num_pictures`` is less than 1.
    """

    drawn = 'Pictures of %d segments'

    def __init__(self, num_samples: int = 3, num_pictures: int = 8, draw_test: bool = True, draw_val: bool = False,
                 by_epoch: bool = True, out_dir: str = 'vis_data/recognition',
                 visualizer: str | dict = 'RecognitionVisualizer') -> None:
        if num_samples < 1 or num_pictures < 1:
            raise ValueError(f'RecognitionVisualizationHook: num_samples and num_pictures must be at least 1, got '
                             f'{num_samples} and {num_pictures}; switch the pictures off with draw_test=False.')
        visualizer = {'type': visualizer} if isinstance(visualizer, str) else visualizer
        super().__init__(num_samples, draw_test, draw_val, by_epoch, out_dir, visualizer)
        self.num_pictures = num_pictures
        kind = VISUALIZERS.get(visualizer['type'])
        self._fields, self._pictures = kind.drawn_fields, kind.pictures_of

    def after_val_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None,
                       outputs: Sequence[EgoExoDataSample] | None = None) -> None:
        """Keep frames and scores of the first videos of each list."""
        if self.draw_val:
            self._keep_clips(data_batch, outputs or ())

    def after_test_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None,
                        outputs: Sequence[EgoExoDataSample] | None = None) -> None:
        """Keep frames and scores of the first videos of each list."""
        if self.draw_test:
            self._keep_clips(data_batch, outputs or ())

    def _keep_clips(self, data_batch: Mapping[str, object] | None, samples: Sequence[EgoExoDataSample]) -> None:
        clips = (data_batch or {}).get('inputs')
        clips = clips.get('ego') if isinstance(clips, Mapping) else clips
        for place, sample in enumerate(samples):
            kept = self._kept[str(sample.metainfo.get('subset', 'all'))]
            uid = sample.metainfo.get('uid')
            if len(kept) >= self.num_videos or (uid is not None
                                                and any(other.metainfo.get('uid') == uid for other in kept)):
                continue
            fields = {name: sample.get(name).detach().to('cpu', copy=True) for name in self._fields if name in sample}
            meta = dict(sample.metainfo)
            if isinstance(clips, Sequence) and len(clips) == len(samples):
                meta['pictures'] = self._pictures(clips[place], meta, self.num_pictures)
            kept.append(EgoExoDataSample(metainfo=meta, **fields))
