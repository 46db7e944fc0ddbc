"""Language models of Hugging Face as encoders of sentences.

Letters: N sentences, L tokens of the longest one, W numbers per token, D numbers per sentence.
"""

import logging
import os
import time
from collections.abc import Sequence

import torch
from mmengine.logging import print_log
from torch.nn import functional as F

from egoexo.errors import ConfigError, explain
from egoexo.models.transfer.embedding_cache import EmbeddingCache
from egoexo.models.transfer.pretrained_text import PretrainedText
from egoexo.models.transfer.text_encoder import TextEncoder
from egoexo.registry import MODELS

__all__ = ['HFTextEncoder']

_POOLINGS = ('mean', 'cls', 'hf_head')
_REPORT_SEC = 5.0
_SAVE_SEC = 30.0


@MODELS.register_module()
class HFTextEncoder(TextEncoder):
    """One row per sentence from a pretrained language model, frozen or trained along.

    Frozen (default): each distinct sentence is embedded once, sentences of like length together, and remembered, in
    ``cache_dir`` even beyond the run. The network is no part of the state dict: a checkpoint of the classifier stays
    small and is read together with the same ``name``. It is loaded with the first sentence that is not remembered.

    Trainable: a part of the model like any other, run on every batch, padded to the longest sentence of it. With
    ``pooling='hf_head'`` and ``LogitsHead`` it is the text classifier of LaGTran, head and initialisation those of
    transformers (for DistilBERT Linear, ReLU, dropout 0.2, Linear on the first token). Source: Kalluri et al., "Tell,
    Don't Show!: Language Guidance Eases Transfer Across Domains in Images and Videos" (LaGTran), ICML 2024.

    Args:
        name (str | os.PathLike): See :meth:`PretrainedText.find`.
        pooling (str): ``'mean'`` of the tokens, ``'cls'`` (the first token) or ``'hf_head'`` (class logits; trainable
            only).
        trainable (bool): See above.
        max_length (int): Tokens of a sentence; the rest is cut off.
        normalize (bool): Bring each row to length 1. Without effect on class logits.
        scale (float): Multiply the rows.
        batch_size (int): Sentences that a frozen network sees at once.
        num_classes (int, optional): C, for ``'hf_head'``.
        cache_dir (str | os.PathLike, optional): Folder of :class:`EmbeddingCache`, for frozen networks.

    Raises:
        ConfigError: If an option does not fit, a package is not installed or there is no such model.
        CheckpointError: If the weights are not in safetensors or do not cover the network.

    Examples:
        >>> encoder = HFTextEncoder()
        >>> encoder(['cuts an onion', 'washes a pan']).shape
        torch.Size([2, 384])
        >>> list(encoder.state_dict())
        []
    """

    def __init__(self, name: str | os.PathLike = 'minilm', pooling: str = 'mean', trainable: bool = False,
                 max_length: int = 256, normalize: bool = True, scale: float = 1.0, batch_size: int = 32,
                 num_classes: int | None = None, cache_dir: str | os.PathLike | None = None) -> None:
        self._check(pooling, trainable, max_length, batch_size, num_classes, cache_dir)
        model = PretrainedText.find(name)
        if model.max_positions is not None and max_length > model.max_positions:
            raise ConfigError(explain('HFTextEncoder, max_length', f'at most {model.max_positions}, the positions of '
                                      f'{model.name}', max_length, 'Lower it.'))
        super().__init__(num_classes if pooling == 'hf_head' else model.width)
        self.model, self.pooling, self.trainable = model, pooling, trainable
        self.max_length, self.normalize, self.scale = max_length, normalize, scale
        self.batch_size, self.cache_dir = batch_size, cache_dir
        self._tokenizer = None
        self._cache: EmbeddingCache | None = None
        self._frozen: list[torch.nn.Module] = []  # in a list, where Module does not find it
        if trainable:
            head = dict(num_classes=num_classes, pad_token_id=self.tokenizer.pad_token_id)
            self.network = model.load_network(**head if pooling == 'hf_head' else {}).train()
            if pooling != 'hf_head':  # never run; DDP waits for the gradients of every parameter that asks for one
                for key, parameter in self.network.named_parameters():
                    parameter.requires_grad_(not key.startswith('pooler.'))

    @staticmethod
    def _check(pooling: str, trainable: bool, max_length: int, batch_size: int, num_classes: int | None,
               cache_dir: str | os.PathLike | None) -> None:
        where = 'HFTextEncoder, '
        if pooling not in _POOLINGS:
            raise ConfigError(explain(f'{where}pooling', ' or '.join(map(repr, _POOLINGS)), repr(pooling),
                                      'Choose one of them.'))
        if min(max_length, batch_size) < 1:
            raise ConfigError(explain(f'{where}max_length and batch_size', 'at least 1', f'{max_length}, {batch_size}',
                                      'Correct them.'))
        if (pooling == 'hf_head') != (num_classes is not None) or (pooling == 'hf_head' and not trainable):
            raise ConfigError(explain(
                f'{where}pooling', "'hf_head' together with trainable=True and num_classes, or none of the three",
                f'{pooling=}, {trainable=}, {num_classes=}', 'Set or remove them.'))
        if trainable and cache_dir is not None:
            raise ConfigError(explain(f'{where}cache_dir', 'None, because rows of a network that learns do not last',
                                      repr(cache_dir), 'Remove it, or set trainable=False.'))

    @property
    def tokenizer(self) -> object:
        """The tokenizer of the model, read when it is first asked for."""
        if self._tokenizer is None:
            self._tokenizer = self.model.load_tokenizer()
        return self._tokenizer

    @property
    def cache(self) -> EmbeddingCache:
        """Rows of a frozen network before ``scale``."""
        if self._cache is None:
            name = '' if self.cache_dir is None else \
                self.model.fingerprint(self.pooling, self.max_length, self.normalize)
            self._cache = EmbeddingCache(self.dim, self.cache_dir, name)
        return self._cache

    def tokenize(self, texts: Sequence[str]) -> list[dict[str, list[int]]]:
        """Token ids with the special ones of the model, cut to ``max_length``.

        Args:
            texts (Sequence[str]): N sentences.

        Returns:
            list[dict[str, list[int]]]: N times ``input_ids``, ``attention_mask`` and what else the network takes. A
            sentence without any token is one padding symbol.
        """
        found = self.tokenizer(list(texts), truncation=True, max_length=self.max_length)
        rows = [dict(zip(found, values, strict=True)) for values in zip(*found.values(), strict=True)]
        empty = {key: [1] if key == 'attention_mask' else [0] for key in found}
        return [row if row['input_ids'] else empty | dict(input_ids=[self.tokenizer.pad_token_id]) for row in rows]

    def forward(self, texts: Sequence[str]) -> torch.Tensor:
        """Encode; see :class:`TextEncoder`.

        Args:
            texts (Sequence[str]): N sentences.

        Returns:
            torch.Tensor: float32, (N, D); class logits (N, C) with ``pooling='hf_head'``.
        """
        if self.trainable:
            rows = self._run(self.network, self.tokenize(texts))
            return rows if self.pooling == 'hf_head' else rows * self.scale
        self.prepare(texts)
        return self.cache.rows(texts).to(self.device) * self.scale

    def prepare(self, texts: Sequence[str]) -> None:
        """Embed what is not remembered yet; says how far it is when that takes a while.

        Args:
            texts (Sequence[str]): Any number.
        """
        missing = [] if self.trainable else self.cache.missing(texts)
        if not missing:
            return
        network = self._load_frozen()
        tokens = self.tokenize(missing)
        order = sorted(range(len(missing)), key=lambda index: len(tokens[index]['input_ids']))
        began = told = saved = time.monotonic()
        for start in range(0, len(order), self.batch_size):
            batch = order[start:start + self.batch_size]
            with torch.no_grad(), torch.autocast(self.device.type, enabled=False):
                rows = self._run(network, [tokens[index] for index in batch])
            self.cache.add([missing[index] for index in batch], rows)
            now = time.monotonic()
            if now - told > _REPORT_SEC:
                told, done = now, start + len(batch)
                print_log(self._progress(done, [len(tokens[index]['input_ids']) for index in order], now - began),
                          'current')
            if now - saved > _SAVE_SEC:
                self.cache.save()
                saved = now
        self.cache.save()
        if time.monotonic() - began > _REPORT_SEC:
            print_log(f'{self.model.name}: embedded {len(missing):,} texts in {time.monotonic() - began:.0f} s',
                      'current', logging.INFO)

    def _progress(self, done: int, lengths: Sequence[int], seconds: float) -> str:
        """Short sentences come first, so the time left goes by tokens."""
        read = sum(lengths[:done])
        left = seconds * (sum(lengths) - read) / read
        return (f'{self.model.name}: embedded {done:,} of {len(lengths):,} texts, {done / seconds:.0f} texts/s, '
                f'ETA {left:.0f} s')

    def _load_frozen(self) -> torch.nn.Module:
        if not self._frozen:
            self._frozen.append(self.model.load_network().requires_grad_(False))
        return self._frozen[0].to(self.device)

    def _run(self, network: torch.nn.Module, tokens: Sequence[dict[str, list[int]]]) -> torch.Tensor:
        """Pooled rows of a batch, (N, D)."""
        batch = {key: value.to(self.device) for key, value in
                 self.tokenizer.pad(list(tokens), return_tensors='pt').items()}
        output = network(**batch, return_dict=True)
        if self.pooling == 'hf_head':
            return output.logits.float()
        states = output.last_hidden_state.float()                     # (N, L, W)
        if self.pooling == 'cls':
            rows = states[:, 0]
        else:
            weights = batch['attention_mask'].unsqueeze(-1).float()   # (N, L, 1)
            rows = (states * weights).sum(1) / weights.sum(1).clamp(min=1e-9)
        return F.normalize(rows, dim=1) if self.normalize else rows
