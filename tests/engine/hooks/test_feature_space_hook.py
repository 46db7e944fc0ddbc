import logging
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from egoexo.registry import HOOKS
from egoexo.structures import EgoExoDataSample


class Clips(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Identity()
        self.head = nn.Linear(3, 2)

    def forward(self, x):
        return self.head(self.encoder(x))


@pytest.fixture
def runner(tmp_path):
    return SimpleNamespace(work_dir=str(tmp_path), model=Clips(), logger=logging.getLogger('hook-test'),
                           visualizer=SimpleNamespace(dataset_meta={'classes': ('cut', 'take')}))


def run_test(hook, runner, subsets, num_videos=6):
    generator = torch.Generator().manual_seed(0)
    hook.before_test_epoch(runner)
    for index, subset in enumerate(subsets):
        rows = torch.randn(2 * num_videos, 3, generator=generator) + 9 * ('exo' in subset)
        runner.model(rows)
        samples = [EgoExoDataSample(metainfo={'uid': f'{subset}{place % num_videos}', 'sample_id': str(place),
                                              'view': subset[:3], 'subset': subset},
                                    gt_future_steps=torch.tensor([place % 2, 0])) for place in range(len(rows))]
        hook.after_test_iter(runner, index, None, samples)
    hook.after_test_epoch(runner)


def test_one_figure_per_split_with_its_distance(runner, tmp_path, caplog):
    hook = HOOKS.build({'type': 'FeatureSpaceHook'})
    with caplog.at_level('INFO', 'hook-test'):
        run_test(hook, runner, ['ego_val', 'exo_val', 'ego_gaze_test', 'exo_test'])
    assert {path.name for path in (tmp_path / 'vis_data/feature_space').iterdir()} == {'val.png', 'test.png'}
    assert 'Feature space of val, proxy A-distance 2.00 (probe error 0 %' in caplog.text
    assert not runner.model.head._forward_pre_hooks


@pytest.mark.parametrize(('subsets', 'num_videos', 'message'), [
    (['ego_val'], 6, "has rows of 'ego', expected two views"), (['ego_val', 'exo_val'], 1, r'have 1 and 1 video')])
def test_what_cannot_be_drawn_stops_nothing(runner, tmp_path, caplog, subsets, num_videos, message):
    run_test(HOOKS.build({'type': 'FeatureSpaceHook'}), runner, subsets, num_videos)
    assert 'No feature space of val' in caplog.text
    assert message in caplog.text
    assert not list(tmp_path.rglob('*.png'))


def test_a_test_cut_short_leaves_no_hook_in_the_model(runner):
    hook = HOOKS.build({'type': 'FeatureSpaceHook'})
    hook.before_test_epoch(runner)
    hook.before_test_epoch(runner)
    assert len(runner.model.head._forward_pre_hooks) == 1
    hook.after_test(runner)
    assert not runner.model.head._forward_pre_hooks
