#!/usr/bin/env python
"""Draw the accuracy of each class of text labels, a source-only model and a LaGTran model side by side.

Usage: python tools/analysis/compare_text_vision.py --gt data/ego2exo --view exo --out pictures \\
    'text labels=work_dirs/lagtran/text/pseudo_labels.txt' 'source only=work_dirs/ego/predictions.npz' \\
    'LaGTran=work_dirs/lagtran/predictions.npz'
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from egoexo.apis import cli
from egoexo.errors import ConfigError, PredictionError, explain
from egoexo.evaluation.functional.transfer import METRICS, class_accuracies, confusion_matrix
from egoexo.evaluation.functional.transfer_groups import transfer_groups
from egoexo.evaluation.offline.clip_scores import naming
from egoexo.evaluation.offline.transfer import Annotations, list_rows, open_predictions
from egoexo.evaluation.protocols.transfer import get_protocols
from egoexo.utils.tables import format_table
from egoexo.visualization.class_accuracy import draw_class_accuracy
from egoexo.visualization.confusion_matrix import draw_confusion_matrix


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Command line of this tool."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('sources', nargs='+', metavar='NAME=FILE', help='what to draw, in order: an .npz of '
                        'tools/test.py --dump, or a pseudo-label file that ends in .txt')
    parser.add_argument('--gt', required=True, help='ego2exo.json, or the data root that holds it')
    parser.add_argument('--view', required=True, choices=('ego', 'exo'), help='the target: models are looked at on '
                        '<view>_val, pseudo-labels on <view>_train')
    parser.add_argument('--out', required=True, type=Path, metavar='DIR', help='folder for the pictures')
    parser.add_argument('--format', nargs='+', default=['png'], choices=('png', 'pdf', 'svg'))
    return parser.parse_args(argv)


class Source(NamedTuple):
    """One set of bars.

    Args:
        name (str): As given.
        subset (str): List that it is scored on.
        confusions (np.ndarray): Segments by true and predicted class, (C, C) int64.
        scores (dict[str, float]): Percent by metric, official protocol.
    """

    name: str
    subset: str
    confusions: np.ndarray
    scores: dict[str, float]


def read_source(name: str, path: str, view: str, annotations: Annotations) -> Source:
    """Score one source on its list of the target.

    Args:
        name (str): Name for readers.
        path (str): Predictions of a model, or pseudo-labels.
        view (str): The target.
        annotations (Annotations): Truth.

    Returns:
        Source: Models are scored on ``<view>_val``, pseudo-labels on ``<view>_train``.

    Raises:
        EgoExoError: If the file cannot be scored.
    """
    subset = f'{view}_train' if Path(path).suffix == '.txt' else f'{view}_val'
    predictions = open_predictions(path, annotations, [subset])
    if subset not in predictions.subsets:
        raise PredictionError(explain(predictions.path, f'predictions for {subset}',
                                      f'those for {", ".join(predictions.subsets)} only', 'Check --view.'))
    rows, num_classes = list_rows(predictions, annotations, subset), len(annotations.class_names)
    with naming(predictions.path):
        group, = transfer_groups(rows, get_protocols('official'), num_classes=num_classes)
    labels = np.array([row.target for row in rows])
    answers = np.array([row.answer if row.logits is None else row.logits.argmax() for row in rows])
    return Source(name, subset, confusion_matrix(labels, answers, num_classes), group.scores)


def draw(sources: Sequence[Source], class_names: Sequence[str], view: str) -> dict[str, Figure]:
    """The pictures.

    Args:
        sources (Sequence[Source]): In the order of the bars.
        class_names (Sequence[str]): C names.
        view (str): The target.

    Returns:
        dict[str, matplotlib.figure.Figure]: By file name without its ending. Classes are ordered by their segments in
        the list of the last source.
    """
    found = {f'{source.name}, {source.subset}': class_accuracies(source.confusions) for source in sources}
    figures = {f'class_accuracy_{view}': draw_class_accuracy(
        {name: np.where(support > 0, 100 * values, np.nan) for name, (values, support) in found.items()}, class_names,
        supports=list(found.values())[-1][1], title=f'Accuracy of each class, target {view}')}
    for number, source in enumerate(sources, 1):
        figures[f'confusion_{view}_{number}'] = draw_confusion_matrix(
            source.confusions, class_names, f'{source.name}, {source.subset}')
    return figures


def score_lines(sources: Sequence[Source]) -> list[list[str]]:
    """Table of scores, header first.

    Args:
        sources (Sequence[Source]): What was scored.
    """
    return [['Source', 'List', 'Segments', *METRICS]] + [
        [source.name, source.subset, str(source.confusions.sum()),
         *(f'{source.scores[name]:.2f}' if name in source.scores else '-' for name in METRICS)] for source in sources]


@cli.readable_errors
def main(argv: Sequence[str] | None = None) -> list[Path]:
    """Draw and print.

    Args:
        argv (Sequence[str], optional): Arguments; None takes those of the process.

    Returns:
        list[Path]: The files.
    """
    args = parse_args(argv)
    named = dict(source.partition('=')[::2] for source in args.sources)
    if len(named) < len(args.sources) or not all(name and path for name, path in named.items()):
        raise ConfigError(explain('the sources', 'NAME=FILE, each name once', ', '.join(args.sources),
                                  "Write e.g. 'LaGTran=work_dirs/lagtran/predictions.npz'."))
    annotations = Annotations(args.gt)
    sources = [read_source(name, path, args.view, annotations) for name, path in named.items()]
    print(format_table(score_lines(sources)))
    args.out.mkdir(parents=True, exist_ok=True)
    files = []
    for stem, figure in draw(sources, annotations.class_names, args.view).items():
        for ending in args.format:
            files.append(args.out / f'{stem}.{ending}')
            figure.savefig(files[-1], dpi=200)
            print(files[-1])
    return files


if __name__ == '__main__':
    main()
