"""Scoring protocols of correspondence (Ego-Exo4D relations).

They differ in which frames count, at which size masks are compared, and what is done with a prediction of another size.
"""

import dataclasses
from collections.abc import Sequence

from egoexo.evaluation.protocols.base import Protocol, look_up

__all__ = ['PROTOCOLS', 'CorrespondenceProtocol', 'get_protocols']


@dataclasses.dataclass(frozen=True)
class CorrespondenceProtocol(Protocol):
    """Rules of one protocol.

    Args:
        frames (str): Query frames that count. ``'annotated'``: those in which annotators looked for the object in the
            target view. ``'both'``: of these the ones in which they found it. ``'masks'``: all with a target mask.
        every (int): Of the frames that count every so many-th of a direction is scored, the first one included.
        size (str): Where masks are compared. ``'target'``: at the size of the true mask with its longer side brought
            to ``longest``. ``'prediction'``: at the size of the prediction. ``'square'``: in a square of ``longest``,
            proportions lost.
        resize_pred (str): A prediction of another size is an ``'error'`` or resized to the ``'nearest'`` pixel.
        missing (str): A frame that counts and has no prediction is an ``'error'``, or has an ``'empty'`` one of
            confidence 0.
        location (str): Distances are divided by ``'480'`` times the root of 2, or by the ``'diagonal'`` of the masks.
        contour (str): Contours are compared where they are (``'plain'``), or after the middles of the bounding boxes
            were moved onto each other (``'registered'``).
        visible (str): An object is visible by its annotation and ``'confidence'`` above 0.5, and masks are compared
            where it is annotated; or each is visible that has ``'pixels'``, and masks are compared wherever a frame
            counts.
        order (str): Items are added up in ``'official'`` order, or with objects and frames ``'sorted'``; the last
            digits of means depend on it.
        longest (int): Longer side in pixels.
        confidence (float): An object is predicted to be visible above it.
        bound_th (float): Contours agree up to this share of the diagonal of the masks.
    """

    frames: str = 'annotated'
    every: int = 1
    size: str = 'target'
    resize_pred: str = 'error'
    missing: str = 'error'
    location: str = '480'
    contour: str = 'plain'
    visible: str = 'confidence'
    order: str = 'official'
    longest: int = 480
    confidence: float = 0.5
    bound_th: float = 0.008


_PUBLISHED = ('tables on the v2 test set (Ego-Exo4D, O-MaMa, V2-SAM), IoU and visibility accuracy times 100; only with '
              'the test annotations, which the challenge server alone holds: not with numbers on val')
_ALL = (
    CorrespondenceProtocol(
        name='official',
        description='The released evaluator: masks compared at the size of the truth with a longer side of 480, which '
                    'a prediction has to have; mean over all frames of all takes in which the target view was '
                    'annotated.',
        comparable_with=('numbers printed by the released evaluator (January 2025 or later) on the same list',
                         _PUBLISHED)),
    CorrespondenceProtocol(
        name='official_nearest',
        description='official, but a prediction of another size is resized to the nearest pixel first, e.g. the '
                    'squashed squares of XMem.',
        comparable_with=('official, where no prediction had to be resized',
                         'official numbers of methods that resize their own masks in the same way'),
        resize_pred='nearest'),
    CorrespondenceProtocol(
        name='pred_size',
        description='The evaluator of the project derived from O-MaMa: truth resized to the size of the prediction, '
                    'location error by the diagonal of that size, objects and frames in sorted order.',
        comparable_with=('results_metrics_run_*.json of that project', 'no other published number: the size that a '
                         'model works at changes contour accuracy'),
        size='prediction', resize_pred='nearest', location='diagonal', order='sorted'),
    CorrespondenceProtocol(
        name='both_annotated',
        description='official, over frames in which the object has a mask in both views: what XMem trains and predicts '
                    'on. Only visible objects are left, so that the visibility accuracy is their recall.',
        comparable_with=('official, for the three mask metrics', 'no published visibility accuracy'),
        frames='both'),
    CorrespondenceProtocol(
        name='every_20th',
        description='official, over every 20th frame that counts in each direction: a quick look during a training '
                    'run.',
        comparable_with=(),
        every=20),
    CorrespondenceProtocol(
        name='square_stretch',
        description='The older evaluator in the XMem folder: truth and prediction stretched to a square of 480 (not '
                    'padded with zeros to one, as the input of XSegTx is), frames with a target mask, an object is '
                    'visible where a mask has a pixel, and empty masks count in all means.',
        comparable_with=('numbers made before January 2025 with that script; the tables in the paper are not',),
        frames='masks', size='square', resize_pred='nearest', visible='pixels'),
    CorrespondenceProtocol(
        name='registered',
        description='official, but contours are compared after the middles of both bounding boxes were moved onto each '
                    'other, as documentation and paper describe and the translation benchmark does.',
        comparable_with=('official, for IoU, location error and visibility accuracy',
                         'no published contour accuracy: the released code does not register'),
        contour='registered'),
)

#: Every protocol by name, the official one first.
PROTOCOLS: dict[str, CorrespondenceProtocol] = {protocol.name: protocol for protocol in _ALL}


def get_protocols(names: Sequence[str] | str, **rules: object) -> tuple[CorrespondenceProtocol, ...]:
    """Look protocols up.

    Args:
        names (Sequence[str] | str): Names, or one name; ``'all'`` stands for every protocol.
        **rules (object): Rules to change in each of them, e.g. ``missing='empty'``; their hash follows.

    Returns:
        tuple[CorrespondenceProtocol, ...]: Each once, in the order asked for.

    Raises:
        ConfigError: If a name is unknown or none is given.

    Examples:
        >>> [protocol.name for protocol in get_protocols(['official', 'registered'])]
        ['official', 'registered']
        >>> get_protocols('official', resize_pred='nearest')[0].hash == get_protocols('official_nearest')[0].hash
        True
    """
    return tuple(dataclasses.replace(protocol, **rules) for protocol in look_up(names, PROTOCOLS, 'correspondence'))
