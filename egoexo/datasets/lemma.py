"""Third-person clips of LEMMA with the verbs and nouns of what the person does, to train the teacher of SUM-L."""

import os
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from mmengine.logging import print_log

from egoexo.datasets.base import EgoExoDataset, SampleReport
from egoexo.datasets.frame_file import read_frame
from egoexo.errors import AnnotationError, ConfigError, DataError, explain
from egoexo.formats.lemma import REPEAT, Lemma, LemmaLabel, clip_frames, read_lemma
from egoexo.formats.lemma_narration import clean_narration
from egoexo.registry import DATASETS

__all__ = ['LemmaDataset']

_MODES = ('train', 'test')


@DATASETS.register_module()
class LemmaDataset(EgoExoDataset):
    """Segments of LEMMA in training, every n-th frame in testing, with several verbs and nouns each.

    In training a clip lies around a frame that is drawn with :mod:`random`, as far behind the start of the segment as
    leaves room for the clip. Sources: Jia et al., "LEMMA", ECCV 2020; Wang et al., SUM-L, ICCV 2023.

    Args:
        data_root (str): Folder with ``metadata``, ``full`` and ``splits``.
        split (str): List in ``splits``. Defaults to ``'1tpv_train'``.
        mode (str): ``'train'`` (default) or ``'test'``.
        view (str): ``'tpv'`` (default) or ``'fpv'``.
        data_prefix (Mapping, optional): ``frames``, the folder that the paths of the pictures begin in; ``data_root``
            by default.
        clip_len (int): Pictures of a clip, T. Defaults to 32.
        frame_interval (int): Frames from one to the next. Defaults to 2.
        repeat (int): Times that a segment is listed in training. Defaults to 3, as released.
        every (int): Keep every n-th frame in testing. Defaults to 4, as released.
        subset (str): Name of the list in messages. Defaults to ``split``.
        check_files (bool): List the folders of the pictures when the list is made, and look for every picture.
        pipeline (Sequence[dict | Callable]): Transforms, from ``LoadClipFrames`` to ``PackClip``.
        **kwargs: See :class:`EgoExoDataset`.

    Raises:
        AnnotationError: If the annotations are missing or malformed.
        DataError: If samples cannot be used, all of them in one report (``on_bad='skip'``: left out).
        ConfigError: If an option is unknown.
    """

    METAINFO: dict = dict(benchmark='recognition')
    HOW_TO_GET = 'Fetch the pictures of LEMMA (data/README.md), or check data_root and data_prefix.frames.'
    #: What an item of the list is called in messages.
    UNIT = 'clips'

    def __init__(self, data_root: str, split: str = '1tpv_train', mode: str = 'train', view: str = 'tpv',
                 data_prefix: Mapping[str, str] | None = None, clip_len: int = 32, frame_interval: int = 2,
                 repeat: int = REPEAT, every: int = 4, subset: str = '', check_files: bool = True,
                 pipeline: Sequence[dict | Callable] = (), **kwargs: object) -> None:
        if mode not in _MODES:
            raise ConfigError(explain('LemmaDataset, mode', ' or '.join(map(repr, _MODES)), repr(mode),
                                      'Choose one of them.'))
        for name, value in (('clip_len', clip_len), ('frame_interval', frame_interval), ('repeat', repeat),
                            ('every', every)):
            if type(value) is not int or value < 1:
                raise ConfigError(explain(f'LemmaDataset, {name}', 'a number of at least 1', repr(value),
                                          'Correct it.'))
        self.split, self.mode, self.view, self.subset = split, mode, view, subset or split
        self.clip_len, self.frame_interval, self.repeat, self.every = clip_len, frame_interval, repeat, every
        self.check_files = check_files
        self._folders: dict[str, frozenset[str]] = {}
        super().__init__(ann_file=os.path.join('splits', f'{split}.json'), data_root=str(data_root),
                         data_prefix=dict(data_prefix or dict(frames='')), pipeline=[self.place_clip, *pipeline],
                         **kwargs)

    @cached_property
    def lemma(self) -> Lemma:
        """The annotations."""
        lemma = read_lemma(self.data_root, self.split, self.view)
        names = dict(verb=list(lemma.names.verbs), noun=list(lemma.names.nouns))
        # Set here, because MMEngine would take a text that it is given for the name of a file.
        self._metainfo.update(classes=names, num_classes={task: len(found) for task, found in names.items()})
        return lemma

    @property
    def name(self) -> str:
        """Kind, subset and folder."""
        return f'{type(self).__name__} {self.subset} ({self.data_root})'

    @property
    def metainfo(self) -> dict:
        """Meta information with ``classes`` and ``num_classes`` by task."""
        if 'classes' not in self._metainfo:
            self.lemma  # noqa: B018 brings the names along
        return super().metainfo

    def forget(self) -> None:
        """Let go of the annotations, gigabytes in the release; they are read again when they are asked for."""
        self.__dict__.pop('lemma', None)
        self._folders = {}

    @property
    def videos(self) -> list[str]:
        """Videos of the list, each once, in order."""
        return list(dict.fromkeys(self.get_data_info(index)['uid'] for index in range(len(self))))

    def list_samples(self) -> list[dict]:
        """List segments or frames; looks at no picture.

        Returns:
            list[dict]: ``sample_id``, ``uid`` (video and person), ``subset``, ``view``, ``start_frame`` and ``length``.

        Raises:
            AnnotationError: See the class.
        """
        common = dict(subset=self.subset, view=self.view)
        if self.mode == 'train':
            return [dict(sample_id=f'{segment.video}:{segment.start_frame}' + (f':{turn}' if turn else ''),
                         uid=segment.video, start_frame=segment.start_frame, length=segment.length, **common)
                    for segment in self.lemma.segments for turn in range(self.repeat)]
        items = [dict(sample_id=f'{name}:{frame}', uid=name, start_frame=frame, length=1, **common)
                 for name in self.lemma.split_videos
                 for frame in range(self.every - 1, len(self.lemma.videos[name].frames), self.every)]
        if not items:
            raise AnnotationError(explain(self.ann_file, f'videos of {self.every} frames or more', 'none',
                                          'Check split and every.'))
        return items

    def place_clip(self, info: dict) -> dict:
        """First step of the pipeline: draw where the clip lies.

        Args:
            info (dict): One item of the data list.

        Returns:
            dict: With ``frame_paths`` (T paths), ``verb_targets`` and ``noun_targets`` (C,), and ``narration``.
        """
        center, video = info['start_frame'], self.lemma.videos[info['uid']]
        if self.mode == 'train':
            center += random.randint(0, self._room(info['length']))
        label = video.label(center) or video.label(info['start_frame'])
        verbs, nouns = self.targets(label)
        return dict(info, frame_paths=self.find_frames(video.clip(center, self.clip_len, self.frame_interval)),
                    verb_targets=verbs, noun_targets=nouns,
                    narration=clean_narration(self.lemma.names.interactions[label.interactions[0]]))

    def _room(self, length: int) -> int:
        """Frames by which a clip may begin later than the segment, of which the released code counts one too few."""
        return max(length - self.clip_len * self.frame_interval - 1, 0)

    def targets(self, label: LemmaLabel) -> tuple[np.ndarray, np.ndarray]:
        """Verbs and nouns as networks are trained with them.

        Args:
            label (LemmaLabel): What is done.

        Returns:
            tuple[np.ndarray, np.ndarray]: 1 for each verb and for each noun, else 0, float32, (C,).
        """
        found = []
        for names, numbers in zip(self.lemma.names, label[:2], strict=False):
            found.append(np.zeros(len(names), dtype=np.float32))
            found[-1][list(numbers)] = 1
        return found[0], found[1]

    def find_frames(self, names: Iterable[str]) -> list[str]:
        """Where pictures lie.

        Args:
            names (Iterable[str]): Paths in the annotations.

        Returns:
            list[str]: Paths.
        """
        return [os.path.join(self.data_prefix['frames'], name) for name in names]

    def missing_frames(self, names: Iterable[str]) -> list[str]:
        """Pictures that are not there; lists each folder once.

        Args:
            names (Iterable[str]): Paths in the annotations.

        Returns:
            list[str]: Paths.
        """
        missing = []
        for path in self.find_frames(names):
            folder, name = os.path.split(path)
            if folder not in self._folders:
                self._folders[folder] = frozenset(os.listdir(folder) if os.path.isdir(folder) else ())
            if name not in self._folders[folder]:
                missing.append(path)
        return missing

    def inspect_sample(self, info: Mapping[str, object], full: bool = False) -> SampleReport:
        """Look whether the pictures of a sample are there.

        Args:
            info (Mapping[str, object]): One item of the data list.
            full (bool): Decode them.

        Returns:
            SampleReport: Problems, and ``frames`` that the clips of the sample may show.
        """
        report = SampleReport(info['sample_id'])
        video = self.lemma.videos[info['uid']]
        numbers = clip_frames(info['start_frame'], len(video.frames), self.clip_len, self.frame_interval)
        room = self._room(info['length'])
        if self.mode == 'train' and room:  # all frames that the clips of the segment may show
            numbers = range(numbers[0], min(numbers[-1] + room + 1, len(video.frames)))
        numbers = sorted(set(numbers))
        report.facts['frames'] = len(numbers)
        absent = [number for number in numbers if number not in video.frames]
        if absent:
            report.problems.append(f'the annotations have no row for {len(absent)} of the frames {numbers[0]} to '
                                   f'{numbers[-1]}, first {absent[0]}')
            return report
        names = [video.frames[number] for number in numbers]
        missing = self.missing_frames(names) if self.check_files or full else []
        if missing:
            report.problems.append(f'{len(missing)} of {len(names)} pictures missing, first {missing[0]}')
        elif full:
            try:
                for path in self.find_frames(names):
                    read_frame(path)
            except DataError as error:
                report.problems.append(str(error))
        return report

    def announce(self, reports: Sequence[SampleReport]) -> None:
        """Say what the list holds, and forget the listed folders.

        Args:
            reports (Sequence[SampleReport]): Of the usable samples.
        """
        self._folders = {}
        kind = f'{len(reports) // self.repeat} segments, {self.repeat} times each' if self.mode == 'train' \
            else f'{len(reports)} frames'
        print_log(f'{self.subset}: {kind}, of {len(self.lemma.split_videos)} videos in {Path(self.data_root)}',
                  'current')
