"""Scores of several segmentation runs side by side: what may be subtracted, what may not, and means over seeds."""

import statistics
from collections.abc import Iterator, Sequence

from egoexo.evaluation.protocols.segmentation import PROTOCOLS
from egoexo.visualization.report_parts import Cell, Heading, Note, Table
from egoexo.visualization.report_scores import METRIC_NAMES, Score, ScoreBook, compare_rows

__all__ = ['compare_score_parts', 'seed_parts']

_UNKNOWN = 'hash not noted'


def compare_score_parts(books: Sequence[ScoreBook], headings: Sequence[Heading]) -> Iterator[Table | Note]:
    """One table per protocol and list, a column per run; differences are to the first run.

    A difference is shown where both runs were scored under the same protocol hash. It has an interval where the
    predictions of both are there: the bootstrap draws the same videos for both.

    Args:
        books (Sequence[ScoreBook]): Scores of every run.
        headings (Sequence[Heading]): One per run.

    Yields:
        Table | Note: Tables of the official protocol are open, the others folded.
    """
    protocols = dict.fromkeys(name for book in books for name in book.scores)
    for protocol in protocols:
        yield from _tell_hashes(protocol, books, headings)
        lists = dict.fromkeys(name for book in books for name in book.scores.get(protocol, {}))
        for subset in lists:
            yield from _list_table(protocol, subset, books, headings)
    yield from (Note(f'{heading.text}: {text}', 'warning')
                for book, heading in zip(books, headings, strict=True) for text in book.notes)


def _tell_hashes(protocol: str, books: Sequence[ScoreBook], headings: Sequence[Heading]) -> Iterator[Note]:
    """Say in words which runs followed other rules than the first."""
    if protocol not in books[0].scores:
        yield Note(f'Protocol {protocol}: {headings[0].text} has no scores under it, so there is nothing to subtract.',
                   'warning')
        return
    first = books[0].hashes.get(protocol, _UNKNOWN)
    others = [f'{heading.text} ({book.hashes.get(protocol, _UNKNOWN)})'
              for book, heading in zip(books[1:], headings[1:], strict=True)
              if protocol in book.scores and not _same_rules(protocol, books[0], book)]
    if others:
        yield Note(f'Protocol {protocol}: not the same rules as {headings[0].text} ({first}), so nothing is '
                   f'subtracted and none is called best: {", ".join(others)}. Score them again with this version: '
                   'tools/test.py --out, or tools/evaluate.py on saved predictions.', 'warning')


def _same_rules(protocol: str, one: ScoreBook, other: ScoreBook) -> bool:
    digest = one.hashes.get(protocol)
    return digest is not None and digest == other.hashes.get(protocol)


def _list_table(protocol: str, subset: str, books: Sequence[ScoreBook],
                headings: Sequence[Heading]) -> Iterator[Table]:
    """The whole list in an open table; its seen and unseen tasks in a folded one."""
    scores = [book.scores.get(protocol, {}).get(subset, {}) for book in books]
    names = [name for name in dict.fromkeys(name for item in scores for name in item)
             if name.rpartition('/')[2] in METRIC_NAMES]
    comparable = [place == 0 or _same_rules(protocol, books[0], book) for place, book in enumerate(books)]
    counts = [book.counts.get(protocol, {}).get(subset, {}) for book in books]
    paired = [compare_rows(counts[0], rows) if place and comparable[place] else {} for place, rows in enumerate(counts)]
    rows: dict[bool, list] = {True: [], False: []}
    for name in names:
        column = [item.get(name) for item in scores]
        best = _best(column) if all(comparable) else None
        rows['/' not in name].append([name, *(
            _cell(score, column[0], differences.get(name), place > 0 and comparable[place], best)
            for place, (score, differences) in enumerate(zip(column, paired, strict=True)))])
    for whole, found in rows.items():
        if found:
            yield _as_table(protocol, subset, found, books, headings, whole)


