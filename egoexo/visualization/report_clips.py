"""What report pages over rows of lists share: predictions joined with their truth, tables of scores.

For anticipation, planning and transfer.
"""

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from mmengine.logging import print_log

from egoexo.errors import EgoExoError
from egoexo.registry import DATASETS
from egoexo.visualization.report_inputs import input_parts
from egoexo.visualization.report_parts import Card, Cell, Fraction, Note, Section, Table
from egoexo.visualization.report_run import Run

__all__ = ['ClipList', 'ClipResults', 'absent_note', 'list_parts', 'read_clips', 'reported_cards', 'score_cell',
           'score_parts', 'split_scores', 'train_targets']

_END = re.compile(r'_(low|high|sd)$')


@dataclass
class ClipList:
    """One list of the test data loader and what became of its samples.

    Args:
        subset (str): Name of the list, e.g. ``'ego_val'``.
        view (str): ``'ego'``, ``'exo'`` or empty.
        listed (int): Rows of the list.
        infos (list[dict]): Meta information of the rows that have a prediction, in list order.
        targets (np.ndarray | None): Their truth, (n, C), (n, Z) or (n,); None without predictions.
        logits (np.ndarray | None): Their predictions, (n, C) or (n, Z, C).
        past (list[tuple[int, ...]]): Steps already done, where the data set tells them.
        problem (str): Why the list could not be read.
    """

    subset: str
    view: str = ''
    listed: int = 0
    infos: list[dict] = field(default_factory=list, repr=False)
    targets: np.ndarray | None = field(default=None, repr=False)
    logits: np.ndarray | None = field(default=None, repr=False)
    past: list[tuple[int, ...]] = field(default_factory=list, repr=False)
    problem: str = ''

    def pick(self, index: int) -> tuple[dict, np.ndarray, np.ndarray]:
        """Meta information, truth and prediction of one sample."""
        return self.infos[index], self.targets[index], self.logits[index]


@dataclass
class ClipResults:
    """What the chapters are made of.

    Args:
        lists (list[ClipList]): Lists of the test.
        names (tuple[str, ...]): Class names by id.
        scores (dict[str, dict[str, dict[str, float]]]): ``[prefix][list][metric]``; the prefix is a protocol, a
            decoding or both, and empty for the reported numbers.
    """

    lists: list[ClipList]
    names: tuple[str, ...]
    scores: dict[str, dict[str, dict[str, float]]]

    @property
    def predicted(self) -> list[ClipList]:
        """Lists with predictions and truth."""
        return [item for item in self.lists if item.logits is not None and len(item.logits)]


def split_scores(metrics: Mapping[str, float], known: Callable[[str], bool]) -> dict[str, dict[str, dict[str, float]]]:
    """Sort flat keys ``[<prefix>/]<list>/<metric>``.

    Args:
        metrics (Mapping[str, float]): By key.
        known (Callable[[str], bool]): Whether a name, without ``_low``, ``_high`` and ``_sd``, is a metric.

    Returns:
        dict[str, dict[str, dict[str, float]]]: ``[prefix][list][metric]``; other keys are left out.

    Examples:
        >>> split_scores({'argmax/ego_val/1-AUED': 0.3, 'ego_val/1-AUED': 0.2, 'lr': 1.0}, lambda name: 'AUED' in name)
        {'argmax': {'ego_val': {'1-AUED': 0.3}}, '': {'ego_val': {'1-AUED': 0.2}}}
    """
    table: dict[str, dict[str, dict[str, float]]] = {}
    for key, value in metrics.items():
        front, _, name = key.rpartition('/')
        prefix, _, subset = front.rpartition('/')
        if subset and known(_END.sub('', name)):
            table.setdefault(prefix, {}).setdefault(subset, {})[name] = value
    return table


