from pathlib import Path

import pytest
import torch

from egoexo.errors import CheckpointError
from egoexo.models.backbones import PooledEncoder
from egoexo.registry import MODELS

RESNET = dict(type='mmaction.ResNet', depth=18, norm_eval=False)


def test_mean_over_the_picture() -> None:
    encoder = MODELS.build(dict(type='PooledEncoder', backbone=RESNET)).eval()
    pictures = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(encoder(pictures), encoder.backbone(pictures).mean((2, 3)))


@pytest.mark.parametrize(('outputs', 'expected'), [
    ((torch.zeros(2, 3, 4, 4), torch.ones(2, 5, 2, 2)), (2, 5)), (torch.ones(2, 6, 3, 2, 2), (2, 6)),
    (torch.ones(2, 7), (2, 7))])
def test_the_last_output_counts(outputs: object, expected: tuple[int, int]) -> None:
    encoder = PooledEncoder(RESNET)
    del encoder.backbone
    encoder.backbone = lambda inputs: outputs
    rows = encoder.forward(torch.zeros(2, 3, 8, 8))
    assert rows.shape == expected and (rows == 1).all()


def test_weights_of_a_file(tmp_path: Path) -> None:
    first = PooledEncoder(RESNET)
    state = {f'backbone.{key}': value for key, value in first.backbone.state_dict().items()}
    torch.save(dict(state_dict=state | {'cls_head.weight': torch.zeros(2)}), tmp_path / 'tsn.pth')
    second = PooledEncoder(RESNET, checkpoint=str(tmp_path / 'tsn.pth'))
    assert all(torch.equal(value, second.state_dict()[key]) for key, value in first.state_dict().items())
    with pytest.raises(CheckpointError, match='does not fit the backbone ResNet'):
        PooledEncoder(RESNET | dict(depth=34), checkpoint=str(tmp_path / 'tsn.pth'))
