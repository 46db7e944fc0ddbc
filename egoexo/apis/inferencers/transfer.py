"""What a segment shows, from the features of its take or from a sentence about it, in three lines."""

import inspect
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from scipy.special import softmax

from egoexo.apis.inferencers.drawing import results_to_draw
from egoexo.apis.inferencers.segmentation import Source, expand_sources
from egoexo.apis.init_model import init_model
from egoexo.datasets.feature_store import FeatureStore, require_finite
from egoexo.datasets.pooled_features import PooledFeatures
from egoexo.datasets.transfer import TransferDataset
from egoexo.errors import ConfigError, EgoExoError, FeatureError, explain
from egoexo.formats.ego2exo_windows import FPS, STRIDE, WINDOW, nearest_window, overlapping_windows, window_table
from egoexo.models.transfer.text_encoder import TextEncoder
from egoexo.registry import DATASETS, INFERENCERS
from egoexo.structures import EgoExoDataSample
from egoexo.utils.loader_configs import iter_datasets
from egoexo.visualization.class_ranking import draw_class_rankings
from egoexo.visualization.transfer import rank_segment

__all__ = ['TransferInferencer']

_BATCH, _MAX_DRAWN, _MAX_SEC = 512, 8, 1e6
_TEXT = 'text'


@INFERENCERS.register_module()
class TransferInferencer:
    """Names the class of segments.

    The config decides from what: a model of features takes feature files of takes, with the seconds in which the
    segment lies, or pooled vectors; a model of text takes sentences. Features are averaged over the windows that the
    segment overlaps and checked as in the data set.

    Args:
        model (str | Path | Config): Config file, model of the zoo, short name or config.
        weights (str | Path | bool | None): Checkpoint, URL with ``#sha256=``, True for the weights of the model zoo;
            ``None`` keeps random weights, said aloud.
        device (str | torch.device | None): ``None`` takes the GPU if there is one.

    Raises:
        ConfigError: If the config is wrong, or its model looks neither at features nor at text.
        CheckpointError: If the weights do not fit.

    Examples:
        >>> from egoexo.apis import TransferInferencer, get_config
        >>> config = get_config('transfer/mlp_omnivore_ego2exo-ego', {'model.head.num_classes': 24})
        >>> inferencer = TransferInferencer(config)                                  # random weights
        >>> result = inferencer(np.zeros((60, 1536), np.float32), 3.0, 9.5)[0]       # seconds 3 to 9.5 of a take
        >>> len(result['top']), result['probabilities'].shape
        (5, (24,))
    """

    def __init__(self, model: str | Path | Config, weights: str | Path | bool | None = None,
                 device: str | torch.device | None = None) -> None:
        self.model = init_model(model, weights, device)
        self.cfg = self.model.cfg
        dataset = dict(next(iter_datasets(self.cfg.get('test_dataloader')), {}))
        kind = DATASETS.get(dataset.get('type', 'TransferDataset'))
        self.reads_text = isinstance(getattr(self.model, 'encoder', None), TextEncoder)
        if not self.reads_text and not issubclass(kind, TransferDataset):
            raise ConfigError(explain(
                'test_dataloader.dataset', 'a model of text, or a data set of segments with features (TransferDataset)',
                f'{type(self.model).__name__} on {kind.__name__}', 'Use tools/test.py for models of pictures and '
                'videos, and the inferencer of the benchmark for others.'))
        self._feature = dict(dataset.get('feature') or {})
        default = inspect.signature(PooledFeatures).parameters['dim'].default
        self.dim = None if self.reads_text else self._feature.get('dim', default)
        self.classes = self._find_classes(dataset)
        self._results: list[dict] = []

    def _find_classes(self, dataset: dict) -> tuple[str, ...]:
        """Names from the checkpoint or the annotation file, else numbers."""
        names = self.model.dataset_meta.get('classes')
        if names is None:
            try:
                names = DATASETS.build(dataset | {'lazy_init': True}).metainfo['classes']
            except (EgoExoError, OSError):
                names = ()
        return tuple(names)

    def __call__(self, inputs: Source | str | Sequence[Source | str], start_sec: float | Sequence[float] | None = None,
                 end_sec: float | Sequence[float] | None = None, top: int = 5, view: str = '',
                 duration_sec: float | Sequence[float] | None = None) -> list[dict]:
        """Predict.

        Args:
            inputs (str | Path | np.ndarray | Sequence): For a model of text: a sentence or several. Else feature file
                (``.npy``, ``.pt``, ``.npz``), folder of such files, array (T, D) or (T, 1, D) of the rows of a take,
                one row per window of 32 frames at 30 fps, every 16 frames; array (D,), a pooled vector; or a list of
                these.
            start_sec (float | Sequence[float] | None): Start of the segment in seconds, or of one segment per input;
                ``None`` takes all rows.
            end_sec (float | Sequence[float] | None): Its end.
            top (int): Classes named in the result.
            view (str): ``'ego'`` or ``'exo'``, for models that treat the views differently.
            duration_sec (float | Sequence[float] | None): Length of the take, of one or per input. The last row of a
                take is a window that ends with it; with the length a segment gets the same rows as in the official
                list, without it the last row is taken for one that begins half a stride after the row before.

        Returns:
            list[dict]: One per input: ``sample_id`` (str), ``label`` (likeliest class id), ``name``, ``probabilities``
            (float32, (C,)), ``top`` (list of ``(name, probability)``), ``classes`` (names by id), ``view``,
            ``start_sec``, ``end_sec`` and ``text`` (None where not given).

        Raises:
            FeatureError: If an input is missing, damaged, of the wrong shape or width, or holds NaN in a row that is
                read, or the segment is not inside the take.
            ValueError: If ``top`` is less than 1, there is no input, a sentence is none, or the times do not fit the
                inputs.
        """
        if top < 1:
            raise ValueError(f'top must be at least 1, got {top}.')
        if self.reads_text:
            if not all(times is None for times in (start_sec, end_sec, duration_sec)):
                raise ValueError('start_sec, end_sec and duration_sec are for features; this model reads sentences.')
            items, metas = self._read_texts(inputs)
        else:
            items, metas = self._read_features(inputs, start_sec, end_sec, duration_sec)
        for meta in metas:
            meta['view'] = view
        self._results = []
        for first in range(0, len(items), _BATCH):
            logits = self._predict(items[first:first + _BATCH], metas[first:first + _BATCH])
            self._results += [self._describe(meta, row, top)
                              for meta, row in zip(metas[first:first + _BATCH], logits, strict=True)]
        return self._results

    def _read_texts(self, inputs: str | Sequence[str]) -> tuple[list[str], list[dict]]:
        texts = [inputs] if isinstance(inputs, str) else list(inputs)
        wrong = [text for text in texts if not isinstance(text, str)]
        if wrong or not texts:
            found = f'a {type(wrong[0]).__name__}' if wrong else 'none'
            raise ValueError(f'expected a sentence or a list of sentences, got {found}; the model reads text.')
        return texts, [{'sample_id': f'{_TEXT}_{number}', _TEXT: text} for number, text in enumerate(texts)]

    def _read_features(self, inputs: Source | Sequence[Source], start_sec: float | Sequence[float] | None,
                       end_sec: float | Sequence[float] | None, duration_sec: float | Sequence[float] | None
                       ) -> tuple[list[torch.Tensor], list[dict]]:
        sources = list(expand_sources(inputs))
        spans = zip(*(_per_input(name, times, len(sources)) for name, times in (
            ('start_sec', start_sec), ('end_sec', end_sec), ('duration_sec', duration_sec))), strict=True)
        vectors, metas = [], []
        for (sample_id, source), (start, end, duration) in zip(sources, spans, strict=True):
            if (start is None) != (end is None):
                raise ValueError(f'{sample_id}: start_sec and end_sec go together, got {start} and {end}.')
            vectors.append(self._pool(sample_id, source, start, end, duration))
            metas.append({'sample_id': sample_id, 'start_sec': start, 'end_sec': end})
        return vectors, metas

    def _pool(self, sample_id: str, source: Path | np.ndarray, start: float | None, end: float | None,
              duration: float | None) -> torch.Tensor:
        """Mean over the windows of a segment, float32 (D,)."""
        if isinstance(source, Path):
            store = FeatureStore(source.parent, self.dim, self._feature.get('recipe'), benchmark='transfer')
            if store.path(source.stem) != source:
                raise FeatureError(f'{source} and {store.path(source.stem)} are features of one take; keep one of '
                                   'them.')
            rows = store.open(source.stem)
        else:
            rows = self._checked(sample_id, source, start is not None)
        chosen = _windows(sample_id, len(rows), start, end, duration)
        block = np.array(rows[chosen[0]:chosen[-1] + 1], dtype=np.float32)
        require_finite(block, sample_id, chosen[0], 1)
        return torch.from_numpy(block).mean(dim=0)

    def _checked(self, sample_id: str, array: np.ndarray, timed: bool) -> np.ndarray:
        """Rows (T, D) of an array."""
        rows = array[:, 0] if array.ndim == 3 and array.shape[1] == 1 else array[None] if array.ndim == 1 else array
        fits = rows.ndim == 2 and rows.size and rows.shape[1] == self.dim and not (array.ndim == 1 and timed)
        if not fits or not np.issubdtype(rows.dtype, np.floating):
            raise FeatureError(explain(
                sample_id, f'floating numbers (T, {self.dim}), the rows of a take, or ({self.dim},), a pooled vector '
                'without times', f'{array.dtype} {array.shape}', 'Compare with feature.dim of the config.'))
        return rows

    @torch.no_grad()
    def _predict(self, items: Sequence[torch.Tensor | str], metas: Sequence[dict]) -> np.ndarray:
        """Logits, (N, C)."""
        samples = [EgoExoDataSample(metainfo=meta) for meta in metas]
        inputs = list(items) if self.reads_text else torch.stack(list(items))
        predicted = self.model.test_step({'inputs': inputs, 'data_samples': samples})
        return np.stack([sample.pred_class_logits.float().cpu().numpy() for sample in predicted])

    def _describe(self, meta: dict, logits: np.ndarray, top: int) -> dict:
        classes = (*self.classes, *(f'class {index}' for index in range(len(self.classes), logits.size)))
        probabilities = softmax(logits.astype(np.float64)).astype(np.float32)
        named = [(classes[index], float(probabilities[index]))
                 for index in np.argsort(-probabilities, kind='stable')[:top].tolist()]
        label = int(logits.argmax())
        return {'sample_id': meta['sample_id'], 'view': meta['view'], 'start_sec': meta.get('start_sec'),
                'end_sec': meta.get('end_sec'), 'text': meta.get(_TEXT), 'label': label, 'name': classes[label],
                'top': named, 'probabilities': probabilities, 'classes': classes}

    def visualize(self, out_dir: str | Path, results: Sequence[dict] | None = None) -> list[Path]:
        """Draw the likeliest classes, up to eight results in one picture.

        Args:
            out_dir (str | Path): Folder for ``segments_<number>.png``; made if absent.
            results (Sequence[dict] | None): ``None`` takes those of the last call.

        Returns:
            list[Path]: The files.

        Raises:
            ValueError: If there is nothing to draw.
        """
        results, out_dir = results_to_draw(results, self._results, out_dir)
        paths = []
        for first in range(0, len(results), _MAX_DRAWN):
            shown = results[first:first + _MAX_DRAWN]
            rows = [rank_segment({'sample_id': row['sample_id'], 'view': row['view'], 'text': row['text'],
                                  'start_sec': row['start_sec'], 'end_sec': row['end_sec']},
                                 np.log(np.maximum(row['probabilities'], 1e-30)), None) for row in shown]
            paths.append(out_dir / f'segments_{first // _MAX_DRAWN}.png')
            draw_class_rankings(rows, shown[0]['classes']).savefig(paths[-1], dpi=200)
        return paths


