"""Metrics of any benchmark as a plain table: the chapter of runs that the report knows nothing else about."""

from collections.abc import Iterator, Mapping, Sequence

from egoexo.visualization.report_parts import Cell, Heading, Note, Section, Table
from egoexo.visualization.report_run import Run

__all__ = ['compare_metric_parts', 'generic_sections', 'metric_parts']


def metric_parts(metrics: Mapping[str, float], title: str, folded: bool = False) -> Iterator[Table]:
    """Every metric by its full key, with its interval where ``<key>_low`` and ``<key>_high`` are there too.

    Args:
        metrics (Mapping[str, float]): By key.
        title (str): Head line.
        folded (bool): Open on click.

    Yields:
        Table: One, or none without metrics.
    """
    rows = []
    for key, value in metrics.items():
        low, high = metrics.get(f'{key}_low'), metrics.get(f'{key}_high')
        if key.removesuffix('_low').removesuffix('_high') in metrics and key.endswith(('_low', '_high')):
            continue
        known = low is not None and high is not None
        rows.append([key, Cell(float(value), ((f'{low:.4g} to {high:.4g}', ''),)) if known else float(value)])
    if rows:
        yield Table(('metric', 'value'), rows, title, folded=folded)


def generic_sections(run: Run) -> list[Section]:
    """Chapters of a run of any benchmark.

    Args:
        run (Run): What was read from the work directory.

    Returns:
        list[Section]: Scores.
    """
    parts = list(metric_parts(run.metrics, f'From: {run.metrics_from}'))
    absent = Note('No metrics were found: neither scalars.json of a test nor a validation in the log.', 'warning')
    return [Section('Scores', parts or [absent])]


def compare_metric_parts(metrics: Sequence[Mapping[str, float]], headings: Sequence[Heading], title: str,
                         folded: bool = False) -> Iterator[Table | Note]:
    """Metrics of several runs side by side, without a verdict: it is not known which direction is better.

    Args:
        metrics (Sequence[Mapping[str, float]]): One per run.
        headings (Sequence[Heading]): Heads of the columns.
        title (str): Head line.
        folded (bool): Open on click.

    Yields:
        Table | Note: A table with one column per run, or a sentence when there is no metric.
    """
    keys = dict.fromkeys(key for item in metrics for key in item if not key.endswith(('_low', '_high')))
    if keys:
        yield Table(('metric', *headings), [[key, *(item.get(key) for item in metrics)] for key in keys], title,
                    wide=True, folded=folded)
