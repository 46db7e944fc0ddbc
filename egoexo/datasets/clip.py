"""What data sets of short clips have in common: one row of a list is one context window of a video."""

import logging
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from mmengine.logging import print_log

from egoexo.datasets.bare_copy import bare_copy
from egoexo.datasets.base import EgoExoDataset, SampleReport
from egoexo.datasets.clip_reader import ClipReader
from egoexo.datasets.clip_report import describe_short, describe_videos
from egoexo.datasets.feature_store import FeatureStore
from egoexo.datasets.permuted_labels import permute_labels
from egoexo.datasets.recipe import refuse_contradiction
from egoexo.errors import AnnotationError, ConfigError, FeatureError, explain
from egoexo.formats.clip_list import repeat_rows
from egoexo.structures import EgoExoDataSample

__all__ = ['ClipDataset']

_SPLITS = ('train', 'val', 'test')
_META_KEYS = ('sample_id', 'uid', 'view', 'subset', 'start_sec', 'end_sec', 'has_context')


class ClipDataset(EgoExoDataset):
    """Base of the data sets whose samples are context windows: anticipation and planning.

    A window from s to e seconds takes the feature rows ``int(s * fps)`` to ``int(e * fps)``, the last one included,
    brought to ``num_segments`` by linear interpolation. A window that would begin before the video stays in the list
    as a sample of zeros without a label, as officially.

    With an empty pipeline a whole batch is read at once (``__getitems__``; the loader needs
    ``collate_fn=dict(type='collate_domains')``): a dict of ``inputs`` (N, D, T) float32 and ``data_samples``. With
    transforms each sample goes through them; they get ``feats`` (T, D), the ``gt_*`` fields as arrays and the meta
    information, and have to end with ``PackInputs``.

    Args:
        view (str): ``'ego'`` or ``'exo'``, carried into every sample.
        split (str): ``'train'``, ``'val'`` or ``'test'``; names the official list.
        gaze (bool): The list of ego videos with gaze; their features come from gaze-cropped video. Defaults to False.
        ann_folder (str): Folder of the release under ``data_root`` in which the list is looked for.
        ann_file (str): Another list instead. Defaults to ``''``.
        subset (str, optional): Name under which the list is scored; None makes it of view, gaze and split, e.g.
            ``'ego_gaze_val'``.
        data_prefix (Mapping): Folder ``features`` (``<uid>.pt``, (rows, D)); not needed without features.
        feature (Mapping, optional): Arguments of :class:`FeatureStore` except ``root``; the official recipe of the
            benchmark is expected unless it names another ``benchmark``.
        feature_fps (float, optional): Rows per second; None takes those of the recipe.
        context_sec (float): Length of the window.
        num_segments (int): Steps that the model gets, T. Defaults to 5.
        on_short_feature (str): What a window past the end of the features means: ``'clamp'`` (default), the last row
            stands in, counted and said once; or ``'error'``.
        drop_invalid (bool): Leave out windows that begin before the video. Defaults to False, as officially.
        missing_list (str): What a missing list means: ``'error'`` (default) or ``'skip'``, an empty data set, said
            aloud.
        exclude (Sequence[str]): uids to leave out.
        shuffle_labels (int, optional): Seed with which to permute the labels of the rows, for sabotage tests.
        num_rows (int, optional): Repeat or cut the list to this length, as the official loaders can.
        with_features (bool): False for models that look at no feature; ``inputs`` then has D = 0. Defaults to True.
        clip_cache_bytes (int): Memory for clips once read, per list, shared by forked loader workers; 0 for none.
            Defaults to 1 GiB, into which every official list fits.
        check_files (bool): Open the feature file of each video when the list is made (a millisecond per video); False
            only looks whether it exists. Defaults to True.
        **kwargs: See :class:`EgoExoDataset` and :class:`mmengine.dataset.BaseDataset`.

    Attributes:
        num_short (int): Windows that end past their features; known after the list was made with ``check_files``.

    Raises:
        AnnotationError: If the list is missing or malformed.
        DataError: If videos of the list cannot be used, all of them in one report (``on_bad='skip'``: left out).
        ConfigError: If an option is unknown.
    """

    HOW_TO_GET = 'Features: see data/README.md. Check data_prefix.features.'
    #: What an item of the list is called in messages.
    UNIT = 'rows'

    def __init__(self, view: str, split: str = 'train', gaze: bool = False, ann_folder: str = '', ann_file: str = '',
                 subset: str | None = None, data_prefix: Mapping[str, str] | None = None,
                 feature: Mapping[str, object] | None = None, feature_fps: float | None = None,
                 context_sec: float = 2.0, num_segments: int = 5, on_short_feature: str = 'clamp',
                 drop_invalid: bool = False, missing_list: str = 'error', exclude: Sequence[str] = (),
                 num_rows: int | None = None, shuffle_labels: int | None = None, with_features: bool = True,
                 clip_cache_bytes: int = 2**30, check_files: bool = True, data_root: str = '',
                 pipeline: Sequence[object] = (), **kwargs: object) -> None:
        self._choose('view', view, ('ego', 'exo'))
        self._choose('split', split, _SPLITS)
        self._choose('on_short_feature', on_short_feature, ('clamp', 'error'))
        self._choose('missing_list', missing_list, ('error', 'skip'))
        if gaze and view == 'exo':
            raise ConfigError(explain(f'{type(self).__name__}, gaze', "False for view='exo', whose people wear no "
                                      'glasses', 'True', 'Leave it out of the exo list.'))
        for name, value, least in (('context_sec', context_sec, 0), ('num_segments', num_segments, 1),
                                   ('clip_cache_bytes', clip_cache_bytes, 0), ('num_rows', num_rows or 1, 1)):
            if value < least:
                raise ConfigError(explain(f'{type(self).__name__}, {name}', f'at least {least}', repr(value),
                                          'Correct it in the config.'))
        if with_features and 'features' not in (data_prefix or {}):
            raise ConfigError(explain(f'{type(self).__name__}, data_prefix', "the folder 'features'",
                                      sorted(data_prefix or {}) or 'nothing', 'Name it.'))
        self.view, self.split, self.gaze = view, split, gaze
        self.subset = subset or f'{view}_{"gaze_" if gaze else ""}{split}'
        self.feature, self.feature_fps = dict(feature or {}), feature_fps
        self.context_sec, self.num_segments = context_sec, num_segments
        self.on_short_feature, self.drop_invalid = on_short_feature, drop_invalid
        self.missing_list, self.exclude, self.num_rows = missing_list, frozenset(exclude), num_rows
        self.shuffle_labels = shuffle_labels
        self.with_features, self.clip_cache_bytes, self.check_files = with_features, clip_cache_bytes, check_files
        self.num_short = 0
        self.feature_store: FeatureStore | None = None
        self.reader: ClipReader | None = None
        self._looked_at: dict[tuple[str, bool], tuple[list[str], int | None]] = {}
        self._samples: dict[int, EgoExoDataSample] = {}
        self.reads_batches = not pipeline
        super().__init__(
            ann_file=ann_file or str(Path(ann_folder, self.official_list())), data_root=data_root,
            data_prefix=dict(data_prefix or {}),
            pipeline=[self.load_packed if self.reads_batches else self.load_arrays, *pipeline], **kwargs)

    @classmethod
    def _load_metainfo(cls, metainfo: Mapping[str, object] | None = None) -> dict:
        loaded = super()._load_metainfo(metainfo)
        return loaded | dict(num_classes=len(loaded['classes']))

    def _choose(self, name: str, value: object, choices: Sequence[str]) -> None:
        if value not in choices:
            raise ConfigError(explain(f'{type(self).__name__}, {name}', ' or '.join(map(repr, choices)), repr(value),
                                      'Choose one of them.'))

    @abstractmethod
    def official_list(self) -> str:
        """Path of the released list under the annotation folder."""

    @abstractmethod
    def read_windows(self) -> list[dict]:
        """Read the list file.

        Returns:
            list[dict]: Per row ``sample_id`` (repeated ones alike), ``uid``, ``start_sec`` and ``end_sec`` of the
            window, ``labels``, and what else :meth:`targets` needs.

        Raises:
            AnnotationError: If the list is malformed.
        """

    @abstractmethod
    def targets(self, info: Mapping[str, object]) -> dict[str, np.ndarray]:
        """Ground truth of one sample, by field name.

        Args:
            info (Mapping[str, object]): One item of the data list.
        """

    @property
    def name(self) -> str:
        """Kind, subset and list file."""
        return f'{type(self).__name__} {self.subset} ({self.ann_file})'

    @property
    def videos(self) -> list[str]:
        """uids of the list, each once, in order."""
        return list(dict.fromkeys(item['uid'] for item in self.data_list))

    def list_samples(self) -> list[dict]:
        """Read the list and find the feature rows of each window.

        Returns:
            list[dict]: One plain dict per row that is neither excluded nor dropped, in file order: ``sample_id``,
            ``uid``, ``view``, ``subset``, ``start_sec``, ``end_sec``, ``has_context``, ``first_row``, ``last_row``
            (both -1 without context or features) and what the benchmark adds.

        Raises:
            AnnotationError: If the list is missing or malformed.
            FeatureError: If the feature folder is missing or its recipe does not fit.
        """
        if not Path(self.ann_file).is_file():
            return self._without_list()
        if self.with_features:
            self.feature_store = self._open_store()
        items = self.read_windows()
        if self.shuffle_labels is not None:
            permute_labels(items, self.shuffle_labels, self.subset)
        if self.num_rows:
            items = [dict(item) for item in repeat_rows(items, self.num_rows)]
        first, last = self._rows_of(items)
        seen: dict[str, int] = {}
        for item, first_row, last_row in zip(items, first.tolist(), last.tolist(), strict=True):
            sample_id = item['sample_id']
            seen[sample_id] = times = seen.get(sample_id, 0) + 1
            if times > 1:
                item['sample_id'] = f'{sample_id}#{times}'
            item.update(view=self.view, subset=self.subset, has_context=item['start_sec'] >= 0, first_row=first_row,
                        last_row=last_row)
        return self._choose_items(items)

    def _rows_of(self, items: Sequence[Mapping[str, object]]) -> tuple[np.ndarray, np.ndarray]:
        """First and last feature row of each window; truncated as officially, -1 where there is none."""
        if self.feature_store is None:
            none = np.full(len(items), -1)
            return none, none
        fps = self.feature_fps if self.feature_fps is not None else self.feature_store.recipe.feature_fps
        start, end = (np.array([item[key] for item in items], dtype=np.float64) for key in ('start_sec', 'end_sec'))
        real = start >= 0
        return tuple(np.where(real, np.trunc(sec * fps), -1).astype(np.int64) for sec in (start, end))

    def _choose_items(self, items: list[dict]) -> list[dict]:
        kept = items
        if self.exclude:
            kept = [item for item in kept if item['uid'] not in self.exclude]
            videos = len({item['uid'] for item in items} & self.exclude)
            print_log(f'{self.subset}: {len(items) - len(kept)} of {len(items)} rows excluded with {videos} videos by '
                      'name', 'current')
        if self.drop_invalid:
            valid = [item for item in kept if item['has_context']]
            print_log(f'{self.subset}: {len(kept) - len(valid)} of {len(kept)} rows dropped because their context '
                      'begins before the video', 'current')
            kept = valid
        return kept

    def _without_list(self) -> list[dict]:
        if self.missing_list == 'error':
            raise AnnotationError(explain(self.ann_file, 'a list of the benchmark', 'no such file', 'Check ann_folder '
                                          "and data_root, or pass missing_list='skip' to do without it."))
        print_log(f"list not found: {self.ann_file}. missing_list='skip': {self.subset} is left out, nothing of it is "
                  'trained or scored.', 'current', logging.WARNING)
        return []

    def _open_store(self) -> FeatureStore:
        store = FeatureStore(self.data_prefix['features'], **dict(benchmark=self._metainfo['benchmark']) | self.feature)
        if self.feature_fps is not None:
            refuse_contradiction(store.recipe, dict(feature_fps=self.feature_fps), str(store.root))
        elif store.recipe.feature_fps is None:
            raise FeatureError(explain(f'{store.root}', 'feature_fps, without which rows have no time', 'none',
                                       'Add it to recipe.json of the folder, or pass feature_fps=... in the config.'))
        return store

    def load_data_list(self) -> list[dict]:
        """List the rows, look at each feature file once, report, and prepare the reader.

        Returns:
            list[dict]: The usable rows, each with its number ``clip``.

        Raises:
            DataError: If a video is unusable and ``on_bad='error'``.
        """
        items = super().load_data_list()
        for number, item in enumerate(items):
            item['clip'] = number
        if self.feature_store is not None and items:
            self.reader = ClipReader(
                self.feature_store, [item['uid'] for item in items], np.array([item['first_row'] for item in items]),
                np.array([item['last_row'] for item in items]), self.num_segments, self.clip_cache_bytes,
                self.on_short_feature, told=self.check_files)
            self.reader.open_cache()
        return items

    def filter_data(self) -> list[dict]:
        """Keep the list unpacked, because batches look items up by the hundred."""
        self.serialize_data = False
        return self.data_list

    def inspect_sample(self, info: Mapping[str, object], full: bool = False) -> SampleReport:
        """Look at the feature file of one row's video, each file once.

        Args:
            info (Mapping[str, object]): One item of the data list.
            full (bool): Read every feature row and look for NaN and Inf.

        Returns:
            SampleReport: Fact ``rows`` (length of the features), as far as it could be read.
        """
        if self.feature_store is None:
            return SampleReport(info['sample_id'])
        key = info['uid'], full
        if key not in self._looked_at:
            self._looked_at[key] = self._look_at(*key)
        problems, num_rows = self._looked_at[key]
        problems = list(problems)
        if num_rows is not None and info['last_row'] >= num_rows and self.on_short_feature == 'error':
            problems.append(f'its {num_rows} feature rows end before some contexts')
        return SampleReport(info['sample_id'], problems, {} if num_rows is None else dict(rows=num_rows))

    def _look_at(self, uid: str, full: bool) -> tuple[list[str], int | None]:
        """Problems and length of one feature file."""
        try:
            if not (self.check_files or full):
                self.feature_store.path(uid)
                return [], None
            num_rows = self.feature_store.length(uid)
            if full:
                self.feature_store.scan(uid)
        except FeatureError as error:
            return [str(error)], None
        return [], num_rows

    def keep_usable(self, data_list: list[dict], reports: Sequence[SampleReport]) -> list[dict]:
        """See :meth:`EgoExoDataset.keep_usable`; the report names each video once.

        Args:
            data_list (list[dict]): All rows of the list.
            reports (Sequence[SampleReport]): What :meth:`inspect_sample` found, one per row.

        Returns:
            list[dict]: The usable ones, in order.
        """
        usable = super().keep_usable(data_list, reports)
        self._tell_short(usable)
        return usable

    def _tell_short(self, items: Sequence[Mapping[str, object]]) -> None:
        lengths = {uid: num_rows for (uid, full), (_, num_rows) in self._looked_at.items() if num_rows and not full}
        self.num_short, text = describe_short(items, lengths)
        if text:
            print_log(f'{self.subset}: {text}', 'current', logging.WARNING)

    def announce(self, reports: Sequence[SampleReport]) -> None:
        """Say what the list holds.

        Args:
            reports (Sequence[SampleReport]): Of the usable rows.
        """
        if reports or self.feature_store is not None:
            where = f', features {self.feature_store.root}' if self.feature_store is not None else ''
            print_log(f'{self.subset}: {len(reports)} rows of {self.ann_file}{where}', 'current')

    def describe_unusable(self, bad: Mapping[str, list[str]], num_samples: int) -> str:
        """Report by video instead of by row.

        Args:
            bad (Mapping[str, list[str]]): Problems by sample id.
            num_samples (int): Rows of the whole list.

        Returns:
            str: Several lines: the first five videos, each with its number of rows, and what to do.
        """
        return describe_videos(bad, num_samples, self.name, self.HOW_TO_GET)

    def load_arrays(self, info: dict) -> dict:
        """First step of a pipeline with transforms: an item plus ``feats`` (T, D) float32 and ``gt_*`` arrays."""
        return info | self.targets(info) | dict(feats=self._clips([info['clip']])[0].numpy())

    def load_packed(self, info: dict) -> dict:
        """The whole pipeline when there are no transforms: ``inputs`` (D, T) float32 and ``data_samples``."""
        return dict(inputs=self._clips([info['clip']])[0].T, data_samples=self._sample(info))

    def __getitems__(self, indices: Sequence[int]) -> dict | list[dict]:
        """Read a batch.

        Args:
            indices (Sequence[int]): Positions, N of them.

        Returns:
            dict | list[dict]: ``inputs`` (N, D, T) float32, a view with the channels innermost in memory, and
            ``data_samples``; with transforms the single samples.

        Raises:
            FeatureError: If a file is missing, damaged or has NaN or Inf in a row that is read.
        """
        if not self._fully_initialized:
            self.full_init()
        if not self.reads_batches:
            return [self[index] for index in indices]
        items = [self.data_list[index] for index in indices]
        try:
            clips = self._clips([item['clip'] for item in items])
        except FeatureError as error:
            where = self.name
            raise type(error)(f'{where}: {error}') from error
        return dict(inputs=clips.transpose(1, 2), data_samples=[self._sample(item) for item in items])

    def _clips(self, numbers: Sequence[int]) -> torch.Tensor:
        """Pooled features, (N, T, D)."""
        if self.reader is None:
            return torch.zeros(len(numbers), self.num_segments, 0)
        return self.reader.read(numbers)

    def _sample(self, item: Mapping[str, object]) -> EgoExoDataSample:
        """Ground truth of one row: in training the same object every time, in testing one that may be written to."""
        made = self._samples.get(item['clip'])
        if made is None:
            made = EgoExoDataSample(metainfo={key: item[key] for key in _META_KEYS})
            for key, value in self.targets(item).items():
                setattr(made, key, torch.from_numpy(value))
            self._samples[item['clip']] = made
        return bare_copy(made) if self.test_mode else made

    def __getstate__(self) -> dict[str, object]:
        return self.__dict__ | dict(_samples={})
