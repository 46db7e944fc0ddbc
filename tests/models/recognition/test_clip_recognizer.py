import pytest
import torch
from mmengine.optim import build_optim_wrapper
from torch.nn import functional as F

from egoexo.errors import AnnotationError, ConfigError
from egoexo.registry import MODELS
from egoexo.structures import ClipViews, EgoExoDataSample

TASKS = dict(verb=3, noun=5)


def build(tasks=None, activation='softmax', **changes):
    torch.manual_seed(0)
    head = dict(type='MultiTaskHead', num_classes=tasks or TASKS, dropout=0.0, activation=activation)
    model = MODELS.build(dict(type='ClipRecognizer', backbone=dict(type='SlowFast', depth=18, base_channels=16),
                              cls_head=head) | changes)
    model.init_weights()
    for task in tasks or TASKS:  # scores that differ
        torch.nn.init.normal_(getattr(model.cls_head, f'fc_{task}').weight, std=1.0)
    return model


def clips(count=2, frames=8, size=32):
    return torch.randn(count, 3, frames, size, size, generator=torch.Generator().manual_seed(1))


def sample(verb=0, noun=0, name='P01_11_3', **fields):
    return EgoExoDataSample(metainfo=dict(sample_id=name), gt_verb_label=torch.tensor(verb),
                            gt_noun_label=torch.tensor(noun), **fields)


def views(num_views=4, num_crops=3, seed=0):
    """All clips of a sample: frames of 32 x 40 pixels."""
    generator = torch.Generator().manual_seed(seed)
    frames = torch.randint(0, 256, (11, 32, 40, 3), generator=generator).byte()
    rows = torch.randint(0, 11, (num_views, 8), generator=generator)
    return ClipViews(frames, rows, torch.tensor([[0, 0], [0, 4], [0, 8]])[:num_crops], 32)


def test_losses_are_cross_entropies_of_the_logits():
    model = build().train()
    samples = [sample(2, 4), sample(0, 1)]
    logits = model(clips())
    losses = model(clips(), samples, mode='loss')
    assert list(losses) == ['loss_verb', 'acc_verb', 'loss_noun', 'acc_noun']
    labels = dict(verb=torch.tensor([2, 0]), noun=torch.tensor([4, 1]))
    for task, label in labels.items():
        torch.testing.assert_close(losses[f'loss_{task}'], F.cross_entropy(logits[task], label))
        assert losses[f'acc_{task}'].item() == (logits[task].argmax(1) == label).float().mean()


def test_several_classes_per_clip():
    model = build(activation='sigmoid')
    samples = [sample(gt_verb_targets=torch.tensor([1.0, 1.0, 0.0]), gt_noun_targets=torch.eye(5)[row])
               for row in range(2)]
    losses = model.eval()(clips(), samples, mode='loss')
    logits = model(clips())
    torch.testing.assert_close(losses['loss_noun'],
                               F.binary_cross_entropy_with_logits(logits['noun'], torch.eye(5)[:2]))
    assert list(losses) == ['loss_verb', 'loss_noun']
    scores = model(clips(), samples, mode='predict')[0].pred_verb_scores
    torch.testing.assert_close(scores, logits['verb'][0].sigmoid())


