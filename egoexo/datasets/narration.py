"""Narrations of EPIC-Kitchens-100 and EgoExoLearn: sentences with a class, for text classifiers."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from mmengine.logging import print_log

from egoexo.datasets.bare_copy import bare_copy
from egoexo.datasets.base import EgoExoDataset, SampleReport
from egoexo.errors import AnnotationError, ConfigError, explain
from egoexo.formats.narrations import read_egoexolearn_narrations, read_epic_narrations, read_narration_classes
from egoexo.registry import DATASETS
from egoexo.structures import EgoExoDataSample

__all__ = ['NarrationDataset', 'held_out_videos']

_VIEWS = dict(epic='ego', egoexolearn='exo')
_META_KEYS = ('sample_id', 'uid', 'subset', 'view', 'start_sec', 'end_sec')


def held_out_videos(videos: Sequence[str], share: float, seed: int = 0) -> set[str]:
    """Videos to test on, so that about a share of the rows is held out; the order of the rows does not matter.

    Args:
        videos (Sequence[str]): Video of each row.
        share (float): Between 0 and 1.
        seed (int): Other seeds choose other videos.

    Returns:
        set[str]: Whole videos, in pseudo-random order until they hold the share of the rows.

    Examples:
        >>> held_out_videos(['a', 'a', 'b', 'b', 'c', 'c'], share=1 / 3)
        {'a'}
    """
    names, counts = np.unique(np.asarray(videos), return_counts=True)
    order = sorted(range(len(names)), key=lambda place: hashlib.md5(f'{seed}/{names[place]}'.encode()).digest())
    held, rows = set(), 0
    for place in order:
        if rows >= share * len(videos):
            break
        held.add(str(names[place]))
        rows += int(counts[place])
    return held


@DATASETS.register_module()
class NarrationDataset(EgoExoDataset):
    """Sentences about actions with the class of their verb or noun; no video is read.

    One table serves for training and test and is divided by video, about a third of its rows being held out.
    ``inputs`` of a batch is a list of str; a sample has ``gt_label``. Rows without a class of the wanted kind are left
    out, counted.

    Args:
        ann_file (str): ``EPIC_100_validation.csv`` or ``exo_train.csv``.
        class_file (str): ``EPIC_100_verb_classes.csv``, ``narration_verb_taxonomy.csv`` or their noun twins, under
            ``data_root`` too.
        form (str): ``'epic'`` or ``'egoexolearn'``.
        part (str): ``'verb'`` or ``'noun'``.
        split (str): ``'train'``, or ``'val'`` (``'test'``), the held-out videos.
        held_out (float): Share of the rows that is held out.
        split_seed (int): Other seeds hold out other videos.
        several (str): Rows with more than one class: ``'first'`` takes the first one, ``'drop'`` leaves them out.
        num_classes (int, optional): Cut the class table: ``EPIC_100_noun_classes_v2.csv`` has 5 rows more than there
            are classes.
        data_root (str): Folder of both tables.
        pipeline (Sequence): Has to be empty: there is nothing to transform.
        **kwargs: See :class:`EgoExoDataset`.

    Raises:
        AnnotationError: If a file is missing or malformed, or a row has an unknown class.
        ConfigError: If an option is unknown.
    """

    METAINFO = dict(benchmark='transfer')
    HOW_TO_GET = 'configs/transfer/README.md says where the tables come from.'
    #: What an item of the list is called in messages.
    UNIT = 'narrations'
    reads_batches = True

    def __init__(self, ann_file: str, class_file: str, form: str = 'epic', part: str = 'verb', split: str = 'train',
                 held_out: float = 1 / 3, split_seed: int = 0, several: str = 'first', num_classes: int | None = None,
                 data_root: str = '', pipeline: Sequence[object] = (), **kwargs: object) -> None:
        for name, value, choices in (
                ('form', form, tuple(_VIEWS)), ('part', part, ('verb', 'noun')),
                ('split', split, ('train', 'val', 'test')), ('several', several, ('first', 'drop')),
                ('pipeline', tuple(pipeline), ((),))):
            if value not in choices:
                raise ConfigError(explain(f'NarrationDataset, {name}', ' or '.join(map(repr, choices)), repr(value),
                                          'Choose one of them.'))
        if not 0 < held_out < 1:
            raise ConfigError(explain('NarrationDataset, held_out', 'between 0 and 1', held_out, 'Correct it.'))
        self.form, self.part, self.split = form, part, 'val' if split == 'test' else split
        self.view = _VIEWS[form]
        self.subset = f'{self.view}_{self.split}'
        self.held_out, self.split_seed, self.several = held_out, split_seed, several
        self.class_file = str(Path(data_root, class_file))
        classes = read_narration_classes(self.class_file)[:num_classes]
        self._samples: dict[int, EgoExoDataSample] = {}
        super().__init__(ann_file=ann_file, data_root=data_root, pipeline=[self.load_packed],
                         metainfo=dict(classes=classes, num_classes=len(classes)), **kwargs)

    @property
    def name(self) -> str:
        """Kind, subset and file."""
        return f'{type(self).__name__} {self.subset} ({self.ann_file})'

    @property
    def videos(self) -> list[str]:
        """Videos of the list, each once, in order."""
        return list(dict.fromkeys(item['uid'] for item in self.data_list))

    @property
    def labels(self) -> np.ndarray:
        """Class ids in the order of the list, int64 (N,): what a balanced sampler needs."""
        self.full_init()
        return np.array([item['label'] for item in self.data_list], dtype=np.int64)

    def list_samples(self) -> list[dict]:
        """Read the table and take one side of it.

        Returns:
            list[dict]: One plain dict per narration in file order: ``sample_id``, ``uid`` (video), ``view``,
            ``subset``, ``start_sec``, ``end_sec``, ``label`` and ``text``.

        Raises:
            AnnotationError: See the class.
        """
        read = read_epic_narrations if self.form == 'epic' else read_egoexolearn_narrations
        rows = [(row, row.verbs if self.part == 'verb' else row.nouns) for row in read(self.ann_file)]
        kept = [(row, classes[0]) for row, classes in rows
                if classes and (self.several == 'first' or len(set(classes)) == 1)]
        if len(kept) < len(rows):
            print_log(f'{self.subset}: {len(rows) - len(kept)} of {len(rows)} narrations left out because they have no '
                      f'{self.part} class{", or several" if self.several == "drop" else ""}', 'current')
        known = len(self._metainfo['classes'])
        unknown = next((f'{label} of {row.narration_id}' for row, label in kept if label >= known), None)
        if unknown or not kept:
            raise AnnotationError(explain(self.ann_file, f'{self.part} classes from 0 to {known - 1}, as in '
                                          f'{self.class_file}', unknown or 'none', 'Take the class table that belongs '
                                          'to the narrations.'))
        held = held_out_videos([row.video for row, _ in kept], self.held_out, self.split_seed)
        return [dict(sample_id=row.narration_id, uid=row.video, view=self.view, subset=self.subset,
                     start_sec=row.start_sec, end_sec=row.end_sec, label=label, text=row.text)
                for row, label in kept if (row.video in held) == (self.split == 'val')]

    def announce(self, reports: Sequence[SampleReport]) -> None:
        """Say what the list holds.

        Args:
            reports (Sequence[SampleReport]): Of the usable narrations.
        """
        print_log(f'{self.subset}: {len(reports)} narrations of {self.ann_file}, {self.part} classes', 'current')

    def filter_data(self) -> list[dict]:
        """Keep the list unpacked, because batches look items up by the hundred."""
        self.serialize_data = False
        return self.data_list

    def load_packed(self, info: Mapping[str, object]) -> dict:
        """The pipeline of one sample: ``inputs``, a str, and ``data_samples``."""
        return dict(inputs=info['text'], data_samples=self._sample(info['sample_idx']))

    def __getitems__(self, indices: Sequence[int]) -> dict:
        """Read a batch.

        Args:
            indices (Sequence[int]): Positions, N of them.

        Returns:
            dict: ``inputs``, N texts, and ``data_samples``.
        """
        if not self._fully_initialized:
            self.full_init()
        return dict(inputs=[self.data_list[index]['text'] for index in indices],
                    data_samples=[self._sample(index) for index in indices])

    def _sample(self, index: int) -> EgoExoDataSample:
        """Ground truth of one narration: in training the same object every time, in testing one to be written to."""
        made = self._samples.get(index)
        if made is None:
            item = self.data_list[index]
            made = EgoExoDataSample(metainfo={key: item[key] for key in _META_KEYS} | dict(sample_idx=int(index)))
            made.gt_label = torch.tensor(item['label'])
            self._samples[int(index)] = made
        return bare_copy(made) if self.test_mode else made

    def __getstate__(self) -> dict[str, object]:
        return self.__dict__ | dict(_samples={})
