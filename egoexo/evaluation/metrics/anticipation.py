"""Registered metric of action anticipation."""

from collections.abc import Sequence

import numpy as np

from egoexo.errors import ConfigError, explain
from egoexo.evaluation.functional.anticipation_groups import anticipation_groups
from egoexo.evaluation.functional.clip_groups import ClipGroup, ClipRow
from egoexo.evaluation.metrics.clip import ClipMetric
from egoexo.evaluation.protocols.anticipation import get_protocols
from egoexo.registry import METRICS

__all__ = ['AnticipationMetric']


@METRICS.register_module()
class AnticipationMetric(ClipMetric):
    """Class-mean recall of the top-5 set, and its relatives, by list.

    Reads ``pred_class_logits`` (C,) and ``gt_class_targets`` (C,) of a data sample and its meta information
    ``sample_id``, ``uid`` and ``subset``. Keys, in percent: ``<subset>/macro_recall@5`` (reported, selects
    checkpoints), ``micro_recall@5``, ``samples_recall@5``, ``macro_precision@5`` and ``mAP``. Another protocol than
    ``'clean'`` stands in front, e.g. ``as_released/ego_val/macro_recall@5``.

    The rows come from the data set, so all protocols asked for must take the truth from where the data set took it:
    ``'clean'`` and ``'no_invalid'`` go with ``list_source='csv'``, ``'stripped'`` and ``'as_released'`` with
    ``list_source='list'``. ``tools/evaluate.py anticipation`` scores saved predictions under all of them.

    Args:
        protocols (Sequence[str] | str): Names in ``evaluation/protocols/anticipation.py``.
        k (int): Size of the predicted set; with fewer classes it holds them all, which the log says.
        per_class (bool): Add ``<subset>/class_recall/<class>``, percent.
        **kwargs: Arguments of :class:`ClipMetric`.

    Raises:
        ConfigError: If a protocol is unknown, ``k`` is below 1, or the protocols need different truths.

    Examples:
        >>> from egoexo.registry import METRICS
        >>> metric = METRICS.build(dict(type='AnticipationMetric', per_class=True))
    """

    benchmark = 'anticipation'
    target_field = 'gt_class_targets'
    logits_field = 'pred_class_logits'

    def __init__(self, protocols: Sequence[str] | str = ('clean',), k: int = 5, per_class: bool = False,
                 **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.protocols = tuple(protocol.with_k(k) for protocol in get_protocols(protocols))
        truths = sorted({protocol.truth for protocol in self.protocols})
        if len(truths) > 1:
            raise ConfigError(
                f'AnticipationMetric, protocols: expected protocols with one source of truth, found {", ".join(truths)}'
                ': one data set cannot give both. Choose one, or score a dump with tools/evaluate.py anticipation.')
        self.per_class = per_class

    def logits_shape(self, target: np.ndarray) -> tuple[int | None, ...]:
        """(C,), as the truth.

        Args:
            target (np.ndarray): (C,).
        """
        return target.shape

    def group(self, rows: Sequence[ClipRow]) -> list[ClipGroup]:
        """See :func:`anticipation_groups`.

        Args:
            rows (Sequence[ClipRow]): One per sample.

        Raises:
            ConfigError: If the data set took its rows from elsewhere than the protocols say.
        """
        self._check_truth((self.dataset_meta or {}).get('truth'))
        return anticipation_groups(
            rows, self.protocols, num_bootstrap=self.num_bootstrap, seed=self.bootstrap_seed,
            per_video=self.per_video_file is not None, per_class=self.per_class)

    def _check_truth(self, found: str | None) -> None:
        """Refuse to print the name of a protocol over rows that are not its own."""
        expected = self.protocols[0].truth
        if found is not None and found != expected:
            settings = dict(csv="list_source='csv'", own_rows="list_source='list', strip_cumulative=True",
                            whole_list="list_source='list', strip_cumulative=False")
            names = [protocol.name for protocol in get_protocols('all') if protocol.truth == found]
            raise ConfigError(explain(
                f'AnticipationMetric, protocol {self.protocols[0].name}', f'rows of a data set with '
                f'{settings[expected]}', f'one with {settings[found]}',
                f'Set protocols to {" or ".join(names)}, or change the data set.'))
