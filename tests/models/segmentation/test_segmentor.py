import pytest
import torch

from egoexo.registry import MODELS
from egoexo.structures import EgoExoDataSample


def small(adaptation=None, **backbone):
    torch.manual_seed(0)
    sizes = dict(in_channels=6, num_classes=4, num_stages=2, num_layers=2, channels=8)
    return MODELS.build(dict(
        type='Segmentor', backbone=dict(type='MultiStageTCN', **(sizes | backbone)),
        head=dict(type='FrameHead', num_classes=4, upsample=2,
                  loss=[dict(type='StageCrossEntropy'), dict(type='TruncatedSmoothingLoss')]),
        adaptation=adaptation))


HEADS = dict(type='DomainHeads', channels=8, num_classes=4, num_stages=2)


def _batch(lengths=(9, 7)):
    return dict(inputs=[torch.randn(6, length) for length in lengths],
                data_samples=[EgoExoDataSample(gt_step_labels=torch.randint(0, 4, (length,))) for length in lengths])


def test_released_size():
    model = MODELS.build(dict(
        type='Segmentor', backbone=dict(type='MultiStageTCN'), adaptation=dict(type='DomainHeads'),
        head=dict(type='FrameHead', num_classes=28, loss=[dict(type='StageCrossEntropy')])))
    assert sum(parameter.numel() for parameter in model.parameters()) == 743_218
    assert len(model.state_dict()) == 180


def test_three_modes():
    model = small(HEADS).eval()
    data = model.data_preprocessor(_batch())
    assert model(**data, mode='tensor').shape == (2, 2, 4, 9)
    losses = model(**data, mode='loss')
    assert set(losses) == {'loss_ce', 'loss_smooth'}
    samples = model.test_step(_batch())
    assert [len(sample.pred_frame_labels) for sample in samples] == [18, 14]
    with pytest.raises(ValueError, match="mode must be 'tensor', 'loss' or 'predict', got 'train'"):
        model(**data, mode='train')


def test_domain_heads_are_carried_and_never_computed():
    model = small(HEADS)
    model.adaptation.forward = None  # any call would fail
    loss, _ = model.parse_losses(model(**model.data_preprocessor(_batch()), mode='loss'))
    loss.backward()
    for name, parameter in model.named_parameters():
        assert parameter.requires_grad is not name.startswith('adaptation.')
        assert (parameter.grad is None) is not parameter.requires_grad


def test_single_step_video_is_predicted():
    sample = small().eval().test_step(_batch((1,)))[0]
    assert len(sample.pred_frame_labels) == 2


def test_a_video_is_predicted_alike_in_any_batch():
    model = small().eval()
    batch = _batch((12, 5))
    together = model.test_step(dict(inputs=batch['inputs']))[1]
    alone = model.test_step(dict(inputs=batch['inputs'][1:]))[0]
    torch.testing.assert_close(together.pred_step_scores, alone.pred_step_scores)


def test_a_few_steps_learn_a_small_batch():
    model = small(dropout=0.0)
    batch = model.data_preprocessor(_batch())
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=0.02)
    history = []
    for _ in range(30):
        loss, _ = model.parse_losses(model(**batch, mode='loss'))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        history.append(loss.item())
    assert history[-1] < 0.5 * history[0]


def test_bfloat16_training_keeps_weights_and_losses_in_float32():
    model = small(HEADS)
    batch = model.data_preprocessor(_batch())
    with torch.autocast('cpu', dtype=torch.bfloat16):
        loss, _ = model.parse_losses(model(**batch, mode='loss'))
    assert loss.dtype == torch.float32
    loss.backward()
    for parameter in model.backbone.parameters():
        assert parameter.grad.dtype == torch.float32
        assert torch.isfinite(parameter.grad).all()


def test_domains_need_domain_heads():
    with pytest.raises(ValueError, match=r'needs model\.adaptation'):
        small().forward_domains(torch.zeros(1, 6, 5), torch.zeros(1, 6, 5))
