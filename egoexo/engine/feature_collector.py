"""Features inside a model, taken while it predicts, without a change to the model.

Letters: N samples, R rows per sample (1 for clips, steps for videos), F numbers per row.
"""

from collections.abc import Sequence
from types import TracebackType

import numpy as np
import torch
from torch import nn

from egoexo.errors import ConfigError, explain
from egoexo.structures import EgoExoDataSample

__all__ = ['FeatureCollector', 'default_layer', 'label_rows', 'split_rows']

_INPUT = ':input'


def default_layer(model: nn.Module) -> str:
    """Where the features are that the classifier sees.

    Args:
        model (nn.Module): Any model of the toolbox.

    Returns:
        str: ``'head.mlp'`` for heads with hidden layers, ``'head:input'`` for other models of clips and segments,
        ``'backbone'`` for models of videos.

    Raises:
        ConfigError: If the model has none of them.
    """
    parts = dict(model.named_children())
    if 'backbone' in parts:
        return 'backbone'
    if 'head' in parts:
        return 'head.mlp' if 'mlp' in dict(parts['head'].named_children()) else f'head{_INPUT}'
    raise ConfigError(explain(f'{type(model).__name__}', 'a head, or a backbone',
                              ', '.join(parts) or 'no module', 'Name the module whose features are wanted (layer).'))


def split_rows(output: object, where: str = 'layer') -> torch.Tensor:
    """Features of what a module takes or gives.

    Args:
        output (object): A tensor (N, F) or (N, R, F); a stage output with ``features`` (N, F, R); or a sequence: of
            stage outputs the last counts, of others the first.
        where (str): Name of the module, for the message.

    Returns:
        torch.Tensor: (N, R, F).

    Raises:
        ConfigError: If it is none of these.
    """
    if isinstance(output, list | tuple) and not hasattr(output, 'features') and len(output):
        output = output[-1] if hasattr(output[-1], 'features') else output[0]
    if hasattr(output, 'features'):
        return output.features.detach().transpose(1, 2)
    if isinstance(output, torch.Tensor) and output.ndim in (2, 3):
        return output.detach() if output.ndim == 3 else output.detach().unsqueeze(1)
    found = f'shape {tuple(output.shape)}' if isinstance(output, torch.Tensor) else type(output).__name__
    raise ConfigError(explain(f'features of {where}', 'a tensor (N, F) or (N, R, F), or stage outputs', found,
                              'Name another module (layer).'))


