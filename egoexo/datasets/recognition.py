"""Action recognition in EPIC-Kitchens-55 and -100: one sample per annotated segment."""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from mmengine.logging import print_log

from egoexo.datasets.base import EgoExoDataset, SampleReport
from egoexo.datasets.frame_file import read_frame
from egoexo.datasets.frame_folder import FrameTemplate, frame_folder
from egoexo.datasets.permuted_labels import permute_labels
from egoexo.datasets.video_reader import VideoReader
from egoexo.errors import AnnotationError, ConfigError, DataError, explain
from egoexo.formats.epic_actions import EpicAction, frame_rate, read_epic_actions
from egoexo.formats.epic_classes import read_class_names, read_participants, read_tail_classes
from egoexo.registry import DATASETS

__all__ = ['FRAME_TEMPLATES', 'VIDEO_TEMPLATES', 'RecognitionDataset']

#: Where the frames of a video lie under the folder of frames. The official EPIC-Kitchens-100 download comes first, then
#: the layouts of the released EPIC-Kitchens-55 loaders.
FRAME_TEMPLATES = ('{participant}/rgb_frames/{video}/frame_{frame:010d}.jpg',
                   '{participant}/{video}/frame_{frame:010d}.jpg', '{video}/frame_{frame:010d}.jpg')
#: Where videos lie under the folder of videos.
VIDEO_TEMPLATES = ('{participant}/videos/{video}.MP4', '{participant}/{video}.MP4', '{video}.MP4', '{video}.mp4')
_TASKS = ('verb', 'noun')
_SUBSETS: dict[str, Callable] = dict(tail_verbs=read_tail_classes, tail_nouns=read_tail_classes,
                                     unseen_participants=read_participants)


