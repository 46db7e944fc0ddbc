import pytest
import torch

from egoexo.errors import ConfigError
from egoexo.models.extractors.huggingface_vision import POOLINGS, pooled_row

TOKENS = torch.arange(24.0).view(2, 3, 4)
MAP = torch.arange(48.0).view(2, 3, 2, 4)


@pytest.mark.parametrize(('outputs', 'pooling', 'expected'), [
    (dict(last_hidden_state=TOKENS), 'cls', TOKENS[:, 0]),
    (dict(last_hidden_state=TOKENS), 'mean', TOKENS.mean(1)),
    (dict(last_hidden_state=MAP), 'mean', MAP.mean((2, 3))),
    (dict(last_hidden_state=TOKENS, pooler_output=MAP[..., :1, :1]), 'pooler', MAP[..., 0, 0]),
])
def test_rows(outputs: dict, pooling: str, expected: torch.Tensor) -> None:
    assert pooling in POOLINGS
    torch.testing.assert_close(pooled_row(outputs, pooling, 'Encoder', 'vit'), expected)


@pytest.mark.parametrize(('outputs', 'pooling', 'message'), [
    (dict(last_hidden_state=TOKENS), 'pooler', "but a vit model returns no pooler_output. Choose 'cls' or 'mean'"),
    (dict(logits=TOKENS), 'cls', "returns no last_hidden_state, only logits. Choose 'pooler'"),
    (dict(last_hidden_state=MAP), 'cls', "returns a feature map and no tokens. Choose 'mean' or 'pooler'"),
])
def test_outputs_without_such_a_row(outputs: dict, pooling: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        pooled_row(outputs, pooling, 'Encoder', 'vit')