def test_pretraining_with_a_teacher_and_interaction_maps():
    """Kinetics: half a cross entropy, two teachers, and the maps of hands and objects."""
    model = build(
        dict(action=4, ego=2, object=6), auxiliary_head=dict(type='InteractionMapHead', channels=4, loss=dict(
            type='InteractionMapLoss', hand_weight=1.0, object_weight=1.0)),
        losses=dict(action=dict(type='LabelCrossEntropy', loss_weight=0.5),
                    ego=dict(type='DistillationLoss', alpha=0.1),
                    object=dict(type='DistillationLoss', alpha=0.5, weighting='ego'))).eval()
    generator = torch.Generator().manual_seed(3)
    samples = [EgoExoDataSample(
        gt_action_label=torch.tensor(row), gt_ego_logits=torch.randn(2, generator=generator),
        gt_object_logits=torch.randn(6, generator=generator), gt_hand_boxes=torch.tensor([[0.1, 0.1, 0.9, 0.9, 1, 0]]),
        gt_object_boxes=torch.zeros(0, 6)) for row in (3, 1)]
    losses = model(clips(), samples, mode='loss')
    assert set(losses) == {'loss_action', 'acc_action', 'loss_ego_score', 'loss_object_score', 'loss_hand',
                           'loss_object'}
    logits = model(clips())
    torch.testing.assert_close(losses['loss_action'], 0.5 * F.cross_entropy(logits['action'], torch.tensor([3, 1])))
    teacher = {name: torch.stack([getattr(item, f'gt_{name}_logits') for item in samples])
               for name in ('ego', 'object')}
    torch.testing.assert_close(losses['loss_ego_score'], 0.1 * F.kl_div(
        logits['ego'].log_softmax(1), teacher['ego'].softmax(1), reduction='batchmean'))
    share = teacher['ego'].softmax(1)[:, 1]
    divergence = F.kl_div(logits['object'].log_softmax(1), teacher['object'].softmax(1), reduction='none').sum(1)
    torch.testing.assert_close(losses['loss_object_score'], 0.5 * (share * divergence).sum() / share.sum())


def test_every_parameter_learns():
    model = build(auxiliary_head=dict(type='InteractionMapHead', channels=4)).train()
    boxes = torch.tensor([[0.1, 0.1, 0.9, 0.9, 1.0, 0.0]])
    samples = [sample(gt_hand_boxes=boxes, gt_object_boxes=boxes) for _ in range(2)]
    sum(value for key, value in model(clips(), samples, mode='loss').items() if 'loss' in key).backward()
    assert [name for name, value in model.named_parameters() if value.grad is None] == []


@pytest.mark.parametrize('views_per_forward', [1, 5, 10, 100])
@pytest.mark.parametrize(('ensemble', 'scores'), [('sum', 'prob'), ('max', 'prob'), ('sum', 'logit')])
@torch.no_grad()
def test_scores_of_all_clips_together(views_per_forward, ensemble, scores):
    model = build(views_per_forward=views_per_forward, ensemble=ensemble, scores=scores).eval()
    samples = [sample(name='a'), sample(name='b')]
    found = model([views(), views(2, 1, seed=1)], samples, mode='predict')
    assert [item.sample_id for item in found] == ['a', 'b'] and 'pred_verb_scores' not in samples[0]
    for item, clip_views in zip(found, (views(), views(2, 1, seed=1)), strict=True):
        for task in TASKS:
            logits = model(clip_views.make())[task]
            each = logits if scores == 'logit' else logits.softmax(1)
            expected = each.sum(0) if ensemble == 'sum' else each.amax(0)
            assert getattr(item, f'pred_{task}_scores').dtype == torch.float32
            torch.testing.assert_close(getattr(item, f'pred_{task}_scores'), expected)


@torch.no_grad()
def test_scores_of_single_clips_and_without_samples():
    model = build().eval()
    found = model(clips(), mode='predict')
    expected = model(clips())['noun'].softmax(1)
    torch.testing.assert_close(torch.stack([item.pred_noun_scores for item in found]), expected)


@torch.no_grad()
def test_logits_of_all_clips():
    model = build().eval()
    found = model([views(2, 3), views(1, 2)])['verb']
    torch.testing.assert_close(found, model(torch.cat([views(2, 3).make(), views(1, 2).make()]))['verb'])
    assert found.shape == (8, 3)


@torch.no_grad()
def test_features_are_means_slow_first():
    model = build().eval()
    slow, fast = model.extract(clips())
    found = model.extract_features(clips())
    assert found.shape == (2, 144)
    torch.testing.assert_close(found, torch.cat([slow.mean((2, 3, 4)), fast.mean((2, 3, 4))], 1))


