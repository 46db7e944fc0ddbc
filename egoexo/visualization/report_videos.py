"""Lists and videos of a segmentation run: what the config names, what was predicted, and how each video scores."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from egoexo.errors import AnnotationError
from egoexo.evaluation.functional.segmentation import count_video, summarise
from egoexo.evaluation.protocols.segmentation import PROTOCOLS
from egoexo.formats.egoexolearn import read_class_names, read_frame_labels, read_split
from egoexo.utils.loader_configs import iter_datasets
from egoexo.visualization.report_run import Run

__all__ = ['ScoredVideo', 'VideoList', 'find_lists', 'read_names', 'score_videos']


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
    """

    subset: str
    uid: str
    truth: np.ndarray
    prediction: np.ndarray
    scores: Mapping[str, float]
    video_path: Path

    @property
    def view(self) -> str:
        """``'ego'`` or ``'exo'``."""
        return self.subset.split('_')[0]


@dataclass
class VideoList:
    """One list of the test data loader and what became of its videos.

    Args:
        subset (str): Name of the list.
        root (Path): Data root.
        label_folder (str): Below the root.
        listed (int): Videos named by the list file, without excluded ones.
        scored (int): Videos of :func:`score_videos`.
        problem (str): Why the list or one of its label files could not be read.
        left_out (tuple[str, ...]): uids without a prediction.
    """

    subset: str
    root: Path
    label_folder: str
    listed: int = 0
    scored: int = 0
    problem: str = ''
    left_out: tuple[str, ...] = ()


def find_lists(run: Run) -> Iterator[VideoList]:
    """Every list of the test data loader, else of the validation.

    Args:
        run (Run): With a config.

    Yields:
        VideoList: A missing list file is told in ``problem``.
    """
    config = run.config or {}
    for dataset in iter_datasets(config.get('test_dataloader') or config.get('val_dataloader')):
        stem = Path(dataset['ann_file']).name.removesuffix('_annotations.bundle')
        found = VideoList(dataset.get('subset') or stem, Path(dataset.get('data_root', '')),
                          dataset.get('data_prefix', {}).get('labels', ''))
        try:
            uids = read_split(found.root / dataset['ann_file'])
        except AnnotationError as error:
            found.problem = str(error)
            yield found
            continue
        uids = [uid for uid in uids if uid not in dataset.get('exclude', ())]
        found.listed = len(uids)
        if run.predictions is not None:
            found.left_out = tuple(uid for uid in uids if f'{found.subset}/{uid}' not in run.predictions)
        yield found


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
        subset, _, uid = key.rpartition('/')
        item = folders.get(subset)
        if item is None:
            continue
        prediction = prediction.astype(np.int64)
        try:
            truth = read_frame_labels(item.root / item.label_folder / f'{uid}.txt')
            scores = summarise([count_video(prediction, truth, PROTOCOLS['official'], uid)])
        except ValueError as error:  # a label file that moved, a short prediction: told, the others are drawn
            item.problem = item.problem or str(error)
            continue
        item.scored += 1
        videos.append(ScoredVideo(subset, uid, truth, prediction, scores, item.root / 'videos' / f'{uid}.mp4'))
    order = list(folders)
    return sorted(videos, key=lambda video: order.index(video.subset))


def read_names(lists: list[VideoList]) -> tuple[str, ...]:
    """Class names from the file beside the label folder, else numbers.

    Args:
        lists (list[VideoList]): Of :func:`find_lists`.

    Returns:
        tuple[str, ...]: By id.
    """
    for item in lists:
        path = (item.root / item.label_folder).parent / 'semantic_en.json'
        if path.is_file():
            return read_class_names(path)
    return ('background', *(f'class {index}' for index in range(1, 28)))
