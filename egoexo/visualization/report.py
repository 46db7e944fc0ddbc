"""The HTML report of a run or of several side by side: one file, nothing loaded from anywhere."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from egoexo.version import __version__
from egoexo.visualization.report_benchmarks import BENCHMARKS, GENERIC, BenchmarkReport, benchmark_of
from egoexo.visualization.report_compare_settings import (
    input_table,
    overview,
    recipe_tables,
    setting_tables,
    version_tables,
)
from egoexo.visualization.report_curves import compare_curve_parts, curve_parts
from egoexo.visualization.report_names import run_headings
from egoexo.visualization.report_parts import Card, Fraction, Heading, Note, Picture, Section
from egoexo.visualization.report_run import Run, read_run
from egoexo.visualization.report_segmentation import ReadFrames
from egoexo.visualization.report_settings import setting_parts
from egoexo.visualization.report_status import status_notes

__all__ = ['write_comparison', 'write_report']

_TEMPLATES = Path(__file__).parent / 'templates'


@dataclass(frozen=True)
class _RunChapter:
    """The folded chapters of one run in a comparison."""

    heading: Heading
    anchor: str
    cards: Sequence[Card]
    problems: Sequence[str]
    sections: Sequence[Section]


def write_report(work_dir: str | Path, out: str | Path | None = None, *, shipped_config: str | Path | None = None,
                 read_frames: ReadFrames | None = None, figure_dir: str | Path | None = None,
                 benchmark: str | None = None) -> Path:
    """Write the report of a run.

    Args:
        work_dir (str | Path): What ``tools/train.py`` and ``tools/test.py`` wrote to.
        out (str | Path | None): HTML file; ``None`` is ``<work_dir>/report.html``.
        shipped_config (str | Path | None): File the run's config came from, for the comparison with its bases;
            ``None`` takes the one of ``command.json`` where that exists.
        read_frames (ReadFrames | None): Reads thumbnails from videos for the timelines.
        figure_dir (str | Path | None): Folder in which the figures are written as PNG and PDF too.
        benchmark (str | None): Name of the benchmark; ``None`` takes it from the config. A run of another benchmark
            gets the chapters that need no knowledge of it.

    Returns:
        Path: The file.

    Raises:
        FileNotFoundError: If the work directory does not exist.
        ValueError: If the benchmark has no report.
    """
    if benchmark is not None and benchmark not in BENCHMARKS:
        raise ValueError(f"benchmark '{benchmark}' has no report; known: {', '.join(BENCHMARKS)}.")
    run = read_run(work_dir)
    kind = BENCHMARKS[benchmark] if benchmark else benchmark_of(run)
    results = kind.read(run)
    sections = _run_sections(run, kind, results, shipped_config, read_frames)
    out = Path(out) if out is not None else run.work_dir / 'report.html'
    _render(out, title=run.name, subtitle=kind.title, cards=kind.cards(run, results), alerts=list(status_notes(run)),
            damaged=run.damaged, absent=run.absent, sections=sections, chapters=[])
    _write_figures(figure_dir, sections)
    return out


def write_comparison(work_dirs: Sequence[str | Path], out: str | Path | None = None, *,
                     read_frames: ReadFrames | None = None, figure_dir: str | Path | None = None) -> Path:
    """Write one page about several runs: side by side first, then the chapters of each run, folded.

    Args:
        work_dirs (Sequence[str | Path]): Folders of the runs; differences are to the first.
        out (str | Path | None): HTML file; ``None`` is ``comparison.html`` beside the first folder.
        read_frames (ReadFrames | None): Reads thumbnails from videos for the timelines of the comparison.
        figure_dir (str | Path | None): Folder in which the figures of the comparison are written as PNG and PDF too.

    Returns:
        Path: The file.

    Raises:
        FileNotFoundError: If a work directory does not exist.
        ValueError: If there are fewer than two.
    """
    if len(work_dirs) < 2:
        raise ValueError(f'a comparison needs at least two work directories, got {len(work_dirs)}.')
    runs = [read_run(folder) for folder in work_dirs]
    headings = run_headings(runs)
    kinds = [benchmark_of(run) for run in runs]
    kind = _common_kind(kinds)
    results = [item.read(run) for item, run in zip(kinds, runs, strict=True)]
    shared = results if kind is not GENERIC else [None] * len(runs)
    sections = [
        Section('Runs', [overview(runs, headings)]),
        *kind.compare(runs, shared, headings, read_frames),
        Section('Curves', list(compare_curve_parts(runs, headings, kind.curve_names))),
        Section('Settings that differ', list(setting_tables(runs, headings))),
        Section('Inputs', list(input_table(runs, headings))),
        Section('Feature recipes', list(recipe_tables(runs, headings))),
        Section('Versions and commands', list(version_tables(runs, headings))),
    ]
    chapters = [
        _RunChapter(heading, f'run-{place}', item.cards(run, result), [*run.damaged, *run.absent],
                    _run_sections(run, item, result, None, None, f'run-{place}-'))
        for place, (run, heading, item, result) in enumerate(zip(runs, headings, kinds, results, strict=True), 1)]
    out = Path(out) if out is not None else Path(work_dirs[0]).resolve().parent / 'comparison.html'
    alerts = [Note(f'{heading.text}: {note.text}', note.level)
              for run, heading in zip(runs, headings, strict=True) for note in status_notes(run)]
    if len({item.title for item in kinds}) > 1:
        alerts.append(Note('The runs are of different benchmarks: their metrics are listed, not judged.', 'warning'))
    _render(out, title=f'{len(runs)} runs side by side: {", ".join(heading.text for heading in headings)}',
            subtitle=kind.title, cards=kind.compare_cards(shared, headings), alerts=alerts, absent=[],
            damaged=[f'{heading.text}: {text}' for run, heading in zip(runs, headings, strict=True)
                     for text in run.damaged], sections=sections, chapters=chapters)
    _write_figures(figure_dir, sections)
    return out


def _common_kind(kinds: Sequence[BenchmarkReport]) -> BenchmarkReport:
    """Benchmark of all runs; those that left nothing to recognise them by go with the others."""
    known = {kind.title: kind for kind in kinds if kind is not GENERIC}
    return next(iter(known.values())) if len(known) == 1 and GENERIC not in kinds else GENERIC


def _run_sections(run: Run, kind: BenchmarkReport, results: object, shipped_config: str | Path | None,
                  read_frames: ReadFrames | None, prefix: str = '') -> list[Section]:
    """All chapters of one run."""
    sections = [
        *kind.sections(run, results, read_frames),
        Section('Training', list(curve_parts(run, kind.curve_names, prefix))),
        Section('What ran', list(setting_parts(run, shipped_config))),
    ]
    return [Section(section.title, section.parts, prefix) for section in sections]


def _show(value: float) -> str:
    """A number of a table: two decimals, more where they would hide it, three of a fraction."""
    if isinstance(value, Fraction):
        return f'{value:.3f}'
    return f'{value:.2f}' if not isfinite(value) or abs(value) >= 0.1 or value == 0 else f'{value:.4g}'


def _render(out: Path, **content: object) -> None:
    environment = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined,
                              trim_blocks=True, lstrip_blocks=True)
    environment.filters['show'] = _show
    environment.tests['finite'] = _is_finite
    html = environment.get_template('report.html.j2').render(
        footer=f'egoexo {__version__}, written {datetime.datetime.now():%Y-%m-%d %H:%M}', **content)
    out.parent.mkdir(parents=True, exist_ok=True)
    # A lone surrogate, as in a file name that is no UTF-8, must not lose the page.
    out.write_bytes(html.encode('utf-8', errors='replace'))


def _is_finite(value: object) -> bool:
    return isinstance(value, int | float) and isfinite(value)


def _write_figures(folder: str | Path | None, sections: Sequence[Section]) -> None:
    """Write every named figure of the page."""
    if folder is None:
        return
    Path(folder).mkdir(parents=True, exist_ok=True)
    for part in (part for section in sections for part in section.parts):
        if isinstance(part, Picture) and part.figure is not None:
            part.figure.savefig(Path(folder) / f'{part.name}.png', dpi=200)
            part.figure.savefig(Path(folder) / f'{part.name}.pdf')
