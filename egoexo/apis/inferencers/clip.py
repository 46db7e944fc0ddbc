"""What comes next in a video, from its features: action anticipation or action planning in three lines."""

import inspect
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from scipy.special import softmax

from egoexo.apis.inferencers.drawing import results_to_draw
from egoexo.apis.inferencers.segmentation import Source, expand_sources
from egoexo.apis.init_model import init_model
from egoexo.datasets.clip import ClipDataset
from egoexo.datasets.clip_reader import pool_rows
from egoexo.datasets.feature_store import FeatureStore, require_finite
from egoexo.datasets.recipe import OFFICIAL_RECIPES
from egoexo.errors import ConfigError, EgoExoError, FeatureError, explain
from egoexo.registry import DATASETS, INFERENCERS
from egoexo.structures import EgoExoDataSample
from egoexo.utils.loader_configs import iter_datasets
from egoexo.visualization.class_ranking import ClassRanking, draw_class_rankings
from egoexo.visualization.future_steps import FutureSteps, draw_future_steps

__all__ = ['ClipInferencer']

_BATCH, _MAX_DRAWN = 512, 8


@INFERENCERS.register_module()
class ClipInferencer:
    """Predicts the coming action, or the coming steps, at moments of a video.

    The config decides which: a model of anticipation gives class probabilities of the action that begins a second
    after the moment, one of planning those of each of the next eight steps. Features are cut, thinned and checked by
    the rule of the data set.

    Args:
        model (str | Path | Config): Config file, model of the zoo, short name or config.
        weights (str | Path | bool | None): Checkpoint, URL with ``#sha256=``, True for the weights of the model zoo;
            ``None`` keeps random weights, said aloud.
        device (str | torch.device | None): ``None`` takes the GPU if there is one.

    Raises:
        ConfigError: If the config is wrong, or its model looks at no feature.
        CheckpointError: If the weights do not fit.

    Examples:
        >>> from egoexo.apis import ClipInferencer
        >>> inferencer = ClipInferencer('planning/mini_trn_clip_egoexolearn-ego')            # random weights
        >>> result = inferencer(np.zeros((60, 768), np.float32), 10.0)[0]                     # ten seconds into a video
        >>> len(result['steps']), result['probabilities'].shape, result['start_sec']
        (8, (8, 27), 8.0)
    """

    def __init__(self, model: str | Path | Config, weights: str | Path | bool | None = None,
                 device: str | torch.device | None = None) -> None:
        self.model = init_model(model, weights, device)
        self.cfg = self.model.cfg
        dataset = dict(next(iter_datasets(self.cfg.get('test_dataloader')), {}))
        kind = DATASETS.get(dataset.get('type', 'PlanningDataset'))
        if not issubclass(kind, ClipDataset) or dataset.get('with_features', True) is False:
            raise ConfigError(explain(
                'test_dataloader.dataset', 'a data set of clips with features (anticipation or planning)',
                f'{kind.__name__}{"" if issubclass(kind, ClipDataset) else ", which has no clips"} with '
                f'with_features={dataset.get("with_features", True)}',
                'Use SegmentationInferencer for whole videos; planners from the history of steps see no video.'))
        defaults = {name: item.default for name, item in inspect.signature(ClipDataset.__init__).parameters.items()}
        self.context_sec, self.num_segments, self.feature_fps = (
            dataset.get(name, defaults[name]) for name in ('context_sec', 'num_segments', 'feature_fps'))
        self.benchmark = kind.METAINFO['benchmark']
        self._feature = {'benchmark': self.benchmark} | dict(dataset.get('feature') or {})
        self.classes = self._find_classes(dataset, kind)
        self._results: list[dict] = []

    def _find_classes(self, dataset: dict, kind: type[ClipDataset]) -> tuple[str, ...]:
        """Names from the checkpoint, the benchmark or the annotation files, else numbers."""
        names = self.model.dataset_meta.get('classes') or kind.METAINFO.get('classes')
        if names is None:
            try:
                names = DATASETS.build(dataset | {'with_features': False, 'lazy_init': True}).metainfo['classes']
            except (EgoExoError, OSError):
                names = [f'class {index}' for index in range(self.model.head.num_classes)]
        return tuple(names)

    def __call__(self, inputs: Source | Sequence[Source], times: float | Sequence[float] | None = None, top: int = 5,
                 view: str = '') -> list[dict]:
        """Predict.

        Args:
            inputs (str | Path | np.ndarray | Sequence): Feature file (``.npy``, ``.pt``, ``.npz``), folder of such
                files, array (rows, D) at the rate that the config expects, or a list of these.
            times (float | Sequence[float] | None): Moments in seconds, at each of which the last two seconds are
                looked at; the same for all inputs. ``None`` takes every full second.
            top (int): Classes named in the result.
            view (str): ``'ego'`` or ``'exo'``, for models that treat the views differently.

        Returns:
            list[dict]: One per input and moment: ``sample_id`` (str), ``time`` and ``start_sec`` (end and start of
            what was looked at), ``classes`` (names by id), ``probabilities`` (float32, (C,), or (8, C) in planning),
            ``top`` (list of ``(name, probability)``, in planning one such list per step) and, in planning, ``steps``
            (the likeliest ``(name, probability)`` of each step).

        Raises:
            FeatureError: If an input is missing, damaged, of the wrong shape or width, or holds NaN in a row that is
                read, or a moment is not inside the video.
            ValueError: If ``top`` is less than 1 or there is no moment.
        """
        if top < 1:
            raise ValueError(f'top must be at least 1, got {top}.')
        clips, metas = [], []
        for sample_id, source in expand_sources(inputs):
            rows, fps = self._open(sample_id, source)
            for time in self._moments(times, len(rows) / fps):
                clips.append(self._cut(rows, fps, time, sample_id))
                metas.append({'sample_id': sample_id, 'time': time, 'start_sec': time - self.context_sec, 'view': view})
        if not clips:
            raise ValueError('no moment to predict at: times is empty, or the videos are shorter than '
                             f'{self.context_sec:g} s.')
        self._results = []
        for start in range(0, len(clips), _BATCH):
            logits = self._predict(clips[start:start + _BATCH], metas[start:start + _BATCH])
            self._results += [self._describe(meta, row, top)
                              for meta, row in zip(metas[start:start + _BATCH], logits, strict=True)]
        return self._results

    def _moments(self, times: float | Sequence[float] | None, duration: float) -> list[float]:
        if times is None:
            return np.arange(np.ceil(self.context_sec), np.floor(duration) + 0.5).tolist()
        return [float(time) for time in np.atleast_1d(np.asarray(times, dtype=np.float64))]

    def _open(self, sample_id: str, source: Path | np.ndarray) -> tuple[np.ndarray, float]:
        """Rows of one video, and how many there are per second."""
        dim = self._feature.get('dim')
        if isinstance(source, Path):
            store = FeatureStore(source.parent, **self._feature)
            if store.path(source.stem) != source:
                raise FeatureError(f'{source} and {store.path(source.stem)} are features of one video; keep one of '
                                   'them.')
            return store.open(source.stem), float(self.feature_fps or store.recipe.feature_fps)
        fits = source.ndim == 2 and len(source) and dim in (None, source.shape[1])
        if not fits or not np.issubdtype(source.dtype, np.floating):
            raise FeatureError(f'{sample_id} is {source.dtype} {source.shape}, expected floating numbers (rows, '
                               f'{dim or "D"}) with at least one row, from feature.dim of the config.')
        stated = (self._feature.get('recipe') or {}).get('feature_fps')
        official = OFFICIAL_RECIPES.get(self._feature['benchmark'])
        return source, float(self.feature_fps or stated or official.feature_fps)

    def _cut(self, rows: np.ndarray, fps: float, time: float, sample_id: str) -> torch.Tensor:
        """What the model sees of one moment, (D, T)."""
        start = time - self.context_sec
        duration = len(rows) / fps
        if not start >= 0 or not time <= duration:
            raise FeatureError(f'{sample_id}: {time:g} s cannot be predicted at; expected a moment from '
                               f'{self.context_sec:g} s, where the context is complete, to {duration:g} s, the end of '
                               'the features.')
        last = min(int(time * fps), len(rows) - 1)
        first = min(int(start * fps), last)
        taken = np.array(rows[first:last + 1], dtype=np.float32, order='C')
        require_finite(taken, sample_id, first, 1)
        return pool_rows(torch.from_numpy(taken)[None], self.num_segments)[0].T

    @torch.no_grad()
    def _predict(self, clips: Sequence[torch.Tensor], metas: Sequence[dict]) -> np.ndarray:
        """Logits, (N, C) or (N, Z, C)."""
        samples = [EgoExoDataSample(metainfo=meta) for meta in metas]
        predicted = self.model.test_step({'inputs': torch.stack(list(clips)), 'data_samples': samples})
        field = 'pred_class_logits' if 'pred_class_logits' in predicted[0] else 'pred_future_logits'
        return np.stack([sample.get(field).float().cpu().numpy() for sample in predicted])

    def _describe(self, meta: dict, logits: np.ndarray, top: int) -> dict:
        probabilities = softmax(logits.astype(np.float64), axis=-1).astype(np.float32)
        steps = [self._named(row, top) for row in np.atleast_2d(probabilities)]
        result = {key: meta[key] for key in ('sample_id', 'time', 'start_sec', 'view')}
        result |= {'classes': self.classes, 'probabilities': probabilities}
        if probabilities.ndim == 1:
            return result | {'top': steps[0]}
        return result | {'top': steps, 'steps': [named[0] for named in steps]}

    def _named(self, probabilities: np.ndarray, top: int) -> list[tuple[str, float]]:
        order = np.argsort(-probabilities, kind='stable')[:top]
        return [(self.classes[index], float(probabilities[index])) for index in order.tolist()]

    def visualize(self, out_dir: str | Path, results: Sequence[dict] | None = None) -> list[Path]:
        """Draw one picture per input, of at most eight moments spread over the predicted ones.

        Args:
            out_dir (str | Path): Folder for ``<sample_id>.png``; made if absent.
            results (Sequence[dict] | None): ``None`` takes those of the last call.

        Returns:
            list[Path]: The files.

        Raises:
            ValueError: If there is nothing to draw.
        """
        results, out_dir = results_to_draw(results, self._results, out_dir)
        return [self._draw(name, rows, out_dir / f'{name}.png') for name, rows in _by_sample(results)]

    def _draw(self, name: str, rows: Sequence[dict], path: Path) -> Path:
        chosen = np.unique(np.linspace(0, len(rows) - 1, min(len(rows), _MAX_DRAWN)).round().astype(int))
        shown = [rows[index] for index in chosen]
        notes = [f'{row["start_sec"]:.1f} to {row["time"]:.1f} s' for row in shown]
        if rows[0]['probabilities'].ndim == 1:
            figure = draw_class_rankings([ClassRanking(note, row['view'], row['probabilities'])
                                          for row, note in zip(shown, notes, strict=True)], self.classes, title=name)
        else:
            figure = draw_future_steps([FutureSteps(note, row['view'], None, row['probabilities'])
                                        for row, note in zip(shown, notes, strict=True)], self.classes, title=name)
        figure.savefig(path, dpi=200)
        return path


def _by_sample(results: Sequence[dict]) -> Iterator[tuple[str, list[dict]]]:
    for name in dict.fromkeys(result['sample_id'] for result in results):
        yield name, [result for result in results if result['sample_id'] == name]
