"""Which class is taken for which."""

from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.figure import Figure

from egoexo.visualization.fit_text import text_width
from egoexo.visualization.palette import display_name, ink_on

__all__ = ['count_confusions', 'draw_confusion_matrix']


def count_confusions(pairs: Iterable[tuple[np.ndarray, np.ndarray]], num_classes: int) -> np.ndarray:
    """Count frames by true and predicted class.

    Args:
        pairs (Iterable[tuple[np.ndarray, np.ndarray]]): Truth (G,) and prediction (P,), P >= G, of each video;
            predicted frames beyond the truth are not counted.
        num_classes (int): C.

    Returns:
        np.ndarray: int64, (C, C); rows are true classes.

    Raises:
        ValueError: If an id is outside 0 .. C - 1 or a prediction is shorter than its truth.
    """
    counts = np.zeros(num_classes * num_classes, dtype=np.int64)
    for truth, prediction in pairs:
        if len(prediction) < len(truth):
            raise ValueError(f'prediction has {len(prediction)} frames, expected at least the {len(truth)} of the '
                             'truth; check that both are at the same frame rate.')
        prediction = prediction[:len(truth)]
        for what, labels in (('truth', truth), ('prediction', prediction)):
            if labels.min() < 0 or labels.max() >= num_classes:
                raise ValueError(f'{what} holds class ids {labels.min()} to {labels.max()}, expected 0 to '
                                 f'{num_classes - 1}.')
        counts += np.bincount(truth.astype(np.int64) * num_classes + prediction, minlength=counts.size)
    return counts.reshape(num_classes, num_classes)


def draw_confusion_matrix(counts: np.ndarray, class_names: Sequence[str], title: str = '') -> Figure:
    """Draw the share of each true class that was given each label; classes that never occur are left out.

    Args:
        counts (np.ndarray): Frames or segments, (C, C), rows are true classes.
        class_names (Sequence[str]): C names.
        title (str): Head line.

    Returns:
        matplotlib.figure.Figure: Percent of a row; cells of 10 % and more carry their number.

    Raises:
        ValueError: If ``counts`` is no square matrix of the size of ``class_names``, or is empty.
    """
    if counts.shape != (len(class_names), len(class_names)):
        raise ValueError(f'confusion matrix has shape {counts.shape}, expected {(len(class_names),) * 2} from the '
                         'class names.')
    if not counts.any():
        raise ValueError('confusion matrix holds no frame and no segment; expected at least one scored video.')
    present = np.flatnonzero(counts.sum(0) + counts.sum(1))
    shown = counts[np.ix_(present, present)]
    percent = 100 * shown / np.maximum(shown.sum(1, keepdims=True), 1)
    names = [f'{display_name(class_names[index])} {index}' for index in present]
    cell, margin = 0.205, max(text_width(name, 6.5) for name in names) + 0.4
    side = cell * len(present)
    width, height = side + margin + 0.1, side + margin + (0.3 if title else 0.1)
    figure = Figure(figsize=(width, height), facecolor='white')
    axes = figure.add_axes((margin / width, margin / height, side / width, side / height))
    image = axes.imshow(percent, cmap='Blues', vmin=0, vmax=100, aspect='auto')
    axes.set_xticks(range(len(present)), names, rotation=90, fontsize=6.5)
    axes.set_yticks(range(len(present)), names, fontsize=6.5)
    axes.set_xlabel('predicted', fontsize=7.5)
    axes.set_ylabel('true', fontsize=7.5)
    axes.set_title(title, fontsize=8.5, weight='bold', loc='left')
    axes.tick_params(length=0)
    axes.set_xticks(np.arange(len(present) - 1) + 0.5, minor=True)
    axes.set_yticks(np.arange(len(present) - 1) + 0.5, minor=True)
    axes.grid(which='minor', color='#eeeeee', linewidth=0.5)
    axes.spines[:].set(color='#bbbbbb', linewidth=0.6)
    axes.tick_params(which='minor', length=0)
    for row, column in np.argwhere(percent >= 10):
        axes.text(column, row, f'{percent[row, column]:.0f}', ha='center', va='center', fontsize=5.8,
                  color=ink_on(image.cmap(image.norm(percent[row, column]))))
    return figure
