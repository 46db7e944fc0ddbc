"""Planner that counts which step follows which."""

from collections.abc import Sequence

import torch
from mmengine.dist import all_gather_object
from torch import nn

from egoexo.errors import ConfigError, explain
from egoexo.evaluation.functional.planning_decoding import keyed_uniforms
from egoexo.models.planning.step_history import StepHistoryPlanner
from egoexo.registry import MODELS
from egoexo.structures import EgoExoDataSample

__all__ = ['MarkovPlanner']


@MODELS.register_module()
class MarkovPlanner(StepHistoryPlanner):
    """Markov chain over steps, of order k, whose rare contexts lean on shorter ones.

    Interpolated absolute discounting (Ney, Essen and Kneser, 1994): each class that followed a context of k steps
    gives ``discount`` of its count away, and what all of them gave is spread like the distribution after the last
    k - 1 steps, and so on down to the uniform distribution. A context that was never seen takes the shorter one. The
    beginning of a video is a symbol of its own, so an empty past has its own distribution.

    What is predicted for step z is the exact distribution of the chain after z steps, no simulation. Letters: B = C + 1
    symbols a context is made of, R = B^(k-1).

    Training is counting, by ``CountingLoop``; the counts are the parameters and no optimizer touches them.

    Args:
        order (int): Steps a context holds, k, from 0 to 3.
        discount (float): Taken off each count, 0 (no smoothing of seen contexts) up to but not including 1.
        num_joint (int): Whole sequences to draw from the chain, K, as ``pred_future_samples``; the metric then scores
            these instead of independent draws of the steps. 0 for none.
        joint_temperature (float): As ``temperature``, for each single transition of these draws.
        seed (int): Of these draws. The numbers belong to (seed, list, sample): batches and processes do not matter.
        **kwargs: Arguments of :class:`StepHistoryPlanner`.

    Raises:
        ConfigError: If a number is out of range.

    Examples:
        >>> planner = MarkovPlanner(num_classes=3, horizon=2, order=1, discount=0.0)
        >>> planner.count([[0, 1, 2], [0, 1, 1]])
        >>> planner.log_probabilities([torch.tensor([0])]).exp()                # 1 for sure, then 1 or 2
        tensor([[[0.0000, 1.0000, 0.0000], [0.0000, 0.5000, 0.5000]]], dtype=torch.float64)
    """

    def __init__(self, num_classes: int = 27, horizon: int = 8, order: int = 3, discount: float = 0.75,
                 num_joint: int = 0, joint_temperature: float = 1.0, seed: int = 0, **kwargs: object) -> None:
        super().__init__(num_classes, horizon, **kwargs)
        for name, value, fits, range_ in (
                ('order', order, order in range(4), '0, 1, 2 or 3'),
                ('discount', discount, 0 <= discount < 1, 'at least 0 and below 1'),
                ('num_joint', num_joint, num_joint >= 0, 'at least 0'),
                ('joint_temperature', joint_temperature, joint_temperature > 0, 'above 0')):
            if not fits:
                raise ConfigError(explain(f'MarkovPlanner, {name}', range_, repr(value), 'Correct it in the config.'))
        self.order = order
        self.discount = discount
        self.num_joint = num_joint
        self.joint_temperature = joint_temperature
        self.seed = seed
        # (C,), (B, C), (B, B, C), ...: how often a class followed the last 0, 1, 2, ... steps. Parameters rather than
        # buffers, because MMEngine's runner and torch's DDP refuse a model without any.
        self.counts = nn.ParameterList(
            [torch.zeros((num_classes + 1,) * length + (num_classes,)) for length in range(order + 1)])
        self._seen: dict[tuple[str, str], list[int]] = {}

    # ------------------------------------------------------------------------------------------------ training

    def observe(self, data_samples: Sequence[EgoExoDataSample]) -> int:
        """Take in samples of the training lists, in any order.

        The rows of a video overlap, so of each video the longest sequence is kept (past and coming steps together)
        and each of its steps counts once, however often a sampler repeats a row.

        Args:
            data_samples (Sequence[EgoExoDataSample]): With ``gt_past_steps``, ``gt_future_steps``, ``uid``, ``subset``.

        Returns:
            int: Videos taken in so far by this process.
        """
        for sample in data_samples:
            future = self.future_of(sample)
            steps = [*self.past_of(sample).tolist(), *future[future >= 0].tolist()]
            key = sample.subset, sample.uid
            if len(steps) > len(self._seen.get(key, ())):
                self._seen[key] = steps
        return len(self._seen)

    def finish(self) -> int:
        """Count what all processes observed, and forget it.

        Returns:
            int: Videos counted.
        """
        videos: dict[tuple[str, str], list[int]] = {}
        for seen in all_gather_object(self._seen):
            for key, steps in seen.items():
                if len(steps) > len(videos.get(key, ())):
                    videos[key] = steps
        self._seen = {}
        self.count(list(videos.values()))
        return len(videos)

    @torch.no_grad()
    def count(self, sequences: Sequence[Sequence[int]]) -> None:
        """Replace the counts by those of whole videos.

        Args:
            sequences (Sequence[Sequence[int]]): Class ids of each video, in order.
        """
        for length, table in enumerate(self.counts):
            contexts = [(*self._padded(steps[:number], length), step)
                        for steps in sequences for number, step in enumerate(steps)]
            table.zero_()
            if contexts:
                index = torch.tensor(contexts, device=table.device).unbind(1)
                table.index_put_(index, torch.ones(len(contexts), device=table.device), accumulate=True)

    def loss(self, past: Sequence[torch.Tensor], future: torch.Tensor) -> dict[str, torch.Tensor]:
        """Refuse: nothing is learned by gradients.

        Raises:
            ConfigError: Always.
        """
        raise ConfigError(explain('train_cfg.type', "'CountingLoop', as MarkovPlanner counts", 'a loop that asks for '
                                  'a loss', "Set train_cfg = dict(_delete_=True, type='CountingLoop')."))

    # ---------------------------------------------------------------------------------------------- prediction

    def transitions(self) -> torch.Tensor:
        """Probability of the next step after each context.

        Returns:
            torch.Tensor: float64 on the CPU, (B^k, C), contexts with the oldest step as the slowest index.
        """
        table = torch.full((self.num_classes,), 1 / self.num_classes, dtype=torch.float64)
        for counts in self.counts:
            counts = counts.detach().cpu().double()
            total = counts.sum(-1, keepdim=True)
            given = self.discount * (counts > 0).sum(-1, keepdim=True)
            kept = (counts - self.discount).clamp(min=0)
            table = torch.where(total > 0, (kept + given * table) / total.clamp(min=1), table.expand_as(counts))
        return table.reshape(-1, self.num_classes)

    def marginals(self) -> torch.Tensor:
        """Distribution of each coming step after each context.

        One step more is one step first: from context (a, r) the chain goes to (r, d) with the probability of d.

        Returns:
            torch.Tensor: float64 on the CPU, (Z, B^k, C).
        """
        first = self.transitions()
        tables = [first]
        symbols, classes = self.num_classes + 1, self.num_classes
        for _ in range(self.horizon - 1):
            if self.order:
                rest = symbols**(self.order - 1)
                after = tables[-1].view(rest, symbols, classes)[:, :classes]        # (R, D, C); D: the step just done
                step = first.view(symbols, rest, classes).transpose(0, 1)           # (R, B, D)
                tables.append(torch.bmm(step, after).transpose(0, 1).reshape(first.shape))
            else:
                tables.append(first)
        return torch.stack(tables)

    def log_probabilities(self, past: Sequence[torch.Tensor]) -> torch.Tensor:
        """See :meth:`StepHistoryPlanner.log_probabilities`; float64 on the CPU, a class never possible has -inf.

        Args:
            past (Sequence[torch.Tensor]): Class ids done, N of shape (H_n,).
        """
        return self.marginals()[:, self._contexts(past)].transpose(0, 1).log()

    def predict(self, past: Sequence[torch.Tensor], data_samples: list[EgoExoDataSample]) -> list[EgoExoDataSample]:
        """See :meth:`StepHistoryPlanner.predict`; adds ``pred_future_samples`` (K, Z) if asked for.

        Args:
            past (Sequence[torch.Tensor]): Class ids done, N of shape (H_n,).
            data_samples (list[EgoExoDataSample]): N samples with ``subset`` and ``sample_id``.
        """
        super().predict(past, data_samples)
        if self.num_joint:
            names = [f'plan/{sample.subset}/{sample.sample_id}' for sample in data_samples]
            for sample, drawn in zip(data_samples, self.draw(past, names), strict=True):
                sample.pred_future_samples = drawn
        return data_samples

    def draw(self, past: Sequence[torch.Tensor], names: Sequence[str]) -> torch.Tensor:
        """Draw whole sequences from the chain.

        Args:
            past (Sequence[torch.Tensor]): Class ids done, N of shape (H_n,).
            names (Sequence[str]): One name per sample, to which its random numbers belong.

        Returns:
            torch.Tensor: int64 on the CPU, (N, K, Z).
        """
        uniforms = torch.from_numpy(keyed_uniforms(self.seed, names, (self.num_joint, self.horizon)))
        powers = self.transitions() ** (1 / self.joint_temperature)
        cumulated = powers.cumsum(-1)
        cumulated /= cumulated[:, -1:].clone()
        context = self._contexts(past)[:, None].expand(-1, self.num_joint)
        symbols = self.num_classes + 1
        steps = []
        for z in range(self.horizon):
            steps.append((cumulated[context] <= uniforms[:, :, z, None]).sum(-1))
            context = (context * symbols + steps[-1]) % symbols**self.order
        return torch.stack(steps, -1)

    def _contexts(self, past: Sequence[torch.Tensor]) -> torch.Tensor:
        """Row of the tables of each past, (N,) int64."""
        rows = []
        for steps in past:
            row = 0
            for symbol in self._padded(steps.tolist(), self.order):
                row = row * (self.num_classes + 1) + symbol
            rows.append(row)
        return torch.tensor(rows, dtype=torch.int64)

    def _padded(self, steps: Sequence[int], length: int) -> tuple[int, ...]:
        """The last ``length`` steps, with the symbol of the beginning in front of the first one."""
        begun = (self.num_classes,) * (length - len(steps))
        return begun + tuple(steps[len(steps) - length + len(begun):])
