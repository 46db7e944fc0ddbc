import pytest
import torch

from egoexo.errors import ConfigError
from egoexo.models.clip import ClipDomainHeads


def test_a_discriminator_per_relation():
    heads = ClipDomainHeads(5, 8, 2)
    relations = torch.randn(3, 2, 8)
    judged = heads.judge_relations(relations, 0.0)
    for number, head in enumerate(heads.relation_discriminators):
        torch.testing.assert_close(judged[:, number], head(relations[:, number]))
    assert heads.judge_video(torch.randn(3, 8), 0.0).shape == (3, 2)
    assert heads.judge_frames(torch.randn(3, 4, 5), 0.0).shape == (3, 4, 2)


def test_only_what_an_objective_reads_learns():
    assert not any(parameter.requires_grad for parameter in ClipDomainHeads().parameters())
    heads = ClipDomainHeads(objectives=[dict(type='FrameAdversarialLoss', places=['video', 'relation']),
                                        dict(type='TargetEntropyLoss', places=['frame'])])
    assert heads.judged == {'video', 'relation'}
    trained = {name.split('.')[0] for name, parameter in heads.named_parameters() if parameter.requires_grad}
    assert trained == {'video_discriminator', 'relation_discriminators'}


def test_initial_weights_are_as_published():
    torch.manual_seed(0)
    heads = ClipDomainHeads()
    assert heads.frame_discriminator.fc.weight.std().item() == pytest.approx(0.001, rel=0.02)
    assert heads.relation_discriminators[0].fc.weight.abs().max().item() == pytest.approx(1 / 16, rel=0.01)


def test_three_weights_or_one():
    with pytest.raises(ConfigError, match='expected one weight, or 3: one per branch, found 2'):
        ClipDomainHeads(beta=[0.5, 0.5])
