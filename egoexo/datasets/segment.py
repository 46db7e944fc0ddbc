"""What data sets of labelled segments have in common: one row of a list is one stretch of a take."""

import os
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
import torch
from mmengine.logging import print_log

from egoexo.datasets.bare_copy import bare_copy
from egoexo.datasets.base import EgoExoDataset, SampleReport
from egoexo.datasets.permuted_labels import permute_labels
from egoexo.datasets.pseudo_labelled import find_pseudo_labels, take_pseudo_labels
from egoexo.errors import AnnotationError, ConfigError, explain
from egoexo.formats.ego2exo import FILE_NAME, Ego2Exo, Segment, read_ego2exo
from egoexo.structures import EgoExoDataSample

__all__ = ['SegmentDataset']

_SPLITS = dict(train='train', val='val', test='val')
_LABELS = ('true', 'pseudo', 'none')
_META_KEYS = ('sample_id', 'uid', 'subset', 'view', 'start_sec', 'end_sec')


class SegmentDataset(EgoExoDataset):
    """Base of the data sets whose samples are the segments of Ego2Exo.

    Reads a whole batch at once (``__getitems__``; the loader needs ``collate_fn=dict(type='collate_domains')``). A
    sample of a training list is the same object every time, one of a list with ``test_mode`` a new one that the model
    may write to. Rows of the official training lists are sorted by class: shuffle them.

    Args:
        view (str): ``'ego'`` or ``'exo'``.
        split (str): ``'train'``, ``'val'`` or ``'test'``, which officially is the same list as ``'val'``.
        ann_file (str): ``ego2exo.json``. Defaults to ``'metadata/ego2exo.json'``.
        labels (str): Where ``gt_label`` comes from: ``'true'`` (default), ``'pseudo'``, a file, or ``'none'``, samples
            without it.
        pseudo_labels (str, optional): File for ``labels='pseudo'``, relative to the current folder or to
            ``data_root``; has to label exactly the segments of the list.
        min_confidence (float, optional): Leave out segments whose pseudo-label is less certain.
        exclude (Sequence[str]): Uids of takes to leave out.
        shuffle_labels (int, optional): Seed with which to permute the labels of the list, for sabotage tests.
        **kwargs: See :class:`EgoExoDataset` and :class:`mmengine.dataset.BaseDataset`.

    Raises:
        AnnotationError: If the file or the pseudo-labels are missing or malformed, or the list is empty.
        ConfigError: If an option is unknown, or does not fit another.
    """

    METAINFO = dict(benchmark='transfer')
    HOW_TO_GET = 'data/README.md says where the features come from.'
    #: What an item of the list is called in messages.
    UNIT = 'segments'
    #: The lists of a split are cut out of the same takes, by design.
    SPLITS_SHARE_VIDEOS = True
    SPLITS_DIFFER_IN = 'the segments or the camera'
    reads_batches = True

    def __init__(self, view: str, split: str = 'train', ann_file: str = FILE_NAME, labels: str = 'true',
                 pseudo_labels: str | None = None, min_confidence: float | None = None, exclude: Sequence[str] = (),
                 shuffle_labels: int | None = None, **kwargs: object) -> None:
        for name, value, choices in (('view', view, ('ego', 'exo')), ('split', split, tuple(_SPLITS)),
                                     ('labels', labels, _LABELS)):
            if value not in choices:
                raise ConfigError(explain(f'{type(self).__name__}, {name}', ' or '.join(map(repr, choices)),
                                          repr(value), 'Choose one of them.'))
        if (labels == 'pseudo') != bool(pseudo_labels):
            raise ConfigError(explain(
                f'{type(self).__name__}, pseudo_labels', "a file with labels='pseudo', none otherwise",
                f'pseudo_labels={pseudo_labels!r} with labels={labels!r}', 'Set both or none.'))
        if min_confidence is not None and not (labels == 'pseudo' and 0 <= min_confidence <= 1):
            raise ConfigError(explain(f'{type(self).__name__}, min_confidence', "0 to 1, with labels='pseudo'",
                                      f'{min_confidence!r} with labels={labels!r}', 'Correct it in the config.'))
        self.view, self.split = view, _SPLITS[split]
        self.subset = f'{view}_{self.split}'
        self.label_source, self.pseudo_labels, self.min_confidence = labels, pseudo_labels, min_confidence
        self.exclude, self.shuffle_labels = frozenset(exclude), shuffle_labels
        self._samples: dict[int, EgoExoDataSample] = {}
        super().__init__(ann_file=ann_file, pipeline=[self.load_packed], **kwargs)

    @abstractmethod
    def read_inputs(self, items: Sequence[Mapping[str, object]]) -> object:
        """What the model gets of some segments: one entry each.

        Args:
            items (Sequence[Mapping[str, object]]): Of the data list.
        """

    def describe(self, segment: Segment) -> dict[str, object]:
        """What an item of the list holds beside its label and times; subclasses say more.

        Args:
            segment (Segment): Row of the file.
        """
        return {}

    @property
    def name(self) -> str:
        """Kind, subset and file."""
        return f'{type(self).__name__} {self.subset} ({self.ann_file})'

    @property
    def content(self) -> Ego2Exo:
        """The whole file, read once for all lists of a process."""
        path = os.path.abspath(self.ann_file)
        state = os.stat(path) if os.path.exists(path) else None
        return _read(path, *(() if state is None else (state.st_size, state.st_mtime_ns)))

    @property
    def metainfo(self) -> dict:
        """Meta information with ``classes`` and ``num_classes`` of the file."""
        classes = self.content.classes
        return super().metainfo | dict(classes=classes, num_classes=len(classes))

    @property
    def videos(self) -> list[str]:
        """Takes of the list, each once, in order."""
        return list(dict.fromkeys(item['uid'] for item in self.data_list))

    @property
    def labels(self) -> np.ndarray:
        """Class ids in the order of the list, int64 (N,): what a balanced sampler needs.

        Raises:
            ConfigError: If the list has none (``labels='none'``).
        """
        self.full_init()
        if self.label_source == 'none':
            raise ConfigError(explain(f'{self.subset}, labels', 'a list with labels, as ClassBalancedSampler needs',
                                      "labels='none'", "Use sampler=dict(type='SeededSampler') with it."))
        return np.array([item['label'] for item in self.data_list], dtype=np.int64)

    def list_samples(self) -> list[dict]:
        """Read the list and its labels.

        Returns:
            list[dict]: One plain dict per segment in file order: ``sample_id``, ``uid`` (take), ``view``, ``subset``,
            ``start_sec``, ``end_sec``, ``label`` (absent with ``labels='none'``) and what :meth:`describe` adds.

        Raises:
            AnnotationError: See the class.
        """
        items = [dict(sample_id=str(row.segment_id), uid=row.take_uid, view=self.view, subset=self.subset,
                      start_sec=row.start_sec, end_sec=row.end_sec, label=row.label, **self.describe(row))
                 for row in self.content.splits[self.subset]]
        if not items:
            raise AnnotationError(explain(f'{self.ann_file} {self.subset}', 'at least one segment', 'none',
                                          'Check view and split, or build the file again.'))
        if self.label_source == 'pseudo':
            path = find_pseudo_labels(self.pseudo_labels, self.data_root)
            items = take_pseudo_labels(items, path, len(self.content.classes), self.subset, self.min_confidence)
        if self.exclude:
            kept = [item for item in items if item['uid'] not in self.exclude]
            print_log(f'{self.subset}: {len(items) - len(kept)} of {len(items)} segments excluded by take', 'current')
            items = kept
        if self.label_source == 'none':
            for item in items:
                del item['label']
        elif self.shuffle_labels is not None:
            permute_labels(items, self.shuffle_labels, self.subset, key='label')
        return items

    def load_data_list(self) -> list[dict]:
        """See :meth:`EgoExoDataset.load_data_list`; adds ``number``, the place in the whole list."""
        return self.number(super().load_data_list())

    @staticmethod
    def number(items: list[dict]) -> list[dict]:
        """Number the segments of a list, whatever part of it is used.

        Args:
            items (list[dict]): The usable ones, changed in place.

        Returns:
            list[dict]: The same list.
        """
        for number, item in enumerate(items):
            item['number'] = number
        return items

    def announce(self, reports: Sequence[SampleReport]) -> None:
        """Say what the list holds.

        Args:
            reports (Sequence[SampleReport]): Of the usable segments.
        """
        print_log(f'{self.subset}: {len(reports)} segments of {self.ann_file}, labels: {self.label_source}', 'current')

    def filter_data(self) -> list[dict]:
        """Keep the list unpacked, because batches look items up by the hundred."""
        self.serialize_data = False
        return self.data_list

    def load_packed(self, info: Mapping[str, object]) -> dict:
        """The pipeline of one sample: ``inputs`` and ``data_samples``."""
        return dict(inputs=self.read_inputs([info])[0], data_samples=self._sample(info))

    def __getitems__(self, indices: Sequence[int]) -> dict:
        """Read a batch.

        Args:
            indices (Sequence[int]): Positions, N of them.

        Returns:
            dict: ``inputs`` as :meth:`read_inputs` makes them, and ``data_samples``.
        """
        if not self._fully_initialized:
            self.full_init()
        items = [self.data_list[index] for index in indices]
        return dict(inputs=self.read_inputs(items), data_samples=[self._sample(item) for item in items])

    def _sample(self, item: Mapping[str, object]) -> EgoExoDataSample:
        """Ground truth of one segment: in training the same object every time, in testing one to be written to."""
        made = self._samples.get(item['number'])
        if made is None:
            made = EgoExoDataSample(metainfo={key: item[key] for key in _META_KEYS} | dict(sample_idx=item['number']))
            if 'label' in item:
                made.gt_label = torch.tensor(item['label'])
            self._samples[item['number']] = made
        return bare_copy(made) if self.test_mode else made

    def __getstate__(self) -> dict[str, object]:
        return self.__dict__ | dict(_samples={})


@lru_cache(maxsize=2)
def _read(path: str, *state: int) -> Ego2Exo:
    """Content of a file; size and time of change tell one state of it from another."""
    return read_ego2exo(path)