def read_clips(run: Run, target_field: str, known: Callable[[str], bool]) -> ClipResults:
    """Look up the lists of a run and join their predictions with the truth; no feature is opened.

    Args:
        run (Run): What was read from the work directory.
        target_field (str): ``'gt_class_targets'``, ``'gt_future_steps'`` or ``'gt_label'``.
        known (Callable[[str], bool]): See :func:`split_scores`.

    Returns:
        ClipResults: Parts are empty where files are absent.
    """
    lists, names = [], ()
    for config in run.datasets('test') or run.datasets('val'):
        found = ClipList(str(config.get('subset') or config.get('ann_file')), str(config.get('view') or ''))
        lists.append(found)
        try:
            dataset = _build(config, target_field)
            found.subset, found.view = dataset.subset, dataset.view
            names = names or tuple(dataset.metainfo.get('classes') or ())
            _join(found, dataset, run.predictions or {}, target_field)
        except Exception as error:  # of a class that need not be ours: one list must not take the page down
            found.problem = str(error) if isinstance(error, EgoExoError) else f'{type(error).__name__}: {error}'
            found.logits = None
    width = max((item.logits.shape[-1] for item in lists if item.logits is not None), default=0)
    names = (*names, *(f'class {index}' for index in range(len(names), width)))
    return ClipResults(lists, names, split_scores(run.metrics, known))


def _build(config: Mapping, target_field: str) -> object:
    """The data set of a list, without features: segments open them when the list is filled, which is not done here."""
    settings = {key: value for key, value in config.items() if key not in ('lazy_init', 'pipeline')}
    return DATASETS.build(settings | ({'lazy_init': True} if target_field == 'gt_label' else {'with_features': False}))


def _infos(dataset: object, target_field: str) -> list[dict]:
    """Rows of a list as far as they are known without features."""
    if target_field == 'gt_label':
        return dataset.list_samples()
    return [dataset.get_data_info(index) for index in range(len(dataset))]


def _truths(dataset: object, infos: Sequence[dict], target_field: str) -> list[dict[str, np.ndarray]]:
    """Fields of ground truth of some rows."""
    if target_field != 'gt_label':
        return [dataset.targets(info) for info in infos]
    if not all('label' in info for info in infos):
        raise ValueError(f'{dataset.subset} has no labels')
    return [{'gt_label': np.array(info['label'])} for info in infos]


def _join(found: ClipList, dataset: object, predictions: Mapping[str, np.ndarray], target_field: str) -> None:
    """Fill in what is predicted."""
    infos = _infos(dataset, target_field)
    found.listed = len(infos)
    ids, logits = (predictions.get(f'{found.subset}/{kind}') for kind in ('ids', 'logits'))
    if ids is None or logits is None:
        return
    if len(ids) != len(logits):
        raise ValueError(f'predictions.npz holds {len(ids)} ids and {len(logits)} predictions of {found.subset}')
    places = {name: place for place, name in enumerate(ids.tolist())}
    found.infos = [info for info in infos if info['sample_id'] in places]
    if found.infos:
        found.logits = np.asarray(logits, dtype=np.float32)[[places[info['sample_id']] for info in found.infos]]
        truths = _truths(dataset, found.infos, target_field)
        found.targets = np.stack([truth[target_field] for truth in truths])
        found.past = [tuple(truth['gt_past_steps'].tolist()) for truth in truths if 'gt_past_steps' in truth]
        if found.logits.ndim != found.targets.ndim + (target_field != 'gt_class_targets') or (
                found.logits.shape[:found.targets.ndim] != found.targets.shape):
            raise ValueError(f'predictions of {found.subset} have shape {found.logits.shape}, their truth '
                             f'{found.targets.shape}')


def train_targets(run: Run, target_field: str, view: str = '') -> np.ndarray | None:
    """Truth of the training lists.

    Args:
        run (Run): With a config.
        target_field (str): As for :func:`read_clips`.
        view (str): Only lists of this view; empty for all.

    Returns:
        np.ndarray | None: Rows of all lists; None if there is none that can be read.
    """
    rows = []
    for config in run.datasets('train'):
        try:
            dataset = _build(config, target_field)
            if not view or dataset.view == view:
                rows += [dataset.targets(dataset.get_data_info(index))[target_field] for index in range(len(dataset))]
        except Exception as error:  # of a class that need not be ours, or of files that moved
            print_log(f'a training list of {run.name} cannot be read ({type(error).__name__}: {error}); the level of '
                      'its class frequencies is not drawn.', 'current', logging.WARNING)
            return None
    return np.stack(rows) if rows else None