def label_rows(sample: EgoExoDataSample, num_rows: int, max_rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Which rows of a sample are kept, and the class of each.

    Args:
        sample (EgoExoDataSample): With ``gt_class_targets``, ``gt_future_steps``, ``gt_frame_labels`` or
            ``gt_label``.
        num_rows (int): R.
        max_rows (int): Rows kept, spread evenly over the labelled ones.

    Returns:
        tuple[np.ndarray, np.ndarray]: Row numbers and class ids, int64. The class of a clip is the first coming step,
        or the only class of the coming action; -1 where there is none or there are several.
    """
    if 'gt_frame_labels' in sample:
        labels = sample.gt_frame_labels.cpu().numpy()
        per_step = int(sample.get('frames_per_step') or 1)
        usable = max(min(num_rows, len(labels) // per_step), 1)
        rows = np.unique(np.linspace(0, usable - 1, min(max_rows, usable)).round().astype(np.int64))
        return rows, labels[np.minimum(rows * per_step + per_step // 2, len(labels) - 1)]
    rows = np.unique(np.linspace(0, num_rows - 1, min(max_rows, num_rows)).round().astype(np.int64))
    if 'gt_future_steps' in sample:
        class_id = int(sample.gt_future_steps[0])
    elif 'gt_label' in sample:
        class_id = int(sample.gt_label)
    else:
        found = torch.nonzero(sample.gt_class_targets).flatten().tolist() if 'gt_class_targets' in sample else []
        class_id = found[0] if len(found) == 1 else -1
    return rows, np.full(len(rows), class_id, dtype=np.int64)


class FeatureCollector:
    """Keeps the features of a module for the samples that a model predicts, as a context manager.

    Args:
        model (nn.Module): The model; its forward hooks are added on entry and taken off on exit.
        layer (str, optional): Dotted name of a module, whose output counts; with ``:input`` behind it, the first
            argument of its call. None takes :func:`default_layer`.
        max_samples (int): Samples kept of each list.
        rows_per_sample (int): Steps kept of each video.

    Raises:
        ConfigError: If the model has no such module.

    Examples:
        >>> model = nn.Sequential(nn.Linear(3, 2))
        >>> sample = EgoExoDataSample(metainfo=dict(sample_id='a', uid='a', view='ego', subset='ego_val'))
        >>> with FeatureCollector(model, layer='0') as collector:
        ...     _ = model(torch.ones(1, 3))
        ...     collector.keep([sample])
        >>> collector.features('ego_val').shape
        (1, 2)
    """

    def __init__(self, model: nn.Module, layer: str | None = None, max_samples: int = 500,
                 rows_per_sample: int = 20) -> None:
        if max_samples < 1 or rows_per_sample < 1:
            raise ConfigError(f'FeatureCollector: expected max_samples and rows_per_sample of at least 1, found '
                              f'{max_samples} and {rows_per_sample}. Correct them.')
        self.layer = layer or default_layer(model)
        self.max_samples, self.rows_per_sample = max_samples, rows_per_sample
        name = self.layer.removesuffix(_INPUT)
        modules = dict(model.named_modules())
        if not name or name not in modules:
            near = [key for key in modules if key and '.' not in key]
            raise ConfigError(explain(f'layer {self.layer!r}', f'a module of {type(model).__name__}',
                                      'no module of this name', f'Its parts are {", ".join(near)}.'))
        self._module = modules[name]
        self._handle: torch.utils.hooks.RemovableHandle | None = None
        self._latest: torch.Tensor | None = None
        self._kept: dict[str, list[tuple[np.ndarray, np.ndarray, str, str]]] = {}

    def __enter__(self) -> 'FeatureCollector':
        if self.layer.endswith(_INPUT):
            self._handle = self._module.register_forward_pre_hook(
                lambda module, args: self._take(args[0] if args else None))
        else:
            self._handle = self._module.register_forward_hook(lambda module, args, output: self._take(output))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._handle.remove()
        self._latest = None

    def _take(self, output: object) -> None:
        self._latest = split_rows(output, self.layer)

    @property
    def subsets(self) -> list[str]:
        """Lists of which something was kept."""
        return list(self._kept)

    def full(self, subset: str) -> bool:
        """Whether enough samples of a list were kept.

        Args:
            subset (str): Name of the list.
        """
        return len(self._kept.get(subset, ())) >= self.max_samples

    def keep(self, samples: Sequence[EgoExoDataSample]) -> None:
        """Keep the features of the batch that the model has just seen; samples without context are left out.

        Args:
            samples (Sequence[EgoExoDataSample]): The N samples of the batch.

        Raises:
            ConfigError: If the module was not called, or for another number of samples.
        """
        latest, self._latest = self._latest, None
        if latest is None or len(latest) != len(samples):
            found = 'no call of it' if latest is None else f'features of {len(latest)} samples'
            raise ConfigError(explain(f'layer {self.layer!r}', f'features of the {len(samples)} samples of a batch',
                                      found, 'Name a module that the prediction runs once per batch.'))
        for sample, rows in zip(samples, latest, strict=True):
            subset = str(sample.get('subset') or 'all')
            if self.full(subset) or sample.get('has_context') is False:
                continue
            places, classes = label_rows(sample, len(rows), self.rows_per_sample)
            self._kept.setdefault(subset, []).append((
                rows[torch.from_numpy(places)].float().cpu().numpy(), classes, str(sample.get('view') or ''),
                str(sample.get('uid') or sample.get('sample_id'))))

    def features(self, *subsets: str) -> np.ndarray:
        """Features of some lists, one after the other.

        Args:
            *subsets (str): Names of lists.

        Returns:
            np.ndarray: (rows, F) float32.
        """
        return np.concatenate([item[0] for subset in subsets for item in self._kept[subset]])

    def classes(self, *subsets: str) -> np.ndarray:
        """Class ids of the same rows, int64, -1 for none; see :func:`label_rows`."""
        return np.concatenate([item[1] for subset in subsets for item in self._kept[subset]])

    def views(self, *subsets: str) -> list[str]:
        """View of each row."""
        return [item[2] for subset in subsets for item in self._kept[subset] for _ in item[1]]

    def videos(self, *subsets: str) -> list[str]:
        """Video of each row."""
        return [item[3] for subset in subsets for item in self._kept[subset] for _ in item[1]]
