"""Pictures of the first videos of every list, drawn while a model is validated or tested."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmengine.visualization import Visualizer

from egoexo.registry import HOOKS, VISUALIZERS
from egoexo.structures import EgoExoDataSample

__all__ = ['SequenceVisualizationHook']

_DRAWN_FIELDS = ('gt_frame_labels', 'pred_frame_labels')


@HOOKS.register_module()
class SequenceVisualizationHook(Hook):
    """Draw the first videos of each list, one figure per split with ego above exo.

    Files: ``<work_dir>/<out_dir>/<split>.png`` after a test and ``<split>_epoch_<n>.png`` (or ``_iter_<n>``) after a
    validation. On several processes the main one draws from its own share of the videos.

    Args:
        num_videos (int): Videos per list (``ego_val``, ``exo_val``, ...).
        draw_test (bool): Draw after a test.
        draw_val (bool): Draw after each validation; off by default.
        by_epoch (bool): Name the validation figures by epoch, else by iteration.
        out_dir (str): Folder below the work directory.
        visualizer (dict): Config of the drawer, built on first use: the runner's own visualizer writes scalars and may
            be of any type.

    Raises:
        ValueError: If ``num_videos`` is less than 1.
    """

    priority = 'LOW'
    drawn = 'Timelines of %d videos'

    def __init__(self, num_videos: int = 2, draw_test: bool = True, draw_val: bool = False,
                 by_epoch: bool = True, out_dir: str = 'vis_data/timelines', visualizer: dict | None = None) -> None:
        if num_videos < 1:
            raise ValueError(f'SequenceVisualizationHook: num_videos must be at least 1, got {num_videos}; '
                             'switch the pictures off with draw_test=False.')
        self.num_videos, self.by_epoch, self.out_dir = num_videos, by_epoch, out_dir
        self.draw_test, self.draw_val = draw_test, draw_val
        self._visualizer_cfg = visualizer or {'type': 'SegmentationVisualizer'}
        self._visualizer: Visualizer | None = None
        self._kept: dict[str, list[EgoExoDataSample]] = defaultdict(list)

    def before_val_epoch(self, runner: Runner) -> None:
        """Forget what an interrupted pass left."""
        self._forget()

    def before_test_epoch(self, runner: Runner) -> None:
        """Forget what an interrupted pass left."""
        self._forget()

    def after_val_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None,
                       outputs: Sequence[EgoExoDataSample] | None = None) -> None:
        """Keep the label fields of the first videos of each list."""
        if self.draw_val:
            self._keep(outputs or ())

    def after_test_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None,
                        outputs: Sequence[EgoExoDataSample] | None = None) -> None:
        """Keep the label fields of the first videos of each list."""
        if self.draw_test:
            self._keep(outputs or ())

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Write the figures of a validation."""
        self._write(runner, f'_epoch_{runner.epoch}' if self.by_epoch else f'_iter_{runner.iter}')

    def after_test_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Write the figures of a test."""
        self._write(runner, '')

    def _keep(self, samples: Sequence[EgoExoDataSample]) -> None:
        for sample in samples:
            kept = self._kept[str(sample.metainfo.get('subset', 'all'))]
            if len(kept) < self.num_videos:
                fields = {name: sample.get(name).cpu() for name in _DRAWN_FIELDS if name in sample}
                kept.append(EgoExoDataSample(metainfo=sample.metainfo, **fields))

    def _figures(self) -> dict[str, list[EgoExoDataSample]]:
        """What each figure shows, by its name."""
        splits: dict[str, list[EgoExoDataSample]] = defaultdict(list)
        for subset, samples in self._kept.items():
            splits[subset.rsplit('_', 1)[-1]].extend(samples)
        return splits

    def _forget(self) -> None:
        self._kept.clear()

    def _write(self, runner: Runner, suffix: str) -> None:
        figures = self._figures()
        if figures and self._visualizer is None:
            # Not through build(): MMEngine would make it the process's current visualizer.
            settings = dict(self._visualizer_cfg)
            self._visualizer = VISUALIZERS.get(settings.pop('type'))(**settings)
        for name, samples in figures.items():
            self._visualizer.dataset_meta = runner.visualizer.dataset_meta
            path = Path(runner.work_dir) / self.out_dir / f'{name}{suffix}.png'
            self._visualizer.add_datasample(name.replace('_', ' '), data_sample=samples, out_file=path)
            runner.logger.info(f'{self.drawn} of %s: %s', len(samples), name, path)
        self._forget()
