"""Predictions of the benchmark correspondence as the official evaluation reads them: ``ego-exo_val_results.json``."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, TextIO

from egoexo.errors import ConfigError, PredictionError, explain, printable
from egoexo.formats.correspondence_pairs import check_direction, iter_tracks
from egoexo.formats.correspondence_take import TakeAnnotation
from egoexo.formats.json_stream import JsonStream, parse_member
from egoexo.formats.json_writer import write_members
from egoexo.formats.relation_names import checked_frame, checked_name, checked_object
from egoexo.formats.rle import Rle, check_rle
from egoexo.formats.whole_file import open_whole

__all__ = ['SETTINGS', 'Predictions', 'ResultWriter', 'TakePredictions', 'ViewPrediction', 'iter_predictions',
           'check_submission', 'pair_key', 'read_predictions', 'results_file_name', 'take_predictions_to_json',
           'write_submission']

#: Direction -> its key in the files.
SETTINGS = {'ego2exo': 'ego-exo', 'exo2ego': 'exo-ego'}
_WHAT = 'correspondence results'
_ADVICE = 'Write the file again, for example with tools/predict_correspondence.py.'


class ViewPrediction(NamedTuple):
    """What a method says about one object in the target view of one frame.

    Args:
        mask (Rle): The object, at a resolution of the method's choice.
        confidence (float): That the object is visible; the official threshold is 0.5.
    """

    mask: Rle
    confidence: float


@dataclass(frozen=True)
class TakePredictions:
    """Predictions of one take.

    Args:
        take_uid (str): Its uid.
        masks (dict[str, dict[str, dict[str, ViewPrediction]]]): Object -> ``<query camera>_<target camera>`` -> frame
            number as text -> prediction.
        subsample_idx (list[int]): Copied from the annotation.
    """

    take_uid: str
    masks: dict[str, dict[str, dict[str, ViewPrediction]]]
    subsample_idx: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Predictions:
    """Predictions of one direction.

    Args:
        setting (str): ``'ego-exo'`` or ``'exo-ego'``.
        takes (dict[str, TakePredictions]): By take uid, in file order.
    """

    setting: str
    takes: dict[str, TakePredictions]


def pair_key(query_camera: str, target_camera: str) -> str:
    """Key of a pair of views. It cannot be cut apart again: names of cameras hold ``_``.

    Args:
        query_camera (str): Camera whose mask is given.
        target_camera (str): Camera in which the object is looked for.

    Returns:
        str: Such as ``aria01_214-1_cam01``.
    """
    return f'{query_camera}_{target_camera}'


def results_file_name(direction: str, split: str) -> str:
    """Official name of a file of predictions.

    Args:
        direction (str): ``'ego2exo'`` or ``'exo2ego'``.
        split (str): ``'val'`` or ``'test'``.

    Returns:
        str: Such as ``ego-exo_val_results.json``.

    Raises:
        ConfigError: If the direction is unknown.
    """
    check_direction(direction)
    return f'{SETTINGS[direction]}_{split}_results.json'


def iter_predictions(path: str | os.PathLike) -> Iterator[tuple[str, TakePredictions]]:
    """Predictions of each take, one in memory at a time.

    Args:
        path (str | os.PathLike): Results of one direction, or a submission with both.

    Yields:
        tuple[str, TakePredictions]: ``'ego-exo'`` or ``'exo-ego'``, and the take. A confidence may stand in the file as
        a number or as a list of one number.

    Raises:
        PredictionError: If the file is missing or malformed; names take, object, pair of views and frame.
    """
    found = False
    with JsonStream(path, PredictionError, _WHAT) as stream:
        for setting in stream.members():
            if setting not in SETTINGS.values():
                stream.text()  # such as version and challenge
                continue
            has_results = False
            for key in stream.members():
                if key != 'results':
                    stream.text()
                    continue
                has_results = found = True
                for uid in stream.members():
                    where = f'{path} {setting} take {checked_name(uid, f"{path} take", PredictionError)}'
                    yield setting, _take(uid, parse_member(stream.text(), PredictionError, where), where)
            if not has_results:
                raise PredictionError(explain(f'{path} {setting}', "the key 'results'", 'none', _ADVICE))
        stream.end()
    if not found:
        raise PredictionError(explain(path, f'{_WHAT} with the key {" or ".join(SETTINGS.values())}', 'none of them',
                                      _ADVICE))


def read_predictions(path: str | os.PathLike, setting: str | None = None) -> Predictions:
    """Read the predictions of one direction.

    Args:
        path (str | os.PathLike): Results of one direction, or a submission with both.
        setting (str, optional): ``'ego-exo'`` or ``'exo-ego'``; needed when the file holds both.

    Returns:
        Predictions: All takes.

    Raises:
        PredictionError: If the file is missing or malformed, lacks the direction, or has two and none was named.
    """
    found: dict[str, Predictions] = {}
    for one, take in iter_predictions(path):
        if setting is None or one == setting:
            found.setdefault(one, Predictions(one, {})).takes[take.take_uid] = take
    if len(found) != 1:
        wanted = 'one of the directions' if setting is None else f'takes of the direction {setting}'
        raise PredictionError(explain(path, wanted, ' and '.join(found) or 'no take', _ADVICE if not found else
                                      'Name one of them.'))
    return next(iter(found.values()))


def _take(uid: str, content: object, where: str) -> TakePredictions:
    content = _object(content, where)
    masks: dict[str, dict[str, dict[str, ViewPrediction]]] = {}
    for name, pairs in _object(content.get('masks'), f'{where} masks').items():
        here = f'{where} object {checked_object(name, f"{where} object", PredictionError)!r}'
        masks[name] = {}
        for key, frames in _object(pairs, here).items():
            there = f'{here} {checked_name(key, f"{here} pair of views", PredictionError)}'
            masks[name][key] = {checked_frame(frame, f'{there} frame', PredictionError):
                                _prediction(value, f'{there} frame {frame}')
                                for frame, value in _object(frames, there).items()}
    subsample = content.get('subsample_idx')
    if not isinstance(subsample, list) or not all(str(frame).isdecimal() and len(str(frame)) < 10
                                                  for frame in subsample):
        raise PredictionError(explain(f'{where} subsample_idx', 'a list of frame numbers', f'{subsample!r:.80}',
                                      _ADVICE))
    return TakePredictions(uid, masks, [int(frame) for frame in subsample])


def _prediction(value: object, where: str) -> ViewPrediction:
    value = _object(value, where)
    confidence = value.get('confidence')
    if isinstance(confidence, list) and len(confidence) == 1:
        confidence = confidence[0]
    if isinstance(confidence, bool) or not isinstance(confidence, int | float) or not abs(confidence) < 1e30:
        raise PredictionError(explain(f'{where} confidence', 'a number', f'{confidence!r:.80}', _ADVICE))
    mask = check_rle(value.get('pred_mask'), f'{where} pred_mask', PredictionError)
    return ViewPrediction(mask, float(confidence))


def _object(value: object, where: str) -> dict:
    if not isinstance(value, dict):
        raise PredictionError(explain(where, 'an object', 'nothing' if value is None else f'{value!r:.80}', _ADVICE))
    return value


class ResultWriter:
    """Writes a file of predictions take by take; it appears when the block ends well.

    Args:
        path (str | os.PathLike): Target; see :func:`results_file_name`.
        setting (str): ``'ego-exo'`` or ``'exo-ego'``.

    Raises:
        ConfigError: If the setting is unknown.

    Examples:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp(), 'ego-exo_val_results.json')
        >>> with ResultWriter(path, 'ego-exo') as writer:
        ...     writer.append('a-take', {'masks': {}, 'subsample_idx': [0, 30, 60]})
        >>> list(json.loads(path.read_text())['ego-exo']['results'])
        ['a-take']
    """

    def __init__(self, path: str | os.PathLike, setting: str) -> None:
        if setting not in SETTINGS.values():
            raise ConfigError(explain(f'{path} setting', f'one of {", ".join(SETTINGS.values())}', repr(setting),
                                      'Choose one.'))
        self.path, self.setting = Path(path), setting
        self._stack = ExitStack()
        self._stream: TextIO | None = None
        self._seen: set[str] = set()

    def __enter__(self) -> 'ResultWriter':
        self._stream = self._stack.enter_context(open_whole(self.path))
        self._stream.write(f'{{"{self.setting}": {{"version": "xx", "challenge": "xx", "results": {{')
        return self

    def append(self, take_uid: str, content: Mapping) -> None:
        """Add a take.

        Args:
            take_uid (str): Its uid; each only once.
            content (Mapping): ``masks`` and ``subsample_idx`` as they stand in the file, see
                :func:`take_predictions_to_json`.

        Raises:
            ConfigError: If the take is there already, or the writer is not open.
        """
        if self._stream is None or take_uid in self._seen:
            raise ConfigError(explain(f'{self.path} take {take_uid}', 'a new take and an open writer', 'a closed writer'
                                      if self._stream is None else 'a take that was added before',
                                      'Use the writer with `with`, and add each take once.'))
        text = json.dumps({take_uid: content}, allow_nan=False)
        self._stream.write((', ' if self._seen else '') + text[1:-1])
        self._seen.add(take_uid)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        if kind is None:
            self._stream.write('}}}')
        self._stream = None
        self._stack.__exit__(kind, error, trace)


def take_predictions_to_json(take: TakePredictions) -> dict:
    """Predictions of a take as the files hold them.

    Args:
        take (TakePredictions): The take.

    Returns:
        dict: ``masks`` and ``subsample_idx``.
    """
    return {'masks': {name: {key: {frame: {'pred_mask': dict(one.mask), 'confidence': float(one.confidence)}
                                   for frame, one in frames.items()}
                             for key, frames in pairs.items()}
                      for name, pairs in take.masks.items()},
            'subsample_idx': [int(frame) for frame in take.subsample_idx]}


def write_submission(path: str | os.PathLike, ego_exo: str | os.PathLike,
                     exo_ego: str | os.PathLike) -> dict[str, int]:
    """Put the results of both directions into one file, as the evaluation server takes it.

    Args:
        path (str | os.PathLike): Target, ``submission.json``; appears when it is whole.
        ego_exo (str | os.PathLike): File with results of ``ego-exo``.
        exo_ego (str | os.PathLike): File with results of ``exo-ego``; may be the same.

    Returns:
        dict[str, int]: Number of takes by setting.

    Raises:
        PredictionError: If a file is missing or malformed, or holds no take of its direction.
        OSError: If the target cannot be written.
    """
    counts = {}
    with open_whole(path) as stream:
        for setting, source in zip(SETTINGS.values(), (ego_exo, exo_ego), strict=True):
            stream.write(f'{", " if counts else "{"}"{setting}": {{"version": "xx", "challenge": "xx", "results": ')
            counts[setting] = write_members(stream, _of_setting(source, setting))
            stream.write('}')
        stream.write('}')
    return counts


def _of_setting(path: str | os.PathLike, setting: str) -> Iterator[tuple[str, dict]]:
    count = 0
    for one, take in iter_predictions(path):
        if one == setting:
            count += 1
            yield take.take_uid, take_predictions_to_json(take)
    if not count:
        raise PredictionError(explain(path, f'takes of the direction {setting}', 'none', 'Name the file of that '
                                      'direction.'))


def check_submission(predictions: Predictions, truth: Iterable[TakeAnnotation], where: str = 'predictions') -> None:
    """Look at whether a set of predictions is whole, as the evaluation server does before it evaluates.

    Every take must be there and no other, with every object and no other; of an object with an ego and an exo camera
    every pair of views, and in each every frame that has a mask in the query view. More pairs and frames do no harm.

    Args:
        predictions (Predictions): One direction.
        truth (Iterable[TakeAnnotation]): All takes of the ground truth.
        where (str): Name of the file of predictions, for the message.

    Raises:
        PredictionError: If anything is missing or too much; counts each kind of it, with five examples.
    """
    direction = next(key for key, value in SETTINGS.items() if value == predictions.setting)
    found: dict[str, list[str]] = {kind: [] for kind in (
        'missing takes', 'extra takes', 'missing objects', 'extra objects', 'missing pairs of views', 'missing frames')}
    uids = set()
    for take in truth:
        uids.add(take.take_uid)
        if take.take_uid not in predictions.takes:
            found['missing takes'].append(take.take_uid)
            continue
        masks = predictions.takes[take.take_uid].masks
        found['missing objects'] += [f'{take.take_uid} {name}' for name in take.masks if name not in masks]
        found['extra objects'] += [f'{take.take_uid} {name}' for name in masks if name not in take.masks]
        for track in iter_tracks(take, direction):
            if track.object_name in masks:
                key = pair_key(track.query_camera, track.target_camera)
                here, frames = f'{take.take_uid} {track.object_name} {key}', masks[track.object_name].get(key)
                if frames is None:
                    found['missing pairs of views'].append(here)
                else:
                    found['missing frames'] += [f'{here} {frame}' for frame in track.frames if frame not in frames]
    found['extra takes'] += [uid for uid in predictions.takes if uid not in uids]
    if any(found.values()):
        counts = ', '.join(f'{len(names):,} {kind}' for kind, names in found.items() if names)
        first = '. '.join(f'First {kind}: {printable(names[:5])}' for kind, names in found.items() if names)
        raise PredictionError(explain(
            f'{where} {predictions.setting}', f'predictions for the {len(uids):,} takes of the ground truth', counts,
            f'{first}. Predict what is missing, with the split that the ground truth is made of.'))
