"""Writes docs/fault_results.md from the counts of a full run."""

import datetime
import importlib.metadata
import json
import os
import platform
import tempfile
from pathlib import Path

from tests_support import REPO

PAGE = REPO / 'docs' / 'fault_results.md'
COUNTS = ('kills', 'resumes', 'equal')


def new_ledger():
    """An empty file in a folder of its own."""
    ledger = Path(tempfile.mkdtemp(prefix='egoexo-fault-')) / 'ledger.jsonl'
    ledger.touch()
    return ledger


def summarise(lines):
    """Sum the counts of each family.

    Args:
        lines (Iterable[str]): One JSON object per case.

    Returns:
        dict[str, dict[str, int]]: Family -> kills, resumes, equal, cases; in alphabetical order.
    """
    table = {}
    for line in lines:
        case = json.loads(line)
        row = table.setdefault(case['family'], dict.fromkeys((*COUNTS, 'cases'), 0))
        for name in COUNTS:
            row[name] += case[name]
        row['cases'] += 1
    return dict(sorted(table.items()))


def processor():
    """Name of the CPU."""
    for line in Path('/proc/cpuinfo').read_text().splitlines():
        if line.startswith('model name'):
            return line.split(':', 1)[1].strip()
    return platform.machine()


def write_page(ledger, seed, seconds):
    """Write the page.

    Args:
        ledger (Path): Counts of all cases.
        seed (int): Value of --fault-seed.
        seconds (float): Wall time of the whole run.
    """
    table = summarise(ledger.read_text().splitlines())
    total = {name: sum(row[name] for row in table.values()) for name in (*COUNTS, 'cases')}
    versions = ', '.join(f'{name} {importlib.metadata.version(name)}' for name in ('torch', 'mmengine', 'numpy'))
    rows = [f'| {family} | {row["cases"]} | {row["kills"]} | {row["resumes"]} | {row["equal"]} |'
            for family, row in [*table.items(), ('**all**', total)]]
    PAGE.write_text('\n'.join([
        '# Results of the fault tests', '',
        'Written by `make fault`; do not edit. What is killed and what is compared: [Reliability](reliability.md).', '',
        f'- Date: {datetime.date.today()}, seed {seed}',
        f'- Versions: Python {platform.python_version()}, {versions}',
        f'- Machine: {os.cpu_count()} cores, {processor()}, {platform.system()}',
        f'- Time: {seconds / 60:.1f} minutes', '',
        'A case is killed once or several times and resumed after each kill. "Equal" counts the resumes of cases whose '
        'finished run had the same sha256 over weights, averaged weights, optimizer and schedulers, the same best '
        'score, best weights and files as the uninterrupted one. There are '
        'fewer kills than resumes where a run that is killed from outside was over first.', '',
        '| family | cases | kills | resumes | equal |', '|---|---|---|---|---|', *rows, '']), encoding='utf-8')
