"""Egocentric segments, each with a third-person clip of the same meaning and both narrations (SUM-L)."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from mmengine.dataset import Compose
from mmengine.logging import print_log

from egoexo.datasets.base import EgoExoDataset, SampleReport
from egoexo.datasets.lemma import LemmaDataset
from egoexo.datasets.recognition import RecognitionDataset
from egoexo.errors import AnnotationError, ConfigError, DataError, explain
from egoexo.formats.epic_actions import read_epic_actions
from egoexo.formats.lemma import REPEAT, LemmaLabel
from egoexo.formats.semantic_pairs import (
    KINDS,
    MATCH_TYPES,
    UNMATCHED,
    PairEntry,
    SemanticPairs,
    read_pair_choices,
    read_semantic_pairs,
)
from egoexo.formats.text_embeddings import read_text_embeddings
from egoexo.registry import DATASETS, TRANSFORMS

__all__ = ['SemanticPairDataset']

_MAX_DRAWS = 1_000_000


@DATASETS.register_module()
class SemanticPairDataset(EgoExoDataset):
    """A training list of EPIC-Kitchens, every segment with a clip of LEMMA that means the same.

    The clip is one of the best list of the pair file that is not empty, drawn with :mod:`random` by its real length: of
    clips with the same verb and noun and no others, then of those that have both among others, then of those that share
    the verb, then the noun. A segment without any takes one of the second kind of another segment, drawn at random. The
    embeddings of both narrations are looked up; nothing is encoded. Random numbers are drawn in the official order:
    clip, augmentation of the third-person view, place in time and augmentation of the ego view. For training only.
    Source: Wang et al., SUM-L, ICCV 2023.

    Args:
        ego (Mapping): :class:`RecognitionDataset` with its ``pipeline``, which ends with ``PackClip``.
        tpv (Mapping): :class:`LemmaDataset`, which the clips come from; its ``pipeline`` too ends with ``PackClip``. A
            ``clip_len`` below that of the pair file takes every n-th picture of an entry.
        pairs_file (str): Pair file, official or of ``tools/data/pair_semantics.py``; relative to ``data_root``.
        text_embeddings (str): Table of ``tools/data/embed_narrations.py``; relative to ``data_root``.
        data_root (str): Of the two files, and of ``ego`` if that names none.
        path_prefix (Sequence[str], optional): For the official pair file: begin of the paths in it, and what stands
            there instead, ``''`` for the folder of the pictures of ``tpv``.
        choices_file (str, optional): Second official file, which names one entry per row; relative to ``data_root``.
            Read as it is described, not tried on the official file.
        check_files (bool): Look for every picture of the entries when the list is made.
        on_bad (str): With ``'skip'`` segments without usable frames are left out.
        **kwargs: See :class:`EgoExoDataset`; without ``pipeline``.

    Raises:
        AnnotationError: If a file is missing or malformed, was made for another list, or a narration has no row.
        DataError: If segments or pictures cannot be used, all of them in one report.
        ConfigError: If an option is unknown.
    """

    METAINFO: dict = dict(benchmark='recognition')
    HOW_TO_GET = 'Check ego.data_prefix, tpv.data_prefix and path_prefix; data/README.md says how to get both.'
    #: What an item of the list is called in messages.
    UNIT = 'segments'

    def __init__(self, ego: Mapping[str, object], tpv: Mapping[str, object], pairs_file: str, text_embeddings: str,
                 data_root: str = '', path_prefix: Sequence[str] | None = None, choices_file: str | None = None,
                 check_files: bool = True, on_bad: str = 'error', **kwargs: object) -> None:
        if path_prefix is not None and (isinstance(path_prefix, str) or len(path_prefix) != 2):
            raise ConfigError(explain('SemanticPairDataset, path_prefix', 'two texts: begin of the paths in the pair '
                                      'file, and what replaces it', repr(path_prefix), 'Correct it.'))
        ego, tpv = dict(ego), dict(tpv)
        self._pipelines = {view: Compose([TRANSFORMS.build(step) if isinstance(step, dict) else step for step in
                                          config.pop('pipeline', ())]) for view, config in (('ego', ego), ('tpv', tpv))}
        shared = dict(type='RecognitionDataset', data_root=data_root, subset='train', on_bad=on_bad)
        self.ego: RecognitionDataset = DATASETS.build(shared | ego | dict(lazy_init=True))
        self.tpv: LemmaDataset = DATASETS.build(dict(type='LemmaDataset') | tpv | dict(lazy_init=True))
        self.subset = self.ego.subset
        self.pairs_file, self.text_embeddings = Path(data_root, pairs_file), Path(data_root, text_embeddings)
        self.choices_file = choices_file and Path(data_root, choices_file)
        self.pairs: SemanticPairs | None = None
        self._absent: dict[int, list[str]] = {}
        self.path_prefix, self.check_files = path_prefix and tuple(path_prefix), check_files
        super().__init__(ann_file=self.ego.ann_file, pipeline=[self.join_views], on_bad=on_bad, **kwargs)

    @property
    def name(self) -> str:
        """Kind, subset and files."""
        return f'{type(self).__name__} {self.subset} ({self.ann_file}, {self.pairs_file})'

    @property
    def metainfo(self) -> dict:
        """Meta information of the ego view, and ``tpv_num_classes`` by task."""
        return self.ego.metainfo | dict(tpv_num_classes=self.tpv.metainfo['num_classes'])

    @property
    def videos(self) -> list[str]:
        """Ego videos of the list, each once, in order."""
        return list(dict.fromkeys(self.get_data_info(index)['uid'] for index in range(len(self))))

    def list_samples(self) -> list[dict]:
        """List the segments; reads pairs, labels of their clips and embeddings when it is called first.

        Returns:
            list[dict]: Items of the ego list with ``row``, their place in the file.

        Raises:
            AnnotationError: See the class.
        """
        items = self.ego.list_samples()
        rows = {action.narration_id: row for row, action in enumerate(read_epic_actions(self.ann_file))}
        items = [dict(item, row=rows[item['sample_id']]) for item in items]
        if self.pairs is None:
            self.num_rows = len(rows)
            pairs = read_semantic_pairs(self.pairs_file, self.path_prefix)
            self.choices = read_pair_choices(self.choices_file) if self.choices_file else None
            self.embeddings = read_text_embeddings(self.text_embeddings)
            self._check_rows(pairs, items)
            self._labels = {entry.index: self.tpv.targets(self._label(entry)) for entry in pairs.entries}
            self._check_narrations(pairs, items)
            self.tpv.forget()
            self.pairs = pairs
        return items

    def _check_rows(self, pairs: SemanticPairs, items: Sequence[Mapping]) -> None:
        """Every segment has a row, and no row lies behind the list."""
        strange = [row for row in pairs.rows if row >= self.num_rows]
        if strange:
            raise AnnotationError(explain(self.pairs_file, f'rows below {self.num_rows:,}, the length of '
                                          f'{self.ann_file}', f'{len(strange):,} others, first {strange[0]}',
                                          'Make it for this list with tools/data/pair_semantics.py.'))
        counts = Counter(pairs.match(item['row'])[0] for item in items)
        if counts[None] and not any(pairs.of(row, 'sub') for row in pairs.rows):
            raise AnnotationError(explain(self.pairs_file, "entries 'sub', of which segments without any take one",
                                          f'none, and {counts[None]} such segments', 'Check its label map.'))

    def _label(self, entry: PairEntry) -> LemmaLabel:
        """What LEMMA says about an entry, after a look whether both speak of the same clip."""
        lemma, number = self.tpv.lemma, entry.index // REPEAT
        where = f'{self.pairs_file} entry {entry.index}'
        advice = ('The file was made from other annotations. Check tpv.data_root and tpv.split, or make it anew with '
                  'tools/data/pair_semantics.py.')
        if number >= len(lemma.segments):
            raise AnnotationError(explain(where, f'a number below {REPEAT * len(lemma.segments):,}', entry.index,
                                          advice))
        segment = lemma.segments[number]
        picture = lemma.videos[segment.video].frames[segment.start_frame]
        if not entry.frames[len(entry.frames) // 2].endswith(picture):
            raise AnnotationError(explain(where, f'{picture} in its middle, where segment {number} begins',
                                          entry.frames[len(entry.frames) // 2], advice))
        if len(entry.frames) % self.tpv.clip_len:
            raise ConfigError(explain(where, f'{self.tpv.clip_len} pictures (tpv.clip_len) or a multiple',
                                      len(entry.frames), 'Correct tpv.clip_len.'))
        return lemma.label(segment)

    def _check_narrations(self, pairs: SemanticPairs, items: Sequence[Mapping]) -> None:
        texts = dict.fromkeys([*(item['narration'] for item in items),
                               *(entry.narration for entry in pairs.entries)])
        missing = [text for text in texts if text not in self.embeddings]
        if missing:
            raise AnnotationError(explain(
                self.text_embeddings, f'a row for each of {len(texts):,} narrations', f'none for {len(missing):,}, '
                f'first {missing[0]!r}', f'Make them with: python tools/data/embed_narrations.py --ann '
                f'{self.ann_file} --pairs {self.pairs_file} --out {self.text_embeddings}'))

    def _frames(self, entry: PairEntry) -> Sequence[str]:
        """As many pictures of an entry as the clips have."""
        return entry.frames[::len(entry.frames) // self.tpv.clip_len]

    def _missing(self, entry: PairEntry) -> list[str]:
        """Pictures of an entry that are not there."""
        if entry.index not in self._absent:
            self._absent[entry.index] = self.tpv.missing_frames(self._frames(entry))
        return self._absent[entry.index]

    def inspect_sample(self, info: Mapping[str, object], full: bool = False) -> SampleReport:
        """Look at the frames of a segment and at the pictures of the clips it may get.

        Args:
            info (Mapping[str, object]): One item of the data list.
            full (bool): Decode those of the segment.

        Returns:
            SampleReport: Of :meth:`RecognitionDataset.inspect_sample`, with the problems of both views.
        """
        report = self.ego.inspect_sample(info, full)
        if self.check_files or full:
            entries = dict.fromkeys(self.pairs.match(info['row'])[1] + self.pairs.of(info['row'], 'sub'))
            missing = [path for entry in entries for path in self._missing(entry)]
            if missing:
                report.problems.append(f'{len(missing)} third-person pictures missing, first {missing[0]}')
        return report

    def announce(self, reports: Sequence[SampleReport]) -> None:
        """Say what the list holds, and how alike the clips are.

        Args:
            reports (Sequence[SampleReport]): Of the usable segments.
        """
        self.ego.announce(reports)
        counts = Counter(self.pairs.match(row)[0] for row in self.pairs.rows)
        print_log(f'{self.subset}: third-person clips of {len(self.pairs)} segments: ' + ', '.join(
            f'{counts[kind]} {kind or "of another segment"}' for kind in (*KINDS, None)), 'current')
        self._absent = {index: missing for index, missing in self._absent.items() if missing}
        self.tpv.forget()

    def choose_entry(self, row: int) -> tuple[int, PairEntry]:
        """Draw a clip for a segment.

        Args:
            row (int): Place of the segment in the file.

        Returns:
            tuple[int, PairEntry]: Official match type, 0 for a clip of another segment, and the clip.

        Raises:
            AnnotationError: If the choices name an entry that is not there.
            DataError: If no other segment has a clip of which the pictures are there.
        """
        kind, entries = self.pairs.match(row)
        if kind is None:
            for _ in range(_MAX_DRAWS):
                other = random.randint(0, self.num_rows - 1)
                found = self.pairs.of(other, 'sub') if other in self.pairs else []
                entries = [entry for entry in found if not self._absent.get(entry.index)]
                if entries:
                    return UNMATCHED, entries[random.randint(0, len(entries) - 1)]
            raise DataError(explain(f'{self.name} row {row}', "an entry 'sub' of another row whose pictures are there",
                                    f'none in {_MAX_DRAWS:,} draws', 'Check tpv.data_prefix and the pair file.'))
        if self.choices is None:
            return MATCH_TYPES[kind], entries[random.randint(0, len(entries) - 1)]
        chosen = self.choices.get(row)
        if chosen is None or chosen[0] != MATCH_TYPES[kind] or chosen[1] >= len(entries):
            raise AnnotationError(explain(f'{self.choices_file} row {row}', f'match type {MATCH_TYPES[kind]} and an '
                                          f'entry below {len(entries)}', chosen, 'Take the two files of one release.'))
        return chosen[0], entries[chosen[1]]

    def join_views(self, info: dict) -> dict:
        """The whole pipeline: draw a clip, make both views, look the embeddings up.

        Args:
            info (dict): One item of the data list.

        Returns:
            dict: ``inputs`` with ``ego`` and ``tpv``, and ``data_samples``.
        """
        match_type, entry = self.choose_entry(info['row'])
        clip = dict(sample_id=f'entry {entry.index}', uid=str(entry.index), subset=self.tpv.subset, view='tpv',
                    sample_idx=info['sample_idx'], frame_paths=self.tpv.find_frames(self._frames(entry)))
        tpv, ego = self._pipelines['tpv'](clip), self._pipelines['ego'](info)
        sample = ego['data_samples']
        for field, values in zip(('gt_tpv_verb_targets', 'gt_tpv_noun_targets'), self._labels[entry.index],
                                 strict=True):
            sample.set_field(torch.tensor(values), field)
        sample.set_field(torch.tensor(self.embeddings[info['narration']]), 'gt_text_embedding')
        sample.set_field(torch.tensor(self.embeddings[entry.narration]), 'gt_tpv_text_embedding')
        sample.set_metainfo(dict(same_idx=match_type, tpv_index=entry.index, tpv_narration=entry.narration))
        return dict(inputs=dict(ego=ego['inputs'], tpv=tpv['inputs']), data_samples=sample)
