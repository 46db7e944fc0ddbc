"""Chapter of the report on inputs: what was listed, used, skipped or failed, whatever the benchmark."""

from collections.abc import Iterator, Sequence

from egoexo.visualization.report_parts import Note, Table
from egoexo.visualization.report_run import Run
from egoexo.visualization.report_videos import VideoList

__all__ = ['input_parts']


def input_parts(run: Run, lists: Sequence[VideoList] = ()) -> Iterator[Table | Note]:
    """Say which inputs a run used and which it did not.

    Args:
        run (Run): What was read from the work directory.
        lists (Sequence[VideoList]): Lists of the test with the videos that have a prediction; empty where the
            benchmark does not look at single videos.

    Yields:
        Table | Note: Content of the chapter.
    """
    if run.inputs is None:
        yield Note('It was not noted which inputs this run left out (no inputs.json).', 'warning')
    else:
        yield from _noted_parts(run.inputs)
    if lists:
        yield from _predicted_parts(run, lists)


def _noted_parts(inputs: dict[str, list[dict]]) -> Iterator[Table | Note]:
    rows, missing, left_out = [], [], []
    for loader, lists in inputs.items():
        for item in lists:
            subset, problems = str(item.get('subset', '?')), item.get('left_out')
            problems = problems if isinstance(problems, dict) else {}
            state = 'list missing, skipped' if item.get('missing') else (
                f'{len(problems)} left out' if problems else 'all used')
            rows.append([loader, subset, item.get('listed'), item.get('used'), len(problems), state])
            missing += [f'{loader}: {subset} ({item.get("ann_file", "")})'] if item.get('missing') else []
            left_out += [[loader, subset, str(name), '; '.join(map(str, why)) if isinstance(why, list) else str(why)]
                         for name, why in problems.items()]
    yield Table(('used for', 'list', 'listed', 'used', 'left out', 'state'), rows, 'What the run read')
    if missing:
        yield Note(f'{len(missing)} list(s) do not exist and were skipped, as the config allows (missing_list): '
                   f'{"; ".join(missing)}.', 'warning')
    if left_out:
        yield Table(('used for', 'list', 'sample', 'why it was left out'), left_out,
                    f'{len(left_out)} samples were left out', folded=len(left_out) > 20)
    elif not missing:
        yield Note('No input was left out and no list was missing.')


def _predicted_parts(run: Run, lists: Sequence[VideoList]) -> Iterator[Table | Note]:
    predicted = {item.subset: item.listed - len(item.left_out) if run.predictions is not None else None
                 for item in lists}
    rows = [[item.subset, item.listed, predicted[item.subset], item.scored, item.problem or 'read'] for item in lists]
    yield Table(('list', 'videos listed', 'predicted', 'scored here', 'list file'), rows,
                'Predictions and truth found by this page')
    left_out = [f'{item.subset}/{uid}' for item in lists for uid in item.left_out]
    if run.predictions is None:
        yield Note('Without predictions.npz it is unknown which videos were predicted.', 'warning')
    elif left_out:
        yield Note('\n'.join(left_out), 'code', f'{len(left_out)} listed videos have no prediction')
    else:
        yield Note('Every listed video has a prediction.')
