"""Sizes and knobs of EgoExo-Mini as one dataclass, and the list of videos a preset asks for."""

from dataclasses import dataclass

from egoexo.errors import ConfigError
from egoexo.mini.seeding import make_uid

__all__ = ['PRESETS', 'MiniPreset', 'VideoPlan', 'get_preset', 'plan_epic_videos', 'plan_takes', 'plan_videos']

SPLITS = ('train', 'val', 'test')
TASKS = ('task1', 'task2', 'task3', 'task4', 'task5')
# As in the release, no ego video of this task is trained on.
UNSEEN_EGO_TASK = 'task2'
_SEEN_EGO_TASKS = tuple(task for task in TASKS if task != UNSEEN_EGO_TASK)


@dataclass(frozen=True)
class MiniPreset:
    """Sizes and knobs of the world; the defaults are those of the ``default`` preset.

    Args:
        name (str): Name of the preset.
        ego_splits (tuple[int, int, int]): Train, val and test ego videos of population A.
        exo_splits (tuple[int, int, int]): The same for exo videos.
        max_steps (int | None): Procedures of population A end after so many coarse steps; None = whole.
        num_uncut (int): Videos of each split and view that keep the whole procedure although ``max_steps`` is set.
        uncut_tempo (float): Tempo factor of those.
        all_classes (bool): Recipes with all 27 classes instead of 18.
        num_takes (int): Synchronised takes of population B.
        take_steps (tuple[int, int]): Least and most coarse steps of a take.
        video_fps (float): Frame rate of population A.
        take_fps (float): Frame rate of population B.
        epic_fps (float): Frame rate of population C.
        ego_tempo, exo_tempo, take_tempo (float): Speed of the actors.
        ego_size (int): Side of the ego pictures of population A in pixels.
        ego_focal (float): Their focal length in pixels.
        exo_size (tuple[int, int]): Width and height of exo pictures.
        exo_zoom (float): Focal length of exo cameras of population A over the width.
        take_ego_size (int): Side of the ego pictures of population B.
        take_ego_focal (float): Their focal length.
        take_exo_size (tuple[int, int]): Width and height of the static exo cameras.
        take_exo_zoom (float): Their focal length over the width.
        ingredient_scale (float): Factor on the size of ingredients.
        extra_ingredients (int): Ingredients in the kitchen that the recipe does not need.
        distractors (tuple[int, int]): Least and most boxes at the back of the counter.
        object_color_jitter (float): Relative standard deviation of object colours per video.
        exo_cast (tuple[float, float, float]): Colour cast (BGR) of the exo cameras of population A.
        head_follows_gaze (float): Share of the gaze in the head direction.
        saccade_lead (float): The gaze moves so many seconds before the hand.
        look_away (float): Probability that the gaze leaves the work in a gap between steps.
        gap (float): Probability of an idle gap after a step.
        gap_sec (tuple[float, float]): Its shortest and longest duration.
        order_noise (float): Standard deviation of the noise on node indices that orders the steps.
        skip_optional (float): Probability that an optional node is left out.
        insert_clean (float): Probability of a cleaning step after a node.
        insert_sauce (float): Probability of another sauce after a cooking step.
        mistake (tuple[float, float]): Probability of a wrong order, base and factor on (1 - skill).
        quality_noise (float): Standard deviation of the quality of an action around the skill.
        tremor (tuple[float, float]): Wrist tremor in metres, base and factor on (1 - q) ** 1.3.
        rhythm (tuple[float, float]): Frequency factor, base and factor on q.
        fumble (float): Probability of a fumble is this times (1 - q) ** 1.5.
        tip (tuple[float, float]): Quality under which a tip may be given, and its probability.
        good (tuple[float, float]): Quality over which a good execution may be noted, and its probability.
        text_noise (float): Share of narrations that are generic or name a wrong noun.
    """

    name: str = 'default'
    ego_splits: tuple[int, int, int] = (24, 6, 6)
    exo_splits: tuple[int, int, int] = (24, 6, 6)
    max_steps: int | None = None
    num_uncut: int = 0
    uncut_tempo: float = 2.0
    all_classes: bool = False
    num_takes: int = 56
    take_steps: tuple[int, int] = (3, 4)
    video_fps: float = 25.0
    take_fps: float = 30.0
    epic_fps: float = 50.0
    ego_tempo: float = 1.25
    exo_tempo: float = 1.6
    take_tempo: float = 1.5
    ego_size: int = 128
    ego_focal: float = 64.0
    exo_size: tuple[int, int] = (160, 90)
    exo_zoom: float = 1.15
    take_ego_size: int = 160
    take_ego_focal: float = 66.0
    take_exo_size: tuple[int, int] = (160, 90)
    take_exo_zoom: float = 0.85
    ingredient_scale: float = 1.45
    extra_ingredients: int = 2
    distractors: tuple[int, int] = (3, 8)
    object_color_jitter: float = 0.15
    exo_cast: tuple[float, float, float] = (0.90, 1.00, 1.08)
    head_follows_gaze: float = 0.82
    saccade_lead: float = 0.25
    look_away: float = 0.30
    gap: float = 0.35
    gap_sec: tuple[float, float] = (0.4, 1.4)
    order_noise: float = 1.0
    skip_optional: float = 0.15
    insert_clean: float = 0.16
    insert_sauce: float = 0.10
    mistake: tuple[float, float] = (0.01, 0.04)
    quality_noise: float = 0.18
    tremor: tuple[float, float] = (0.003, 0.040)
    rhythm: tuple[float, float] = (0.7, 0.6)
    fumble: float = 0.45
    tip: tuple[float, float] = (0.38, 0.7)
    good: tuple[float, float] = (0.80, 0.5)
    text_noise: float = 0.15

    @property
    def num_ego_videos(self) -> int:
        """Ego videos of population A."""
        return sum(self.ego_splits)

    @property
    def num_exo_videos(self) -> int:
        """Exo videos of population A."""
        return sum(self.exo_splits)


