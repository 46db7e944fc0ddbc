"""What is done in a segment of a video, in three lines: the likeliest verbs, nouns and actions."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from rich.console import Console
from rich.progress import track

from egoexo.apis.inferencers.drawing import results_to_draw
from egoexo.apis.init_model import init_model
from egoexo.apis.recognition_segments import SegmentSource, open_source, read_segments
from egoexo.datasets.collate_clips import collate_clips
from egoexo.errors import ConfigError, EgoExoError, explain
from egoexo.registry import DATASETS, INFERENCERS, TRANSFORMS
from egoexo.utils.loader_configs import iter_datasets
from egoexo.visualization.action_strip import ActionStrip, draw_action_strips
from egoexo.visualization.recognition import TASKS, as_probabilities, task_names
from egoexo.visualization.recognition_pictures import stored_pictures

__all__ = ['RecognitionInferencer']

_MAX_DRAWN, _NUM_PICTURES = 4, 8
_CROPS = {1: 'CenterCropClip', 3: 'ThreeCropClip'}
_NO_LABELS = ('LoadInteractionBoxes',)  # reads files that only training needs


@INFERENCERS.register_module()
class RecognitionInferencer:
    """Names verb and noun of segments of videos or frame folders.

    Frames go through the transforms of the config's test data loader, so by default a segment is seen as in a test:
    usually ten clips with three crops each.

    Args:
        model (str | Path | Config): Config file, model of the zoo, short name or config.
        weights (str | Path | bool | None): Checkpoint, URL with ``#sha256=``, True for the weights of the model zoo;
            ``None`` keeps random weights, said aloud.
        device (str | torch.device | None): ``None`` takes the GPU if there is one.
        num_views (int | None): Clips spread over a segment; ``None`` takes as many as the test of the config. One is
            from the middle.
        num_crops (int | None): 3 for both ends and the middle of the picture, 1 for the middle; ``None`` as the test.

    Raises:
        ConfigError: If the config is wrong, or its test data loader does not read clips.
        CheckpointError: If the weights do not fit.
        ValueError: If a number of views or crops is impossible.

    Examples:
        >>> from egoexo.apis import RecognitionInferencer
        >>> inferencer = RecognitionInferencer('recognition/mini_slowfast_r50_epic100-ego')       # random weights
        >>> video = sorted(Path('data/mini/egoexolearn/videos').glob('*.mp4'))[0]
        >>> result = inferencer(video, start_sec=2.0, end_sec=3.5)[0]
        >>> len(result['top']['verb']), result['probabilities']['noun'].shape, len(result['pictures'])
        (5, (26,), 8)
    """

    def __init__(self, model: str | Path | Config, weights: str | Path | bool | None = None,
                 device: str | torch.device | None = None, num_views: int | None = None,
                 num_crops: int | None = None) -> None:
        if num_crops not in (None, *_CROPS) or (num_views is not None and num_views < 1):
            raise ValueError(f'num_views must be at least 1 and num_crops 1 or 3, got {num_views} and {num_crops}.')
        self.model = init_model(model, weights, device)
        self.cfg = self.model.cfg
        dataset = dict(next(iter_datasets(self.cfg.get('test_dataloader')), {}))
        self._transforms = [TRANSFORMS.build(step) for step in _pipeline(dataset, num_views, num_crops)]
        self.classes = self._find_classes(dataset)
        self._results: list[dict] = []

    def _find_classes(self, dataset: dict) -> dict[str, list[str]]:
        """Names by task from the checkpoint or the annotation files; numbers take the place of absent ones."""
        names = self.model.dataset_meta.get('classes')
        if names is None:
            try:
                names = DATASETS.build(dataset | {'lazy_init': True, 'pipeline': []}).metainfo.get('classes')
            except (EgoExoError, OSError):
                names = None
        return {task: list(values) for task, values in task_names(names).items()}

    def __call__(self, source: str | Path | Sequence[str | Path], start_sec: float | Sequence[float] | None = None,
                 end_sec: float | Sequence[float] | None = None, *, fps: float | None = None, top: int = 5,
                 batch_size: int = 1, narration: str | Sequence[str] = '', progress: bool = True) -> list[dict]:
        """Predict.

        Args:
            source (str | Path | Sequence): Video file, folder of numbered frames, or one of these per segment.
            start_sec (float | Sequence[float] | None): Begin of the segment in seconds, or of one segment each: with
                one source and many times, all segments are of this source. ``None`` for that of the video.
            end_sec (float | Sequence[float] | None): Its end.
            fps (float | None): Rate at which frames are counted, see
                :func:`egoexo.apis.recognition_segments.open_source`.
            top (int): Classes named in the result.
            batch_size (int): Segments read and predicted together. A long one with ten views takes 100 MB.
            narration (str | Sequence[str]): What is said, for the pictures alone.
            progress (bool): Show a bar for several segments, on a terminal.

        Returns:
            list[dict]: One per segment: ``sample_id``, ``source``, ``start_sec`` and ``end_sec`` (of its frames),
            ``verb`` and ``noun`` (likeliest names), ``top`` (list of ``(name, probability)`` by task), ``actions``
            (likeliest ``(verb, noun, probability)``, where the model has both tasks), ``probabilities`` (float32, (C,),
            by task), ``narration`` and ``pictures`` (some RGB frames).

        Raises:
            DataError: If a source or a frame is missing or damaged, or a segment is not inside its video.
            VideoError: If a video cannot be read.
            ValueError: If ``top`` or ``batch_size`` is less than 1, there is no segment, or the lists differ in length.
        """
        lists = _align(source=source, start_sec=start_sec, end_sec=end_sec, narration=narration)
        rows = [{'source': Path(where), 'start_sec': start, 'end_sec': end, 'narration': said,
                 'sample_id': Path(where).stem if len(lists) == 1 else f'{Path(where).stem}_{number}'}
                for number, (where, start, end, said) in enumerate(lists)]
        return self._run(rows, fps, top, batch_size, progress)

    def run_table(self, table: str | Path, root: str | Path | None = None, *, fps: float | None = None, top: int = 5,
                  batch_size: int = 1, progress: bool = True) -> list[dict]:
        """Predict all segments of a table.

        Args:
            table (str | Path): CSV with the columns ``source``, ``start_sec`` and ``end_sec``, optionally ``sample_id``
                and ``narration``.
            root (str | Path | None): What the sources are relative to; ``None`` for the folder of the table.
            fps (float | None): See :meth:`__call__`.
            top (int): See :meth:`__call__`.
            batch_size (int): See :meth:`__call__`.
            progress (bool): See :meth:`__call__`.

        Returns:
            list[dict]: As :meth:`__call__`, in the order of the table.

        Raises:
            AnnotationError: If the table is malformed.
        """
        return self._run(read_segments(table, root), fps, top, batch_size, progress)

    def _run(self, rows: Sequence[dict], fps: float | None, top: int, batch_size: int, progress: bool) -> list[dict]:
        if top < 1 or batch_size < 1:
            raise ValueError(f'top and batch_size must be at least 1, got {top} and {batch_size}.')
        # All are looked at before the first is predicted: a wrong path in line 900 must not wait for its turn.
        known: dict[Path, SegmentSource] = {}
        items = []
        for number, row in enumerate(rows):
            path = row['source']
            if path not in known:
                known[path] = open_source(path, fps)
            items.append(known[path].item(row['start_sec'], row['end_sec']) | {
                'sample_id': row['sample_id'], 'uid': path.stem, 'subset': '', 'view': 'ego', 'sample_idx': number,
                'participant_id': '', 'narration': row['narration'], 'verb_class': -1, 'noun_class': -1})
        self._results = []
        console = Console(stderr=True)
        shown = progress and len(rows) > 1 and console.is_terminal
        for start in track(range(0, len(rows), batch_size), 'recognising', console=console, disable=not shown):
            stop = start + batch_size
            self._results += self._predict(items[start:stop], rows[start:stop], top)
        return self._results

    @torch.no_grad()
    def _predict(self, items: Sequence[dict], rows: Sequence[dict], top: int) -> list[dict]:
        packed = []
        for item in items:
            results = dict(item)
            for transform in self._transforms:
                results = transform.transform(results)
            packed.append(results)
        orders = [str(getattr(transform, 'channel_order', '')) for transform in self._transforms]
        order = next(filter(None, orders), 'bgr')
        samples = self.model.test_step(collate_clips(packed))
        results = []
        for item, row, content, sample in zip(items, rows, packed, samples, strict=True):
            clip = content['inputs']
            num_clips = len(clip['views']) * len(clip['crops'])
            scores = {task: sample.get(f'pred_{task}_scores').float().cpu().numpy() / num_clips
                      for task in TASKS if f'pred_{task}_scores' in sample}
            times = {'start_sec': (item['start_frame'] - 1) / item['frame_rate'],
                     'end_sec': item['stop_frame'] / item['frame_rate']}
            results.append({'sample_id': row['sample_id'], 'source': str(row['source']), 'narration': row['narration'],
                            'pictures': stored_pictures(clip, _NUM_PICTURES, order)}
                           | times | self._describe(scores, top))
        return results

    def _describe(self, scores: dict[str, np.ndarray], top: int) -> dict[str, object]:
        """Names and probabilities of the likeliest classes of each task, and of the pairs of verb and noun."""
        probabilities = {task: as_probabilities(values) for task, values in scores.items()}
        orders = {task: np.argsort(-values, kind='stable')[:top].tolist() for task, values in probabilities.items()}
        ranked = {task: [(self._name(task, index), float(probabilities[task][index])) for index in order]
                  for task, order in orders.items()}
        found: dict[str, object] = {task: rows[0][0] for task, rows in ranked.items()}
        if {'verb', 'noun'} <= ranked.keys():
            pairs = [(verb, noun, one * other) for verb, one in ranked['verb'] for noun, other in ranked['noun']]
            found['actions'] = sorted(pairs, key=lambda pair: -pair[2])[:top]
        return found | {'top': ranked, 'probabilities': {
            task: values.astype(np.float32) for task, values in probabilities.items()}}

    def _name(self, task: str, index: int) -> str:
        names = self.classes.get(task, ())
        return names[index] if index < len(names) else f'class {index}'

    def visualize(self, out_dir: str | Path, results: Sequence[dict] | None = None) -> list[Path]:
        """Draw frames and likeliest classes, up to four segments in one picture.

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
            strips = [ActionStrip(row['sample_id'], row['pictures'], row['probabilities'], {}, row['narration'],
                                  f'{row["start_sec"]:.1f} to {row["end_sec"]:.1f} s')
                      for row in results[first:first + _MAX_DRAWN]]
            paths.append(out_dir / f'segments_{first // _MAX_DRAWN}.png')
            draw_action_strips(strips, self.classes).savefig(paths[-1], dpi=200)
        return paths