def reported_cards(results: ClipResults, metric: str, digits: int, details: Mapping[str, str],
                   title: str = '') -> list[Card]:
    """The reported number of every list for the head of the page.

    Args:
        results (ClipResults): Of the run.
        metric (str): Reported metric.
        digits (int): Behind the point.
        details (Mapping[str, str]): Metrics printed small, with their short names.
        title (str): Of the metric; its own name without.

    Returns:
        list[Card]: One per list; empty without metrics.
    """
    return [Card(f'{title or metric}, {subset}', f'{scores[metric]:.{digits}f}',
                 ', '.join(f'{short} {scores[name]:.{digits}f}' for name, short in details.items() if name in scores))
            for subset, scores in results.scores.get('', {}).items() if metric in scores]


def score_parts(run: Run, results: ClipResults, metrics: Sequence[str], default: str, note: str,
                percent: bool) -> Iterator[Table | Note]:
    """The reported metric by view and split, then all metrics, one table per protocol and decoding.

    Args:
        run (Run): What was read from the work directory.
        results (ClipResults): Of the same run.
        metrics (Sequence[str]): Columns; the first is the reported one.
        default (str): What the keys without a prefix are, e.g. ``'clean'``.
        note (str): Sentence below each table.
        percent (bool): The values are percent.
    """
    if not results.scores:
        yield Note('No metrics were found: neither scalars.json of a test nor a validation in the log.', 'warning')
        return
    kind = float if percent else Fraction
    yield from _grid(results.scores.get('', {}), metrics[0], kind)
    digests = run.score_info.get('protocols')
    digests = digests if isinstance(digests, Mapping) else {}
    sizes = {item.subset: item.listed for item in results.lists if item.listed}
    for prefix, lists in sorted(results.scores.items()):
        shown = [name for name in metrics if any(name in scores for scores in lists.values())]
        rows = [[subset, sizes.get(subset), *(score_cell(scores, name, kind) for name in shown)]
                for subset, scores in lists.items()]
        digest = digests.get(prefix.partition('/')[0] if prefix.partition('/')[0] in digests else default)
        title = f'{prefix or default} [{digest or "hash not noted"}]'
        yield Table(('list', 'rows', *shown), rows, title, f'{note} From: {run.metrics_from}.', percent=percent,
                    folded=bool(prefix))


def score_cell(scores: Mapping[str, float], name: str, kind: type[float] = float) -> Cell | None:
    """A score with its interval and its deviation, where they are known, below it.

    Args:
        scores (Mapping[str, float]): By name; ``<name>_low``, ``<name>_high`` and ``<name>_sd`` among them.
        name (str): Metric.
        kind (type[float]): ``float`` or :class:`Fraction`.

    Returns:
        Cell | None: None without the score.
    """
    value = scores.get(name)
    if value is None:
        return None
    lines = []
    if {f'{name}_low', f'{name}_high'} <= scores.keys():
        lines.append((f'{scores[f"{name}_low"]:.3g} to {scores[f"{name}_high"]:.3g}', ''))
    if f'{name}_sd' in scores:
        lines.append((f'± {scores[f"{name}_sd"]:.2g} of the draws', ''))
    return Cell(kind(value), lines)


def _grid(lists: Mapping[str, Mapping[str, float]], metric: str, kind: type[float]) -> Iterator[Table]:
    """The reported metric, views below each other and splits side by side."""
    views: dict[str, dict[str, float]] = {}
    for subset, scores in lists.items():
        view, _, split = subset.rpartition('_')
        if metric in scores and view:
            views.setdefault(view.replace('_', ' '), {})[split] = kind(scores[metric])
    splits = list(dict.fromkeys(split for row in views.values() for split in row))
    if views:
        yield Table((metric, *splits), [[view, *(row.get(split) for split in splits)] for view, row in views.items()],
                    f'Reported: {metric} by view and split', percent=kind is float)


def absent_note(what: str) -> Note:
    """Says why a picture is not there."""
    return Note(f'No {what}: this needs predictions.npz (tools/test.py --dump) and the annotation files that the '
                'config names.', 'warning')


def list_parts(run: Run, results: ClipResults) -> Section:
    """Chapter on what was listed, predicted and left out."""
    rows = [[item.subset, item.listed, len(item.infos) if run.predictions is not None else None,
             item.problem or 'read'] for item in results.lists]
    found = Table(('list', 'rows listed', 'predicted', 'list file'), rows, 'Predictions and truth found by this page')
    return Section('Inputs and what was left out', [*input_parts(run), *([found] if rows else [])])
