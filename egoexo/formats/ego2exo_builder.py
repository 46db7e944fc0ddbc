"""Builds Ego2Exo out of Ego-Exo4D, step by step and draw by draw as the benchmark's own notebook does.

Official source: ViLab-UCSD/LaGTran_ICML2024, ``Ego2Exo/create_data.ipynb``. With ``legacy=True``, a seed and no
membership, the result equals what the notebook gives after ``random.seed(seed)``.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from egoexo.errors import AnnotationError, explain
from egoexo.formats.ego2exo import Ego2Exo, Segment
from egoexo.formats.ego2exo_cameras import View, ego_view, exo_view, val_best_exo
from egoexo.formats.ego2exo_labels import NO_STEP, segment_id, top_level_names
from egoexo.formats.ego2exo_membership import Membership, pick_members
from egoexo.formats.ego2exo_recipe import OFFICIAL, Recipe
from egoexo.formats.ego2exo_texts import SegmentText, by_annotator, collect_text
from egoexo.formats.ego2exo_windows import FPS, frame_windows, nearest_window, overlapping_windows, window_table
from egoexo.formats.egoexo4d import Annotator, Keysteps, KeystepTake, Take

__all__ = ['SOURCE_SHARE', 'Annotations', 'BuildReport', 'Built', 'build_ego2exo', 'train_takes', 'val_takes']

#: Share of each class that goes to the exo training list, rounded down to whole segments.
SOURCE_SHARE = 0.55
_NOT_A_LEAF = 'step not in the taxonomy of its scenario'
_NO_TAKE = 'take not in takes.json'
_ADVICE = 'Give the takes and annotations of one release of Ego-Exo4D.'


class Annotations(NamedTuple):
    """Annotations of Ego-Exo4D that the benchmark is made from.

    Args:
        takes (dict[str, Take]): Of ``takes.json``.
        train (Keysteps): Of ``keystep_train.json``; its taxonomies serve validation, too.
        val (Keysteps): Of ``keystep_val.json``.
        descriptions (dict[str, tuple[Annotator, ...]]): Of ``atomic_descriptions_train.json``.
    """

    takes: dict[str, Take]
    train: Keysteps
    val: Keysteps
    descriptions: dict[str, tuple[Annotator, ...]]


@dataclass
class BuildReport:
    """What became of the segments.

    Args:
        segments (dict[str, int]): Number in each list.
        dropped (dict[str, Counter[str]]): ``train`` and ``val``: reason -> number of segments left out.
        notes (Counter[str]): What was repaired -> number of segments, both sides counted.
        missing_files (set[str]): Feature files that do not exist, if they were looked for.
    """

    segments: dict[str, int] = field(default_factory=dict)
    dropped: dict[str, Counter] = field(default_factory=lambda: dict(train=Counter(), val=Counter()))
    notes: Counter = field(default_factory=Counter)
    missing_files: set[str] = field(default_factory=set)

    def lines(self) -> Iterator[str]:
        """Text for the user; the first four lines are those of the notebook."""
        yield from (f'{name},{self.segments[name]}' for name in sorted(self.segments))
        for split, reasons in self.dropped.items():
            for reason, count in reasons.most_common():
                yield f'{split}: dropped {count:,} segments: {reason}'
        for note, count in self.notes.most_common():
            yield f'note: {count:,} segments: {note}'
        if self.missing_files:
            yield (f'note: {len(self.missing_files):,} feature files are missing, first '
                   f'{sorted(self.missing_files)[0]}')


class Built(NamedTuple):
    """Content for :func:`~egoexo.formats.ego2exo.write_ego2exo`, and what to tell about it."""

    content: Ego2Exo
    report: BuildReport


class _Row(NamedTuple):
    """A segment before it has a camera."""

    key: int
    label: int
    text: str
    texts: dict[str, str]
    take_uid: str
    index: int
    start_sec: float
    end_sec: float
    best_exo: dict | None


def build_ego2exo(annotations: Annotations, recipe: Recipe = OFFICIAL, *, seed: int = 0, legacy: bool = False,
                  strip: str = 'legacy', separator: str = '', membership: Membership | None = None,
                  num_rows: Callable[[str], int | None] | None = None) -> Built:
    """Make the four lists.

    Args:
        annotations (Annotations): What to make them from.
        recipe (Recipe): Scenarios, classes and takes.
        seed (int): Seed of every draw.
        legacy (bool): Keep what is broken in the released data: exo segments of ``gp05`` point at ego features, a
            segment may have no window, and one after the last window, or a step outside its taxonomy, is an error.
            Otherwise ``gp04`` stands in, the nearest window is taken, and the segment is dropped.
        strip (str): ``'legacy'`` or ``'subject'``, see :func:`~egoexo.formats.ego2exo_texts.strip_subject`.
        separator (str): Put between the texts of two annotators; the released data has nothing there.
        membership (Membership, optional): The two training lists; drawn from the seed by default.
        num_rows (Callable, optional): Number of rows of a feature file, None if there is no such file; windows beyond
            are left out, or replaced by the last one when none remains.

    Returns:
        Built: Lists and report.

    Raises:
        AnnotationError: If the annotations do not fit the recipe, the membership or each other.
    """
    report, draw = BuildReport(), random.Random(seed)
    rows, dropped = _train_rows(annotations, recipe, draw, report, legacy, strip, separator)
    if membership is None:
        source, target = _split_classes(rows, draw)
    else:
        dropped.update((row.key, f'dropped ({_NO_TAKE})') for row in rows if row.take_uid not in annotations.takes)
        kept = {row.key: row for row in rows if row.take_uid in annotations.takes}
        source, target = pick_members(membership, kept, dropped)
        report.dropped['train']['in neither membership file'] = len(rows) - len(source) - len(target)
    val = _val_rows(annotations, recipe, draw, report)
    place = _Placer(annotations.takes, recipe.classes, draw, report, legacy, num_rows)
    # The order of the draws; that of the file is another one.
    splits = {name: place(name, rows) for name, rows in
              dict(ego_train=target, ego_val=val, exo_train=source, exo_val=val).items()}
    report.segments = {name: len(segments) for name, segments in splits.items()}
    for reasons in (*report.dropped.values(), report.notes):
        for reason in [reason for reason, count in reasons.items() if not count]:
            del reasons[reason]
    order = ('exo_train', 'exo_val', 'ego_train', 'ego_val')
    return Built(Ego2Exo(recipe.classes, {name: splits[name] for name in order}), report)


def train_takes(train: Keysteps, recipe: Recipe) -> list[KeystepTake]:
    """Training takes of a recipe, in order.

    Args:
        train (Keysteps): Of the training split.
        recipe (Recipe): Names them, or takes all of its scenarios.

    Raises:
        AnnotationError: If a take is unknown or of another scenario, or none is left.
    """
    takes = ([take for take in train.takes.values() if take.scenario in recipe.scenarios] if recipe.take_ids is None
             else [train.takes[uid] for uid in recipe.take_ids if uid in train.takes])
    unknown = [uid for uid in recipe.take_ids or () if uid not in train.takes]
    if unknown or not takes:
        raise AnnotationError(explain(
            'training takes', 'at least one take, each in the keystep file',
            f'{len(unknown):,} unknown ones (first {unknown[:5]})' if unknown else 'none', _ADVICE))
    others = [f'{take.take_uid} ({take.scenario})' for take in takes if take.scenario not in recipe.scenarios]
    if others:
        raise AnnotationError(explain('training takes', f'takes of the {len(recipe.scenarios)} scenarios of the recipe',
                                      f'{len(others):,} of others (first {others[:5]})', 'Correct the list of takes.'))
    return takes


def val_takes(val: Keysteps, recipe: Recipe) -> list[KeystepTake]:
    """Validation takes of a recipe: all of its scenarios, in file order."""
    return [take for take in val.takes.values() if take.scenario in recipe.scenarios]


def _train_rows(annotations: Annotations, recipe: Recipe, draw: random.Random, report: BuildReport, legacy: bool,
                strip: str, separator: str) -> tuple[list[_Row], dict[int, str]]:
    """Segments with a class and a text, and why each of the others has not been kept."""
    labels = {name: label for label, name in enumerate(recipe.classes)}
    rows: dict[int, _Row] = {}
    dropped: dict[int, str] = {}
    for take in train_takes(annotations.train, recipe):
        names = _names_of(annotations.train, take)
        annotators = by_annotator(annotations.descriptions.get(take.take_uid, ()))
        for index, step in enumerate(take.segments):
            # Drawn for every segment, also for those without a class, as the notebook does.
            found = collect_text(annotators, step.start_sec, step.end_sec, draw, strip)
            best = draw.sample(found.best_exo, 1)[0] if found.best_exo else None
            key, name = segment_id(take.take_uid, index), names.get(step.step_id)
            reason = _reason(step.step_id, name, labels, found, taken=key in rows)
            if reason == _NOT_A_LEAF and legacy:
                raise AnnotationError(explain(
                    f'keysteps take {take.take_uid} segment {index}', f'a step of the taxonomy of {take.scenario!r}',
                    f'step_id {step.step_id}, a KeyError in the official notebook', 'Leave out --legacy to drop it.'))
            if reason:
                report.dropped['train'][reason] += 1
                dropped.setdefault(key, f'dropped ({reason})')
                continue
            report.notes['without a sentence of their own, text taken from beside them'] += found.is_fallback
            rows[key] = _Row(key, labels[name], separator.join(found.texts.values()), found.texts, take.take_uid, index,
                             step.start_sec, step.end_sec, best)
    return list(rows.values()), dropped


def _reason(step_id: int, name: str | None, labels: dict[str, int], found: SegmentText, taken: bool) -> str | None:
    """Why a training segment cannot be kept."""
    if step_id >= NO_STEP:
        return f'no step of a taxonomy (step_id {NO_STEP} or more)'
    if name is None:
        return _NOT_A_LEAF
    if name not in labels:
        return 'top-level step is no class of the recipe'
    if not found.best_exo:
        return 'no description of its take'
    return 'id already taken by another segment' if taken else None


def _names_of(train: Keysteps, take: KeystepTake) -> dict[int, str]:
    if take.scenario not in train.taxonomy:
        raise AnnotationError(explain(f'take {take.take_uid}', 'a scenario with a taxonomy', repr(take.scenario),
                                      _ADVICE))
    return top_level_names(train.taxonomy[take.scenario], f'taxonomy {take.scenario}')


def _split_classes(rows: list[_Row], draw: random.Random) -> tuple[list[_Row], list[_Row]]:
    """Draw a share of each class for the exo list, in drawn order; the rest makes the ego list, in its own order."""
    by_class: dict[int, dict[int, _Row]] = {}
    for row in rows:
        by_class.setdefault(row.label, {})[row.key] = row
    source: list[_Row] = []
    target: list[_Row] = []
    for members in by_class.values():
        drawn = draw.sample(list(members), int(SOURCE_SHARE * len(members)))
        source += [members[key] for key in drawn]
        target += [row for key, row in members.items() if key not in set(drawn)]
    return source, target


def _val_rows(annotations: Annotations, recipe: Recipe, draw: random.Random, report: BuildReport) -> list[_Row]:
    """Segments with a class, without text, all of a take seen by the same exo camera."""
    labels = {name: label for label, name in enumerate(recipe.classes)}
    rows: dict[int, _Row] = {}
    for take in val_takes(annotations.val, recipe):
        if take.take_uid not in annotations.takes:
            report.dropped['val'][_NO_TAKE] += len(take.segments)
            continue
        names, best = _names_of(annotations.train, take), val_best_exo(annotations.takes[take.take_uid], draw)
        for index, step in enumerate(take.segments):
            key, name = segment_id(take.take_uid, index), names.get(step.step_id)
            if name not in labels or key in rows:
                report.dropped['val']['step is of no class' if name not in labels else
                                      'id already taken by another segment'] += 1
                continue
            rows[key] = _Row(key, labels[name], '', {}, take.take_uid, index, step.start_sec, step.end_sec, best)
    return list(rows.values())


class _Placer:
    """Gives segments a camera, rows of its feature file and frames of its video."""

    def __init__(self, takes: dict[str, Take], classes: tuple[str, ...], draw: random.Random, report: BuildReport,
                 legacy: bool, num_rows: Callable[[str], int | None] | None) -> None:
        self.takes, self.classes, self.draw, self.report, self.legacy = takes, classes, draw, report, legacy
        self.num_rows = num_rows
        self.tables: dict[str, list[tuple[int, int]]] = {}
        self.lengths: dict[str, int | None] = {}

    def __call__(self, split: str, rows: list[_Row]) -> tuple[Segment, ...]:
        return tuple(self._segment(split, row) for row in rows if self._is_known(split, row))

    def _is_known(self, split: str, row: _Row) -> bool:
        known = row.take_uid in self.takes
        self.report.dropped[split.removeprefix('ego_').removeprefix('exo_')][_NO_TAKE] += not known
        return known

    def _segment(self, split: str, row: _Row) -> Segment:
        take = self.takes[row.take_uid]
        view = (ego_view(take, self.draw) if split.startswith('ego') else
                exo_view(take, row.best_exo, self.draw, self.legacy))
        self.report.notes['best exo camera is none of the take, another one taken'] += view.replaced
        return Segment(row.key, row.label, self.classes[row.label], row.text, row.texts, row.take_uid, row.index,
                       row.start_sec, row.end_sec, view.feature_file, tuple(self._rows(take, row, view)),
                       view.video_file, tuple(frame_windows(row.start_sec, row.end_sec)), row.best_exo)

    def _rows(self, take: Take, row: _Row, view: View) -> list[int]:
        table = self._table(take)
        try:
            rows = overlapping_windows(table, row.start_sec, row.end_sec)
        except KeyError:
            if self.legacy:
                raise AnnotationError(explain(
                    f'take {row.take_uid} segment {row.index}', 'a start before the end of the last feature window',
                    f'{row.start_sec:g} s in a take of {take.duration_sec:g} s, a KeyError in the official notebook',
                    'Leave out --legacy to take the nearest window.')) from None
            rows = []
        if not rows and not self.legacy:
            self.report.notes['no feature window overlaps, the nearest one taken'] += 1
            rows = [nearest_window(table, row.start_sec, row.end_sec) if table else 0]
        return rows if self.num_rows is None else self._clamp(rows, view.feature_file)

    def _table(self, take: Take) -> list[tuple[int, int]]:
        if take.take_uid not in self.tables:
            if take.duration_sec is None or take.duration_sec < 0:
                raise AnnotationError(explain(f'takes.json take {take.take_uid} duration_sec', 'seconds',
                                              take.duration_sec, 'Remove the take from the list of takes.'))
            self.tables[take.take_uid] = window_table(int(take.duration_sec * FPS))
        return self.tables[take.take_uid]

    def _clamp(self, rows: list[int], file: str) -> list[int]:
        if file not in self.lengths:
            self.lengths[file] = self.num_rows(file)
        length = self.lengths[file]
        if length is None:
            self.report.missing_files.add(file)
            return rows
        if not rows or rows[-1] < length:
            return rows
        self.report.notes['windows beyond the last row of their feature file left out'] += 1
        return [index for index in rows if index < length] or [length - 1]
