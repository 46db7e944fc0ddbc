"""Skill files of EgoExoLearn: pair lists and one feature file per clip."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from egoexo.mini.annotate import Clip, Tables
from egoexo.mini.layouts.egoexolearn_paths import SKILL
from egoexo.mini.layouts.files import write_array, write_lines
from egoexo.mini.pairs import SKILL_GROUPS, SkillPair, skill_action, skill_clip_id, skill_pairs, skill_subset

__all__ = ['write_skill']

SOURCE = 'i3d_rgb_25fps'  # feature folder the clip features are pooled from
# Feature root -> dimension, folder of ego clips by source, folder of exo clips; names of the official options.
FEATURES = {
    'i3d': (1024, {SOURCE: 'save_sh_skill_i3d', f'{SOURCE}_gaze': 'save_sh_skill_i3d_50'}, 'save_sh_skill_i3d_exo'),
    'videomae_features_b': (768, {SOURCE: 'gaze100', f'{SOURCE}_gaze': 'gaze50'}, 'exo'),
}


def write_skill(root: Path, tables: Tables) -> dict[str, object]:
    """Write pair lists and, where the videos have I3D-like features, clip features of shape (1, 10, D).

    Args:
        root (Path): Root of the layout.
        tables (Tables): Annotations.

    Returns:
        dict[str, object]: Facts: pairs per subset and action, distinct clips, exo reference clips.
    """
    pairs = skill_pairs(tables)
    facts: dict[str, object] = {}
    for subset in ('train', 'val'):
        part = [pair for pair in pairs if skill_subset(pair) == subset]
        write_lines(root / SKILL / f'skill_{subset}.txt', map(_line, part), final=True)
        counts = Counter(skill_action(pair.better) for pair in part)
        facts[f'{subset}_pairs'] = {action: counts[action] for action in SKILL_GROUPS if counts[action]}
    ego = {skill_clip_id(clip): clip for pair in pairs for clip in (pair.better, pair.worse)}
    exo = [clip for clip in tables.clips if clip.view == 'exo' and skill_action(clip)]
    facts |= {'ego_clips': len(ego), 'exo_clips': len(exo)}
    _write_features(root / 'features', tables, [*ego.values(), *exo])
    return facts


def _line(pair: SkillPair) -> str:
    return f'{skill_clip_id(pair.better)} {skill_clip_id(pair.worse)}'


def _write_features(folder: Path, tables: Tables, clips: Iterable[Clip]) -> None:
    """Pool the clips of each video from its frame features, one video in memory at a time."""
    by_video: dict[str, list[Clip]] = {}
    for clip in clips:
        by_video.setdefault(clip.uid, []).append(clip)
    for record in tables.records:
        own = by_video.get(record.plan.uid, [])
        sources = (SOURCE,) if record.plan.view == 'exo' else (SOURCE, f'{SOURCE}_gaze')
        for source in sources:
            if own and source in record.feature_paths:
                _write_video_clips(folder, own, source, record.feature_paths[source])


def _write_video_clips(folder: Path, clips: Iterable[Clip], source: str, path: Path) -> None:
    """Clip features of one video from one feature file."""
    # Imported here so that label files can be written, and tested, without torch.
    import torch

    from egoexo.mini.features import segment_features

    frames = torch.load(path, weights_only=True).float().numpy()
    for name, (dim, ego_folders, exo_folder) in FEATURES.items():
        for clip in clips:
            target = ego_folders[source] if clip.view == 'ego' else f'{exo_folder}/{SKILL_GROUPS[skill_action(clip)]}'
            rows = segment_features(frames, clip.start_frame, clip.end_frame, dim=dim)
            write_array(folder / name / target / f'{skill_clip_id(clip)}.npz', rows[None].astype(np.float32))
