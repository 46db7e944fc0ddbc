"""Lists and videos of a segmentation run: what the config names, what was predicted, and how each video scores."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from egoexo.errors import EgoExoError
from egoexo.evaluation.functional.segmentation import count_video, summarise
from egoexo.evaluation.protocols.segmentation import PROTOCOLS
from egoexo.formats.egoexolearn import read_class_names, read_frame_labels, read_split
from egoexo.registry import DATASETS
from egoexo.visualization.report_run import Run

__all__ = ['ScoredVideo', 'VideoList', 'find_lists', 'read_names', 'score_videos']

_OFFICIAL = ('SegmentationDataset', 'egoexo.SegmentationDataset')
_DEFAULT_FPS = 25.0


@dataclass(frozen=True)
class ScoredVideo:
    """One scored video of a list.

    Args:
        subset (str): List, e.g. ``'ego_val'``.
        uid (str): Official uid.
        truth (np.ndarray): Class ids, int64 (G,).
        prediction (np.ndarray): Class ids, int64 (P,), P >= G.
        scores (Mapping[str, float]): Percent by name, official protocol.
        video_path (Path): Where its video would be.
        view (str): ``'ego'``, ``'exo'`` or empty.
        fps (float): Of the labels.
    """

    subset: str
    uid: str
    truth: np.ndarray
    prediction: np.ndarray
    scores: Mapping[str, float]
    video_path: Path
    view: str = ''
    fps: float = _DEFAULT_FPS


@dataclass
class VideoList:
    """One list of the test data loader and what became of its videos.

    Args:
        subset (str): Name of the list.
        root (Path): Data root.
        label_folder (str): Below the root; empty when the truth comes from the data set class.
        listed (int): Videos named by the list file, without excluded ones.
        scored (int): Videos of :func:`score_videos`.
        problem (str): Why the list or one of its label files could not be read.
        left_out (tuple[str, ...]): uids without a prediction.
        view (str): ``'ego'``, ``'exo'`` or empty.
        classes (tuple[str, ...]): Class names, as far as the list itself knows them.
        fps (float): Of the labels.
        truths (dict[str, np.ndarray]): Class ids by uid, where the data set class was asked.
        views (dict[str, str]): View by uid, where the videos of the list differ in it.
    """

    subset: str
    root: Path
    label_folder: str = ''
    listed: int = 0
    scored: int = 0
    problem: str = ''
    left_out: tuple[str, ...] = ()
    view: str = ''
    classes: tuple[str, ...] = ()
    fps: float = _DEFAULT_FPS
    truths: dict[str, np.ndarray] = field(default_factory=dict, repr=False)
    views: dict[str, str] = field(default_factory=dict, repr=False)

    def read_truth(self, uid: str) -> np.ndarray:
        """Class ids of one video, int64 (G,).

        Args:
            uid (str): Official uid.

        Raises:
            EgoExoError: If there is none.
        """
        return self.truths[uid] if uid in self.truths else read_frame_labels(
            self.root / self.label_folder / f'{uid}.txt')


def find_lists(run: Run) -> Iterator[VideoList]:
    """Every list of the test data loader, else of the validation.

    Official lists are read as files, which needs nothing but the annotations. Other data sets are built from their
    config and asked for their samples, so that the truth is what the metric saw.

    Args:
        run (Run): With a config.

    Yields:
        VideoList: A list that cannot be read is told in ``problem``.
    """
    for dataset in run.datasets('test') or run.datasets('val'):
        stem = Path(str(dataset['ann_file'])).name.removesuffix('_annotations.bundle')
        subset = dataset.get('subset') or stem or str(dataset.get('type'))
        found = VideoList(subset, Path(dataset.get('data_root') or ''), view=str(dataset.get('view') or ''))
        try:
            official = dataset.get('type', _OFFICIAL[0]) in _OFFICIAL
            uids = _read_official(found, dataset) if official else _ask_dataset(found, dataset, run.predictions or {})
        except Exception as error:  # of a class that need not be ours: one list must not take the page down
            known = isinstance(error, EgoExoError)
            found.problem = str(error) if known else f'{type(error).__name__}: {error}'
            yield found
            continue
        found.listed = len(uids)
        if run.predictions is not None:
            found.left_out = tuple(uid for uid in uids if f'{found.subset}/{uid}' not in run.predictions)
        yield found


def _read_official(found: VideoList, dataset: Mapping) -> list[str]:
    found.label_folder = (dataset.get('data_prefix') or {}).get('labels', '')
    excluded = dataset.get('exclude') or ()
    return [uid for uid in read_split(found.root / dataset['ann_file']) if uid not in excluded]


def _ask_dataset(found: VideoList, dataset: Mapping, predictions: Mapping[str, np.ndarray]) -> list[str]:
    """Build the data set and take the truth of the predicted videos from its samples."""
    built = DATASETS.build({key: value for key, value in dataset.items() if key != 'lazy_init'})
    found.subset = str(getattr(built, 'subset', '') or found.subset)
    found.view = str(getattr(built, 'view', '') or found.view)
    found.classes = tuple(built.metainfo.get('classes') or ())
    found.fps = float(built.metainfo.get('label_fps') or _DEFAULT_FPS)
    infos = [built.get_data_info(index) for index in range(len(built))]
    uids = [str(info['sample_id']) for info in infos]
    found.views = {uid: str(info.get('view') or '') for uid, info in zip(uids, infos, strict=True)}
    for index, uid in enumerate(uids):
        if f'{found.subset}/{uid}' in predictions:
            labels = built[index]['data_samples'].get('gt_frame_labels')
            if labels is not None:
                found.truths[uid] = np.asarray(labels, dtype=np.int64)
    return uids


def score_videos(run: Run, lists: list[VideoList]) -> list[ScoredVideo]:
    """Score every predicted video whose truth can be read, under the official protocol.

    Args:
        run (Run): With predictions.
        lists (list[VideoList]): Of :func:`find_lists`; ``scored`` and ``problem`` are filled in.

    Returns:
        list[ScoredVideo]: In the order of the lists.
    """
    videos = []
    folders = {item.subset: item for item in lists}
    for key, prediction in (run.predictions or {}).items():
        # A uid may hold slashes of its own; the longest name of a list in front of one counts.
        subset = max((name for name in folders if key.startswith(f'{name}/')), key=len, default=None)
        if subset is None:
            continue
        item, uid = folders[subset], key[len(subset) + 1:]
        try:
            prediction = prediction.astype(np.int64)
            truth = item.read_truth(uid)
            scores = summarise([count_video(prediction, truth, PROTOCOLS['official'], uid)])
        except (ValueError, TypeError) as error:  # a label file that moved, a short prediction: the others are drawn
            item.problem = item.problem or str(error)
            continue
        item.scored += 1
        videos.append(ScoredVideo(subset, uid, truth, prediction, scores, item.root / 'videos' / f'{uid}.mp4',
                                  item.views.get(uid) or item.view or _view_of(subset), item.fps))
    order = list(folders)
    return sorted(videos, key=lambda video: order.index(video.subset))


def _view_of(subset: str) -> str:
    first = subset.split('_')[0]
    return first if first in ('ego', 'exo') else ''


def read_names(lists: list[VideoList]) -> tuple[str, ...]:
    """Class names from the data set or from the file beside the label folder, else numbers.

    Args:
        lists (list[VideoList]): Of :func:`find_lists`.

    Returns:
        tuple[str, ...]: By id.
    """
    for item in lists:
        path = (item.root / item.label_folder).parent / 'semantic_en.json'
        if item.classes:
            return item.classes
        if item.label_folder and path.is_file():
            try:
                return read_class_names(path)
            except EgoExoError as error:
                item.problem = item.problem or str(error)
    return ('background', *(f'class {index}' for index in range(1, 28)))
