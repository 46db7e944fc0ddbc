import torch

from egoexo.models.transfer import MultiClipClassifier
from egoexo.registry import MODELS
from egoexo.structures import EgoExoDataSample

ENCODER = dict(type='TimeSformer', img_size=16, patch_size=8, embed_dim=8, depth=1, num_heads=2, num_frames=2)


def build() -> MultiClipClassifier:
    torch.manual_seed(0)
    return MODELS.build(dict(type='MultiClipClassifier', encoder=ENCODER,
                             head=dict(type='MLPHead', feat_size=[8, 6], num_classes=5))).eval()


def test_the_largest_logit_over_the_clips_counts() -> None:
    model = build()
    clips = torch.randn(2, 4, 3, 2, 16, 16, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        single = [model.classify(clips[:, number]) for number in range(4)]
        several = model.classify(clips)
    torch.testing.assert_close(several.logits, torch.stack([one.logits for one in single]).amax(0))
    torch.testing.assert_close(several.feature, torch.stack([one.feature for one in single]).mean(0))
    assert len(set(torch.stack([one.logits for one in single]).argmax(0).flatten().tolist())) > 1
    samples = model(clips, data_samples=[EgoExoDataSample(), EgoExoDataSample()], mode='predict')
    torch.testing.assert_close(samples[1].pred_class_logits, several.logits[1])


def test_pairs_of_domains_are_clips_as_ever() -> None:
    model = build().train()
    model.supervise_target = True
    batch = {}
    for name, label in dict(source=1, target=2).items():
        samples = [EgoExoDataSample(), EgoExoDataSample()]
        for sample in samples:
            sample.gt_label = torch.tensor(label)
        batch[name] = dict(inputs=torch.randn(2, 3, 2, 16, 16), data_samples=samples)
    losses = model(mode='loss', **batch)
    assert sorted(losses) == ['loss_cls', 'loss_target'] and all(loss.isfinite() for loss in losses.values())
