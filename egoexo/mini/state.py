"""The state of one take: every pixel, sensor sample and annotation of EgoExo-Mini is read off it."""

from dataclasses import dataclass, replace

import numpy as np

from egoexo.errors import AnnotationError

__all__ = ['Appearance', 'CoarseStep', 'FineAction', 'SkillEvent', 'TakeState']

RIGHT, LEFT = 0, 1

# COCO order of ``TakeState.joints``.
JOINT_NAMES = (
    'nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear', 'left_shoulder', 'right_shoulder', 'left_elbow',
    'right_elbow', 'left_wrist', 'right_wrist', 'left_hip', 'right_hip', 'left_knee', 'right_knee', 'left_ankle',
    'right_ankle')
# Pairs (parent, child) of the 21 joints of a hand, wrist first, then thumb to little finger.
HAND_PARENTS = (-1, 0, 1, 2, 3, 0, 5, 6, 7, 0, 9, 10, 11, 0, 13, 14, 15, 0, 17, 18, 19)
_PER_FRAME = ('wrists', 'grips', 'body_x', 'joints', 'hands', 'head_position', 'head_direction', 'gaze_point',
              'object_position', 'object_cut', 'object_holder')


@dataclass(frozen=True)
class CoarseStep:
    """One performed node of the task graph, or an inserted step.

    Args:
        class_id (int): Official coarse class, 1..27.
        node (int): Index of the node in the recipe; -1 for an inserted step (cleaning, a second sauce).
        start_sec (float): Start in seconds.
        end_sec (float): End in seconds, exclusive.
        is_essential (bool): False for optional nodes and insertions.
        is_mistake (bool): True when the node was not ready (wrong order).
        missing (tuple[int, ...]): Nodes that should have been done before, empty unless ``is_mistake``.
    """

    class_id: int
    node: int
    start_sec: float
    end_sec: float
    is_essential: bool = True
    is_mistake: bool = False
    missing: tuple[int, ...] = ()


@dataclass(frozen=True)
class FineAction:
    """One verb applied to objects.

    Args:
        verb (str): One of the 19 official verbs.
        nouns (tuple[str, ...]): Object names, the acted-on object first.
        station (str): Station where the action happens.
        tool (str | None): Object held in the right hand meanwhile.
        start_sec (float): Start in seconds.
        end_sec (float): End in seconds, exclusive.
        quality (float): Quality of execution in [0, 1].
        step_index (int): Index into ``TakeState.steps``.
        hand (str): ``'right'`` or ``'both'``.
    """

    verb: str
    nouns: tuple[str, ...]
    station: str
    tool: str | None
    start_sec: float
    end_sec: float
    quality: float
    step_index: int
    hand: str


@dataclass(frozen=True)
class SkillEvent:
    """A moment an expert would comment on.

    Args:
        kind (str): ``'tip'`` or ``'good_execution'``.
        time_sec (float): Moment in seconds.
        action_index (int): Index into ``TakeState.actions``.
        effect (str): ``'tremor'``, ``'rhythm'`` or ``'fumble'`` for tips, ``'steady'`` or ``'fluent'`` for good ones.
        object_name (str): First noun of the action.
    """

    kind: str
    time_sec: float
    action_index: int
    effect: str
    object_name: str


@dataclass(frozen=True)
class Appearance:
    """Colours of one kitchen and actor, all BGR in 0..255 before gain and cast.

    Args:
        wall, counter, floor, cabinet, cloth, skin (tuple[float, float, float]): Colours of the large surfaces.
        object_colors (np.ndarray): Colours of the objects of the take, shape (K, 3).
        distractor_colors (np.ndarray): Colours of the boxes at the back, shape (D, 3).
        gain (float): Brightness factor of the cameras of population A and of the ego camera.
        cast (tuple[float, float, float]): Colour cast per channel.
    """

    wall: tuple[float, float, float]
    counter: tuple[float, float, float]
    floor: tuple[float, float, float]
    cabinet: tuple[float, float, float]
    cloth: tuple[float, float, float]
    skin: tuple[float, float, float]
    object_colors: np.ndarray
    distractor_colors: np.ndarray
    gain: float
    cast: tuple[float, float, float]


