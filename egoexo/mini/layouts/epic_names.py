"""Names of the files and folders of the EPIC-Kitchens layout and of the third-person clips beside it."""

from pathlib import Path

from egoexo.mini.presets import VideoPlan

__all__ = ['ANNOTATIONS', 'FRAME', 'INTERACTION_MAPS', 'LEMMA', 'TPV_FRAME', 'ego_folder', 'interaction_map',
           'participant', 'tpv_folder', 'tpv_name']

ANNOTATIONS = 'annotations'
INTERACTION_MAPS = 'interaction_maps'
LEMMA = 'lemma'
FRAME = 'frame_{:010d}.jpg'  # numbered from 1
TPV_FRAME = 'img_{:05d}.jpg'  # numbered from 0


def participant(plan: VideoPlan) -> str:
    """Who cooks in a video of population C.

    Args:
        plan (VideoPlan): The video, e.g. ``'P01_101'``.

    Returns:
        str: ``'P01'``.
    """
    return plan.uid.split('_')[0]


def ego_folder(root: Path, plan: VideoPlan) -> Path:
    """Folder with the frames of an ego video.

    Args:
        root (Path): Root of the layout.
        plan (VideoPlan): Video of population C.

    Returns:
        Path: ``<root>/rgb_frames/P01/rgb_frames/P01_101``.
    """
    return root / 'rgb_frames' / participant(plan) / 'rgb_frames' / plan.uid


def interaction_map(root: Path, plan: VideoPlan) -> Path:
    """File with the boxes of hands and touched objects of an ego video.

    Args:
        root (Path): Root of the layout.
        plan (VideoPlan): Video of population C.

    Returns:
        Path: ``<root>/interaction_maps/P01_101.npy``.
    """
    return root / INTERACTION_MAPS / f'{plan.uid}.npy'


def tpv_name(plan: VideoPlan) -> str:
    """Name of a third-person video.

    Args:
        plan (VideoPlan): Exo video of population A.

    Returns:
        str: Number and recipe, e.g. ``'001_task1'``.
    """
    return f'{plan.index + 1:03d}_{plan.task}'


def tpv_folder(root: Path, plan: VideoPlan) -> Path:
    """Folder with the frames of a third-person video.

    Args:
        root (Path): Root of the layout.
        plan (VideoPlan): Exo video of population A.

    Returns:
        Path: ``<root>/lemma/frames/001_task1``.
    """
    return root / LEMMA / 'frames' / tpv_name(plan)
