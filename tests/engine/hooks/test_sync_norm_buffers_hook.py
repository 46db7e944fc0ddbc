import pytest
import torch

from egoexo.engine.hooks import SyncNormBuffersHook


@pytest.mark.parametrize(('world_size', 'layer', 'expected'), [
    (1, torch.nn.BatchNorm1d(2), False), (2, torch.nn.BatchNorm1d(2), True), (2, torch.nn.Linear(2, 2), False),
    (2, torch.nn.BatchNorm1d(2, track_running_stats=False), False), (2, torch.nn.SyncBatchNorm(2), True)])
def test_works_only_for_batch_norm_on_several_ranks(world_size, layer, expected):
    runner = type('Runner', (), {'world_size': world_size, 'model': torch.nn.Sequential(layer)})()
    hook = SyncNormBuffersHook()
    hook.before_run(runner)
    assert hook.distributed is expected
