"""Score saved predictions or pseudo-labels of segments against ego2exo.json."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from egoexo.errors import ConfigError, PredictionError, explain, printable
from egoexo.evaluation.functional.clip_groups import ClipGroup, ClipRow
from egoexo.evaluation.functional.transfer_groups import class_files, class_records, transfer_groups
from egoexo.evaluation.offline.clip_predictions import ClipPredictions, ListPredictions
from egoexo.evaluation.offline.clip_scores import (
    ClipScores,
    TruthList,
    add_common_arguments,
    choose_lists,
    match_rows,
    naming,
    tell,
)
from egoexo.evaluation.protocols.transfer import PROTOCOLS, get_protocols
from egoexo.formats.ego2exo import FILE_NAME, read_ego2exo
from egoexo.formats.pseudo_labels import read_pseudo_labels
from egoexo.formats.whole_file import write_whole
from egoexo.utils.tables import write_csv

__all__ = ['Annotations', 'PseudoLabelPredictions', 'add_arguments', 'list_rows', 'open_predictions', 'run', 'score']

_IDS = 'segment ids in decimal'


class Annotations:
    """Truth of the benchmark.

    Args:
        path (str | Path): ``ego2exo.json``, or the data root that holds it in ``metadata``.

    Attributes:
        path (Path): The file.
        class_names (tuple[str, ...]): By id.
        lists (dict[str, TruthList]): By name, e.g. ``'exo_val'``; lists without segments are left out.

    Raises:
        AnnotationError: If the file is missing or malformed.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path) / FILE_NAME if Path(path).is_dir() else Path(path)
        content = read_ego2exo(self.path)
        self.class_names = content.classes
        self.lists = {
            name: TruthList(self.path, [str(segment.segment_id) for segment in segments],
                            [segment.take_uid for segment in segments],
                            np.array([segment.label for segment in segments], np.int64))
            for name, segments in content.splits.items() if segments}


class PseudoLabelPredictions:
    """Labels of one list, from a text file ``id label [confidence]``; the same calls as :class:`ClipPredictions`.

    Args:
        path (str | Path): The file.
        annotations (Annotations): Whose lists the file may label.
        subset (str | None): List that it labels; None takes the one that it shares most ids with.

    Attributes:
        subsets (list[str]): That list alone.

    Raises:
        AnnotationError: If the file is malformed, or does not label each segment of the list once with a known class.
        PredictionError: If the list cannot be told.
    """

    def __init__(self, path: str | Path, annotations: Annotations, subset: str | None = None) -> None:
        self.path = Path(path)
        self._annotations = annotations
        self.subsets = [subset or self._find_list()]
        ids = annotations.lists[self.subsets[0]].ids
        self.labels = read_pseudo_labels(self.path, list(map(int, ids)), len(annotations.class_names)).labels

    def _find_list(self) -> str:
        labelled = {str(key) for key in read_pseudo_labels(self.path).labels}
        shared = {name: len(labelled.intersection(truth.ids)) for name, truth in self._annotations.lists.items()}
        best = [name for name, number in shared.items() if number and number == max(shared.values())]
        if len(best) != 1:
            counts = ', '.join(f'{number:,} of {name}' for name, number in shared.items())
            raise PredictionError(explain(
                self.path, f'labels for the segments of one list of {self._annotations.path}',
                f'{len(labelled):,} ids, of which are {counts}', 'Name the list with --subset (ego_val and exo_val '
                'hold the same segments), or check that the file belongs to this dataset.'))
        return best[0]

    def rows(self) -> list[ClipRow]:
        """One row per segment of the list, with an answer and no scores."""
        truth = self._annotations.lists[self.subsets[0]]
        return [ClipRow(name, uid, self.subsets[0], target, order=number, answer=np.array(self.labels[int(name)]))
                for number, (name, uid, target) in enumerate(zip(truth.ids, truth.uids, truth.targets, strict=True))]


def open_predictions(path: str | Path, annotations: Annotations,
                     subsets: Sequence[str] | None = None) -> ClipPredictions | PseudoLabelPredictions:
    """Open a file of predictions; ``.txt`` holds pseudo-labels.

    Args:
        path (str | Path): ``.npz`` of ``tools/test.py --dump``, the folder of ``--submission``, or a text file.
        annotations (Annotations): Truth.
        subsets (Sequence[str] | None): Lists to score.

    Raises:
        PredictionError: If the file cannot be used, or several lists are asked for of a file of labels.
        AnnotationError: If a text file is malformed or does not cover its list.
        ConfigError: If a list is not in the truth.
    """
    _refuse_unknown(annotations, subsets or ())
    if Path(path).suffix != '.txt':
        return ClipPredictions(path, ndim=2)
    if len(subsets or ()) > 1:
        raise PredictionError(explain(path, 'one list for a file of labels', f'{len(subsets)}: {", ".join(subsets)}',
                                      'Give one name to --subset.'))
    return PseudoLabelPredictions(path, annotations, subsets[0] if subsets else None)


