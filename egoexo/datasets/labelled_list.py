"""What data sets share whose list is part of one metadata file, and whose labels may come from another."""

import os
from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from mmengine.logging import print_log

from egoexo.datasets.base import EgoExoDataset, SampleReport
from egoexo.datasets.permuted_labels import permute_labels
from egoexo.datasets.pseudo_labelled import find_pseudo_labels, take_pseudo_labels
from egoexo.errors import AnnotationError, ConfigError, explain

__all__ = ['LabelledListDataset']


class LabelledListDataset(EgoExoDataset):
    """Base of the data sets of ``transfer``: the list of one domain, with true labels, with others, or without.

    A subclass sets :attr:`subset` before it calls the constructor, and writes :meth:`read_file` and
    :meth:`list_all`.

    Args:
        ann_file (str): Metadata file, which holds the classes too.
        labels (str): Where ``gt_label`` comes from: ``'true'`` (default), ``'pseudo'``, a file, or ``'none'``, samples
            without it.
        pseudo_labels (str | Path, optional): File for ``labels='pseudo'``, relative to the current folder or to
            ``data_root``; has to label exactly the samples of the list.
        min_confidence (float, optional): Leave out samples whose pseudo-label is less certain, counted.
        exclude (Sequence[int | str]): Samples to leave out, by :attr:`EXCLUDED_BY`, counted.
        shuffle_labels (int, optional): Seed with which to permute the labels of the list, for sabotage tests.
        **kwargs: See :class:`EgoExoDataset`.

    Raises:
        AnnotationError: If the file or the pseudo-labels are missing or malformed, or the list is empty.
        ConfigError: If an option is unknown, or does not fit another.
    """

    METAINFO = dict(benchmark='transfer')
    #: What an item of the list is called in messages.
    UNIT = 'samples'
    #: Key of an item that ``exclude`` names, and what that is.
    EXCLUDED_BY = ('uid', 'video')

    def __init__(self, ann_file: str, labels: str = 'true', pseudo_labels: str | Path | None = None,
                 min_confidence: float | None = None, exclude: Sequence[int | str] = (),
                 shuffle_labels: int | None = None, **kwargs: object) -> None:
        self.choose('labels', labels, ('true', 'pseudo', 'none'))
        if (labels == 'pseudo') != bool(pseudo_labels):
            raise ConfigError(explain(
                f'{type(self).__name__}, pseudo_labels', "a file with labels='pseudo', none otherwise",
                f'pseudo_labels={pseudo_labels!r} with labels={labels!r}', 'Set both or none.'))
        if min_confidence is not None and not (labels == 'pseudo' and 0 <= min_confidence <= 1):
            raise ConfigError(explain(f'{type(self).__name__}, min_confidence', "0 to 1, with labels='pseudo'",
                                      f'{min_confidence!r} with labels={labels!r}', 'Correct it in the config.'))
        self.label_source, self.pseudo_labels, self.min_confidence = labels, pseudo_labels, min_confidence
        self.exclude, self.shuffle_labels = frozenset(map(str, exclude)), shuffle_labels
        super().__init__(ann_file=ann_file, **kwargs)

    def choose(self, name: str, value: object, choices: Sequence[str]) -> None:
        """Refuse an unknown option.

        Args:
            name (str): Argument of the class.
            value (object): What was given.
            choices (Sequence[str]): What there is.

        Raises:
            ConfigError: If it is none of them.
        """
        if value not in choices:
            raise ConfigError(explain(f'{type(self).__name__}, {name}', ' or '.join(map(repr, choices)), repr(value),
                                      'Choose one of them.'))

    @staticmethod
    @abstractmethod
    def read_file(path: str) -> object:
        """Read the metadata file.

        Args:
            path (str): Absolute path.

        Returns:
            object: With ``classes``, names in the order of their ids.
        """

    @abstractmethod
    def list_all(self) -> list[dict]:
        """List the samples with their true labels.

        Returns:
            list[dict]: Plain dicts with ``sample_id``, a number, ``uid``, ``view``, ``subset`` and ``label``.

        Raises:
            AnnotationError: If the file has no such list.
        """

    @property
    def name(self) -> str:
        """Kind, subset and file."""
        return f'{type(self).__name__} {self.subset} ({self.ann_file})'

    @property
    def content(self) -> object:
        """The whole file, read once for all lists of a process."""
        path = os.path.abspath(self.ann_file)
        state = os.stat(path) if os.path.exists(path) else None
        return read_once(type(self).read_file, path, *(() if state is None else (state.st_size, state.st_mtime_ns)))

    @property
    def metainfo(self) -> dict:
        """Meta information with ``classes`` and ``num_classes`` of the file."""
        classes = self.content.classes
        return super().metainfo | dict(classes=classes, num_classes=len(classes))

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
        return np.array([self.get_data_info(index)['label'] for index in range(len(self))], dtype=np.int64)

    def list_samples(self) -> list[dict]:
        """The samples that are wanted, with the labels that are wanted.

        Returns:
            list[dict]: As :meth:`list_all`; ``label`` is absent with ``labels='none'``.

        Raises:
            AnnotationError: See the class.
        """
        items = self.list_all()
        if not items:
            raise AnnotationError(explain(f'{self.ann_file} {self.subset}', f'at least one of its {self.UNIT}', 'none',
                                          'Check the domain and the split, or make the file again.'))
        if self.label_source == 'pseudo':
            path = find_pseudo_labels(self.pseudo_labels, self.data_root or '')
            items = take_pseudo_labels(items, path, len(self.content.classes), self.subset, self.min_confidence)
        if self.exclude:
            key, what = self.EXCLUDED_BY
            kept = [item for item in items if item[key] not in self.exclude]
            print_log(f'{self.subset}: {len(items) - len(kept)} of {len(items)} {self.UNIT} excluded by {what}',
                      'current')
            items = kept
        if self.label_source == 'none':
            for item in items:
                del item['label']
        elif self.shuffle_labels is not None:
            permute_labels(items, self.shuffle_labels, self.subset, key='label')
        return items

    def announce(self, reports: Sequence[SampleReport]) -> None:
        """Say what the list holds.

        Args:
            reports (Sequence[SampleReport]): Of the usable samples.
        """
        print_log(f'{self.subset}: {len(reports)} {self.UNIT} of {self.ann_file}, labels: {self.label_source}',
                  'current')


# One file: that of GeoNet takes seconds to read and a gigabyte of memory.
@lru_cache(maxsize=1)
def read_once(read: Callable[[str], object], path: str, *state: int) -> object:
    """Content of a metadata file; size and time of change tell one state of it from another."""
    return read(path)
