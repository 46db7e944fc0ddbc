"""Pairs of synchronised pictures of Ego-Exo4D with the mask of an object in one of them (relations, correspondence)."""

import logging
import os
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from mmengine.logging import print_log

from egoexo.datasets.base import EgoExoDataset, SampleReport
from egoexo.datasets.correspondence_check import check_take
from egoexo.datasets.correspondence_list import (
    CorrespondenceList,
    PairArrays,
    list_file_pairs,
    list_pairs,
    missing_pictures,
)
from egoexo.datasets.correspondence_takes import AnnotatedFrames, CorrespondenceTakes, read_takes
from egoexo.datasets.swapped_masks import swap_query_masks
from egoexo.errors import AnnotationError, ConfigError, DataError, explain
from egoexo.formats.correspondence_pairs import DIRECTIONS, PairItem, read_pairs
from egoexo.formats.correspondence_take import SPLIT_FILES, read_split
from egoexo.formats.correspondence_truth import iter_ground_truth
from egoexo.registry import DATASETS

__all__ = ['CorrespondenceDataset']

_MAX_DRAWS = 10_000


@DATASETS.register_module()
class CorrespondenceDataset(EgoExoDataset):
    """An object with its mask in the query view, to be found in the target view at the same moment.

    An item is one frame of one object, of which the query view has a mask, with one target camera. It is positive if
    the target view has a mask too, else a natural negative. In training a part of the items becomes a random negative:
    the target picture is that of another item, whose take and object are others. Per item one number is drawn from
    torch for this, then the other item from ``random``, before anything that a transform draws.

    In testing no picture is replaced, and the list is sorted: take by take, and there frame by frame, so that
    neighbours share pictures. Every sample carries its place in the official list as ``order``. ``is_annotated`` says
    whether somebody looked for the object in the target view at that frame, which is what the official evaluation
    counts; None if neither the takes nor ``ground_truth`` say.

    Source: Grauman et al., "Ego-Exo4D", CVPR 2024, relation benchmark; files ``SegSwap/train/Dataloader.py`` and
    ``SegSwap/data/create_pairs.py`` of its baseline.

    Args:
        data_root (str): Prepared takes (``tools/data/prepare_correspondence.py``, or the official code).
        split (str): ``'train'``, ``'val'`` or ``'test'``.
        direction (str): ``'ego2exo'`` or ``'exo2ego'``.
        ann_file (str): List of takes per split, or a folder with one. Defaults to ``data_root``, where ``split.json``
            or ``split_checking.json`` lies.
        pairs_file (str, optional): Official pair file, relative to ``data_root``: its items in its order. The pairs of
            all masks by default, which are the same.
        ground_truth (str, optional): ``correspondence-gt.json``, relative to ``data_root``, for takes whose own file
            does not say which frames were looked at.
        takes (Sequence[str], optional): Takes of the split to use; all by default.
        every (int): Keep every n-th item of the official list. Defaults to 1.
        unknown (str): What an item is where nobody looked for the object in the target view: ``'negative'`` (default,
            as published), or ``'skip'``, left out and counted.
        negative_prob (float): Share of random negatives in training. Defaults to 0.1.
        swap_masks (int, optional): Seed with which every pair shows the mask of another object of its query picture, to
            check that nothing can be found then (sabotage).
        negative_view (str): What stands in for the target: ``'exo'`` (default), an exo picture in both directions, as
            published, or ``'target'``, one of the target view.
        check_files (bool): Look for every picture when the list is made; lists the folder of each camera once.
        pipeline (Sequence[dict | Callable]): Transforms, from ``LoadImagePair`` to ``PackPair``.
        on_bad (str): With ``'skip'`` a take that cannot be read is left out, and so are the items of which a picture is
            missing.
        **kwargs: See :class:`EgoExoDataset`.

    Raises:
        AnnotationError: If a list is missing or malformed, or there is nothing in it.
        DataError: If takes cannot be used, all of them in one report (``on_bad='skip'``: left out, counted).
        ConfigError: If an option is unknown.
    """

    METAINFO = dict(benchmark='correspondence')
    HOW_TO_GET = ('Prepare the takes with tools/data/prepare_correspondence.py (data/README.md), or check data_root.')
    UNIT = 'pairs'
    #: Both directions of a split are made of the same takes, by design.
    SPLITS_SHARE_VIDEOS = True
    SPLITS_DIFFER_IN = 'the direction'

    def __init__(self, data_root: str, split: str, direction: str, ann_file: str = '', pairs_file: str | None = None,
                 ground_truth: str | None = None, takes: Sequence[str] | None = None, every: int = 1,
                 unknown: str = 'negative', negative_prob: float = 0.1, negative_view: str = 'exo',
                 swap_masks: int | None = None, check_files: bool = True, pipeline: Sequence[dict | Callable] = (),
                 **kwargs: object) -> None:
        for name, value, choices in (('split', split, ('train', 'val', 'test')), ('direction', direction, DIRECTIONS),
                                     ('unknown', unknown, ('negative', 'skip')),
                                     ('negative_view', negative_view, ('exo', 'target'))):
            self._require(name, value in choices, ' or '.join(map(repr, choices)), value)
        self._require('every', type(every) is int and every >= 1, 'a number of at least 1', every)
        self._require('negative_prob', 0 <= negative_prob <= 1, 'a number from 0 to 1', negative_prob)
        self.split, self.direction, self.subset = split, direction, f'{direction}_{split}'
        self.pairs_file, self.ground_truth = pairs_file, ground_truth
        self.chosen = None if takes is None else tuple(takes)
        self.every, self.unknown, self.check_files = every, unknown, check_files
        self.negative_prob, self.negative_view = float(negative_prob), negative_view
        self.swap_masks = swap_masks
        self._file_pairs: list[PairItem] | None = None
        self._pairs_by_take: dict[str, list[PairItem]] = {}
        self._looked_at: dict[str, AnnotatedFrames] | None = None
        ann_file = ann_file or next((name for name in SPLIT_FILES if Path(data_root, name).is_file()), SPLIT_FILES[0])
        super().__init__(ann_file=ann_file, data_root=str(data_root), pipeline=[self.draw_negative, *pipeline],
                         **kwargs)

    def _require(self, name: str, holds: bool, expected: str, value: object) -> None:
        if not holds:
            raise ConfigError(explain(f'{type(self).__name__}, {name}', expected, repr(value),
                                      'Correct it in the config.'))

    @property
    def name(self) -> str:
        """Kind, subset and folder."""
        return f'{type(self).__name__} {self.subset} ({self.data_root})'

    @property
    def metainfo(self) -> dict:
        """Meta information with ``directions`` and ``splits``, of which a list has one each."""
        return super().metainfo | dict(directions=[self.direction], splits=[self.split])

    @property
    def videos(self) -> list[str]:
        """Takes of the list, each once, in order."""
        self.full_init()
        pairs = self.data_list.pairs
        return list(dict.fromkeys(pairs.tracks[number].uid for number in np.unique(pairs.track).tolist()))

    def list_samples(self) -> list[dict]:
        """List the takes; what is in them is known when they are read.

        Returns:
            list[dict]: ``sample_id`` and ``uid`` of each take, in the order of the split, or of the pair file.

        Raises:
            AnnotationError: If the list of takes or of pairs is missing, malformed or empty.
            ConfigError: If ``takes`` names one that is not in it.
        """
        if self.pairs_file is not None:
            path = Path(self.data_root, self.pairs_file)
            self._file_pairs = read_pairs(path)
            uids = list(dict.fromkeys(pair.take_uid for pair in self._file_pairs))
        else:
            path, splits = self.ann_file, read_split(self.ann_file)
            uids = splits.get(self.split, [])
        if self.chosen is not None:
            chosen = set(self.chosen)
            strange = sorted(chosen - set(uids))
            if strange:
                raise ConfigError(explain(f'{self.subset}, takes', f'takes of {path}',
                                          f'{len(strange)} others, first {strange[0]!r}', 'Correct takes or split.'))
            uids = [uid for uid in uids if uid in chosen]
        if not uids:
            raise AnnotationError(explain(f'{path} {self.split}', 'at least one take', 'none',
                                          'Check the split, or make the file again.'))
        return [dict(sample_id=uid, uid=uid) for uid in uids]

    @property
    def looked_at(self) -> Mapping[str, AnnotatedFrames]:
        """Which frames were looked at, by take, object and camera, as far as ``ground_truth`` says."""
        if self._looked_at is None:
            truth = () if self.ground_truth is None else iter_ground_truth(Path(self.data_root, self.ground_truth))
            self._looked_at = {take.take_uid: take.annotated_frames for take in truth}
        return self._looked_at

    def _list_pairs(self, takes: CorrespondenceTakes, uids: Sequence[str]) -> tuple[PairArrays, dict[str, list[str]]]:
        """Official list of some takes, and problems by take."""
        problems = {uid: [problem] for uid, problem in takes.problems.items()}
        if self._file_pairs is None:
            return list_pairs(takes, uids, self.direction), problems
        # One take is looked at on its own when a data set is verified, take after take.
        if len(uids) == 1 and not self._pairs_by_take:
            for pair in self._file_pairs:
                self._pairs_by_take.setdefault(pair.take_uid, []).append(pair)
        wanted = self._pairs_by_take.get(uids[0], []) if len(uids) == 1 else self._file_pairs
        pairs, unknown = list_file_pairs(takes, wanted, self.direction)
        return pairs, problems | unknown

    def load_data_list(self) -> CorrespondenceList:
        """Read the takes and list their pairs.

        Returns:
            CorrespondenceList: The usable pairs, for training in official order, for testing sorted.

        Raises:
            DataError: If takes or pictures cannot be used and ``on_bad='error'``.
        """
        uids = [item['uid'] for item in self.list_samples()]
        takes = read_takes(self.data_root, uids, self.looked_at, self.ground_truth, self.subset)
        pairs, problems = self._list_pairs(takes, uids)
        self._file_pairs, self._pairs_by_take, self._looked_at = None, {}, None
        if self.swap_masks is not None:
            pairs = swap_query_masks(takes, pairs, self.swap_masks, self.subset)
        pairs, left_out = self._wanted(takes, pairs)
        self.num_listed = len(pairs.query)
        if self.check_files:
            missing, absent = missing_pictures(takes, pairs, self.subset)
            pairs = pairs.select(~missing)
            for uid, texts in absent.items():
                problems.setdefault(uid, []).extend(texts)
        self._tell_unusable({uid: problems[uid] for uid in uids if uid in problems}, len(uids), len(pairs.query))
        if not self.num_listed and not problems:
            raise AnnotationError(explain(self.name, 'at least one mask of an object that an ego and an exo camera '
                                          'see', f'none in {len(uids)} takes', 'Check the split and data_root.'))
        if self.test_mode:
            pairs = pairs.select(_by_moment(takes, pairs, uids))
        items = CorrespondenceList(takes, pairs, dict(view=self.direction, subset=self.subset,
                                                      test_mode=self.test_mode))
        self._announce(items, left_out)
        return items

    def _wanted(self, takes: CorrespondenceTakes, pairs: PairArrays) -> tuple[PairArrays, list[str]]:
        """The pairs that the options ask for, and what was left out of them."""
        null = (pairs.target >= 0) & takes.store.is_null[pairs.target]
        pairs.annotated[null] = 0  # no prediction can be scored there
        unseen = (pairs.target < 0) & (pairs.annotated == 0)
        if self.unknown == 'skip' and ((pairs.target < 0) & (pairs.annotated < 0)).any():
            raise ConfigError(explain(f"{self.name}, unknown='skip'", 'takes that say which frames were looked at',
                                      "an annotation.json without 'annotated_frames'",
                                      "Give ground_truth, prepare the takes again, or set unknown='negative'."))
        kept = pairs.order % self.every == 0
        told = [f'{int((~kept).sum()):,} by every={self.every}'] if self.every > 1 else []
        for drop, wrong, why in ((not self.test_mode, null, 'because their target mask could not be decoded'),
                                 (self.unknown == 'skip', unseen, 'because nobody looked at their target picture')):
            if drop and (kept & wrong).any():
                told.append(f'{int((kept & wrong).sum()):,} {why}')
                kept &= ~wrong
        return pairs.select(kept), told

    def _tell_unusable(self, problems: dict[str, list[str]], num_takes: int, num_pairs: int) -> None:
        self.unusable = problems
        if not problems:
            return
        text = self.describe_unusable(problems, num_takes)
        if self.on_bad == 'error':
            raise DataError(text)
        print_log(f'{text}\n  on_bad={self.on_bad!r}: going on with {num_pairs:,} pairs.', 'current', logging.WARNING)

    def _announce(self, items: CorrespondenceList, left_out: Sequence[str]) -> None:
        pairs, store = items.pairs, items.takes.store
        takes = {pairs.tracks[number].uid for number in np.unique(pairs.track).tolist()}
        print_log(f'{self.subset}: {len(items):,} pairs of {len(takes)} takes of {self.data_root}, in '
                  f'{int((pairs.target >= 0).sum()):,} of them the object is in the target view'
                  f'{"".join(f"; left out {text}" for text in left_out)}', 'current')
        num_null = int(store.is_null.sum())
        if num_null:
            print_log(f'{self.subset}: {num_null:,} of {len(store):,} masks could not be decoded when the takes were '
                      'prepared; no pair has one of them as its query, or in training as its target.', 'current',
                      logging.WARNING)
        if self.test_mode and (pairs.annotated < 0).any():
            print_log(f'{self.subset}: of {int((pairs.annotated < 0).sum()):,} pairs it is unknown whether somebody '
                      'looked for the object, without which the official evaluation cannot count them. Give '
                      'ground_truth, or prepare the takes with tools/data/prepare_correspondence.py.', 'current',
                      logging.WARNING)

    def describe_unusable(self, bad: Mapping[str, list[str]], num_samples: int) -> str:
        """See :meth:`EgoExoDataset.describe_unusable`; counts takes."""
        return super().describe_unusable(bad, num_samples).replace(' samples of ', ' takes of ', 1)

    def inspect_sample(self, info: Mapping[str, object], full: bool = False) -> SampleReport:
        """Look at one take: its annotation, whether all pictures are there, and their proportions.

        Args:
            info (Mapping[str, object]): One of :meth:`list_samples`.
            full (bool): Decode every picture and every mask; else one picture header for each camera is read.

        Returns:
            SampleReport: Facts ``pairs`` and ``null_masks`` (masks that could not be decoded when it was prepared).
        """
        uid = info['uid']
        takes = CorrespondenceTakes(self.data_root, self.looked_at)
        takes.read(uid)
        pairs, problems = self._list_pairs(takes, [uid])
        report = SampleReport(uid, problems.get(uid, []))
        if uid not in takes.problems:
            report.problems += missing_pictures(takes, pairs, self.subset)[1].get(uid, [])
            report.problems += check_take(takes, pairs, full)
            report.facts.update(pairs=len(pairs.query), null_masks=int(takes.store.is_null.sum()))
        return report

    def filter_data(self) -> CorrespondenceList:
        """Keep the list as it is: it is packed already."""
        self.serialize_data = False
        return self.data_list

    def _get_unserialized_subset(self, indices: Sequence[int] | int) -> CorrespondenceList:
        if isinstance(indices, int):
            return self.data_list.select(slice(indices) if indices >= 0 else slice(indices, None))
        return self.data_list.select(indices)

    def get_data_info(self, idx: int) -> dict:
        """Description of one pair, made anew.

        Args:
            idx (int): Its place in the list.

        Returns:
            dict: See :class:`CorrespondenceList`, and ``sample_idx``.
        """
        self.full_init()
        return self.data_list[idx] | dict(sample_idx=idx if idx >= 0 else len(self) + idx)

    def draw_negative(self, info: dict) -> dict:
        """First step of the pipeline in training: replace the target picture of some items by that of another one.

        Args:
            info (dict): Of :meth:`get_data_info`, changed in place.

        Returns:
            dict: The same; ``target_path`` is the other picture, ``target_rle`` None and ``is_negative`` True if it was
            replaced.

        Raises:
            DataError: If no item of another take and another object is found.
        """
        if self.test_mode or not bool(torch.rand(1) < self.negative_prob):
            return info
        items = self.data_list
        for _ in range(_MAX_DRAWS):
            key, frame = items.views(random.randint(0, len(items) - 1))
            exo = key.query_camera if self.direction == 'exo2ego' else key.target_camera
            name = f'{key.uid}//{exo}//{key.object_name}//rgb//{frame}'
            # Names within names count, as in the released code: 'pan_0' refuses 'frying pan_0' too.
            if info['uid'] not in name and info['object_name'] not in name:
                camera = key.target_camera if self.negative_view == 'target' else exo
                path = os.path.join(self.data_root, key.uid, camera, f'{frame}.jpg')
                return info | dict(target_path=path, target_rle=None, is_negative=True, is_annotated=None)
        raise DataError(explain('negative_prob', 'an item of another take and another object, for a negative pair',
                                f'none in {_MAX_DRAWS:,} draws', 'Set negative_prob=0 for so small a list.'))


def _by_moment(takes: CorrespondenceTakes, pairs: PairArrays, uids: Sequence[str]) -> np.ndarray:
    """Order in which neighbours share pictures: take, frame, cameras, and then the official order."""
    places = {uid: number for number, uid in enumerate(uids)}
    cameras = {name: number for number, name in enumerate(dict.fromkeys(
        name for key in pairs.tracks for name in (key.query_camera, key.target_camera)))}
    keys = np.array([(places[key.uid], cameras[key.query_camera], cameras[key.target_camera])
                     for key in pairs.tracks], dtype=np.int64).reshape(-1, 3)[pairs.track]
    return np.lexsort((pairs.order, keys[:, 2], keys[:, 1], takes.store.frames[pairs.query], keys[:, 0]))
