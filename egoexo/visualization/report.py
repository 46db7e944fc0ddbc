"""The HTML report of a run: one file, nothing loaded from anywhere."""

import datetime
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from egoexo.version import __version__
from egoexo.visualization.curves import draw_curves
from egoexo.visualization.report_parts import Card, Note, Picture, Section, embed_svg
from egoexo.visualization.report_run import Run, read_run
from egoexo.visualization.report_segmentation import ReadFrames, segmentation_cards, segmentation_sections
from egoexo.visualization.report_settings import setting_parts

__all__ = ['BENCHMARKS', 'BenchmarkReport', 'write_report']

_TEMPLATES = Path(__file__).parent / 'templates'


@dataclass(frozen=True)
class BenchmarkReport:
    """What a benchmark adds to the page.

    Args:
        title (str): Name for readers.
        cards (Callable[[Run], list[Card]]): Numbers of the head.
        sections (Callable[[Run, ReadFrames | None], list[Section]]): Its chapters.
        curve_names (tuple[str, ...]): Ends of the validation keys that are drawn as curves.
    """

    title: str
    cards: Callable[[Run], list[Card]]
    sections: Callable[[Run, ReadFrames | None], list[Section]]
    curve_names: tuple[str, ...]


#: By the benchmark's name; a new benchmark adds one row.
BENCHMARKS: dict[str, BenchmarkReport] = {
    'segmentation': BenchmarkReport(
        'Cross-view temporal action segmentation', segmentation_cards, segmentation_sections, ('F1@50', 'Avg')),
}


def write_report(work_dir: str | Path, out: str | Path | None = None, *, shipped_config: str | Path | None = None,
                 read_frames: ReadFrames | None = None, figure_dir: str | Path | None = None,
                 benchmark: str = 'segmentation') -> Path:
    """Write the report of a run.

    Args:
        work_dir (str | Path): What ``tools/train.py`` and ``tools/test.py`` wrote to.
        out (str | Path | None): HTML file; ``None`` is ``<work_dir>/report.html``.
        shipped_config (str | Path | None): File the run's config came from, for the comparison with its bases;
            ``None`` takes the one of ``command.json`` where that exists.
        read_frames (ReadFrames | None): Reads thumbnails from videos for the timelines.
        figure_dir (str | Path | None): Folder in which the figures are written as PNG and PDF too.
        benchmark (str): Key of :data:`BENCHMARKS`.

    Returns:
        Path: The file.

    Raises:
        FileNotFoundError: If the work directory does not exist.
        PredictionError: If its scores or predictions are damaged.
        ValueError: If the benchmark has no report.
    """
    if benchmark not in BENCHMARKS:
        raise ValueError(f"benchmark '{benchmark}' has no report; known: {', '.join(BENCHMARKS)}.")
    run, kind = read_run(work_dir), BENCHMARKS[benchmark]
    sections = [
        *kind.sections(run, read_frames),
        Section('Training', list(_curve_parts(run, kind.curve_names))),
        Section('What ran', list(setting_parts(run, shipped_config))),
    ]
    environment = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined,
                              trim_blocks=True, lstrip_blocks=True)
    html = environment.get_template('report.html.j2').render(
        title=run.name, subtitle=kind.title, cards=kind.cards(run), absent=run.absent, sections=sections,
        footer=f'egoexo {__version__}, written {datetime.datetime.now():%Y-%m-%d %H:%M}')
    out = Path(out) if out is not None else run.work_dir / 'report.html'
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(html, encoding='utf-8')
    if figure_dir is not None:
        _write_figures(Path(figure_dir), sections)
    return out


def _write_figures(folder: Path, sections: Sequence[Section]) -> None:
    """Write every named figure of the page."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in (part for section in sections for part in section.parts):
        if isinstance(part, Picture) and part.figure is not None:
            part.figure.savefig(folder / f'{part.name}.png', dpi=200)
            part.figure.savefig(folder / f'{part.name}.pdf')


def _curve_parts(run: Run, names: Sequence[str]) -> Iterator[Picture | Note]:
    """Curves of the losses and of the validation metrics."""
    losses = {key: _series(run.train_log, key) for key in _keys(run.train_log) if 'loss' in key}
    if losses:
        positive = all(value > 0 for _, values in losses.values() for value in values)
        figure = draw_curves(losses, x_label='iteration', y_label='loss', log_y=positive)
        yield Picture(embed_svg(figure, 'loss'), 'Training losses; faint: as logged, strong: smoothed.', 'Loss', True,
                      figure, 'loss')
    else:
        yield Note('No loss was logged in this folder.', 'warning')
    for name in names:
        series = {key.rpartition('/')[0]: _series(run.val_log, key) for key in _keys(run.val_log)
                  if key.count('/') == 1 and key.endswith(f'/{name}')}
        if series:
            figure = draw_curves(series, x_label='epoch (or iteration) of validation', y_label=f'{name} in %')
            yield Picture(embed_svg(figure, name), f'{name} of every validation.', name, True, figure,
                          f'validation_{name}')
    if not run.val_log:
        yield Note('No validation was logged in this folder.', 'warning')


def _keys(log: Sequence[dict]) -> list[str]:
    """Keys with numbers, in order of first appearance."""
    return list(dict.fromkeys(key for record in log for key, value in record.items()
                              if isinstance(value, int | float)))


def _series(log: Sequence[dict], key: str) -> tuple[list[float], list[float]]:
    points = [(record.get('step', number), record[key]) for number, record in enumerate(log) if key in record]
    return [x for x, _ in points], [y for _, y in points]
