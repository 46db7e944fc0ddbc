"""Brings a train loader to the place where a resumed run goes on."""

from mmengine.dist import get_world_size
from mmengine.runner import Runner
from torch.utils.data import DataLoader, Sampler

__all__ = ['is_endless', 'sampler_of', 'seek', 'validated_here']


def sampler_of(dataloader: DataLoader) -> Sampler:
    """Sampler that decides the order, also behind a batch sampler of one's own.

    Args:
        dataloader (DataLoader): A loader with batches.

    Returns:
        Sampler: The innermost sampler.
    """
    return getattr(dataloader.batch_sampler, 'sampler', dataloader.sampler)


def is_endless(dataloader: DataLoader) -> bool:
    """Whether batches come without end, so that positions count from the start of training.

    Args:
        dataloader (DataLoader): A loader with batches.
    """
    return any(getattr(part, 'endless', False) for part in (dataloader.batch_sampler, sampler_of(dataloader)))


def seek(dataloader: DataLoader, num_batches: int) -> int:
    """Let the next ``iter(dataloader)`` begin after ``num_batches`` batches of each rank.

    Args:
        dataloader (DataLoader): Train loader, not iterated since the sampler was set to this pass.
        num_batches (int): Batches already seen, in the pass or, for an endless sampler, since the start of training.

    Returns:
        int: Batches the caller still has to draw and drop: 0 when the sampler can start anywhere.
    """
    sampler = sampler_of(dataloader)
    if num_batches == 0 or not hasattr(sampler, 'set_start'):
        return num_batches
    sampler.set_start(num_batches * dataloader.batch_sampler.batch_size * get_world_size())
    return 0


def validated_here(runner: Runner) -> bool:
    """Whether the checkpoint a run was resumed from was written after the validation of its position.

    Args:
        runner (Runner): The runner of the training process.

    Returns:
        bool: False also when the validation did run but was no new best: then it is repeated, with the same result.
    """
    return runner.message_hub.get_info('last_validated_iter', None) == runner.iter
