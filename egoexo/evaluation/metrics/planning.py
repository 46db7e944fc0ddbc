"""Registered metric of action planning."""

from collections.abc import Sequence

import numpy as np
import torch

from egoexo.errors import ConfigError
from egoexo.evaluation.functional.clip_groups import ClipGroup, ClipRow
from egoexo.evaluation.functional.planning_decoding import DECODINGS
from egoexo.evaluation.functional.planning_groups import Sampling, planning_groups
from egoexo.evaluation.metrics.clip import ClipMetric
from egoexo.evaluation.protocols.planning import get_protocols
from egoexo.registry import METRICS

__all__ = ['PlanningMetric', 'draw_with_torch']


def draw_with_torch(logits: np.ndarray, num_samples: int, seed: int) -> np.ndarray:
    """The draws of the released code on a CPU, number for number.

    It draws K times one class for all steps of all samples from torch's generator; torch keeps that stream between
    versions as a rule, but does not promise it.

    Args:
        logits (np.ndarray): (n, Z, C) float32, all samples of a list in the order of the official list.
        num_samples (int): K.
        seed (int): What ``torch.manual_seed`` is given right before the official call.

    Returns:
        np.ndarray: Class ids, (n, K, Z) int64.
    """
    generator = torch.Generator().manual_seed(seed)
    probabilities = torch.from_numpy(logits).softmax(-1).flatten(0, 1)
    draws = [torch.multinomial(probabilities, 1, replacement=True, generator=generator).reshape(logits.shape[:2])
             for _ in range(num_samples)]
    return torch.stack(draws, dim=1).numpy()


@METRICS.register_module()
class PlanningMetric(ClipMetric):
    """Area under the edit distance of the best of K predicted sequences, by list.

    Reads ``pred_future_logits`` (Z, C) and ``gt_future_steps`` (Z,) of a data sample and its meta information
    ``sample_id``, ``uid`` and ``subset``. Keys, as fractions: ``<subset>/1-AUED`` (reported, selects checkpoints),
    ``AUED`` and ``ED@1`` to ``ED@8``; with ``num_repeats`` above 1 also ``1-AUED_sd``, the noise of the draws. Other
    decodings have ``<decoding>/<subset>/<name>``; another protocol than ``'official'`` stands in front of both.

    A sample may carry ``pred_future_samples`` (K, Z), sequences drawn jointly by a planner. They are scored instead of
    independent draws; their keys are ``<subset>/<name>`` and ``joint/<subset>/<name>``, and logits are not needed.

    The random numbers belong to (seed, list, sample), so the number of processes and what else is scored do not matter.
    With ``generator='torch'`` they are those of the released code on a CPU; they then depend on the order of the list.

    Args:
        protocols (Sequence[str] | str): Names in ``evaluation/protocols/planning.py``, or ``'all'``.
        decodings (Sequence[str]): Of ``'categorical'`` (released: independent draws), ``'argmax'`` (one sequence),
            ``'beam'`` (the K most probable) and ``'expected'`` (least expected error). The first one is reported.
        num_samples (int): Sequences of which the best counts, K.
        seed (int): Seed of the draws.
        num_repeats (int): Draws of everything, with ``seed``, ``seed + 1``, ...; scores are their means.
        num_draws (int): Draws among which ``'expected'`` chooses.
        generator (str): ``'keyed'`` or ``'torch'``, for ``'categorical'``.
        **kwargs: Arguments of :class:`ClipMetric`.

    Raises:
        ConfigError: If a protocol, decoding or generator is unknown, or a number is below 1.

    Examples:
        >>> from egoexo.registry import METRICS
        >>> metric = METRICS.build(dict(type='PlanningMetric', decodings=('categorical', 'argmax'), num_repeats=10))
    """

    benchmark = 'planning'
    target_field = 'gt_future_steps'
    logits_field = 'pred_future_logits'
    sequences_field = 'pred_future_samples'

    def __init__(self, protocols: Sequence[str] | str = ('official',), decodings: Sequence[str] = DECODINGS[:1],
                 num_samples: int = 5, seed: int = 0, num_repeats: int = 1, num_draws: int = 32,
                 generator: str = 'keyed', **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.protocols = tuple(protocol.with_num_samples(num_samples) for protocol in get_protocols(protocols))
        decodings = (decodings,) if isinstance(decodings, str) else tuple(dict.fromkeys(decodings))
        unknown = [name for name in decodings if name not in DECODINGS]
        if unknown or not decodings:
            raise ConfigError(f'PlanningMetric, decodings: expected some of {", ".join(DECODINGS)}, found '
                              f'{", ".join(map(repr, unknown)) or "none"}. Choose among these.')
        if generator not in ('keyed', 'torch'):
            raise ConfigError(f"PlanningMetric, generator: expected 'keyed' or 'torch', found {generator!r}. Choose "
                              'one.')
        if min(num_repeats, num_draws) < 1:
            raise ConfigError(f'PlanningMetric: expected num_repeats and num_draws of at least 1, found {num_repeats} '
                              f'and {num_draws}. Correct them.')
        self.sampling = Sampling(decodings, seed, num_repeats, num_draws,
                                 draw_with_torch if generator == 'torch' else None)

    def logits_shape(self, target: np.ndarray) -> tuple[int | None, ...]:
        """(Z, C); the truth tells Z only, C is checked against the largest true class when all is scored.

        Args:
            target (np.ndarray): (Z,).
        """
        num_classes = len((self.dataset_meta or {}).get('classes') or ()) or None
        return (*target.shape, num_classes)

    def group(self, rows: Sequence[ClipRow]) -> list[ClipGroup]:
        """See :func:`planning_groups`.

        Args:
            rows (Sequence[ClipRow]): One per sample.
        """
        return planning_groups(
            rows, self.protocols, self.sampling, num_bootstrap=self.num_bootstrap, seed=self.bootstrap_seed,
            per_video=self.per_video_file is not None)