@DATASETS.register_module()
class RecognitionDataset(EgoExoDataset):
    """Segments of a list of EPIC-Kitchens with the class of their verb and of their noun.

    Args:
        ann_file (str): ``EPIC_100_train.csv``, ``EPIC_100_validation.csv``, ``EPIC_100_test_timestamps.csv`` or one of
            the ``.pkl`` lists of either release. A list without labels gives labels of -1.
        data_prefix (Mapping): ``frames``, the folder with the extracted frames, or ``videos``, that with the video
            files, which are read at the same moments.
        frame_templates (Sequence[str]): Where the frames of a video lie under it, with the fields ``{participant}``,
            ``{video}`` and ``{frame}``; absolute ones are taken as they are. The first whose folder exists counts.
        video_templates (Sequence[str]): The same of video files, without ``{frame}``.
        subset (str): Name under which the list is scored. Defaults to ``'val'``.
        num_classes (Mapping): Verbs and nouns of the release; ``dict(verb=125, noun=352)`` for EPIC-Kitchens-55.
        class_files (Mapping, optional): Class tables, ``verb`` and ``noun``, for the names of the classes.
        subset_files (Mapping, optional): ``tail_verbs``, ``tail_nouns`` and ``unseen_participants``, for the official
            subsets. A file of these two kinds that is absent is said aloud and does without.
        interaction_maps (str, optional): Folder of ``<video>.npy`` with the boxes of hands and touched objects.
        on_missing_frame (str): What a frame of a segment without a file means: ``'error'`` (default), the segment is
            reported with all others; or ``'nearest'``, the nearest frame that is there stands in, counted.
        check_files (bool): List each folder of frames once when the list is made and look for every frame. False only
            looks whether it exists. Defaults to True.
        exclude (Sequence[str]): Videos to leave out.
        shuffle_labels (int, optional): Seed with which to permute the labels of the list, for sabotage tests.
        **kwargs: See :class:`EgoExoDataset` and :class:`mmengine.dataset.BaseDataset`.

    Attributes:
        num_missing (int): Frames that ``on_missing_frame='nearest'`` replaces in the whole list.

    Raises:
        AnnotationError: If the list or a table is missing or malformed, holds a class the settings do not know, an id
            twice, or nothing.
        DataError: If segments cannot be used, all of them in one report (``on_bad='skip'``: left out).
        ConfigError: If an option is unknown.
    """

    METAINFO: dict = dict(benchmark='recognition')
    HOW_TO_GET = ('Frames: data/README.md says how to extract them. Check data_prefix, frame_templates and '
                  'video_templates.')
    #: What an item of the list is called in messages.
    UNIT = 'segments'

    def __init__(self, ann_file: str, data_root: str = '', data_prefix: Mapping[str, str] | None = None,
                 frame_templates: Sequence[str] = FRAME_TEMPLATES, video_templates: Sequence[str] = VIDEO_TEMPLATES,
                 subset: str = 'val', num_classes: Mapping[str, int] | None = None,
                 class_files: Mapping[str, str] | None = None, subset_files: Mapping[str, str] | None = None,
                 interaction_maps: str | None = None, on_missing_frame: str = 'error', check_files: bool = True,
                 exclude: Sequence[str] = (), shuffle_labels: int | None = None, **kwargs: object) -> None:
        self.subset = subset
        if on_missing_frame not in ('error', 'nearest'):
            raise ConfigError(explain('RecognitionDataset, on_missing_frame', "'error' or 'nearest'",
                                      repr(on_missing_frame), 'Choose one of them.'))
        sources = sorted(data_prefix or {})
        if sources not in (['frames'], ['videos']):
            raise ConfigError(explain('RecognitionDataset, data_prefix', "one folder, 'frames' or 'videos'",
                                      ' and '.join(sources) or 'nothing', 'Name it.'))
        self.num_classes = dict(num_classes or dict(verb=97, noun=300))
        for name, given, known in (('num_classes', self.num_classes, _TASKS), ('class_files', class_files, _TASKS),
                                   ('subset_files', subset_files, tuple(_SUBSETS))):
            if set(given or {}) - set(known) or (name == 'num_classes' and len(given) < len(known)):
                raise ConfigError(explain(f'RecognitionDataset, {name}', ', '.join(known), ', '.join(given),
                                          'Correct it in the config.'))
        self.on_missing_frame, self.check_files = on_missing_frame, check_files
        self.exclude, self.shuffle_labels = frozenset(exclude), shuffle_labels
        self.interaction_maps = interaction_maps and str(Path(data_root, interaction_maps))
        self.num_missing = 0
        self._places: dict[str, str | None] = {}
        self._templates = tuple(frame_templates if sources == ['frames'] else video_templates)
        if sources == ['videos']:
            _check_video_templates(self._templates)
        names = self._class_names(class_files or {}, data_root)
        subsets = self._read_subsets(subset_files or {}, data_root)
        super().__init__(ann_file=ann_file, data_root=data_root, data_prefix=dict(data_prefix), **kwargs)
        # Set here, because MMEngine would take a text that it is given for the name of a file.
        self._metainfo.update(num_classes=dict(self.num_classes), **names, **subsets)

    @property
    def name(self) -> str:
        """Kind, subset and file."""
        return f'{type(self).__name__} {self.subset} ({self.ann_file})'

    @property
    def videos(self) -> list[str]:
        """Videos of the list, each once, in order."""
        return list(dict.fromkeys(self.get_data_info(index)['uid'] for index in range(len(self))))

    def _class_names(self, files: Mapping[str, str], data_root: str) -> dict[str, dict]:
        classes = {}
        for task, file in files.items():
            path = Path(data_root, file)
            if not path.exists():
                _tell_absent(path, f'classes of the {task} are called by their numbers')
                continue
            classes[task] = list(read_class_names(path))
            if len(classes[task]) != self.num_classes[task]:
                raise AnnotationError(explain(
                    path, f'{self.num_classes[task]} classes, as num_classes[{task!r}] says', len(classes[task]),
                    'Take the class table of the same release, or correct num_classes here and in the head.'))
        return dict(classes=classes) if classes else {}

    @staticmethod
    def _read_subsets(files: Mapping[str, str], data_root: str) -> dict[str, list]:
        found = {}
        for name, file in files.items():
            path = Path(data_root, file)
            if path.exists():
                found[name] = sorted(_SUBSETS[name](path))
            else:
                _tell_absent(path, f'nothing is scored on {name.replace("_", " ")} alone')
        return found

    def list_samples(self) -> list[dict]:
        """Read the list; looks for the folder of each video, at no frame.

        Returns:
            list[dict]: One plain dict per segment in file order: ``sample_id`` (narration id, of EPIC-Kitchens-55 the
            uid), ``uid`` (video), ``subset``, ``view``, ``participant_id``, ``start_frame``, ``stop_frame``,
            ``narration``, ``verb_class``, ``noun_class``, and ``frame_pattern`` (None if there is no folder), or
            ``video_path`` and ``frame_rate``; with interaction maps ``interaction_map``.

        Raises:
            AnnotationError: See the class.
        """
        rows = read_epic_actions(self.ann_file)
        items = [self._item(row) for row in rows if row.video_id not in self.exclude]
        if len(items) < len(rows):
            print_log(f'{self.subset}: {len(rows) - len(items)} of {len(rows)} segments excluded by video', 'current')
        if not items:
            raise AnnotationError(explain(self.ann_file, 'at least one segment', f'{len(rows)} rows, all excluded',
                                          'Check exclude.'))
        if self.shuffle_labels is not None:
            pairs = [dict(labels=(item['verb_class'], item['noun_class'])) for item in items]
            permute_labels(pairs, self.shuffle_labels, self.subset)
            for item, pair in zip(items, pairs, strict=True):
                item['verb_class'], item['noun_class'] = pair['labels']
        return items

    def _item(self, row: EpicAction) -> dict:
        for task, label in (('verb', row.verb_class), ('noun', row.noun_class)):
            if not -1 <= label < self.num_classes[task]:
                raise AnnotationError(explain(
                    f'{self.ann_file}, narration {row.narration_id!r}',
                    f'a {task} class from 0 to {self.num_classes[task] - 1}, as num_classes[{task!r}] says', label,
                    'Set num_classes in the data set and in the head to those of the release, or take its list.'))
        item = dict(sample_id=row.narration_id, uid=row.video_id, subset=self.subset, view='ego',
                    participant_id=row.participant_id, start_frame=row.start_frame, stop_frame=row.stop_frame,
                    narration=row.narration, verb_class=row.verb_class, noun_class=row.noun_class)
        place = self._place(row.participant_id, row.video_id)
        if 'frames' in self.data_prefix:
            item.update(frame_pattern=place, on_missing_frame=self.on_missing_frame)
        else:
            item.update(video_path=place, frame_rate=frame_rate(row.video_id))
        if self.interaction_maps:
            item['interaction_map'] = os.path.join(self.interaction_maps, f'{row.video_id}.npy')
        return item

    def _place(self, participant: str, video: str) -> str | None:
        """Where the frames or the file of a video lie; looked up once per video."""
        if video not in self._places:
            self._places[video] = next(filter(None, (find() for _, find in self._candidates(participant, video))), None)
        return self._places[video]

    def _candidates(self, participant: str, video: str) -> list[tuple[str, Callable[[], str | None]]]:
        """Paths that are looked for, each with what finds it."""
        if 'frames' in self.data_prefix:
            templates = [FrameTemplate(text, self.data_prefix['frames']) for text in self._templates]
            return [(os.path.dirname(template.pattern(participant, video)),
                     lambda template=template: template.find(participant, video)) for template in templates]
        paths = [os.path.join(self.data_prefix['videos'], text.format(participant=participant, video=video))
                 for text in self._templates]
        return [(path, lambda path=path: path if os.path.isfile(path) else None) for path in paths]

    def inspect_sample(self, info: Mapping[str, object], full: bool = False) -> SampleReport:
        """Look whether the frames of a segment are there.

        Args:
            info (Mapping[str, object]): One item of the data list.
            full (bool): Decode all of them; of a video file the first and the last one.

        Returns:
            SampleReport: Problems, and ``frames`` of the segment and ``missing`` of them.
        """
        report = SampleReport(info['sample_id'])
        first, last = info['start_frame'], info['stop_frame']
        report.facts['frames'] = last - first + 1
        place = self._place(info['participant_id'], info['uid'])
        if place is None:
            tried = ', '.join(path for path, _ in self._candidates(info['participant_id'], info['uid']))
            kind = 'folder of frames' if 'frames' in self.data_prefix else 'video file'
            report.problems.append(f'no {kind} of {info["uid"]}, looked for {tried}')
        elif first < 1 or last < first:
            report.problems.append(f'frames {first} to {last} are none')
        elif 'frames' in self.data_prefix:
            self._inspect_frames(report, place, first, last, full)
        elif full:
            self._inspect_video(report, place, first, last, info['frame_rate'])
        if info.get('interaction_map') and not os.path.isfile(info['interaction_map']):
            report.problems.append(f'no interaction map {info["interaction_map"]}')
        return report

    def _inspect_frames(self, report: SampleReport, pattern: str, first: int, last: int, full: bool) -> None:
        if not (self.check_files or full):
            return
        folder = frame_folder(pattern)
        missing = folder.num_missing(first, last)
        report.facts['missing'] = missing
        if missing and (self.on_missing_frame == 'error' or not len(folder.runs)):
            path = pattern.format(frame=folder.first_missing(first, last))
            report.problems.append(f'{missing} of {last - first + 1} frames missing, first {path}')
        elif full:
            numbers = sorted({folder.nearest(number) for number in range(first, last + 1)})
            report.problems += _problems(lambda: _decode_all([pattern.format(frame=number) for number in numbers]))

    @staticmethod
    def _inspect_video(report: SampleReport, path: str, first: int, last: int, rate: float) -> None:
        def look() -> None:
            with VideoReader(path) as video:
                times = np.array([first - 1, last - 1]) / rate
                if times[0] > video.timestamps_sec[-1] + 1 / video.fps:
                    raise DataError(explain(path, f'{times[0]:.2f} s or more, where the segment begins',
                                            f'{video.timestamps_sec[-1]:.2f} s', 'Fetch the video again.'))
                video.get_batch(video.frames_at(times))

        report.problems += _problems(look)

    def describe_unusable(self, bad: Mapping[str, list[str]], num_samples: int) -> str:
        """Report by problem, because all segments of a video share most of them.

        Args:
            bad (Mapping[str, list[str]]): Problems by sample id.
            num_samples (int): Size of the whole list.

        Returns:
            str: Several lines: the first five problems, each with its first segment, and what to do.
        """
        segments: dict[tuple[str, ...], list[str]] = {}
        for sample_id, problems in bad.items():
            segments.setdefault(tuple(problems), []).append(sample_id)
        merged = {ids[0]: [*problems, *([f'the same of {len(ids) - 1:,} more'] if len(ids) > 1 else [])]
                  for problems, ids in segments.items()}
        head = f'{len(bad)} of {num_samples} segments of {self.name} cannot be used:'
        return '\n'.join([head, *super().describe_unusable(merged, num_samples).split('\n')[1:]])

    def announce(self, reports: Sequence[SampleReport]) -> None:
        """Say what the list holds, and how many frames have a stand-in.

        Args:
            reports (Sequence[SampleReport]): Of the usable segments.
        """
        missing = [report.facts.get('missing', 0) for report in reports]
        self.num_missing = sum(missing)
        print_log(f'{self.subset}: {len(reports)} segments of {self.ann_file}', 'current')
        if self.num_missing:
            print_log(f"{self.subset}: {self.num_missing} frames in {sum(map(bool, missing))} segments have no file; "
                      "the nearest one that is there stands in (on_missing_frame='nearest')", 'current',
                      logging.WARNING)


def _check_video_templates(templates: Sequence[str]) -> None:
    for text in templates:
        try:
            text.format(participant='', video='')
        except (KeyError, IndexError, ValueError, AttributeError) as error:
            raise ConfigError(explain('video_templates', "paths like '{participant}/videos/{video}.MP4'", repr(text),
                                      'Correct it in the config.')) from error


def _problems(look: Callable[[], object]) -> list[str]:
    """What a reader says about files, if anything."""
    try:
        look()
    except DataError as error:
        return [str(error)]
    return []


def _decode_all(paths: Sequence[str]) -> None:
    sizes: dict[tuple[int, ...], str] = {}
    for path in paths:
        sizes.setdefault(read_frame(path).shape[:2], path)
    if len(sizes) > 1:
        (size, first), (other, path) = list(sizes.items())[:2]
        raise DataError(explain(path, f'{size[0]} x {size[1]} pixels, as in {first}', f'{other[0]} x {other[1]}',
                                'Extract all frames of this video again in one size.'))


def _tell_absent(path: Path, consequence: str) -> None:
    print_log(f'{path} is absent: {consequence}.', 'current', logging.WARNING)