@torch.no_grad()
def test_channels_last_gives_the_same():
    plain, other = build().eval(), build(memory_format='channels_last_3d').eval()
    other.load_state_dict(plain.state_dict())
    assert other.backbone.fast_path.conv1.conv.weight.is_contiguous(memory_format=torch.channels_last_3d)
    assert plain.backbone.fast_path.conv1.conv.weight.is_contiguous()
    torch.testing.assert_close(other(clips()), plain(clips()), rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_half_precision_ends_before_the_scores():
    model = build().eval()
    expected = model([views()], [sample()], mode='predict')[0].pred_noun_scores
    with torch.autocast('cpu', torch.bfloat16):
        found = model([views()], [sample()], mode='predict')[0].pred_noun_scores
        losses = model(clips(), [sample(), sample()], mode='loss')
    assert found.dtype == torch.float32 and found.sum().item() == pytest.approx(12, abs=1e-4)
    assert {value.dtype for value in losses.values()} == {torch.float32}
    torch.testing.assert_close(found, expected, rtol=0, atol=0.5)


@torch.no_grad()
def test_network_of_one_pathway():
    model = build(backbone=dict(type='mmaction.ResNet3dSlowOnly', depth=18, base_channels=8),
                  cls_head=dict(type='MultiTaskHead', num_classes=TASKS, in_channels=(64,))).eval()
    assert {task: tuple(logits.shape) for task, logits in model(clips()).items()} == dict(verb=(2, 3), noun=(2, 5))
    assert model.extract_features(clips()).shape == (2, 64)


def test_network_and_head_are_one_graph():
    model = build().eval()

    def score(batch):
        return model.cls_head.scores(model.backbone(batch))

    compiled = torch.compile(score, backend='eager', fullgraph=True)
    with torch.no_grad():
        torch.testing.assert_close(compiled(clips()), score(clips()))


def test_compiled_steps_of_training_are_not_compiled_again():
    model = build(data_preprocessor=dict(type='mmengine.BaseDataPreprocessor')).train()
    optim_wrapper = build_optim_wrapper(model, dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01)))
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    step = torch.compile(model.train_step, backend='eager')
    graphs = []
    for number in range(3):
        step(dict(inputs=clips(), data_samples=[sample(number, number + 1), sample(number, 0)]), optim_wrapper)
        graphs.append(torch._dynamo.utils.counters['stats']['unique_graphs'])
    assert graphs[0] == graphs[2] > 0


@pytest.mark.parametrize(('found', 'text'), [
    (sample(verb=-1), r'gt_verb_label of P01_11_3: .*found none \(-1\)'),
    (sample(noun=5), 'gt_noun_label of P01_11_3: .*from 0 to 4, found 5. .*model.cls_head.num_classes.noun=NUMBER')])
def test_wrong_labels_end_the_training_with_a_name(found, text):
    with pytest.raises(AnnotationError, match=text):
        build()(clips(), [sample(name='other'), found], mode='loss')


@pytest.mark.parametrize(('changes', 'text'), [
    (dict(ensemble='mean'), "found ensemble='mean'"), (dict(scores='rank'), "scores='rank'"),
    (dict(memory_format='channels_last'), "memory_format='channels_last'"),
    (dict(views_per_forward=0), 'views_per_forward=0'),
    (dict(losses=dict(action=dict(type='LabelCrossEntropy'))), 'model.losses: expected tasks of the head, verb, noun, '
     'found action')])
def test_wrong_settings_are_named(changes, text):
    with pytest.raises(ConfigError, match=text):
        build(**changes)


def test_several_clips_in_training_and_unknown_modes_are_named():
    model = build()
    with pytest.raises(ConfigError, match='training: expected one clip of each sample, found several'):
        model([views()], [sample()], mode='loss')
    with pytest.raises(ConfigError, match="ClipRecognizer, mode: expected 'loss', 'predict' or 'tensor', found 'test'"):
        model(clips(), mode='test')
