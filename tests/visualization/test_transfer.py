import logging
from types import SimpleNamespace

import pytest
import torch

from egoexo.engine.hooks.clip_visualization_hook import ClipVisualizationHook
from egoexo.structures import EgoExoDataSample
from egoexo.visualization.transfer import TransferVisualizer, rank_segment

NAMES = ('Clean up', 'Mix noodles with sauce in a bowl', 'Serve', 'Cook', 'Add water', 'Make dough', 'Make pasta')


def make_sample(take='c0b7d130-2004', subset='exo_val', label=1, **meta):
    sample = EgoExoDataSample(metainfo=dict(sample_id='3236900573', uid=take, view=subset[:3], subset=subset,
                                            start_sec=1.0, end_sec=4.5) | meta)
    sample.gt_label = torch.tensor(label)
    sample.pred_class_logits = torch.tensor([3.0, 0.5, 1.0, 0.0, 2.0, -1.0, -2.0])
    return sample


@pytest.fixture
def visualizer():
    made = TransferVisualizer(name='segments')
    made.dataset_meta = dict(classes=NAMES)
    return made


def words(figure):
    return [text.get_text() for text in figure.texts] + [text.get_text() for axes in figure.axes for text in axes.texts]


def test_draw_marks_the_true_class_and_its_rank(visualizer):
    found = words(visualizer.draw([make_sample(), make_sample(label=0), make_sample(label=6)], title='exo_val'))
    assert {'exo_val', 'EXO', 'c0b7d130   exo_val, 1.0 to 4.5 s', 'rank 4 of 7', 'right', 'rank 7 of 7'} <= set(found)
    assert {'✓ Mix noodles with sauce in a bowl', '✓ Clean up', '✗ Make pasta'} <= set(found)


def test_text_is_shown_in_two_lines(visualizer):
    plain, said = (visualizer.draw(make_sample(text=text)) for text in ('', 'takes the noodles. ' * 20))
    lines = [line for line in words(said) if 'takes the noodles' in line]
    assert len(lines) == 2 and lines[0].startswith('“') and lines[1].endswith('…')
    assert said.get_figheight() > plain.get_figheight()
    assert sum('noodles.' in line for line in words(visualizer.draw(make_sample(text='takes the noodles.')))) == 1


def test_parts_can_be_left_out(visualizer):
    assert 'rank 4 of 7' not in words(visualizer.draw(make_sample(), draw_gt=False))
    found = words(visualizer.draw(make_sample(), draw_pred=False))
    assert not any(word.endswith(' %') for word in found) and '✓ Mix noodles with sauce in a bowl' in found
    with pytest.raises(ValueError, match='has neither gt_label nor pred_class_logits to draw'):
        visualizer.draw(make_sample(), draw_gt=False, draw_pred=False)


def test_names_without_dataset_meta():
    assert '✓ class 1' in words(TransferVisualizer(name='nameless').draw(make_sample()))


def test_ties_rank_as_they_are_scored():
    row = rank_segment({}, torch.zeros(4).numpy(), 2)
    assert row.summary == 'rank 3 of 4' and row.truth == [2]


def test_hook_draws_one_segment_of_each_take(tmp_path):
    hook = ClipVisualizationHook('TransferVisualizer', num_samples=2)
    runner = SimpleNamespace(work_dir=str(tmp_path), epoch=1, iter=1, logger=logging.getLogger('hook-test'),
                             visualizer=SimpleNamespace(dataset_meta={'classes': NAMES}))
    hook.before_test_epoch(runner)
    hook.after_test_iter(runner, 0, None, [make_sample(), make_sample(), make_sample('other', 'ego_val')])
    hook.after_test_epoch(runner)
    assert (tmp_path / 'vis_data/clips/val.png').stat().st_size > 2000
