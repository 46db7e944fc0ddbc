"""Curves of one run or of several as parts of a report page."""

from collections.abc import Iterator, Sequence
from math import isfinite

from egoexo.visualization.curves import draw_curves
from egoexo.visualization.report_names import LINES
from egoexo.visualization.report_parts import Heading, Note, Picture, embed_svg
from egoexo.visualization.report_run import Run

__all__ = ['compare_curve_parts', 'curve_parts']

_MAX_PANELS, _MAX_OVERLAID = 8, 400
_EPOCH = 'epoch (or iteration) of validation'


def curve_parts(run: Run, names: Sequence[str], prefix: str = '') -> Iterator[Picture | Note]:
    """Curves of the losses and of the validation metrics of a run.

    Args:
        run (Run): What was read from the work directory.
        names (Sequence[str]): Ends of the validation keys to draw; empty for all.
        prefix (str): Keeps the figures of several runs in one page apart.

    Yields:
        Picture | Note: Content of the chapter.
    """
    losses = {key: _series(run.train_log, key) for key in _keys(run.train_log) if 'loss' in key}
    if losses:
        figure = draw_curves(losses, x_label='iteration', y_label='loss', log_y=_positive(losses.values()))
        yield Picture(embed_svg(figure, f'{prefix}loss'), 'Training losses; faint: as logged, strong: smoothed.',
                      'Loss', True, figure, 'loss')
    else:
        yield Note('No loss was logged in this folder.', 'warning')
    ends = names or _metric_ends([run])
    for name in ends[:_MAX_PANELS]:
        series = {key.rpartition('/')[0] or key: _series(run.val_log, key) for key in _keys(run.val_log)
                  if key.count('/') <= 1 and key.rpartition('/')[2] == name}
        if series:
            figure = draw_curves(series, x_label=_EPOCH, y_label=_label(name, names))
            yield Picture(embed_svg(figure, f'{prefix}{name}'), f'{name} of every validation.', name, True, figure,
                          f'validation_{name}')
    if not run.val_log:
        yield Note('No validation was logged in this folder.', 'warning')


def compare_curve_parts(runs: Sequence[Run], headings: Sequence[Heading],
                        names: Sequence[str]) -> Iterator[Picture | Note]:
    """Curves of several runs in one axes each.

    Args:
        runs (Sequence[Run]): In the order of the page.
        headings (Sequence[Heading]): One per run: name, colour and kind of line.
        names (Sequence[str]): Ends of the validation keys to draw; empty for all.

    Yields:
        Picture | Note: Loss, then one picture per list and name.
    """
    styles = {heading.text: (heading.color, LINES[heading.line]) for heading in headings}
    named = list(zip(runs, (heading.text for heading in headings), strict=True))
    losses = {name: _series(run.train_log, _main_loss(run)) for run, name in named if _main_loss(run)}
    if losses:
        figure = draw_curves(losses, x_label='iteration', y_label='loss', styles=styles, max_points=_MAX_OVERLAID,
                             log_y=_positive(losses.values()))
        yield Picture(embed_svg(figure, 'compare-loss'), 'Training loss; faint: as logged, strong: smoothed.', 'Loss',
                      True, figure, 'comparison_loss')
    keys = dict.fromkeys(key for run in runs for key in _keys(run.val_log) if key.count('/') <= 1)
    wanted = [key for end in names or _metric_ends(runs) for key in keys if key.rpartition('/')[2] == end]
    for key in wanted[:_MAX_PANELS]:
        series = {name: _series(run.val_log, key) for run, name in named if any(key in item for item in run.val_log)}
        figure = draw_curves(series, x_label=_EPOCH, y_label=_label(key, names), styles=styles,
                             max_points=_MAX_OVERLAID)
        yield Picture(embed_svg(figure, f'compare-{key}'), f'{key} of every validation.', key, True, figure,
                      f'comparison_{key.replace("/", "_")}')
    if len(wanted) > _MAX_PANELS:
        yield Note(f'{len(wanted) - _MAX_PANELS} more validation metrics are not drawn.')
    silent = [name for run, name in named if not run.train_log]
    if silent:
        yield Note(f'No training log: {", ".join(silent)}.', 'warning')


def _label(key: str, names: Sequence[str]) -> str:
    """Axis title: metrics that we know are percent, but for distances."""
    return f'{key} in %' if names and not any(word in key for word in ('AUED', 'ED@')) else key


def _main_loss(run: Run) -> str:
    losses = [key for key in _keys(run.train_log) if 'loss' in key]
    return 'loss' if 'loss' in losses else next(iter(losses), '')


def _metric_ends(runs: Sequence[Run]) -> list[str]:
    """Ends of all validation keys, in order of first appearance."""
    return list(dict.fromkeys(key.rpartition('/')[2] for run in runs for key in _keys(run.val_log)
                              if key.count('/') <= 1 and key not in ('step', 'epoch', 'iter', 'time', 'data_time')))


def _keys(log: Sequence[dict]) -> list[str]:
    """Keys with numbers, in order of first appearance."""
    return list(dict.fromkeys(key for record in log for key, value in record.items() if _is_number(value)))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _series(log: Sequence[dict], key: str) -> tuple[list[float], list[float]]:
    points = [(record.get('step', number), record[key]) for number, record in enumerate(log)
              if _is_number(record.get(key))]
    return [x for x, _ in points], [y for _, y in points]


def _positive(series: Sequence[tuple[list[float], list[float]]]) -> bool:
    return all(value > 0 for _, values in series for value in values if isfinite(value))
