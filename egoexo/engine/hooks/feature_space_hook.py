"""The feature space of both views, drawn while a model is tested."""

from collections.abc import Sequence
from pathlib import Path

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from egoexo.engine.feature_collector import FeatureCollector
from egoexo.registry import HOOKS, VISUALIZERS
from egoexo.structures import EgoExoDataSample

__all__ = ['FeatureSpaceHook']


@HOOKS.register_module()
class FeatureSpaceHook(Hook):
    """Draw the features of an ego and an exo list in the plane, one figure per split.

    Files: ``<work_dir>/<out_dir>/<split>.png`` after a test. Lists are paired by split, the first of each view. On
    several processes the main one draws its own share of the samples. What cannot be drawn is said in the log and
    stops nothing.

    Args:
        layer (str, optional): See :class:`FeatureCollector`.
        max_samples (int): Samples of each list, the first ones.
        rows_per_sample (int): Steps of each video.
        source (str): View that the model was given labels of: the class centres are taken from it.
        out_dir (str): Folder below the work directory.

    Examples:
        >>> from egoexo.registry import HOOKS
        >>> hook = HOOKS.build(dict(type='FeatureSpaceHook', source='exo'))
    """

    priority = 'LOW'

    def __init__(self, layer: str | None = None, max_samples: int = 500, rows_per_sample: int = 20,
                 source: str = 'ego', out_dir: str = 'vis_data/feature_space') -> None:
        self.layer, self.max_samples, self.rows_per_sample = layer, max_samples, rows_per_sample
        self.source, self.out_dir = source, out_dir
        self._collector: FeatureCollector | None = None

    def before_test_epoch(self, runner: Runner) -> None:
        """Begin to listen at the module."""
        self._close()
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        self._collector = FeatureCollector(model, self.layer, self.max_samples, self.rows_per_sample)
        self._collector.__enter__()

    def after_test_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None,
                        outputs: Sequence[EgoExoDataSample] | None = None) -> None:
        """Keep the features of the first samples of each list."""
        if outputs:
            self._collector.keep(outputs)

    def after_test_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Write the figures."""
        collector = self._collector
        self._close()
        pairs: dict[str, dict[str, str]] = {}
        for subset in collector.subsets:
            view, _, split = subset.partition('_')
            pairs.setdefault(split.rpartition('_')[2], {}).setdefault(view, subset)
        visualizer = VISUALIZERS.get('FeatureSpaceVisualizer')(source=self.source)
        visualizer.dataset_meta = runner.visualizer.dataset_meta
        for split, lists in pairs.items():
            subsets = list(lists.values())
            path = Path(runner.work_dir) / self.out_dir / f'{split}.png'
            try:
                text = visualizer.add_features(
                    f'Features of {" and ".join(subsets)}', collector.features(*subsets), collector.views(*subsets),
                    collector.classes(*subsets), collector.videos(*subsets), path, collector.layer)
            except ValueError as error:
                runner.logger.warning('No feature space of %s: %s', split, error)
                continue
            runner.logger.info('Feature space of %s, %s: %s', split, text, path)

    def after_test(self, runner: Runner) -> None:
        """Stop to listen, also after a test that was cut short."""
        self._close()

    def _close(self) -> None:
        if self._collector is not None:
            self._collector.__exit__(None, None, None)
            self._collector = None
