"""Temporal action segmentation of feature files in three lines."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from egoexo.apis.inferencers.drawing import results_to_draw
from egoexo.apis.init_model import init_model
from egoexo.datasets.feature_files import SUFFIXES
from egoexo.datasets.feature_store import FeatureStore
from egoexo.datasets.segmentation import SegmentationDataset
from egoexo.errors import ConfigError, FeatureError
from egoexo.evaluation.functional.segmentation import run_starts
from egoexo.formats.egoexolearn import read_frame_labels
from egoexo.registry import INFERENCERS, TRANSFORMS
from egoexo.utils.loader_configs import iter_datasets
from egoexo.visualization.timeline import TimelineVideo, draw_timeline

__all__ = ['SegmentationInferencer', 'Source', 'expand_sources']

Source = str | Path | np.ndarray


@INFERENCERS.register_module()
class SegmentationInferencer:
    """Labels every frame of untrimmed videos from their features.

    Runs the transforms of the config's test data loader, so features are read, thinned and checked as in a test.

    Args:
        model (str | Path | Config): Config file, model of the zoo, short name or config.
        weights (str | Path | bool | None): Checkpoint, URL with ``#sha256=``, True for the weights of the model zoo;
            ``None`` keeps random weights, said aloud.
        device (str | torch.device | None): ``None`` takes the GPU if there is one.

    Raises:
        ConfigError: If the config is wrong or its test data loader has no pipeline.
        CheckpointError: If the weights do not fit.

    Examples:
        >>> from egoexo.apis import SegmentationInferencer
        >>> inferencer = SegmentationInferencer('segmentation/mini_mstcn_i3d_egoexolearn-ego')    # random weights
        >>> result = inferencer(np.zeros((50, 1024), np.float32))[0]                              # two seconds
        >>> result['labels'].shape, result['scores'].shape, result['segments'][-1][1]
        ((50,), (28, 10), 2.0)
    """

    def __init__(self, model: str | Path | Config, weights: str | Path | bool | None = None,
                 device: str | torch.device | None = None) -> None:
        self.model = init_model(model, weights, device)
        self.cfg = self.model.cfg
        meta = SegmentationDataset.METAINFO | self.model.dataset_meta
        self.classes: tuple[str, ...] = tuple(meta['classes'])
        self.label_fps = float(meta['label_fps'])
        self._results: list[dict] = []
        self._load, self._transforms = self._build_pipeline()

    def _build_pipeline(self) -> tuple[object, list]:
        """``LoadSequence`` without labels, and the transforms behind it."""
        dataset = next(iter_datasets(self.cfg.get('test_dataloader')), {})
        steps = [dict(step) for step in dataset.get('pipeline', ())]
        if not steps or steps[0]['type'] != 'LoadSequence':
            raise ConfigError('test_dataloader.dataset.pipeline must begin with LoadSequence for the inferencer, found '
                              f'{[step["type"] for step in steps] or "no pipeline"}.')
        steps[0]['with_labels'] = False
        for step in steps:
            if step['type'] == 'PackInputs':  # there is no annotation
                step.update(keys=(), meta_keys=('sample_id', 'frames_per_step'))
        return TRANSFORMS.build(steps[0]), [TRANSFORMS.build(step) for step in steps[1:]]

    def __call__(self, inputs: Source | Sequence[Source], batch_size: int = 1, progress: bool = True) -> list[dict]:
        """Predict.

        Args:
            inputs (str | Path | np.ndarray | Sequence): Feature file (``.npy``, ``.pt``, ``.npz``), folder of such
                files, array (T, D) with rows at the rate the config expects, or a list of these.
            batch_size (int): Videos per forward pass.
            progress (bool): Show a bar with the time left when there are several videos.

        Returns:
            list[dict]: One per video: ``sample_id`` (str), ``labels`` (int64 (P,), class ids at ``fps``), ``fps``,
            ``segments`` (list of ``(start_sec, end_sec, class_id, name)`` that cover the labels), ``scores`` (float32
            (C, S), class probabilities per model step), ``classes`` (names by id).

        Raises:
            FeatureError: If an input is missing, damaged, of the wrong shape or width, or holds NaN.
            ValueError: If ``batch_size`` is less than 1.
        """
        if batch_size < 1:
            raise ValueError(f'batch_size must be at least 1, got {batch_size}.')
        sources = list(expand_sources(inputs))
        self._results = []
        columns = (TextColumn('segmenting'), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), disable=not progress or len(sources) < 2) as bar:
            task = bar.add_task('', total=len(sources))
            for start in range(0, len(sources), batch_size):
                batch = sources[start:start + batch_size]
                self._results += self._predict([self._prepare(*source) for source in batch])
                bar.advance(task, len(batch))
        return self._results

    def visualize(self, out_dir: str | Path, results: Sequence[dict] | None = None,
                  label_dir: str | Path | None = None) -> list[Path]:
        """Draw a timeline of each result.

        Args:
            out_dir (str | Path): Folder for ``<sample_id>.png``; made if absent.
            results (Sequence[dict] | None): ``None`` takes those of the last call.
            label_dir (str | Path | None): Folder of true labels, ``<sample_id>.txt``; drawn above where there is one.

        Returns:
            list[Path]: The files.

        Raises:
            ValueError: If there is nothing to draw.
        """
        results, out_dir = results_to_draw(results, self._results, out_dir)
        paths = []
        for result in results:
            truth_file = Path(label_dir) / f'{result["sample_id"]}.txt' if label_dir is not None else None
            truth = read_frame_labels(truth_file) if truth_file is not None and truth_file.is_file() else None
            video = TimelineVideo(result['sample_id'], '', truth, result['labels'])
            paths.append(out_dir / f'{result["sample_id"]}.png')
            draw_timeline([video], self.classes, fps=self.label_fps).savefig(paths[-1], dpi=200)
        return paths

    def _prepare(self, sample_id: str, source: Path | np.ndarray) -> dict:
        """Input of the model for one video."""
        results = {'sample_id': sample_id, 'label_fps': self.label_fps}
        if isinstance(source, Path):
            results = self._load.transform(results | {'feature_path': self._checked_path(source)})
        else:
            results['feats'] = self._checked_array(source, sample_id)
        for transform in self._transforms:
            results = transform.transform(results)
        return results

    def _checked_path(self, path: Path) -> str:
        store: FeatureStore = self._load.store(path.parent)
        found = store.path(path.stem)
        if found != path:
            raise FeatureError(f'{path} and {found} are features of one video; keep one of them.')
        return str(path)

    def _checked_array(self, array: np.ndarray, sample_id: str) -> np.ndarray:
        dim = self.cfg.model.backbone.get('in_channels')
        fits = array.ndim in (2, 3) and array.size and dim in (None, array.shape[1])
        if not fits or not np.issubdtype(array.dtype, np.floating):
            raise FeatureError(f'{sample_id} is {array.dtype} {array.shape}, expected floating numbers '
                               f'(T, {dim or "D"}) with T >= 1, from model.backbone.in_channels.')
        return array.mean(axis=2) if array.ndim == 3 else array

    @torch.no_grad()
    def _predict(self, batch: list[dict]) -> list[dict]:
        samples = self.model.test_step(pseudo_collate(batch))
        return [self._describe(sample.sample_id, sample.pred_frame_labels.numpy(), sample.pred_step_scores.numpy())
                for sample in samples]

    def _describe(self, sample_id: str, labels: np.ndarray, scores: np.ndarray) -> dict:
        starts = run_starts(labels)
        ends = np.append(starts[1:], len(labels))
        segments = [(start / self.label_fps, end / self.label_fps, class_id, self.classes[class_id])
                    for start, end, class_id in zip(starts.tolist(), ends.tolist(), labels[starts].tolist(),
                                                    strict=True)]
        return {'sample_id': sample_id, 'labels': labels, 'fps': self.label_fps, 'segments': segments,
                'scores': scores, 'classes': self.classes}


def expand_sources(inputs: Source | Sequence[Source]) -> Iterator[tuple[str, Path | np.ndarray]]:
    """Find the videos that an inferencer was given.

    Args:
        inputs (str | Path | np.ndarray | Sequence): Feature file, folder of such files, array, or a list of these.

    Yields:
        tuple[str, Path | np.ndarray]: Name and source of each video.

    Raises:
        FeatureError: If there is none, or one is no feature file.
    """
    items = inputs if isinstance(inputs, list | tuple) else [inputs]
    if not items:
        raise FeatureError('no input: expected a feature file, a folder, an array (T, D) or a list of these.')
    for number, item in enumerate(items):
        if isinstance(item, np.ndarray):
            yield f'array_{number}', item
        elif not isinstance(item, str | Path):
            raise FeatureError(f'input {number} is a {type(item).__name__}, expected a path or an array (T, D).')
        elif Path(item).is_dir():
            yield from _folder(Path(item))
        else:
            yield _file(Path(item))


def _file(path: Path) -> tuple[str, Path]:
    if path.suffix not in SUFFIXES:
        raise FeatureError(f'{path} does not end in {", ".join(SUFFIXES)}; expected a feature file of one video.')
    if not path.is_file():
        raise FeatureError(f'{path} does not exist; expected a feature file or a folder of them.')
    return path.stem, path


def _folder(folder: Path) -> Iterator[tuple[str, Path]]:
    paths = sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES)
    if not paths:
        raise FeatureError(f'{folder} holds no feature file, expected <uid> with one of the endings '
                           f'{", ".join(SUFFIXES)}.')
    for path in paths:
        yield path.stem, path