def _best(column: Sequence[Score | None]) -> float | None:
    values = [score.value for score in column if score is not None]
    return max(values) if len(values) > 1 else None


def _cell(score: Score | None, first: Score | None, paired: tuple | None, subtract: bool,
          best: float | None) -> Cell:
    if score is None:
        return Cell(None)
    lines = [(f'{score.interval[0]:.1f} to {score.interval[1]:.1f}', '')] if score.interval else []
    if subtract and paired is not None:
        value, low, high = paired
        mark = 'better' if low > 0 else 'worse' if high < 0 else ''
        lines.append((f'{value:+.1f} [{low:+.1f}, {high:+.1f}]', mark))
    elif subtract and first is not None:
        lines.append((f'{score.value - first.value:+.1f}', ''))
    return Cell(score.value, lines, 'best' if best is not None and score.value == best else '')


def _as_table(protocol: str, subset: str, rows: list, books: Sequence[ScoreBook], headings: Sequence[Heading],
              whole: bool) -> Table:
    sizes = [book.num_videos.get(subset) for book in books]
    known = sorted({size for size in sizes if size is not None})
    videos = f'{known[0]} videos' if len(known) == 1 else (
        'videos: ' + ', '.join(f'{heading.text} {"?" if size is None else size}'
                               for size, heading in zip(sizes, headings, strict=True)))
    digests = dict.fromkeys(book.hashes.get(protocol, _UNKNOWN) for book in books if protocol in book.scores)
    title = f'{subset}, {videos}, protocol {protocol} [{" / ".join(digests)}]'
    if not whole:
        return Table(('', *headings), rows, f'Seen and unseen tasks of {title}',
                     f'Percent, with its 95 % interval over videos and the difference to {headings[0].text}.',
                     folded=True, wide=True)
    note = (f'Percent. Below each value its 95 % interval over videos, then the difference to {headings[0].text}; in '
            'brackets its 95 % interval, paired by video, coloured where it leaves out 0.')
    rules = PROTOCOLS.get(protocol)
    folded = protocol != 'official'
    return Table(('', *headings), rows, title, f'{rules.description} {note}' if rules and folded else note,
                 folded=folded, wide=True)


def seed_parts(books: Sequence[ScoreBook], groups: Sequence[int], names: Sequence[str],
               seeds: Sequence[str]) -> Iterator[Table | Note]:
    """Mean and standard deviation over the seeds of each experiment.

    Args:
        books (Sequence[ScoreBook]): Scores of every run.
        groups (Sequence[int]): Number of the experiment of each run.
        names (Sequence[str]): What each run is called in this table, e.g. its config.
        seeds (Sequence[str]): Seed of each run.

    Yields:
        Table | Note: One table under the official protocol; nothing when no experiment has two runs.
    """
    rows = []
    for group in dict.fromkeys(groups):
        places = [place for place, number in enumerate(groups) if number == group]
        if len(places) < 2:
            continue
        digests = {books[place].hashes.get('official') for place in places}
        if len(digests) != 1 or None in digests:
            yield Note(f'No mean over the seeds of {names[places[0]]}: their protocol hashes differ or were not noted.',
                       'warning')
            continue
        lists = [books[place].scores.get('official', {}) for place in places]
        for subset in (name for name in lists[0] if all(name in item for item in lists)):
            cells = []
            for name in METRIC_NAMES:
                values = [item[subset][name].value for item in lists if name in item[subset]]
                cells.append(Cell(statistics.fmean(values), ((f'± {statistics.stdev(values):.2f}', ''),))
                             if len(values) == len(places) else None)
            rows.append([names[places[0]], ', '.join(seeds[place] or '?' for place in places), subset, *cells])
    if rows:
        yield Table(('experiment', 'seeds', 'list', *METRIC_NAMES), rows,
                    'Mean and standard deviation over seeds, protocol official',
                    'Runs whose settings differ in the seed alone. The standard deviation is that of the sample '
                    '(n - 1); with two seeds it says little.', percent=True)
