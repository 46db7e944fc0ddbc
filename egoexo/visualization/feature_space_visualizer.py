"""Pictures of the feature space of both views, by name, for hooks that may not import figures."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmengine.dist import master_only
from mmengine.visualization import Visualizer

from egoexo.registry import VISUALIZERS
from egoexo.visualization.feature_space import FeatureSet, draw_feature_space

__all__ = ['FeatureSpaceVisualizer']


@VISUALIZERS.register_module()
class FeatureSpaceVisualizer(Visualizer):
    """Writes :func:`egoexo.visualization.feature_space.draw_feature_space` of one network.

    Args:
        name (str): Name of the instance, see MMEngine's ``ManagerMixin``.
        source (str): View that the model was given labels of.
        dpi (int): Resolution of the pictures.
        **kwargs: To :class:`mmengine.visualization.Visualizer`.
    """

    def __init__(self, name: str = 'visualizer', source: str = 'ego', dpi: int = 200, **kwargs: object) -> None:
        super().__init__(name, **kwargs)
        self.source, self.picture_dpi = source, dpi

    @master_only
    def add_features(self, name: str, features: np.ndarray, views: Sequence[str], classes: np.ndarray,
                     videos: Sequence[str], out_file: str | Path, title: str = '') -> str:
        """Draw and write one figure.

        Args:
            name (str): Head line.
            features (np.ndarray): (N, F).
            views (Sequence[str]): View of each row.
            classes (np.ndarray): Class id of each row, -1 for none, (N,).
            videos (Sequence[str]): Video of each row.
            out_file (str | Path): ``.png``, ``.pdf`` or ``.svg``; its folder is made.
            title (str): Name of the network.

        Returns:
            str: What the figure says about the two views.

        Raises:
            ValueError: If there are not two views with two videos each.
        """
        item = FeatureSet(title or 'features', features, views, classes, videos, self.source)
        names = (self.dataset_meta or {}).get('classes') or ()
        figure = draw_feature_space([item], names, title=name)
        Path(out_file).parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(out_file, dpi=self.picture_dpi)
        return item.domain_text()
