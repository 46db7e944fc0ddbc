"""Open the features and read the labels of one video."""

from collections.abc import Mapping
from pathlib import Path

from mmcv.transforms import BaseTransform

from egoexo.datasets.feature_store import FeatureStore
from egoexo.formats.egoexolearn import read_frame_labels
from egoexo.registry import TRANSFORMS

__all__ = ['LoadSequence']


@TRANSFORMS.register_module()
class LoadSequence(BaseTransform):
    """Bring in the features, not read yet where the file can be mapped, and the frame labels of one video.

    Required Keys:
        - feature_path (str): ``<root>/<uid>.npy|.pt|.npz``.
        - sample_id (str): Official uid.
        - label_path (str): Only with ``with_labels``.
        - feature_store (FeatureStore, optional): Put there by the data set; else one is opened for the folder.
        - label_options (dict, optional): Arguments of :func:`read_frame_labels`, put there by the data set.

    Added Keys:
        - feats (np.ndarray): (T, D), floating, read-only, values not checked before they are taken.
        - gt_frame_labels (np.ndarray): (G,), int64, kept whole for the metric.
        - feature_fps (float, optional): Rows per second, from the recipe of the folder.

    Args:
        feature (Mapping, optional): Arguments of :class:`FeatureStore` except ``root``; the data set uses them too.
        with_labels (bool): False for videos without annotation. Defaults to True.
    """

    def __init__(self, feature: Mapping[str, object] | None = None, with_labels: bool = True) -> None:
        self.feature = dict(feature or {})
        self.with_labels = with_labels
        self._stores: dict[str, FeatureStore] = {}

    def transform(self, results: dict) -> dict:
        """Add ``feats``, ``feature_fps`` and, if wanted, ``gt_frame_labels``.

        Args:
            results (dict): See the class.

        Returns:
            dict: The same, with the added keys.

        Raises:
            FeatureError: If the features are missing, damaged or of another width.
            AnnotationError: If the label file is missing, empty or holds an unknown class id.
        """
        store = results.get('feature_store') or self.store(Path(results['feature_path']).parent)
        results['feats'] = store.open(results['sample_id'])
        results['feature_fps'] = store.recipe.feature_fps
        if self.with_labels:
            results['gt_frame_labels'] = read_frame_labels(results['label_path'], **results.get('label_options', {}))
        return results

    def store(self, root: str | Path) -> FeatureStore:
        """Store of one folder, made once.

        Args:
            root (str | Path): Feature folder.

        Returns:
            FeatureStore: With the arguments of :attr:`feature`.
        """
        if str(root) not in self._stores:
            self._stores[str(root)] = FeatureStore(root, **self.feature)
        return self._stores[str(root)]