def _per_input(name: str, times: float | Sequence[float] | None, number: int) -> list[float | None]:
    """One time per input."""
    if times is None or np.ndim(times) == 0:
        return [None if times is None else float(times)] * number
    if len(times) != number:
        raise ValueError(f'{name} has {len(times)} times for {number} inputs; give one for each, or one for all.')
    return [float(time) for time in times]


def _windows(sample_id: str, num_rows: int, start: float | None, end: float | None,
             duration: float | None) -> list[int]:
    """Rows of a segment; all of them without times."""
    if start is None or end is None:
        return list(range(num_rows))
    if duration is not None and not 0 < duration < _MAX_SEC:
        raise FeatureError(explain(sample_id, 'the length of the take in seconds', f'duration_sec={duration:g}',
                                   'Correct or leave out duration_sec.'))
    num_frames = int(duration * FPS) if duration is not None else (num_rows - 2) * STRIDE + WINDOW + STRIDE // 2
    table = window_table(num_frames)[:num_rows]
    length = (table[-1][1] + 1) / FPS if table else 0.0
    if not 0 <= start < end or not start < length:
        raise FeatureError(explain(sample_id, f'a segment inside the {length:g} s of the features',
                                   f'{start:g} to {end:g} s', 'Correct start_sec and end_sec.'))
    return overlapping_windows(table, start, end) or [nearest_window(table, start, end)]
