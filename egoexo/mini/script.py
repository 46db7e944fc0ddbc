"""What each action does to the world: where the hand goes and what happens to the objects."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np

from egoexo.mini.kitchen import BOARD_TOP, COUNTER_TOP, WORK_PLACES, Kitchen
from egoexo.mini.schedule import Move
from egoexo.mini.vocabulary import CONTAINERS, COOKING_CLASSES, INGREDIENTS, STATIONS, VERBS, TemplateAction

__all__ = ['GRIP', 'ObjectEvent', 'Script', 'Target', 'write_script']

# Centre of a held object relative to the wrist.
GRIP = np.array([0.0, 0.13, -0.10])
# Long tools are held by their right end.
_TOOL_GRIP = {'knife': -0.07, 'shovel': -0.09, 'spoon': -0.05, 'chopstick': -0.07}
# The right hand works a little to the right of the middle, so that the work shows between the hands.
_RIGHT_OF_WORK = 0.05
WORK_Y, WORK_Z = 0.55, 1.00
RIGHT_HAND = 2
# Shares of the action's time.
GRASP_SHARE, RELEASE_SHARE, TOOL_SHARE, CUT_SHARE = 0.45, 0.60, 0.05, 0.50
_ASIDE = ((-.13, .66), (.13, .66), (0, .69), (-.23, .56), (.23, .56))
_INSIDE = ((-.05, -.03), (.05, .03), (.05, -.04), (-.05, .04), (0, 0))
_INTO_POT = frozenset({20, 21, 22})


@dataclass(frozen=True)
class ObjectEvent:
    """A change of one object.

    Args:
        time_sec (float): When; events before the video give the initial state.
        index (int): Object index.
        holder (int): 0 put down, 2 in the right hand.
        place (np.ndarray): Resting centre (holder 0) or offset from the wrist (holder 2), shape (3,).
        is_cut (bool): In pieces from now on.
    """

    time_sec: float
    index: int
    holder: int
    place: np.ndarray
    is_cut: bool


@dataclass(frozen=True)
class Target:
    """Where hand and eyes of one action go.

    Args:
        wrist (np.ndarray): Goal of the right wrist, (3,): at the object for take and put, else over the work.
        look (np.ndarray): What is looked at, (3,).
        stand_x (float): Where the body stands.
    """

    wrist: np.ndarray
    look: np.ndarray
    stand_x: float


@dataclass(frozen=True)
class Script:
    """Targets of the moves and events of the objects.

    Args:
        targets (tuple[Target, ...]): One per move of the video.
        events (tuple[ObjectEvent, ...]): In time order.
    """

    targets: tuple[Target, ...]
    events: tuple[ObjectEvent, ...]


def write_script(kitchen: Kitchen, history: tuple[Move, ...], moves: tuple[Move, ...]) -> Script:
    """Replay the actions on a symbolic kitchen.

    Args:
        kitchen (Kitchen): Objects and home places.
        history (tuple[Move, ...]): Actions done before the video starts; they only set the initial state.
        moves (tuple[Move, ...]): Actions of the video.

    Returns:
        Script: Targets and object events.
    """
    world = _World(kitchen)
    for move, following in _with_next(history):
        world.perform(move, following)
    world.events = [ObjectEvent(-1.0, *_fields(event)) for event in world.events]
    targets = [world.perform(move, following) for move, following in _with_next(moves)]
    return Script(tuple(targets), tuple(sorted(world.events, key=lambda event: event.time_sec)))


def _with_next(moves: tuple[Move, ...]) -> Iterator[tuple[Move, Move | None]]:
    return zip_longest(moves, moves[1:])


def _fields(event: ObjectEvent) -> tuple:
    return event.index, event.holder, event.place, event.is_cut


class _World:
    """Resting places, cut flags and the object in the right hand, without time."""

    def __init__(self, kitchen: Kitchen) -> None:
        self.kitchen = kitchen
        self.index = {name: index for index, name in enumerate(kitchen.names)}
        self.rest = kitchen.home.copy()
        self.is_cut = [False] * len(kitchen.names)
        self.held: str | None = None
        self.events: list[ObjectEvent] = []

    def perform(self, move: Move, following: Move | None) -> Target:
        """Apply one action and return its target."""
        start, end = move.action.start_sec, move.action.end_sec
        if move.first and move.class_id in COOKING_CLASSES:
            self._fill_pan(move)
        if move.template.verb == 'take':
            target = self._take(move.template, start + GRASP_SHARE * (end - start))
        elif move.template.verb == 'put':
            target = self._put(move, start + RELEASE_SHARE * (end - start))
        else:
            target = self._work(move, start, end)
        used_next = () if following is None or following.first else (*following.template.nouns, following.template.tool)
        if self.held is not None and self.held not in used_next:
            self._release(self.held, move, end)
        return target

    def _take(self, template: TemplateAction, time_sec: float) -> Target:
        name = template.nouns[0]
        place = self.rest[self.index[name]].copy()
        self._hold(name, time_sec)
        wrist = place - self._grip(name)
        return Target(wrist, place, (STATIONS[template.station] + place[0]) / 2)

    def _put(self, move: Move, time_sec: float) -> Target:
        name = move.template.nouns[0]
        self._release(name, move, time_sec)
        place = self.rest[self.index[name]].copy()
        return Target(place - self._grip(name), place, (STATIONS[move.template.station] + place[0]) / 2)

    def _work(self, move: Move, start: float, end: float) -> Target:
        template, share = move.template, end - start
        x, y, top = self._work_place(template)
        if template.tool is not None and self.held != template.tool:
            if self.held is not None:
                self._release(self.held, move, start)
            self._hold(template.tool, start + TOOL_SHARE * share)
        name = template.nouns[0]
        if name in INGREDIENTS and name not in ('egg', self.held) and template.station in ('board', 'table'):
            base = BOARD_TOP if template.station == 'board' else COUNTER_TOP
            self._put_down(name, np.array([x, y, base + self.kitchen.half_size[self.index[name], 2]]), start)
        if template.verb == 'cut':
            self._cut(name, start + CUT_SHARE * share)
            self._set_aside(name, end)
        if (template.verb, name) == ('press', 'egg'):
            self._cut(name, start + CUT_SHARE * share)
        wrist = np.array([x + _RIGHT_OF_WORK, y - GRIP[1], WORK_Z + VERBS[template.verb].height + top])
        return Target(wrist, np.array([x, y, 0.95 + top]), (STATIONS[template.station] + x) / 2)

    def _work_place(self, template: TemplateAction) -> tuple[float, float, float]:
        """(x, y) of the work and how much higher than the counter it is."""
        for name in template.nouns:
            if name in CONTAINERS and name != template.tool:
                return *WORK_PLACES[name], 0.08 if name == 'pot' else 0.0
        if template.station == 'stove':
            return *WORK_PLACES['pot' if 'lid' in template.nouns else 'pan'], 0.0
        if template.nouns[0] == 'egg':
            return *WORK_PLACES['bowl'], 0.0
        return STATIONS[template.station], WORK_Y, 0.0

    def _hold(self, name: str, time_sec: float) -> None:
        self.held = name
        self._add(name, time_sec, RIGHT_HAND, self._grip(name))

    def _grip(self, name: str) -> np.ndarray:
        return GRIP + np.array([_TOOL_GRIP.get(name, 0.0), 0, 0])

    def _cut(self, name: str, time_sec: float) -> None:
        self.is_cut[self.index[name]] = True
        holder = RIGHT_HAND if name == self.held else 0
        self._add(name, time_sec, holder, self._grip(name) if holder else self.rest[self.index[name]])

    def _release(self, name: str, move: Move, time_sec: float) -> None:
        """Put an object where it belongs after the action."""
        self.held = None if name == self.held else self.held
        index = self.index[name]
        if name == 'egg':
            self._put_inside(name, 'bowl', time_sec)
        elif move.class_id in _INTO_POT and name in INGREDIENTS:
            self._put_inside(name, 'pot', time_sec)
        elif name in INGREDIENTS and move.template.station == 'board':
            self._set_aside(name, time_sec)
        elif name == 'lid' and move.template.verb == 'cover':
            x, y = WORK_PLACES['pot']
            self._put_down(name, np.array([x, y, COUNTER_TOP + 0.17]), time_sec)
        else:
            self._put_down(name, self.kitchen.home[index], time_sec)

    def _set_aside(self, name: str, time_sec: float) -> None:
        index = self.index[name]
        x, y = _ASIDE[index % len(_ASIDE)]
        self._put_down(name, np.array([x, y, BOARD_TOP + self.kitchen.half_size[index, 2]]), time_sec)

    def _put_inside(self, name: str, container: str, time_sec: float) -> None:
        index = self.index[name]
        (x, y), (dx, dy) = WORK_PLACES[container], _INSIDE[index % len(_INSIDE)]
        scale = 0.5 if container == 'bowl' else 1.0
        # Contents are drawn level with the rim, where both views see them.
        rim = COUNTER_TOP + 2 * self.kitchen.half_size[self.index[container], 2]
        self._put_down(name, np.array([x + scale * dx, y + scale * dy, rim]), time_sec)

    def _fill_pan(self, move: Move) -> None:
        """Cut ingredients jump into the pan, for boiling into the pot, when the cooking step begins."""
        for name in INGREDIENTS:
            index = self.index.get(name)
            if index is None:
                continue
            if move.class_id == 20 and name == 'meat':
                self._put_inside(name, 'pot', move.begin_sec)
            elif move.class_id in (23, 24) and self.is_cut[index]:
                self._put_inside(name, 'pan', move.begin_sec)

    def _put_down(self, name: str, place: np.ndarray, time_sec: float) -> None:
        self.rest[self.index[name]] = place
        self._add(name, time_sec, 0, place)

    def _add(self, name: str, time_sec: float, holder: int, place: np.ndarray) -> None:
        index = self.index[name]
        self.events.append(ObjectEvent(time_sec, index, holder, np.array(place, float), self.is_cut[index]))
