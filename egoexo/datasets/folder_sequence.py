"""Your own videos: a feature folder and one CSV file of segments per list."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from mmengine.logging import print_log

from egoexo.datasets.base import EgoExoDataset, SampleReport
from egoexo.datasets.feature_store import FeatureStore
from egoexo.datasets.recipe import RECIPE_FILE
from egoexo.errors import ConfigError, FeatureError, explain
from egoexo.formats.segment_csv import (
    AnnotatedVideo,
    Segment,
    collect_classes,
    frame_labels,
    read_class_list,
    read_segments,
    require_known_classes,
    row_ranges,
)
from egoexo.registry import DATASETS

__all__ = ['FolderSequenceDataset']

_END_SLACK_SEC = 1.0  # annotation tools round the end of a video up


@DATASETS.register_module()
class FolderSequenceDataset(EgoExoDataset):
    """Untrimmed videos with one class id per feature row, from segments in seconds.

    ::

        <data_root>/features/recipe.json, <video>.npy     tools/data/extract_features.py makes them
        <data_root>/train.csv, val.csv, test.csv          video,start_sec,end_sec,label (and view, if wanted)
        <data_root>/classes.txt                           one class per line; class 0 is the uncovered time

    Labels stand at the rate of the features: row ``r`` gets the class of the segment that covers its time,
    ``first_row_sec + r / feature_fps`` in the recipe. Samples have the same fields as those of
    :class:`SegmentationDataset`. Put ``LoadSequence(with_labels=False)`` and ``SampleSequence`` into the pipeline.

    Args:
        ann_file (str): CSV file below ``data_root``.
        subset (str, optional): Name under which the list is scored; None takes that of the file (``val.csv``: ``val``).
        data_prefix (Mapping, optional): Folder ``features``. Defaults to ``'features'``.
        class_file (str): List of classes below ``data_root``. Where there is none, the names in ``train_file`` are
            taken in alphabetical order, said aloud.
        train_file (str): Names the classes when there is no ``class_file``, the same ones for every list.
        num_classes (int, optional): What the model was made for, class 0 included; another number is refused.
        feature (Mapping, optional): Arguments of :class:`FeatureStore` except ``root``, e.g. ``dict(dim=1024)``.
        missing_list (str): What a missing ``ann_file`` means: ``'error'`` (default) or ``'skip'``, an empty data set,
            said aloud.
        **kwargs: See :class:`EgoExoDataset` and :class:`mmengine.dataset.BaseDataset`.

    Raises:
        AnnotationError: If the list or the classes are missing or malformed; names file and line.
        FeatureError: If the feature folder is missing, or nothing says at which times its rows lie.
        DataError: If videos of the list cannot be used, all of them in one report (``on_bad='skip'``: left out).
        ConfigError: If an option is unknown, or ``num_classes`` is not the number of classes.
    """

    METAINFO: dict = dict(benchmark='segmentation', label_fps=None, classes=())
    HOW_TO_GET = ('Features: python tools/data/extract_features.py VIDEOS FEATURES --extractor ...; the names in the '
                  'first column are paths below VIDEOS.')

    def __init__(self, ann_file: str, subset: str | None = None, data_prefix: Mapping[str, str] | None = None,
                 class_file: str = 'classes.txt', train_file: str = 'train.csv', num_classes: int | None = None,
                 feature: Mapping[str, object] | None = None, missing_list: str = 'error', data_root: str = '',
                 **kwargs: object) -> None:
        if missing_list not in ('error', 'skip'):
            raise ConfigError(explain('FolderSequenceDataset, missing_list', "'error' or 'skip'", repr(missing_list),
                                      'Choose one of the two.'))
        folders = dict(data_prefix or dict(features='features'))
        if set(folders) != {'features'}:
            raise ConfigError(explain('FolderSequenceDataset, data_prefix', "the folder 'features' alone",
                                      sorted(folders), 'Correct it.'))
        self.subset = subset or Path(ann_file).stem
        self.class_file, self.train_file = Path(data_root, class_file), Path(data_root, train_file)
        self.num_classes, self.feature, self.missing_list = num_classes, dict(feature or {}), missing_list
        self.feature_store: FeatureStore | None = None
        super().__init__(ann_file=ann_file, data_root=data_root, data_prefix=folders, **kwargs)

    @property
    def name(self) -> str:
        """Kind, subset and list file."""
        return f'{type(self).__name__} {self.subset} ({self.ann_file})'

    def list_samples(self) -> list[dict]:
        """Read the classes and the list, open the feature folder.

        Returns:
            list[dict]: One plain dict per video: ``sample_id``, ``view``, ``subset``, ``task`` (None),
            ``feature_path`` and ``segments``.

        Raises:
            AnnotationError: If a file is missing or malformed, or a label is no class.
            FeatureError: If the feature folder is missing or has no rate.
            ConfigError: If ``num_classes`` is not the number of classes.
        """
        classes = self._read_classes()
        self.feature_store = FeatureStore(self.data_prefix['features'], **self.feature)
        if self.feature_store.recipe.feature_fps is None:
            raise FeatureError(explain(
                self.feature_store.root, f'a {RECIPE_FILE} with feature_fps, which says at which times rows lie',
                'none', 'Extract with tools/data/extract_features.py, or state it with '
                'feature=dict(recipe=dict(feature_fps=5.0, first_row_sec=0.0)).'))
        self._metainfo.update(classes=classes, label_fps=float(self.feature_store.recipe.feature_fps))
        if self.missing_list == 'skip' and not Path(self.ann_file).is_file():
            print_log(f"list not found: {self.ann_file}. missing_list='skip': {self.subset} is left out, nothing of it "
                      'is trained or scored.', 'current', logging.WARNING)
            return []
        videos = read_segments(self.ann_file)
        source = self.class_file if self.class_file.is_file() else self.train_file
        require_known_classes(videos, classes, self.ann_file, source.name)
        return [self._describe(video) for video in videos.values()]

    def _read_classes(self) -> tuple[str, ...]:
        if self.class_file.is_file():
            classes, source = read_class_list(self.class_file), self.class_file
        else:
            classes, source = collect_classes(read_segments(self.train_file)), self.train_file
            print_log(f'{self.class_file} does not exist; {len(classes) - 1} classes taken from {self.train_file.name} '
                      f'in alphabetical order: {", ".join(classes[1:])}', 'current', logging.WARNING)
        if self.num_classes not in (None, len(classes)):
            raise ConfigError(explain(
                source, f'num_classes={self.num_classes}, as the config says',
                f'{len(classes) - 1} classes, {len(classes)} with background',
                f'Set num_classes = {len(classes)}, for the data set and for model.backbone and model.head.'))
        return classes

    def _describe(self, video: AnnotatedVideo) -> dict:
        path = self.feature_store.find(video.uid)
        return dict(sample_id=video.uid, view=video.view, subset=self.subset, task=None,
                    feature_path=str(path or self.feature_store.root / f'{video.uid}.npy'),
                    segments=[(item.start_sec, item.end_sec, item.label, item.line) for item in video.segments])

    def announce(self, reports: Sequence[SampleReport]) -> None:
        """Say what the list holds, and which segments fall between two rows.

        Args:
            reports (Sequence[SampleReport]): Of the usable videos.
        """
        if not reports:
            return
        num_segments = sum(report.facts['segments'] for report in reports)
        lost = sum(report.facts['unseen'] for report in reports)
        print_log(f'{self.subset}: {len(reports)} videos, {num_segments} segments, {len(self._metainfo["classes"])} '
                  f'classes, features {self.feature_store.root}', 'current')
        if lost:
            print_log(f'{self.subset}: {lost} of {num_segments} segments are so short that no feature row lies in them '
                      f'({self._metainfo["label_fps"]:g} rows per second); they are neither learnt nor scored. Extract '
                      'with more rows per second to keep them.', 'current', logging.WARNING)

    def inspect_sample(self, info: Mapping[str, object], full: bool = False) -> SampleReport:
        """Look at the feature file of one video and compare its end with that of the segments.

        Args:
            info (Mapping[str, object]): One item of the data list.
            full (bool): Read every feature row and look for NaN and Inf.

        Returns:
            SampleReport: Facts ``rows`` (T), ``segments`` and ``unseen`` (segments without a row).
        """
        report = SampleReport(info['sample_id'])
        try:
            times = self._times(info['sample_id'])
            if full:
                self.feature_store.scan(info['sample_id'])
        except FeatureError as error:
            report.problems.append(str(error))
            return report
        row_sec = 1 / self._metainfo['label_fps']
        end_sec = times[-1] + row_sec / 2
        segments = _segments(info)
        late = [item for item in segments if item.end_sec > end_sec + max(_END_SLACK_SEC, row_sec)]
        if late:
            report.problems.append(f'{self.ann_file} line {late[0].line}: the segment ends at {late[0].end_sec:g} s, '
                                   f'the features at {end_sec:g} s ({len(times)} rows)')
        unseen = int((np.diff(row_ranges(segments, times)) == 0).sum())
        report.facts.update(rows=len(times), segments=len(segments), unseen=unseen)
        return report

    def _times(self, uid: str) -> np.ndarray:
        return self.feature_store.recipe.seconds(np.arange(self.feature_store.length(uid)))

    def get_data_info(self, idx: int) -> dict:
        """One item with what its transforms need from the data set.

        Args:
            idx (int): Position.

        Returns:
            dict: The item plus ``feature_store``, ``label_fps`` and ``gt_frame_labels``, int64 (T,).
        """
        info = super().get_data_info(idx)
        labels = frame_labels(_segments(info), self._times(info['sample_id']), self._metainfo['classes'])
        return info | dict(feature_store=self.feature_store, label_fps=self._metainfo['label_fps'],
                           gt_frame_labels=labels)


def _segments(info: Mapping[str, object]) -> list[Segment]:
    return [Segment(*item) for item in info['segments']]
