"""Untrimmed videos with one class id per frame: EgoExoLearn temporal action segmentation."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from mmengine.logging import print_log

from egoexo.datasets.base import EgoExoDataset, SampleReport
from egoexo.datasets.feature_store import FeatureStore
from egoexo.datasets.transforms.load_sequence import LoadSequence
from egoexo.datasets.transforms.sample_sequence import SampleSequence
from egoexo.errors import AnnotationError, ConfigError, FeatureError, explain
from egoexo.formats.egoexolearn import read_class_names, read_frame_labels, read_split, read_video_meta
from egoexo.registry import DATASETS

__all__ = ['SegmentationDataset']

_LIST_SUFFIX = '_annotations.bundle'


@DATASETS.register_module()
class SegmentationDataset(EgoExoDataset):
    """One official list of EgoExoLearn's temporal action segmentation; opens only headers and labels.

    Items of the data list: ``sample_id``, ``view``, ``subset``, ``feature_path``, ``label_path``, ``task`` (or None).

    Args:
        ann_file (str): Split list, one ``<uid>.txt`` per line.
        view (str): ``'ego'`` or ``'exo'``, carried into every sample.
        subset (str, optional): Name under which the list is scored; None takes it from the file name
            (``ego_val_annotations.bundle`` -> ``'ego_val'``), which must then begin with the view.
        data_prefix (dict): Folders ``features`` (``<uid>.pt``, (T, D)) and ``labels`` (``<uid>.txt``). Each list has
            its own, so gaze-cropped ego features and whole-frame exo features need not share a folder.
        feature (Mapping, optional): Arguments of :class:`FeatureStore` except ``root``; None takes those of the
            pipeline's ``LoadSequence``.
        video_meta_file (str, optional): ``video_meta_downsampled.json``, for the task of each video.
        class_file (str, optional): ``semantic_en.json``; None takes the built-in names, with its typing errors mended.
        missing_list (str): What a missing ``ann_file`` means: ``'error'`` (default) or ``'skip'``, an empty data set,
            said aloud; the official download has no test lists.
        exclude (Sequence[str]): uids to leave out, e.g. the video that is in both ego_val and ego_test.
        drop_last_line (bool): Lose the last label of each file as the official code does. Defaults to True.
        check_files (bool): Look at feature headers and read all labels when the list is made (milliseconds per video);
            False only looks whether the files exist. Defaults to True.
        **kwargs: See :class:`EgoExoDataset` and :class:`mmengine.dataset.BaseDataset`.

    Raises:
        AnnotationError: If the list is missing or malformed.
        DataError: If videos of the list cannot be used, all of them in one report (``on_bad='skip'``: left out).
        ConfigError: If an option is unknown or the view contradicts the name of the list.
    """

    METAINFO: dict = dict(
        benchmark='segmentation',
        label_fps=25.0,
        classes=(
            'background', 'Prepare tomato', 'Prepare green vegetable', 'Prepare eggplant', 'Prepare potato',
            'Prepare green/red pepper', 'Prepare cucumber', 'Prepare spices', 'Prepare dough', 'Prepare sauce',
            'Prepare meat', 'Prepare egg', 'Cut tomato', 'Cut green vegetable', 'Cut eggplant', 'Cut potato',
            'Cut green/red pepper', 'Cut meat', 'Cut spices', 'Boil soup', 'Boil meat', 'Boil tofu',
            'Boil green vegetable', 'Deep frying', 'Stir-frying', 'Add sauce', 'Clean utensil/hand', 'Other'))
    HOW_TO_GET = ('Features: links in data/README.md; labels: the annotation folder of the official repository. '
                  'Check data_prefix.')

    def __init__(self, ann_file: str, view: str, subset: str | None = None,
                 data_prefix: Mapping[str, str] | None = None, feature: Mapping[str, object] | None = None,
                 video_meta_file: str | None = None, class_file: str | None = None, missing_list: str = 'error',
                 exclude: Sequence[str] = (), drop_last_line: bool = True, check_files: bool = True,
                 data_root: str = '', **kwargs: object) -> None:
        if view not in ('ego', 'exo'):
            raise ConfigError(explain('SegmentationDataset, view', "'ego' or 'exo'", repr(view),
                                      'Choose one of the two.'))
        if missing_list not in ('error', 'skip'):
            raise ConfigError(explain('SegmentationDataset, missing_list', "'error' or 'skip'", repr(missing_list),
                                      'Choose one of the two.'))
        self.view = view
        self.subset = subset or self._subset_of(ann_file)
        self.feature = feature
        self.video_meta_file = video_meta_file and str(Path(data_root, video_meta_file))
        self.class_file = class_file and str(Path(data_root, class_file))
        self.missing_list = missing_list
        self.exclude = frozenset(exclude)
        self.drop_last_line = drop_last_line
        self.check_files = check_files
        self.feature_store: FeatureStore | None = None
        super().__init__(ann_file=ann_file, data_root=data_root, data_prefix=self._folders(data_prefix), **kwargs)

    def _subset_of(self, ann_file: str) -> str:
        name = Path(ann_file).name.removesuffix(_LIST_SUFFIX)
        if name.split('_')[0] in ('ego', 'exo') and not name.startswith(self.view):
            raise ConfigError(explain(f'SegmentationDataset, {ann_file}', f"a list of view='{self.view}'",
                                      'a list of the other view',
                                      'Correct one of them, or name the list with subset=... if this is wanted.'))
        return name

    @staticmethod
    def _folders(data_prefix: Mapping[str, str] | None) -> dict[str, str]:
        folders = dict(data_prefix or {})
        if set(folders) != {'features', 'labels'}:
            raise ConfigError(explain('SegmentationDataset, data_prefix', "the folders 'features' and 'labels'",
                                      sorted(folders) or 'nothing', 'Name both.'))
        return folders

    @property
    def name(self) -> str:
        """Kind, subset and list file."""
        return f'{type(self).__name__} {self.subset} ({self.ann_file})'

    @property
    def label_options(self) -> dict[str, object]:
        """Arguments of :func:`read_frame_labels`."""
        return dict(num_classes=len(self._metainfo['classes']), drop_last_line=self.drop_last_line)

    def list_samples(self) -> list[dict]:
        """Read the list and the task of each video.

        Returns:
            list[dict]: One plain dict per video that is not excluded, in file order.

        Raises:
            AnnotationError: If the list is missing or malformed.
            FeatureError: If the feature folder is missing or its recipe does not fit.
        """
        if self.class_file:
            self._metainfo['classes'] = read_class_names(self.class_file)
        if not Path(self.ann_file).is_file():
            return self._without_list()
        listed = read_split(self.ann_file)
        tasks = {uid: meta.task for uid, meta in read_video_meta(self.video_meta_file).items()} \
            if self.video_meta_file else {}
        self.feature_store = self._open_store()
        if self.exclude:
            print_log(f'{self.subset}: {len(self.exclude.intersection(listed))} of {len(listed)} videos excluded by '
                      'name', 'current')
        return [self._describe(uid, tasks.get(uid)) for uid in listed if uid not in self.exclude]

    def announce(self, reports: Sequence[SampleReport]) -> None:
        """Say how many videos there are, and whether their features are long enough.

        Args:
            reports (Sequence[SampleReport]): Of the usable videos.
        """
        if self.feature_store is not None:
            print_log(f'{self.subset}: {len(reports)} videos, features {self.feature_store.root}', 'current')
            self._tell_lengths([report for report in reports if report.facts])

    def _tell_lengths(self, reports: Sequence[SampleReport]) -> None:
        """Say once how features and labels differ in length: training cuts, scoring stops on too few frames."""
        sampler = next((item for item in self.pipeline.transforms if isinstance(item, SampleSequence)), None)
        if sampler is None:
            return
        missing = {report.sample_id: report.facts['labels'] - sampler.num_predicted(report.facts['rows'])
                   for report in reports}
        short = {uid: frames for uid, frames in missing.items() if frames > 0}
        if short:
            uid = max(short, key=short.get)
            effect = 'scoring will refuse them' if not sampler.trim else 'these labels are not trained on'
            print_log(f'{self.subset}: the features of {len(short)} of {len(reports)} videos end before their labels, '
                      f'most in {uid} by {short[uid]} frames; {effect}. tools/data/verify_dataset.py CONFIG lists the '
                      'lengths.', 'current', logging.WARNING)

    def _without_list(self) -> list[dict]:
        if self.missing_list == 'error':
            raise AnnotationError(explain(self.ann_file, 'a split list', 'no such file', 'Check ann_file and '
                                          "data_root, or pass missing_list='skip' to do without it."))
        print_log(f"split list not found: {self.ann_file}. missing_list='skip': {self.subset} is left out, nothing of "
                  'it is trained or scored.', 'current', logging.WARNING)
        return []

    def _open_store(self) -> FeatureStore:
        loaders = [transform for transform in self.pipeline.transforms if isinstance(transform, LoadSequence)]
        feature = self.feature if self.feature is not None else (loaders[0].feature if loaders else {})
        return FeatureStore(self.data_prefix['features'], **feature)

    def _describe(self, uid: str, task: str | None) -> dict:
        path = self.feature_store.find(uid)
        return dict(
            sample_id=uid, view=self.view, subset=self.subset, task=task,
            feature_path=str(path or self.feature_store.root / f'{uid}{self.feature_store.suffix}.pt'),
            label_path=str(Path(self.data_prefix['labels'], f'{uid}.txt')))

    def inspect_sample(self, info: Mapping[str, object], full: bool = False) -> SampleReport:
        """Look at the feature file and the label file of one video.

        Args:
            info (Mapping[str, object]): One item of the data list.
            full (bool): Read every feature row and look for NaN and Inf.

        Returns:
            SampleReport: Facts ``rows`` (T) and ``labels`` (G), as far as they could be read.
        """
        report = SampleReport(info['sample_id'])
        if not (self.check_files or full):
            report.problems += [f'{Path(info[key])} does not exist' for key in ('feature_path', 'label_path')
                                if not Path(info[key]).is_file()]
            return report
        try:
            report.facts['rows'] = self.feature_store.length(info['sample_id'])
            if full:
                self.feature_store.scan(info['sample_id'])
        except FeatureError as error:
            report.problems.append(str(error))
        try:
            report.facts['labels'] = len(read_frame_labels(info['label_path'], **self.label_options))
        except AnnotationError as error:
            report.problems.append(str(error))
        return report

    def get_data_info(self, idx: int) -> dict:
        """One item with what its transforms need from the data set.

        Args:
            idx (int): Position.

        Returns:
            dict: The item plus ``feature_store``, ``label_options`` and ``label_fps``.
        """
        info = super().get_data_info(idx)
        return info | dict(feature_store=self.feature_store, label_options=self.label_options,
                           label_fps=self._metainfo['label_fps'])
