"""Folder and file names of the EgoExoLearn release, misspellings included."""

from pathlib import Path

from egoexo.mini.annotate import Tables

__all__ = ['ANNOTATIONS', 'ANTICIPATION', 'ASSOCIATION', 'GAZE', 'PLANNING', 'SEGMENTATION', 'SKILL', 'SUBSET_NEWLINES',
           'bundle_path', 'list_path', 'split_subsets']

SEGMENTATION = Path('temporal_action_segmentation_benchmark/tas_annotation')
ANTICIPATION = Path('action_anticipation_planning_benchmark/anticpation_annotation')
PLANNING = Path('action_anticipation_planning_benchmark/planning_annotation')
ASSOCIATION = Path('association_benchmark/annotations')
SKILL = Path('skill_benchmark/annotations')
ANNOTATIONS = Path('annotations')
VIDEO_QA = Path('Video_QA')
GAZE = Path('gazes_30fps_npy')

# Exo bundles were saved on another system than ego bundles.
SUBSET_NEWLINES = {'ego': '\n', 'ego_gaze': '\n', 'exo': '\r\n'}


def split_subsets(tables: Tables) -> dict[str, list[str]]:
    """The nine video lists of segmentation and planning.

    Args:
        tables (Tables): Annotations.

    Returns:
        dict[str, list[str]]: Subset name, e.g. ``'ego_gaze_train'``, to video identifiers.
    """
    return {f'{name}_{split}': tables.select_uids(name[:3], split, gaze=name == 'ego_gaze')
            for name in SUBSET_NEWLINES for split in ('train', 'val', 'test')}


def bundle_path(root: Path, folder: Path, subset: str) -> Path:
    """Split list of one subset.

    Args:
        root (Path): Root of the layout.
        folder (Path): :data:`SEGMENTATION` or :data:`PLANNING`.
        subset (str): Subset name.

    Returns:
        Path: The ``.bundle`` file.
    """
    return root / folder / 'splits' / f'{subset}_annotations.bundle'


def list_path(root: Path, folder: str, name: str) -> Path:
    """Sample list of anticipation.

    Args:
        root (Path): Root of the layout.
        folder (str): ``'noun'``, ``'noun_gazed'``, ``'verb'`` or ``'verb_gazed'``.
        name (str): ``'ego_train'`` .. ``'exo_test'``, or ``'cotraining'``.

    Returns:
        Path: The text file.
    """
    stem = 'list_egoexo_cotraining' if name == 'cotraining' else f'list_{name}_ego_exo-feature'
    return root / ANTICIPATION / folder / f'{stem}.txt'
