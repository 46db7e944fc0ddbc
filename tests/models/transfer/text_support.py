"""A language model of a few thousand parameters with a vocabulary of its own, saved as Hugging Face saves them."""

import torch

__all__ = ['WORDS', 'save_tiny_model']

WORDS = ('cut', 'wash', 'the', 'onion', 'pan', 'with', 'water', 'knife', '##s', 'e', 'make', 'pasta', 'clean', 'up')


def save_tiny_model(folder, kind='bert', positions=256, safe=True):
    """Write config, weights and tokenizer; returns the folder."""
    import transformers

    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', *WORDS]
    (folder / 'vocab.txt').write_text('\n'.join(vocabulary) + '\n')
    tokenizer = transformers.BertTokenizer(str(folder / 'vocab.txt'))
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    if kind == 'bert':
        config = transformers.BertConfig(
            vocab_size=len(vocabulary), hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
            intermediate_size=32, max_position_embeddings=positions)
        network = transformers.BertModel(config)
    else:
        config = transformers.DistilBertConfig(
            vocab_size=len(vocabulary), dim=16, n_layers=2, n_heads=2, hidden_dim=32,
            max_position_embeddings=positions)
        network = transformers.DistilBertModel(config)
    network.save_pretrained(folder)
    if not safe:
        (folder / 'model.safetensors').unlink()
        torch.save(network.state_dict(), folder / 'pytorch_model.bin')
    return folder
