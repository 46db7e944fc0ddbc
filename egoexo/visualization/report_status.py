"""How a run ended, and what to do when it did not end well."""

from collections.abc import Iterator

from egoexo.visualization.report_parts import Note
from egoexo.visualization.report_run import Run

__all__ = ['status_notes', 'status_word']

_WORDS = {'finished': 'finished', 'failed': 'FAILED', 'running': 'never ended'}


def status_word(run: Run) -> str:
    """Outcome of the newest command in a word or two.

    Args:
        run (Run): What was read from the work directory.

    Returns:
        str: ``'finished'``, ``'FAILED'``, ``'never ended'`` or ``'not noted'``, after the name of the tool.
    """
    if not run.commands:
        return 'not noted'
    newest = run.commands[-1]
    return f'{newest.get("tool", "run")} {_WORDS.get(str(newest.get("status")), "(end not noted)")}'


def status_notes(run: Run) -> Iterator[Note]:
    """Warnings about the newest command, and about the newest training when that is another one.

    Args:
        run (Run): What was read from the work directory.

    Yields:
        Note: With the message of the error and the command that goes on; none when all ended well.
    """
    newest = run.commands[-1:]
    trained = [entry for entry in run.commands if entry.get('tool') == 'train'][-1:]
    for entry in newest + [entry for entry in trained if entry not in newest]:
        status, tool = entry.get('status'), str(entry.get('tool', 'run'))
        what = {'train': 'training', 'test': 'test'}.get(tool, tool)
        begun = f'The newest {what} of {run.work_dir}, begun {entry.get("started", "at an unknown time")},'
        if status == 'failed':
            yield Note(f'{begun} FAILED with {entry.get("error", "an error")}: '
                       f'{entry.get("message") or "(no message)"}\n{_remedy(entry)}', 'error')
        elif status == 'running':
            last = f' Last log line: {run.times[1]:%Y-%m-%d %H:%M:%S}.' if run.times else ''
            yield Note(f'{begun} NEVER ENDED: when this page was written it was still running, or it had been killed.'
                       f'{last}\n{_remedy(entry)}', 'error')


def _remedy(entry: dict) -> str:
    command = str(entry.get('command', ''))
    if not command:
        return 'The command line was not kept.'
    if entry.get('tool') == 'train':
        resumed = command if '--resume' in command.split() else f'{command} --resume'
        return f'To go on from the newest checkpoint that loads: {resumed}'
    return f'To do it again: {command}'
