"""Timelines of several runs: the truth of a video above the prediction of each run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.figure import Figure

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

__all__ = ['RunTimeline', 'draw_run_timelines']

_RIGHT, _TITLE, _STRIP, _GAP, _ERROR, _TICKS, _ROW_GAP = 0.42, 0.2, 0.19, 0.025, 0.05, 0.17, 0.12
_CHAR, _MAX_LEFT = 0.062, 1.5  # inches per character of a run's name, and the room it may take


@dataclass(frozen=True)
class RunTimeline:
    """One video with the predictions of several runs.

    Args:
        sample_id (str): Official uid.
        view (str): ``'ego'``, ``'exo'`` or empty.
        truth (np.ndarray): Class ids per frame, int64 (G,), G >= 1.
        predictions (Mapping[str, np.ndarray]): By run, int64 (P,), P >= G.
        scores (Mapping[str, float]): By run, one number in percent; printed behind its strip.
        note (str): Shown after the uid.
        thumbnails (Sequence[np.ndarray]): RGB pictures (H, W, 3) uint8 at equal distances over the video.
    """

    sample_id: str
    view: str
    truth: np.ndarray
    predictions: Mapping[str, np.ndarray]
    scores: Mapping[str, float] = field(default_factory=dict)
    note: str = ''
    thumbnails: Sequence[np.ndarray] = field(default=(), repr=False)


def _height(video: RunTimeline, width: float) -> float:
    return thumbnail_height(video.thumbnails, width) + _TITLE + _STRIP + _GAP + _TICKS + _ROW_GAP + (
        len(video.predictions) * (_STRIP + _ERROR + 2 * _GAP))


def _draw_video(page: Page, video: RunTimeline, fps: float, left: float, width: float) -> None:
    indent = 0.0
    if video.view:
        page.text(left, 0.09, video.view.upper(), fontsize=FONT - 1, weight='bold', color='white', ha='left', bbox={
            'boxstyle': 'round,pad=0.25', 'facecolor': VIEW_COLORS.get(video.view, MUTED), 'linewidth': 0})
        indent = 0.34
    page.text(left + indent, 0.09, f'{video.sample_id}   {video.note}'.rstrip(), fontsize=FONT, color=MUTED, ha='left')
    page.cursor += _TITLE
    draw_thumbnails(page, video.thumbnails, left, width)
    axes = page.axes(left, width, _STRIP)
    draw_strip(axes, video.truth, fps, 'truth', width)
    axes.yaxis.label.set_weight('bold')
    page.cursor += _GAP
    for name, prediction in video.predictions.items():
        shown = np.asarray(prediction)[:len(video.truth)]
        axes = page.axes(left, width, _STRIP)
        draw_strip(axes, shown, fps, name, width)
        if name in video.scores:
            page.text(left + width + 0.06, -_STRIP / 2, f'{video.scores[name]:.1f}', fontsize=FONT, color=INK,
                      ha='left')
        page.cursor += _GAP
        axes = page.axes(left, width, _ERROR)
        draw_errors(axes, video.truth != shown, fps)
        axes.set_ylabel('')
        page.cursor += _GAP
    page.cursor -= _GAP
    draw_time_axis(axes, len(video.truth) / fps, 'auto')
    page.cursor += _TICKS + _ROW_GAP


def draw_run_timelines(videos: Sequence[RunTimeline], class_names: Sequence[str], *, fps: float = 25.0,
                       width_in: float = 7.16) -> Figure:
    """Draw truth and predictions of several runs below each other, a thin dark strip marking the frames that are wrong.

    Args:
        videos (Sequence[RunTimeline]): From top to bottom.
        class_names (Sequence[str]): Names by class id; the legend shows the classes that occur.
        fps (float): Frames per second of all label sequences.
        width_in (float): Width in inches.

    Returns:
        matplotlib.figure.Figure: Free of pyplot.

    Raises:
        ValueError: If there is no video, one has no prediction, a prediction is shorter than its truth, or a class id
            is negative.
    """
    if not videos or any(not video.predictions for video in videos):
        raise ValueError('draw_run_timelines needs at least one video, each with a prediction of at least one run.')
    for video in videos:
        short = [name for name, labels in video.predictions.items() if len(labels) < len(video.truth)]
        if short:
            raise ValueError(f"prediction of run '{short[0]}' for video '{video.sample_id}' has "
                             f'{len(video.predictions[short[0]])} frames, expected at least the {len(video.truth)} of '
                             'its truth; check that both are at the same frame rate.')
    longest = max(len(name) for video in videos for name in ('truth', *video.predictions))
    left = min(_MAX_LEFT, 0.12 + _CHAR * longest)
    width = width_in - left - _RIGHT
    present = sorted({int(index) for video in videos
                      for labels in (video.truth, *(item[:len(video.truth)] for item in video.predictions.values()))
                      for index in np.unique(labels)})
    entries = layout_legend(present, class_names, width_in - 0.2)
    legend_height = (1 + entries[-1].line) * LEGEND_LINE
    page = Page(width_in, 0.12 + legend_height + sum(_height(video, width) for video in videos))
    for video in videos:
        _draw_video(page, video, fps, left, width)
    draw_legend(page.axes(0.1, width_in - 0.2, legend_height), entries, width_in - 0.2)
    return page.figure