def _pipeline(dataset: dict, num_views: int | None, num_crops: int | None) -> list[dict]:
    """Transforms of a test with other numbers of views and crops, and without files of labels."""
    steps = [dict(step) for step in dataset.get('pipeline') or () if step.get('type') not in _NO_LABELS]
    kinds = [step.get('type') for step in steps]
    if kinds[:1] != ['SampleClips'] or kinds[-1:] != ['PackClip']:
        raise ConfigError(explain(
            'test_dataloader.dataset.pipeline', 'transforms from SampleClips to PackClip', kinds or 'no pipeline',
            'Use the inferencer of the benchmark that the config is of.'))
    for step in steps:
        if step['type'] == 'SampleClips' and num_views is not None:
            # One view of the official test lies at the begin; the one of a validation is in the middle.
            step.update({'mode': 'test', 'num_views': num_views} if num_views > 1 else {'mode': 'val', 'num_views': 10})
        if step['type'] in _CROPS.values():
            step['type'] = _CROPS.get(num_crops, step['type'])
    return steps


def _align(**lists: object) -> list[tuple]:
    """One tuple per segment; what is given once goes with all."""
    known = {name: list(value) if isinstance(value, list | tuple | np.ndarray) else None
             for name, value in lists.items()}
    sizes = {name: len(value) for name, value in known.items() if value is not None}
    number = max(sizes.values(), default=1)
    if set(sizes.values()) - {number} or not number:
        told = ', '.join(f'{size} of {name}' for name, size in sizes.items())
        raise ValueError(f'expected one source, start_sec and end_sec, or lists of one length, got {told}.')
    return list(zip(*([lists[name]] * number if value is None else value for name, value in known.items()),
                    strict=True))
