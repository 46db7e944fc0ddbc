"""Whole videos with one label each, and what teachers said about them: Kinetics-400 for the pre-training of Ego-Exo."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from mmengine.logging import print_log

from egoexo.datasets.base import EgoExoDataset, SampleReport
from egoexo.datasets.video_reader import VideoReader
from egoexo.errors import AnnotationError, ConfigError, DataError, explain
from egoexo.files import read_text
from egoexo.formats.teacher_scores import TeacherScores, read_teacher_scores
from egoexo.registry import DATASETS

__all__ = ['KineticsDataset', 'read_video_labels']

#: A path may hold blanks and commas; the label is what follows the last of them.
_LINE = re.compile(r'(.+?)[ ,\t]+(-?[0-9]{1,6})')


def read_video_labels(path: str | os.PathLike) -> list[tuple[str, int]]:
    """Read a list of videos in the form of PySlowFast: a path and a class id per line, a blank or comma between.

    Args:
        path (str | os.PathLike): ``train.csv``.

    Returns:
        list[tuple[str, int]]: In file order.

    Raises:
        AnnotationError: If the file is missing, a line is malformed or names a video again; names the line.
    """
    seen: set[str] = set()
    rows = []
    for number, line in enumerate(read_text(path, AnnotationError, 'a list of videos').splitlines(), start=1):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise AnnotationError(explain(f'{path} line {number}', 'a path and a class id', repr(line[:200]),
                                          'Correct the line.'))
        if match[1] in seen:
            raise AnnotationError(explain(f'{path} line {number}', 'every video once', f'{match[1]!r} again',
                                          'Remove the line.'))
        seen.add(match[1])
        rows.append((match[1], int(match[2])))
    return rows


@DATASETS.register_module()
class KineticsDataset(EgoExoDataset):
    """Videos of a list with their class, teacher scores and interaction maps where there are any.

    Args:
        ann_file (str): List of paths and class ids, see :func:`read_video_labels`.
        data_prefix (Mapping): Folder ``videos`` that the paths are relative to.
        subset (str): Name under which the list is scored. Defaults to ``'train'``.
        num_classes (int): Classes. Defaults to 400.
        ego_scores (str, optional): File with logits of how egocentric each video looks, see
            :func:`egoexo.formats.teacher_scores.read_teacher_scores`.
        object_scores (str, optional): File with logits of object classes.
        interaction_maps (str, optional): Folder of ``<name of the video without its ending>.npy`` with the boxes of
            hands and touched objects.
        **kwargs: See :class:`EgoExoDataset` and :class:`mmengine.dataset.BaseDataset`.

    Raises:
        AnnotationError: If the list or a score file is missing or malformed, or names an unknown class.
        DataError: If videos are missing, all of them in one report (``on_bad='skip'``: left out).
        ConfigError: If no folder of videos is named.
    """

    METAINFO: dict = dict(benchmark='recognition')
    HOW_TO_GET = 'Check data_prefix.videos; about a tenth of Kinetics has vanished from its source.'
    UNIT = 'videos'

    def __init__(self, ann_file: str, data_root: str = '', data_prefix: Mapping[str, str] | None = None,
                 subset: str = 'train', num_classes: int = 400, ego_scores: str | None = None,
                 object_scores: str | None = None, interaction_maps: str | None = None, **kwargs: object) -> None:
        if sorted(data_prefix or {}) != ['videos']:
            raise ConfigError(explain('KineticsDataset, data_prefix', "the folder 'videos'",
                                      sorted(data_prefix or {}) or 'nothing', 'Name it.'))
        self.subset, self.num_classes = subset, num_classes
        files = dict(ego_logits=ego_scores, object_logits=object_scores)
        self.score_files = {key: str(Path(data_root, file)) for key, file in files.items() if file}
        self._scores: dict[str, TeacherScores] = {}
        self.interaction_maps = interaction_maps and str(Path(data_root, interaction_maps))
        super().__init__(ann_file=ann_file, data_root=data_root, data_prefix=dict(data_prefix), **kwargs)
        self._metainfo['num_classes'] = dict(action=num_classes)

    @property
    def name(self) -> str:
        """Kind, subset and file."""
        return f'{type(self).__name__} {self.subset} ({self.ann_file})'

    def list_samples(self) -> list[dict]:
        """Read the list.

        Returns:
            list[dict]: One plain dict per video in file order: ``sample_id`` (path in the list), ``uid``, ``subset``,
            ``view``, ``video_path``, ``action_class``, and with interaction maps ``interaction_map``.

        Raises:
            AnnotationError: See the class.
        """
        items = []
        for path, label in read_video_labels(self.ann_file):
            if not -1 <= label < self.num_classes:
                raise AnnotationError(explain(
                    f'{self.ann_file}, video {path!r}', f'a class from 0 to {self.num_classes - 1}, as num_classes '
                    'says', label, 'Set num_classes in the data set and in the head.'))
            item = dict(sample_id=path, uid=path, subset=self.subset, view='exo', action_class=label,
                        video_path=os.path.join(self.data_prefix['videos'], path))
            if self.interaction_maps:
                item['interaction_map'] = os.path.join(self.interaction_maps, f'{Path(path).stem}.npy')
            items.append(item)
        if not items:
            raise AnnotationError(explain(self.ann_file, 'at least one video', 'none', 'Check the file.'))
        return items

    def inspect_sample(self, info: Mapping[str, object], full: bool = False) -> SampleReport:
        """Look whether a video is there, and what the teachers say about it.

        Args:
            info (Mapping[str, object]): One item of the data list.
            full (bool): Decode its first and last frame.

        Returns:
            SampleReport: Problems.
        """
        report = SampleReport(info['sample_id'])
        if not os.path.isfile(info['video_path']):
            report.problems.append(f"no file {info['video_path']}")
        elif full:
            try:
                with VideoReader(info['video_path']) as video:
                    video.get_batch([0, video.num_frames - 1])
            except DataError as error:
                report.problems.append(str(error))
        if info.get('interaction_map') and not os.path.isfile(info['interaction_map']):
            report.problems.append(f'no interaction map {info["interaction_map"]}')
        report.problems += [f'no scores in {table.path}' for table in self._tables().values()
                            if info['sample_id'] not in table]
        return report

    def announce(self, reports: Sequence[SampleReport]) -> None:
        """Say what the list holds.

        Args:
            reports (Sequence[SampleReport]): Of the usable videos.
        """
        teachers = ', '.join(f'{key} of {table.path} ({table.num_classes})' for key, table in self._tables().items())
        print_log(f'{self.subset}: {len(reports)} videos of {self.ann_file}{", " if teachers else ""}{teachers}',
                  'current')

    def get_data_info(self, idx: int) -> dict:
        """One item of the list with the rows of its teachers.

        Args:
            idx (int): Position.

        Returns:
            dict: See :meth:`list_samples`; with teachers ``ego_logits`` and ``object_logits``, float32, (C,).
        """
        info = super().get_data_info(idx)
        return info | {key: table[info['sample_id']] for key, table in self._tables().items()}

    def _tables(self) -> dict[str, TeacherScores]:
        if len(self._scores) < len(self.score_files):
            self._scores = {key: read_teacher_scores(file) for key, file in self.score_files.items()}
        return self._scores
