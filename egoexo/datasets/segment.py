"""What data sets of labelled segments have in common: one row of a list is one stretch of a take."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence

import torch

from egoexo.datasets.bare_copy import bare_copy
from egoexo.datasets.labelled_list import LabelledListDataset
from egoexo.formats.ego2exo import FILE_NAME, Segment, read_ego2exo
from egoexo.structures import EgoExoDataSample

__all__ = ['SegmentDataset']

_SPLITS = dict(train='train', val='val', test='val')
_META_KEYS = ('sample_id', 'uid', 'subset', 'view', 'start_sec', 'end_sec')


class SegmentDataset(LabelledListDataset):
    """Base of the data sets whose samples are the segments of Ego2Exo.

    Reads a whole batch at once (``__getitems__``; the loader needs ``collate_fn=dict(type='collate_domains')``). A
    sample of a training list is the same object every time, one of a list with ``test_mode`` a new one that the model
    may write to. Rows of the official training lists are sorted by class: shuffle them.

    Args:
        view (str): ``'ego'`` or ``'exo'``.
        split (str): ``'train'``, ``'val'`` or ``'test'``, which officially is the same list as ``'val'``.
        ann_file (str): ``ego2exo.json``. Defaults to ``'metadata/ego2exo.json'``.
        **kwargs: See :class:`LabelledListDataset`; ``exclude`` names takes.

    Raises:
        AnnotationError: If the file or the pseudo-labels are missing or malformed, or the list is empty.
        ConfigError: If an option is unknown, or does not fit another.
    """

    HOW_TO_GET = 'data/README.md says where the features come from.'
    UNIT = 'segments'
    EXCLUDED_BY = ('uid', 'take')
    #: The lists of a split are cut out of the same takes, by design.
    SPLITS_SHARE_VIDEOS = True
    SPLITS_DIFFER_IN = 'the segments or the camera'
    reads_batches = True

    def __init__(self, view: str, split: str = 'train', ann_file: str = FILE_NAME, **kwargs: object) -> None:
        self.choose('view', view, ('ego', 'exo'))
        self.choose('split', split, tuple(_SPLITS))
        self.view, self.split = view, _SPLITS[split]
        self.subset = f'{view}_{self.split}'
        self._samples: dict[int, EgoExoDataSample] = {}
        super().__init__(ann_file=ann_file, pipeline=[self.load_packed], **kwargs)

    read_file = staticmethod(read_ego2exo)

    @abstractmethod
    def read_inputs(self, items: Sequence[Mapping[str, object]]) -> object:
        """What the model gets of some segments: one entry each.

        Args:
            items (Sequence[Mapping[str, object]]): Of the data list.
        """

    def describe(self, segment: Segment) -> dict[str, object]:
        """What an item of the list holds beside its label and times; subclasses say more.

        Args:
            segment (egoexo.formats.ego2exo.Segment): Row of the file.
        """
        return {}

    @property
    def videos(self) -> list[str]:
        """Takes of the list, each once, in order."""
        return list(dict.fromkeys(item['uid'] for item in self.data_list))

    def list_all(self) -> list[dict]:
        """List the segments.

        Returns:
            list[dict]: One plain dict per segment in file order: ``sample_id``, ``uid`` (take), ``view``, ``subset``,
            ``start_sec``, ``end_sec``, ``label`` and what :meth:`describe` adds.
        """
        return [dict(sample_id=str(row.segment_id), uid=row.take_uid, view=self.view, subset=self.subset,
                     start_sec=row.start_sec, end_sec=row.end_sec, label=row.label, **self.describe(row))
                for row in self.content.splits[self.subset]]

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

