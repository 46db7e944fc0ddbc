"""Timelines: truth above prediction as coloured strips over time, ego videos above exo videos."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.figure import Figure

from egoexo.evaluation.functional.segmentation import count_video, summarise
from egoexo.evaluation.protocols.segmentation import PROTOCOLS
from egoexo.visualization.legend import LEGEND_LINE, draw_legend, layout_legend
from egoexo.visualization.palette import VIEW_COLORS
from egoexo.visualization.timeline_parts import (
    FONT,
    INK,
    MUTED,
    Page,
    draw_errors,
    draw_strip,
    draw_thumbnails,
    draw_time_axis,
    thumbnail_height,
)

__all__ = ['TimelineVideo', 'draw_timeline']

_LEFT, _RIGHT, _TITLE, _STRIP, _GAP, _ERROR, _TICKS, _ROW_GAP = 0.62, 0.1, 0.2, 0.21, 0.03, 0.07, 0.17, 0.13
_SHOWN_SCORES = ('Acc', 'Edit', 'F1@50')


@dataclass(frozen=True)
class TimelineVideo:
    """One row of a timeline.

    Args:
        sample_id (str): Official uid.
        view (str): ``'ego'``, ``'exo'`` or empty.
        truth (np.ndarray | None): Class ids per frame, int64 (G,), G >= 1; ``None`` draws the prediction alone.
        prediction (np.ndarray | None): Class ids per frame, int64 (P,), P >= G; ``None`` draws the truth alone.
        note (str): Shown after the uid, e.g. ``'ego_val, task2'``.
        thumbnails (Sequence[np.ndarray]): RGB pictures (H, W, 3) uint8 at equal distances over the video.
        scores (Mapping[str, float] | None): Percent by name; ``None`` computes them under the official protocol.
    """

    sample_id: str
    view: str
    truth: np.ndarray | None
    prediction: np.ndarray | None = None
    note: str = ''
    thumbnails: Sequence[np.ndarray] = field(default=(), repr=False)
    scores: Mapping[str, float] | None = None

    def strips(self) -> dict[str, np.ndarray]:
        """Label sequences to draw, by name; a prediction is cut to the length of the truth."""
        drawn = {'truth': self.truth, 'prediction': self.prediction}
        drawn = {name: np.asarray(labels) for name, labels in drawn.items() if labels is not None}
        length = len(drawn.get('truth', drawn.get('prediction', ())))
        return {name: labels[:length] for name, labels in drawn.items()}

    def shown_scores(self) -> Mapping[str, float]:
        """Scores by name in percent, computed if they were not given; empty without truth or prediction."""
        if self.scores is not None or self.prediction is None or self.truth is None:
            return self.scores or {}
        return summarise([count_video(self.prediction, self.truth, PROTOCOLS['official'])])


def _row_height(video: TimelineVideo, width: float, show_error: bool) -> float:
    """Height in inches that :func:`_draw_row` uses, without the gap below."""
    pictures = thumbnail_height(video.thumbnails, width)
    both = len(video.strips()) == 2
    height = _TITLE + pictures + _STRIP + _TICKS
    return height + (_GAP + _STRIP if both else 0) + (_GAP + _ERROR if both and show_error else 0)


def _draw_row(page: Page, video: TimelineVideo, fps: float, width: float, show_error: bool, unit: str) -> None:
    """Draw title, pictures, strips and time axis of one video."""
    indent = 0.0
    if video.view:
        page.text(_LEFT, 0.09, video.view.upper(), fontsize=FONT - 1, weight='bold', color='white', ha='left', bbox={
            'boxstyle': 'round,pad=0.25', 'facecolor': VIEW_COLORS.get(video.view, MUTED), 'linewidth': 0})
        indent = 0.34
    title = f'{video.sample_id}   {video.note}' if video.note else video.sample_id
    page.text(_LEFT + indent, 0.09, title, fontsize=FONT, color=MUTED, ha='left')
    scores = video.shown_scores()
    page.text(_LEFT + width, 0.09, '   '.join(f'{name} {scores[name]:.1f}' for name in _SHOWN_SCORES if name in scores),
              fontsize=FONT + 0.5, weight='bold', color=INK, ha='right')
    page.cursor += _TITLE
    draw_thumbnails(page, video.thumbnails, _LEFT, width)
    strips = video.strips()
    for name, labels in strips.items():
        last = page.axes(_LEFT, width, _STRIP)
        draw_strip(last, labels, fps, name, width)
        page.cursor += _GAP
    if show_error and len(strips) == 2:
        last = page.axes(_LEFT, width, _ERROR)
        draw_errors(last, strips['truth'] != strips['prediction'], fps)
    else:
        page.cursor -= _GAP
    draw_time_axis(last, len(labels) / fps, unit)
    page.cursor += _TICKS


def _check(videos: Sequence[TimelineVideo]) -> None:
    if not videos:
        raise ValueError('draw_timeline needs at least one video, got none.')
    for video in videos:
        truth, prediction = video.truth, video.prediction
        if truth is None and prediction is None:
            raise ValueError(f"video '{video.sample_id}' has neither truth nor prediction; give at least one.")
        if any(labels is not None and len(labels) == 0 for labels in (truth, prediction)):
            raise ValueError(f"video '{video.sample_id}' has an empty label sequence; expected at least one frame.")
        if truth is not None and prediction is not None and len(prediction) < len(truth):
            raise ValueError(
                f"prediction of video '{video.sample_id}' has {len(prediction)} frames, expected at least the "
                f'{len(truth)} of its truth; check that both are at the same frame rate.')


def draw_timeline(videos: Sequence[TimelineVideo], class_names: Sequence[str], *, fps: float = 25.0, title: str = '',
                  show_error: bool = True, time_unit: str = 'auto', width_in: float = 7.16) -> Figure:
    """Draw truth against prediction of several videos, ego rows above exo rows, each over its own time axis.

    Frames of the prediction beyond the truth are not drawn: no metric but Edit and F1 sees them either.

    Args:
        videos (Sequence[TimelineVideo]): Rows; order is kept inside a view.
        class_names (Sequence[str]): Names by class id; the legend shows the classes that occur in the figure.
        fps (float): Frames per second of all label sequences.
        title (str): Head line of the figure.
        show_error (bool): Add a thin strip marking the frames where both differ.
        time_unit (str): ``'s'``, ``'min'``, or ``'auto'``: minutes above three minutes.
        width_in (float): Width in inches; the default is a two-column page.

    Returns:
        matplotlib.figure.Figure: Free of pyplot; ``figure.savefig('x.pdf')`` writes it.

    Raises:
        ValueError: If there is no video, labels are absent or empty, a prediction is shorter than its truth, or a
            class id is negative.
    """
    _check(videos)
    rows = sorted(videos, key=lambda video: video.view != 'ego')
    strip_width = width_in - _LEFT - _RIGHT
    present = sorted({int(index) for video in rows for labels in video.strips().values()
                      for index in np.unique(labels)})
    legend_width = width_in - 2 * _RIGHT
    entries = layout_legend(present, class_names, legend_width)
    legend_height = (1 + entries[-1].line) * LEGEND_LINE
    height = (0.12 + (0.24 if title else 0) + legend_height
              + sum(_row_height(video, strip_width, show_error) + _ROW_GAP for video in rows))
    page = Page(width_in, height)
    if title:
        page.text(_RIGHT, 0.1, title, fontsize=FONT + 2, weight='bold', color=INK, ha='left')
        page.cursor += 0.24
    for video in rows:
        _draw_row(page, video, fps, strip_width, show_error, time_unit)
        page.cursor += _ROW_GAP
    draw_legend(page.axes(_RIGHT, legend_width, legend_height), entries, legend_width)
    return page.figure
