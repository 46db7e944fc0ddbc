"""Features of both views in the plane, coloured by view and by class, with a number that says how far they are apart.

Letters: N rows of features, F numbers per row.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from egoexo.visualization.fit_text import cut_text
from egoexo.visualization.palette import VIEW_COLORS, display_name
from egoexo.visualization.separability import domain_separability, project, transfer_accuracy
from egoexo.visualization.timeline_parts import FONT, INK, MUTED

__all__ = ['FeatureSet', 'draw_feature_space']

_MARKERS = {'ego': 'o', 'exo': '^'}
_REST = '#d5d5d5'
_DISTINCT = ('#0072b2', '#e69f00', '#009e73', '#cc79a7', '#d55e00', '#56b4e9', '#7a5195', '#8c6d31', '#1a1a1a',
             '#b5bd00')
_LEFT, _RIGHT, _BETWEEN, _FOOT, _CAPTION, _HEAD = 0.3, 0.1, 0.32, 0.2, 0.2, 0.2
_LEGEND, _ASPECT = 1.32, 0.82


@dataclass(frozen=True)
class FeatureSet:
    """Features that one network gives to samples of both views.

    Args:
        title (str): Name of the column, e.g. ``'source only'``.
        features (np.ndarray): (N, F).
        views (Sequence[str]): ``'ego'`` or ``'exo'`` of each row, N entries.
        classes (np.ndarray): Class id of each row, int64 (N,), -1 where there is none or more than one.
        videos (Sequence[str]): Video of each row, N entries.
        source (str): View that the class centres are taken from, that is the labelled one of the training.
    """

    title: str
    features: np.ndarray
    views: Sequence[str]
    classes: np.ndarray
    videos: Sequence[str]
    source: str = 'ego'

    @property
    def domains(self) -> np.ndarray:
        """0 for rows of the source view, 1 for the others, int64 (N,)."""
        return (np.asarray(self.views) != self.source).astype(np.int64)

    def domain_text(self) -> str:
        """How well the views can be told apart."""
        error, distance = domain_separability(self.features, self.domains, self.videos)
        return f'proxy A-distance {distance:.2f} (probe error {100 * error:.0f} %, chance 50 %)'

    def class_text(self) -> str:
        """How well classes carry over."""
        other = next((view for view in self.views if view != self.source), '?')
        accuracy = transfer_accuracy(self.features, self.classes, self.domains)
        if accuracy is None:
            return f'class centres {self.source} → {other}: too few common classes'
        kinds = [set(np.asarray(self.classes)[self.domains == domain].tolist()) - {-1} for domain in (0, 1)]
        chance = 100 / len(kinds[0] & kinds[1])
        return f'class centres {self.source} → {other}: {100 * accuracy:.0f} % right (chance {chance:.0f} %)'


def _check(sets: Sequence[FeatureSet]) -> None:
    if not sets:
        raise ValueError('draw_feature_space needs at least one set of features, got none.')
    for item in sets:
        size = len(item.features)
        if not size == len(item.views) == len(item.classes) == len(item.videos):
            raise ValueError(f"'{item.title}' has {size} features, {len(item.views)} views, {len(item.classes)} "
                             f'classes and {len(item.videos)} videos; expected one of each per row.')
        if not np.isfinite(item.features).all():
            raise ValueError(f"features of '{item.title}' hold NaN or Inf in "
                             f'{int((~np.isfinite(item.features).all(1)).sum())} of {size} rows; look at the training.')
        found = sorted(set(item.views))
        if len(found) != 2 or item.source not in found:
            raise ValueError(f"'{item.title}' has rows of {' and '.join(map(repr, found)) or 'no view'}, expected two "
                             f"views, one of them the source '{item.source}'.")


def _scatter(axes: Axes, points: np.ndarray, colors: np.ndarray, views: np.ndarray, order: np.ndarray) -> None:
    """Points in a shuffled order, so that no view lies on top of the other; one collection per marker and block."""
    size = float(np.clip(5000 / len(points), 5, 18))
    blocks = np.array_split(order, 8)  # layers of both views, one above the other
    for block in blocks:
        for view in np.unique(views):
            rows = block[views[block] == view]
            axes.scatter(*points[rows].T, s=size, c=colors[rows].tolist(), marker=_MARKERS.get(view, 's'),
                         linewidths=0.15, edgecolors='white', alpha=0.85, gid=f'points_{view}')
    low, high = np.percentile(points, (0.5, 99.5), axis=0)
    pad = 0.12 * (high - low) + 1e-9
    axes.set(xlim=(low[0] - pad[0], high[0] + pad[0]), ylim=(low[1] - pad[1], high[1] + pad[1]))
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set(color='#bdbdbd', linewidth=0.6)


def _shown_classes(sets: Sequence[FeatureSet], max_classes: int) -> list[int]:
    """The most frequent classes over all sets, by id."""
    ids, counts = np.unique(np.concatenate([np.asarray(item.classes) for item in sets]), return_counts=True)
    ranked = [int(index) for index in ids[np.argsort(-counts, kind='stable')] if index >= 0]
    return sorted(ranked[:min(max_classes, len(_DISTINCT))])


def draw_feature_space(sets: Sequence[FeatureSet], class_names: Sequence[str], *, title: str = '',
                       max_classes: int = 10, seed: int = 0, width_in: float = 7.16) -> Figure:
    """Draw one column per network: above by view, below by class.

    Each column has its own principal components, for its network has its own space; only shapes and the numbers may be
    compared. Both numbers are computed from all F dimensions, not from the two that are drawn.

    Args:
        sets (Sequence[FeatureSet]): E.g. before and after adaptation.
        class_names (Sequence[str]): Names by class id.
        title (str): Head line.
        max_classes (int): Most frequent classes that get a colour, at most 10; others are grey.
        seed (int): Of the order in which points are drawn.
        width_in (float): Width in inches.

    Returns:
        matplotlib.figure.Figure: Free of pyplot; ``figure.savefig('x.pdf')`` writes it.

    Raises:
        ValueError: If there is no set, one is ragged, not finite, of one view only, or has fewer than two videos of a
            view.
    """
    _check(sets)
    side = min((width_in - _LEFT - _RIGHT - _LEGEND - (len(sets) - 1) * _BETWEEN) / len(sets), 3.2)
    width = _LEFT + _RIGHT + _LEGEND + (len(sets) - 1) * _BETWEEN + len(sets) * side
    top = (0.3 if title else 0.06) + _HEAD
    height = top + 2 * (_CAPTION + side * _ASPECT + _FOOT)
    figure = Figure(figsize=(width, height), facecolor='white')
    if title:
        figure.text(0.1 / width, 1 - 0.15 / height, title, fontsize=FONT + 2, weight='bold', color=INK, va='center')
    shown = _shown_classes(sets, max_classes)
    palette = {index: _DISTINCT[place % len(_DISTINCT)] for place, index in enumerate(shown)}
    for column, item in enumerate(sets):
        panels = []
        for row in range(2):
            left = _LEFT + column * (side + _BETWEEN)
            bottom = height - top - (row + 1) * (_CAPTION + side * _ASPECT) - row * _FOOT
            panels.append(figure.add_axes((left / width, bottom / height, side / width, side * _ASPECT / height)))
            panels[-1].set_gid(f'{"class" if row else "view"}_{column}')
        _draw_column(panels, item, palette, side, seed)
    views, classes = panels
    _draw_key(views, side, sets[-1], None, class_names, rest=False)
    rest = any(index not in palette for item in sets for index in np.unique(item.classes).tolist())
    _draw_key(classes, side, sets[-1], palette, class_names, rest)
    return figure


def _draw_column(panels: Sequence[Axes], item: FeatureSet, palette: dict[int, str], side: float, seed: int) -> None:
    """Both panels of one set; grey points lie below the coloured ones."""
    points, shares = project(item.features)
    views = np.asarray(item.views)
    order = np.random.default_rng(seed).permutation(len(points))
    by_view = np.array([VIEW_COLORS.get(view, MUTED) for view in item.views])
    by_class = np.array([palette.get(int(index), _REST) for index in item.classes])
    grey_first = order[np.argsort(by_class[order] != _REST, kind='stable')]
    style = {'va': 'bottom', 'color': INK}
    for axes, colors, places, text in ((panels[0], by_view, order, item.domain_text()),
                                       (panels[1], by_class, grey_first, item.class_text())):
        _scatter(axes, points, colors, views, places)
        axes.set_xlabel(f'PC 1 ({100 * shares[0]:.0f} %)', fontsize=FONT - 1, color=MUTED, labelpad=2)
        axes.set_ylabel(f'PC 2 ({100 * shares[1]:.0f} %)', fontsize=FONT - 1, color=MUTED, labelpad=2)
        axes.text(0, 1 + 0.05 / (side * _ASPECT), text, transform=axes.transAxes, fontsize=FONT - 0.5, **style)
    panels[0].text(0, 1 + 0.2 / (side * _ASPECT), cut_text(item.title, side, FONT + 1, 'bold'), weight='bold',
                   transform=panels[0].transAxes, fontsize=FONT + 1, **style)


def _draw_key(axes: Axes, side: float, item: FeatureSet, palette: dict[int, str] | None,
              class_names: Sequence[str], rest: bool) -> None:
    """Meaning of colours and shapes at the right of a panel."""
    x, step = 1 + 0.14 / side, 0.155 / (side * _ASPECT)
    if palette is None:
        lines = [(VIEW_COLORS.get(view, MUTED), _MARKERS.get(view, 's'), f'{view}, {list(item.views).count(view)}')
                 for view in dict.fromkeys(sorted(item.views))]
    else:
        lines = [(color, 's', _name(index, class_names)) for index, color in palette.items()]
        lines += [(_REST, 's', 'other or several')] if rest else []
        lines += [(MUTED, _MARKERS.get(view, 's'), view) for view in dict.fromkeys(sorted(item.views))]
    axes.text(x - 0.04 / side, 1.0, 'view' if palette is None else 'class, shape: view', transform=axes.transAxes,
              fontsize=FONT - 0.5, weight='bold', color=INK, va='top')
    for place, (color, marker, text) in enumerate(lines, 1):
        y = 1 - (place + 0.3) * step
        axes.scatter([x], [y], s=13, c=[color], marker=marker, linewidths=0, transform=axes.transAxes, clip_on=False)
        axes.text(x + 0.08 / side, y, cut_text(text, _LEGEND - 0.3, FONT - 0.5), transform=axes.transAxes, color=INK,
                  fontsize=FONT - 0.5, va='center')


def _name(index: int, class_names: Sequence[str]) -> str:
    return display_name(class_names[index]) if index < len(class_names) else f'class {index}'
