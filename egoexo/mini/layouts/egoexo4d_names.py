"""Names of takes, cameras, folders and files in the Ego-Exo4D release."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from egoexo.mini.presets import VideoPlan

__all__ = ['FEATURES', 'SCENARIOS', 'SHORT_SIDE', 'STREAMS', 'capture_name', 'feature_path', 'small_video_path',
           'stream_of', 'take_folder', 'take_index', 'take_name', 'video_name', 'video_path']

FEATURES = Path('features/omnivore_video')
SHORT_SIDE = '448'  # folder of the downscaled videos
# One scenario per recipe; the words hold for the recipes with 18 and with 27 classes.
SCENARIOS = {
    'task1': 'Cooking Tomato & Eggs',
    'task2': 'Cooking Meat & Green Vegetables',
    'task3': 'Making Potato Stew',
    'task4': 'Making Meat Stir-fry',
    'task5': 'Making Green Vegetable Soup',
}
# Kind of camera -> (readable stream, stream id).
STREAMS = {'aria': ('rgb', '214-1'), 'cam': ('0', '0')}


def stream_of(cam_id: str) -> tuple[str, str]:
    """Stream of a camera.

    Args:
        cam_id (str): ``'aria01'`` or ``'cam01'`` ..

    Returns:
        tuple[str, str]: Readable name (``'rgb'`` or ``'0'``), which feature files carry, and stream id.
    """
    return STREAMS[cam_id.rstrip('0123456789')]


def take_index(plan: 'VideoPlan') -> int:
    """Number of the take inside its capture; the other takes of a capture were dropped.

    Args:
        plan (VideoPlan): The take.

    Returns:
        int: 1, 2 or 3.
    """
    return 1 + plan.index % 3


def capture_name(plan: 'VideoPlan') -> str:
    """Name of the recording session, one per take.

    Args:
        plan (VideoPlan): The take.

    Returns:
        str: For example ``'mini_cooking_007'``.
    """
    return f'mini_cooking_{plan.index + 1:03d}'


def take_name(plan: 'VideoPlan') -> str:
    """Name of the take: capture and number.

    Args:
        plan (VideoPlan): The take.

    Returns:
        str: For example ``'mini_cooking_007_1'``.
    """
    return f'{capture_name(plan)}_{take_index(plan)}'


def take_folder(root: Path, plan: 'VideoPlan') -> Path:
    """Folder of a take.

    Args:
        root (Path): Root of the layout.
        plan (VideoPlan): The take.

    Returns:
        Path: ``<root>/takes/<take_name>``.
    """
    return root / 'takes' / take_name(plan)


def video_name(cam_id: str) -> str:
    """File name of the video of one camera.

    Args:
        cam_id (str): Camera.

    Returns:
        str: ``'aria01_214-1.mp4'``, or ``'cam01.mp4'`` for a camera with one stream.
    """
    return f'{cam_id}_{stream_of(cam_id)[1]}.mp4' if cam_id.startswith('aria') else f'{cam_id}.mp4'


def video_path(root: Path, plan: 'VideoPlan', cam_id: str) -> Path:
    """Frame-aligned video of one camera.

    Args:
        root (Path): Root of the layout.
        plan (VideoPlan): The take.
        cam_id (str): Camera.

    Returns:
        Path: The mp4 file.
    """
    return take_folder(root, plan) / 'frame_aligned_videos' / video_name(cam_id)


def small_video_path(root: Path, plan: 'VideoPlan', cam_id: str) -> Path:
    """The same video in the folder of downscaled videos; here the same file, it is smaller than that already.

    Args:
        root (Path): Root of the layout.
        plan (VideoPlan): The take.
        cam_id (str): Camera.

    Returns:
        Path: The mp4 file.
    """
    full = video_path(root, plan, cam_id)
    return full.parent / 'downscaled' / SHORT_SIDE / full.name


def feature_path(root: Path, plan: 'VideoPlan', cam_id: str) -> Path:
    """Omnivore-like features of one camera.

    Args:
        root (Path): Root of the layout.
        plan (VideoPlan): The take.
        cam_id (str): Camera.

    Returns:
        Path: ``features/omnivore_video/<take_uid>_<camera>_<stream>.pt``.
    """
    return root / FEATURES / f'{plan.uid}_{cam_id}_{stream_of(cam_id)[0]}.pt'