PRESETS = {
    'tiny': MiniPreset('tiny', (2, 2, 2), (2, 2, 2), max_steps=4, num_uncut=1, num_takes=12, take_steps=(2, 2)),
    'default': MiniPreset(),
    'large': MiniPreset('large', (100, 25, 25), (100, 25, 25), all_classes=True, num_takes=240, take_steps=(4, 6)),
}


@dataclass(frozen=True)
class VideoPlan:
    """What is decided about a video before anything is simulated.

    Args:
        uid (str): Identifier of the video or take.
        population (str): ``'A'`` asynchronous, ``'B'`` synchronised, ``'C'`` EPIC-like.
        view (str): ``'ego'``, ``'exo'``, or ``'both'`` for takes.
        index (int): Number inside (population, view).
        task (str): Recipe.
        split (str): ``'train'``, ``'val'`` or ``'test'``.
        has_gaze (bool): Whether a gaze file is written.
        fps (float): Frame rate.
        uncut (bool): The whole procedure, see :class:`MiniPreset`.
        level (int | None): Proficiency 0..3 of population B.
        world_uid (str): Uid whose random draws are used; differs from ``uid`` for population C, which films the
            actors of population A again.
    """

    uid: str
    population: str
    view: str
    index: int
    task: str
    split: str
    has_gaze: bool
    fps: float
    uncut: bool
    level: int | None
    world_uid: str


def get_preset(name: str) -> MiniPreset:
    """Preset by name.

    Args:
        name (str): ``'tiny'``, ``'default'`` or ``'large'``.

    Returns:
        MiniPreset: The preset; change knobs with ``dataclasses.replace``.

    Raises:
        ConfigError: There is no such preset.
    """
    if name not in PRESETS:
        raise ConfigError(f'unknown preset {name!r} of EgoExo-Mini, expected one of {", ".join(PRESETS)}')
    return PRESETS[name]


