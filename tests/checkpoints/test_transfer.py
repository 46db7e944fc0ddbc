from collections import OrderedDict

import pytest
import torch

from egoexo.checkpoints.transfer import from_official, official_container, official_key, our_key, to_official
from egoexo.checkpoints.transfer_layout import TransferLayout, official_shapes
from egoexo.errors import CheckpointError
from egoexo.registry import MODELS

LAYOUTS = [TransferLayout(6, (5,), 4), TransferLayout(6, (5, 3), 4, spacing=4),
           TransferLayout(6, (5,), 4, normalised=True), TransferLayout(6, (), 4),
           TransferLayout(6, (), 4, normalised=True), TransferLayout(6, (5,), 4, batch_norm=False)]


def make(layout, prefix=''):
    generator = torch.Generator().manual_seed(0)
    return OrderedDict((prefix + key, torch.tensor(3) if key.endswith('tracked') else
                        torch.rand(shape, generator=generator)) for key, shape in official_shapes(layout).items())


@pytest.mark.parametrize('layout', LAYOUTS, ids=str)
@pytest.mark.parametrize('prefix', ['', 'module.'])
def test_round_trip_keeps_keys_order_and_values(layout, prefix):
    official = make(layout)
    ours = from_official(make(layout, prefix), dict(num_classes=4))
    assert all(our_key(key) in ours and official_key(our_key(key)) == key for key in official)
    back = to_official({prefix + key: value for key, value in ours.items()})
    assert list(back) == list(official)
    assert all(torch.equal(back[key], official[key]) for key in official)


@pytest.mark.parametrize('layout', LAYOUTS, ids=str)
def test_loads_strictly_and_predicts_the_same(layout):
    model = MODELS.build(dict(type='SegmentClassifier', head=layout.model_config())).eval()
    model.load_state_dict(from_official(make(layout)), strict=True)
    head = MODELS.build(layout.model_config()).eval()
    head.load_state_dict(to_official(model.state_dict()), strict=True)
    inputs = torch.randn(3, 6)
    assert torch.equal(model(inputs), head(inputs).logits)


def test_what_the_official_classifier_lacks_is_listed():
    model = MODELS.build(dict(
        type='SegmentClassifier', head=LAYOUTS[0].model_config(),
        adaptation=dict(type='FeatureDomainHeads', hidden=3,
                        objectives=[dict(type='FrameAdversarialLoss', places=['feature'])])))
    with pytest.raises(CheckpointError, match=r'unexpected \(6\): adaptation\.discriminators\.feature\.0\.weight '
                                              r'\(no name of ours\)'):
        to_official(model.state_dict())
    # An official name is none of ours.
    with pytest.raises(CheckpointError, match='not a classifier of LaGTran'):
        to_official(make(LAYOUTS[0]))


@pytest.mark.parametrize(('change', 'text'), [
    (lambda state: state.pop('mlp.1.running_var'), r'missing \(1\): mlp\.1\.running_var'),
    (lambda state: state.update({'cls_token': torch.ones(1)}), r'unexpected \(1\): cls_token'),
    (lambda state: state.update({'out.bias': torch.ones(7)}), r'wrong shape \(1\): out\.bias \(7,\) instead of \(4,\)'),
    (lambda state: state.update({'module.out.bias': torch.ones(4)}), 'both with and without the prefix'),
    (lambda state: state.update({'out.bias': 3.0}), 'expected a state dict of tensors only, found out.bias'),
    (lambda state: state.clear(), 'an empty one'),
    (lambda state: state.pop('out.weight'), 'not a classifier of LaGTran'),
])
def test_files_that_do_not_fit_are_refused(change, text):
    state = make(LAYOUTS[0])
    change(state)
    with pytest.raises(CheckpointError, match=text):
        from_official(state)


def test_sizes_that_are_asked_for():
    with pytest.raises(CheckpointError, match=r'num_classes=24.*(?s:.*)out\.weight \(4, 5\) instead of \(24, 5\)'):
        from_official(make(LAYOUTS[0]), dict(num_classes=24))


def test_container_holds_what_the_official_scripts_read():
    container = official_container(make(LAYOUTS[0]))
    assert list(container) == ['iteration', 'model_fe_state', 'model_cls_state', 'opt_main_state', 'scheduler_state',
                               'best_acc_tgt', 'best_acc_src']
    assert list(container['model_cls_state']) == list(official_shapes(LAYOUTS[0]))