@dataclass(frozen=True)
class TakeState:
    """Everything that happens in one take, on the frame grid ``t = i / fps``; metres, z up.

    T frames, K objects, D distractors. Hand index 0 is the right hand, 1 the left one. The first axis of every
    per-frame array is time.

    Args:
        uid (str): Official-style UUID.
        population (str): ``'A'``, ``'B'`` or ``'C'``.
        view (str): ``'ego'``, ``'exo'``, or ``'both'`` for synchronised takes.
        task (str): Recipe name, ``'task1'`` .. ``'task5'``.
        seed (int): Seed of the world.
        fps (float): Frames per second.
        num_frames (int): T.
        skill (float): Skill of the actor in [0, 1].
        level (int | None): 0 novice .. 3 late expert for population B.
        height_factor (float): Body size relative to the average.
        wrists (np.ndarray): (T, 2, 3).
        grips (np.ndarray): How closed each hand is, (T, 2) in 0..1.
        body_x (np.ndarray): Position along the counter, (T,).
        joints (np.ndarray): COCO joints, (T, 17, 3).
        hands (np.ndarray): Hand joints, (T, 2, 21, 3).
        head_position (np.ndarray): Head centre, (T, 3).
        head_direction (np.ndarray): Unit vector, (T, 3).
        gaze_point (np.ndarray): Point looked at in the world, (T, 3).
        object_names (tuple[str, ...]): Names of the present objects, K.
        object_position (np.ndarray): Object centres, (T, K, 3).
        object_cut (np.ndarray): Whether drawn as pieces, (T, K) bool.
        object_holder (np.ndarray): 0 nobody, 1 left hand, 2 right hand, (T, K) int8.
        object_half_size (np.ndarray): Half sizes, (K, 3).
        distractor_position (np.ndarray): (D, 3).
        distractor_half_size (np.ndarray): (D, 3).
        style (Appearance): Colours.
        steps (tuple[CoarseStep, ...]): Coarse steps in time order, never overlapping.
        actions (tuple[FineAction, ...]): Fine actions in time order.
        events (tuple[SkillEvent, ...]): Skill events in time order.
    """

    uid: str
    population: str
    view: str
    task: str
    seed: int
    fps: float
    num_frames: int
    skill: float
    level: int | None
    height_factor: float
    wrists: np.ndarray
    grips: np.ndarray
    body_x: np.ndarray
    joints: np.ndarray
    hands: np.ndarray
    head_position: np.ndarray
    head_direction: np.ndarray
    gaze_point: np.ndarray
    object_names: tuple[str, ...]
    object_position: np.ndarray
    object_cut: np.ndarray
    object_holder: np.ndarray
    object_half_size: np.ndarray
    distractor_position: np.ndarray
    distractor_half_size: np.ndarray
    style: Appearance
    steps: tuple[CoarseStep, ...]
    actions: tuple[FineAction, ...]
    events: tuple[SkillEvent, ...]

    @property
    def duration_sec(self) -> float:
        """Length of the take in seconds."""
        return self.num_frames / self.fps

    @property
    def times(self) -> np.ndarray:
        """Time of each frame in seconds, shape (T,)."""
        return np.arange(self.num_frames) / self.fps

    def every(self, step: int) -> 'TakeState':
        """The same take on a coarser grid, frames 0, ``step``, 2 ``step``, ..

        Args:
            step (int): Frames from one to the next.

        Returns:
            TakeState: ``fps / step`` frames per second; objects, steps, actions and events are shared.
        """
        arrays = {name: getattr(self, name)[::step] for name in _PER_FRAME}
        return replace(self, fps=self.fps / step, num_frames=len(arrays['wrists']), **arrays)

    def step_labels(self) -> np.ndarray:
        """Coarse class of each frame: that of the step with ``start <= t < end``, else 0.

        Returns:
            np.ndarray: int64, shape (T,).
        """
        return _cover(self.times, self.steps, np.array([s.class_id for s in self.steps], np.int64), 0)

    def action_labels(self) -> np.ndarray:
        """Index of the fine action that covers each frame, -1 where there is none.

        Returns:
            np.ndarray: int64, shape (T,).
        """
        return _cover(self.times, self.actions, np.arange(len(self.actions)), -1)

    def validate(self) -> None:
        """Check shapes, finiteness and order.

        Raises:
            AnnotationError: An array has the wrong shape, holds NaN, or spans overlap or leave the take.
        """
        for name, shape in self._shapes().items():
            array = getattr(self, name)
            if array.shape != shape:
                raise AnnotationError(f'take {self.uid}: {name} has shape {array.shape}, expected {shape}; '
                                      'build states with egoexo.mini.motion.simulate')
            if array.dtype.kind == 'f' and not np.isfinite(array).all():
                raise AnnotationError(f'take {self.uid}: {name} holds NaN or infinity')
        for kind, spans in (('step', self.steps), ('action', self.actions)):
            _check_order(self.uid, kind, spans, self.duration_sec)

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        t, k, d = self.num_frames, len(self.object_names), len(self.distractor_position)
        return dict(wrists=(t, 2, 3), grips=(t, 2), body_x=(t,), joints=(t, 17, 3), hands=(t, 2, 21, 3),
                    head_position=(t, 3), head_direction=(t, 3), gaze_point=(t, 3), object_position=(t, k, 3),
                    object_cut=(t, k), object_holder=(t, k), object_half_size=(k, 3), distractor_position=(d, 3),
                    distractor_half_size=(d, 3))


def _cover(times: np.ndarray, spans: tuple, values: np.ndarray, default: int) -> np.ndarray:
    """Value of the span that covers each time; spans are sorted and do not overlap."""
    out = np.full(len(times), default, np.int64)
    if not spans:
        return out
    index = np.searchsorted([s.start_sec for s in spans], times, side='right') - 1
    inside = (index >= 0) & (times < np.array([s.end_sec for s in spans])[index])
    out[inside] = values[index[inside]]
    return out


def _check_order(uid: str, kind: str, spans: tuple, duration: float) -> None:
    """Spans must be non-empty, in order, apart and inside the take."""
    previous = 0.0
    for index, span in enumerate(spans):
        if not previous <= span.start_sec < span.end_sec <= duration:
            raise AnnotationError(f'take {uid}: {kind} {index} spans {span.start_sec:.3f}..{span.end_sec:.3f} s, '
                                  f'expected inside {previous:.3f}..{duration:.3f} s and after its predecessor')
        previous = span.end_sec