def plan_videos(preset: MiniPreset, seed: int) -> list[VideoPlan]:
    """Videos of population A: ego train, val, test, then exo; the order is that of every list file.

    As in the release, no task2 video is in ego train and two are in each of ego val and test. One ego training video
    (the test video if there are fewer than three) has no gaze.

    Args:
        preset (MiniPreset): Sizes.
        seed (int): Seed of the world.

    Returns:
        list[VideoPlan]: One plan per video.
    """
    plans = []
    for view, sizes in (('ego', preset.ego_splits), ('exo', preset.exo_splits)):
        without_gaze = _video_without_gaze(preset) if view == 'ego' else -1
        for split, size in zip(SPLITS, sizes, strict=True):
            for rank, task in enumerate(_tasks(view, split, size)):
                index = sum(plan.view == view for plan in plans)
                uid = make_uid(seed, f'A-{view}', index)
                uncut = preset.max_steps is None or rank < preset.num_uncut
                plans.append(VideoPlan(uid, 'A', view, index, task, split, view == 'ego' and index != without_gaze,
                                       preset.video_fps, uncut, None, uid))
    return plans


def plan_takes(preset: MiniPreset, seed: int) -> list[VideoPlan]:
    """Synchronised takes of population B; level and task are crossed, about a third of the cells is in test.

    Args:
        preset (MiniPreset): Sizes.
        seed (int): Seed of the world.

    Returns:
        list[VideoPlan]: One plan per take, view ``'both'``.
    """
    plans = []
    for index in range(preset.num_takes):
        level, turn = index % 4, index // (4 * len(TASKS))
        # A Latin square: any 20 takes in a row show each pair of level and task once.
        task = (level + index // 4) % len(TASKS)
        split = 'test' if (level + task + turn) % 3 == 0 else 'train'
        uid = make_uid(seed, 'B', index)
        plans.append(VideoPlan(uid, 'B', 'both', index, TASKS[task], split, True, preset.take_fps, False, level, uid))
    return plans


def plan_epic_videos(preset: MiniPreset, seed: int) -> list[VideoPlan]:
    """Population C: the ego videos of population A filmed at another frame rate, named as in EPIC-Kitchens.

    Three participants in turn; every other test video, from the first on, is of a fourth who occurs nowhere else.

    Args:
        preset (MiniPreset): Sizes.
        seed (int): Seed of the world.

    Returns:
        list[VideoPlan]: One plan per ego video, ``uid`` such as ``'P01_101'``.
    """
    plans, counts, splits = [], {}, {}
    for plan in plan_videos(preset, seed):
        if plan.view != 'ego':
            continue
        rank = splits[plan.split] = splits.get(plan.split, -1) + 1
        number = rank % 3 + 1 if plan.split != 'test' else 4 if rank % 2 == 0 else rank // 2 % 3 + 1
        participant = f'P{number:02d}'
        counts[participant] = counts.get(participant, 0) + 1
        plans.append(VideoPlan(f'{participant}_{100 + counts[participant]}', 'C', 'ego', plan.index, plan.task,
                               plan.split, False, preset.epic_fps, plan.uncut, None, plan.uid))
    return plans


def _tasks(view: str, split: str, size: int) -> list[str]:
    """Tasks of the videos of one split, in order."""
    if view == 'exo':
        return [TASKS[index % len(TASKS)] for index in range(size)]
    seen = [_SEEN_EGO_TASKS[index % len(_SEEN_EGO_TASKS)] for index in range(size)]
    if split == 'train':
        return seen
    unseen = max(1, size // 3)
    # The seen ones first, so that the uncut video of ``tiny`` has a task that training knows.
    return seen[:size - unseen] + [UNSEEN_EGO_TASK] * unseen


def _video_without_gaze(preset: MiniPreset) -> int:
    """Index of the ego video whose gaze file is missing: the last training one, if training keeps two others."""
    train = preset.ego_splits[0]
    return train - 1 if train >= 3 else preset.num_ego_videos - 1