def _refuse_unknown(annotations: Annotations, subsets: Sequence[str]) -> None:
    unknown = [name for name in subsets if name not in annotations.lists]
    if unknown:
        raise ConfigError(explain('--subset', f'lists with segments: {", ".join(annotations.lists)}',
                                  ', '.join(unknown), 'Choose among these.'))


def score(
        predictions: ClipPredictions | PseudoLabelPredictions, annotations: Annotations,
        subsets: Sequence[str] | None = None, protocols: Sequence[str] | str = 'official', num_bootstrap: int = 0,
        per_video: bool = False, per_class: bool = False) -> ClipScores:
    """Score saved predictions.

    Args:
        predictions (ClipPredictions | PseudoLabelPredictions): See :func:`open_predictions`.
        annotations (Annotations): Truth.
        subsets (Sequence[str] | None): Lists to score; None takes all that are predicted.
        protocols (Sequence[str] | str): Names, or ``'all'``.
        num_bootstrap (int): Resampled lists of takes for intervals, 0 for none.
        per_video (bool): Also make one record per take.
        per_class (bool): Also take the accuracy of each class.

    Returns:
        ClipScores: ``groups`` is empty if there is no truth for any of the lists.

    Raises:
        PredictionError: If a segment of a list has no prediction, a predicted one is unknown, or a prediction cannot be
            scored.
    """
    rules, notes = get_protocols(protocols), []
    groups: list[ClipGroup] = []
    for subset in choose_lists(predictions, subsets):
        rows = list_rows(predictions, annotations, subset)
        if not rows:
            notes.append(f'{printable(subset, 100)} not scored, no segments of this name in {annotations.path}')
            continue
        with naming(predictions.path):
            groups += transfer_groups(rows, rules, num_classes=len(annotations.class_names),
                                      num_bootstrap=num_bootstrap, per_video=per_video, per_class=per_class)
    groups.sort(key=lambda group: [protocol.name for protocol in rules].index(group.protocol))
    return ClipScores(groups, rules if groups else (), notes, annotations.class_names if per_class else None)


def list_rows(predictions: ClipPredictions | PseudoLabelPredictions, annotations: Annotations,
              subset: str) -> list[ClipRow]:
    """Prediction and truth of a list put together, in list order.

    Args:
        predictions (ClipPredictions | PseudoLabelPredictions): Which hold the list.
        annotations (Annotations): Truth.
        subset (str): Its name.

    Returns:
        list[ClipRow]: Empty if the truth has no such list.

    Raises:
        PredictionError: If a segment has no prediction, or a predicted one is none of the list.
    """
    if isinstance(predictions, PseudoLabelPredictions):
        return predictions.rows()
    truth = annotations.lists.get(subset)
    if truth is None:
        return []
    predicted = predictions.read(subset)
    _check_classes(predictions, predicted, subset, annotations)
    return match_rows(subset, predicted, truth, set, predictions.path, _IDS)[0]


def _check_classes(predictions: ClipPredictions, predicted: ListPredictions, subset: str,
                   annotations: Annotations) -> None:
    num_classes = len(annotations.class_names)
    if predicted.logits is None or predicted.logits.shape[1] != num_classes:
        found = 'none' if predicted.logits is None else f'shape {predicted.logits.shape}'
        raise PredictionError(explain(
            f'{predictions.path} array {subset}/logits', f'logits (n, {num_classes}) of the classes of '
            f'{annotations.path}', found, 'Score with the file that the model was trained on.'))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark.

    Args:
        parser (argparse.ArgumentParser): Parser of ``tools/evaluate.py transfer``.
    """
    add_common_arguments(
        parser, list(PROTOCOLS), f'{FILE_NAME} or another file of that form',
        '.npz of tools/test.py --dump, the folder of --submission, or a pseudo-label file "id label [confidence]" that '
        'ends in .txt')
    parser.add_argument('--per-class', metavar='FILE', help='write the accuracy of each class: .csv, or in the format '
                        'of the released test script with any other ending, one FILE_<list> per list')


def run(args: argparse.Namespace) -> int:
    """Score as the options say and print the result.

    Args:
        args (argparse.Namespace): Parsed options of :func:`add_arguments`.

    Returns:
        int: 0, or 2 if none of the lists could be scored.

    Raises:
        EgoExoError: If the files cannot be scored; see :func:`score`.
        OSError: If a result cannot be written.
    """
    annotations = Annotations(args.gt)
    names = 'all' if 'all' in args.protocol else args.protocol
    result = score(open_predictions(args.pred, annotations, args.subset), annotations, args.subset, names,
                   args.bootstrap, bool(args.per_video), bool(args.per_class))
    code = tell(result, args)
    if args.per_class and result.groups:
        _write_classes(Path(args.per_class), result)
    return code


def _write_classes(path: Path, result: ClipScores) -> None:
    if path.suffix == '.csv':
        write_csv(path, class_records(result.groups, result.class_names))
        return
    for file, text in class_files(path, result.groups).items():
        write_whole(file, text)
