"""Which camera of a take shows an Ego2Exo segment, and the files of that camera."""

import random
import re
from typing import NamedTuple

from egoexo.errors import AnnotationError, explain
from egoexo.formats.ego2exo import FEATURE_FOLDER
from egoexo.formats.egoexo4d import Take

__all__ = ['View', 'ego_cameras', 'ego_view', 'exo_cameras', 'exo_view', 'val_best_exo']

_EXO_PREFIXES = ('cam', 'gp01', 'gp02', 'gp03', 'gp04', 'gp06')
#: The GoPro that the wearer has on in takes without Aria glasses.
EGO_GOPRO = 'gp05'
_BESIDE_EGO = 'gp04'


class View(NamedTuple):
    """Files of one camera, below the data root, and whether ``best_exo`` had to be set aside for it."""

    feature_file: str
    video_file: str
    replaced: bool = False


def ego_cameras(take: Take) -> list[str]:
    """Cameras on the wearer, in the order of the file."""
    return [cam for cam in take.cameras if 'aria' in cam or EGO_GOPRO in cam]


def exo_cameras(take: Take) -> list[str]:
    """Cameras around the wearer, in the order of the file."""
    return [cam for cam in take.cameras if cam.startswith(_EXO_PREFIXES)]


def ego_view(take: Take, draw: random.Random) -> View:
    """An ego camera at random.

    Args:
        take (Take): The take.
        draw (random.Random): Asked once.

    Raises:
        AnnotationError: If the take has no ego camera or not the stream of it that features are made of.
    """
    cam = draw.choice(_some(ego_cameras(take), take, 'an ego camera (aria..., gp05)'))
    name = 'rgb' if 'aria' in cam else '0'
    stream = take.cameras[cam].get(name)
    if stream is None:
        raise AnnotationError(explain(f'takes.json take {take.take_uid} camera {cam}', f'a stream {name!r}',
                                      sorted(take.cameras[cam]), 'Remove the take from the list of takes.'))
    video = f'{stream.cam_id}_{stream.stream_id}' if name == 'rgb' else stream.cam_id
    return View(_feature_file(take, cam, name), _video_file(take, video))


def exo_view(take: Take, best_exo: dict | None, draw: random.Random, legacy: bool = False) -> View:
    """The exo camera that an annotator found best, else one at random.

    Args:
        take (Take): The take.
        best_exo (dict, optional): Its ``cam_id`` may be None or absent.
        draw (random.Random): Asked once if there is no best camera.
        legacy (bool): Take the best camera as it is written. The released data does, and thereby points some exo
            segments at the features of ``gp05``, which is an ego camera, while their video is that of ``gp04``.
            Otherwise ``gp04`` stands in for ``gp05``, and a camera that the take has not is replaced at random.

    Raises:
        AnnotationError: If a camera has to be drawn and the take has no exo camera.
    """
    best = (best_exo or {}).get('cam_id')
    if best is not None and legacy:
        return View(_feature_file(take, best, '0'), _video_file(take, _BESIDE_EGO if best == EGO_GOPRO else best))
    cameras = exo_cameras(take)
    cam = _BESIDE_EGO if best == EGO_GOPRO else best
    if cam not in cameras:
        cam = draw.sample(_some(cameras, take, 'an exo camera (cam..., gp01 to gp04, gp06)'), 1)[0]
    return View(_feature_file(take, cam, '0'), _video_file(take, cam), best is not None and cam != best)


def val_best_exo(take: Take, draw: random.Random) -> dict[str, str | None]:
    """The exo camera of all segments of a validation take, drawn at random, in the form of ``best_exo``.

    Args:
        take (Take): The take.
        draw (random.Random): Asked once.

    Raises:
        AnnotationError: If the take has no exo camera.
    """
    cam = draw.sample(_some(exo_cameras(take), take, 'an exo camera (cam..., gp01 to gp04, gp06)'), 1)[0]
    number = re.search(r'[0-9]{1,2}$', cam)
    return dict(cam_id=cam, raw_cam_id=str(int(number[0])) if number else None)


def _some(cameras: list[str], take: Take, expected: str) -> list[str]:
    if not cameras:
        raise AnnotationError(explain(f'takes.json take {take.take_uid}', expected, f'the cameras {list(take.cameras)}',
                                      'Remove the take from the list of takes.'))
    return cameras


def _feature_file(take: Take, cam: str, stream: str) -> str:
    return f'{FEATURE_FOLDER}/{take.take_uid}_{cam}_{stream}.pt'


def _video_file(take: Take, stem: str) -> str:
    return f'{take.root_dir}/frame_aligned_videos/downscaled/448/{stem}.mp4'
