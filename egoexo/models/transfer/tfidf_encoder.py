"""Words and pairs of words as an encoder of sentences."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from egoexo.errors import CheckpointError, ConfigError, DataError, explain
from egoexo.models.transfer.text_encoder import TextEncoder
from egoexo.registry import MODELS

if TYPE_CHECKING:
    from sklearn.feature_extraction.text import TfidfVectorizer

__all__ = ['TfidfEncoder']

_INSTALL = "pip install -c constraints.txt -e '.[text]'"


@MODELS.register_module()
class TfidfEncoder(TextEncoder):
    """Term frequency, weighted by how rare a term is (scikit-learn's ``TfidfVectorizer``); rows have length ``scale``.

    Terms are words and pairs of neighbouring words. The vocabulary comes from the training texts, through
    ``FitEncoderHook``, and travels in the checkpoint as plain tensors of fixed shape: ``terms`` (D, B) uint8, UTF-8
    with zeros behind, and ``idf`` (D,) float32, 0 where there are fewer terms than places.

    Args:
        dim (int): Places for terms, D; the most frequent ones are kept.
        ngram_range (tuple[int, int]): Fewest and most words of a term.
        min_df (int): Texts in which a term has to occur.
        sublinear (bool): Take 1 + log of the frequency.
        scale (float): Multiply the rows.
        term_bytes (int): Longest term, B; longer ones are left out.

    Raises:
        ConfigError: If a number is out of range.

    Examples:
        >>> encoder = TfidfEncoder(dim=4, min_df=1)
        >>> encoder.fit_texts(['cut onion', 'wash onion'])
        >>> encoder.vocabulary
        ['cut', 'cut onion', 'onion', 'wash']
        >>> encoder(['onion', 'pan'])
        tensor([[0., 0., 1., 0.],
                [0., 0., 0., 0.]])
    """

    def __init__(self, dim: int = 16384, ngram_range: tuple[int, int] = (1, 2), min_df: int = 2,
                 sublinear: bool = True, scale: float = 1.0, term_bytes: int = 64) -> None:
        least, most = ngram_range
        if min(dim, min_df, term_bytes, least) < 1 or most < least:
            raise ConfigError(explain(
                'TfidfEncoder', 'dim, min_df and term_bytes of at least 1 and an increasing ngram_range',
                f'{dim=}, {min_df=}, {term_bytes=}, {ngram_range=}', 'Correct them.'))
        super().__init__(dim)
        self.ngram_range, self.min_df, self.sublinear, self.scale = (least, most), min_df, sublinear, scale
        self.register_buffer('terms', torch.zeros(dim, term_bytes, dtype=torch.uint8))
        self.register_buffer('idf', torch.zeros(dim))
        self._made: TfidfVectorizer | None = None
        self._rows: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}

    @property
    def vocabulary(self) -> list[str]:
        """Terms, sorted; empty before :meth:`fit_texts`."""
        count = int((self.idf > 0).sum())
        return [bytes(row).rstrip(b'\0').decode() for row in self.terms[:count].cpu().numpy()]

    def fit_texts(self, texts: Sequence[str]) -> None:
        """Choose the terms; see :class:`TextEncoder`.

        Args:
            texts (Sequence[str]): All training texts.

        Raises:
            DataError: If no term occurs often enough.
            ConfigError: If scikit-learn is not installed.
        """
        vectorizer = self._vectorizer(min_df=self.min_df)
        try:
            counts = (vectorizer.fit_transform(texts) != 0).sum(0)
        except ValueError as error:
            raise DataError(explain(f'TfidfEncoder, {len(texts)} training texts', f'terms that occur in {self.min_df} '
                                    'of them', str(error).split('.')[0], 'Lower model.encoder.min_df, or check the '
                                    'texts.')) from error
        names, frequent = vectorizer.get_feature_names_out(), np.asarray(counts).ravel()
        encoded = [name.encode() for name in names]
        usable = [place for place, name in enumerate(encoded) if len(name) <= self.terms.shape[1]]
        kept = sorted(sorted(usable, key=lambda place: (-frequent[place], encoded[place]))[:self.dim],
                      key=lambda place: encoded[place])
        self._forget()
        self.terms.zero_()
        self.idf.zero_()
        for row, place in enumerate(kept):
            self.terms[row, :len(encoded[place])] = torch.tensor(list(encoded[place]), dtype=torch.uint8)
        self.idf[:len(kept)] = torch.tensor(vectorizer.idf_[kept], dtype=torch.float32)

    def forward(self, texts: Sequence[str]) -> torch.Tensor:
        """Encode; see :class:`TextEncoder`.

        Args:
            texts (Sequence[str]): N sentences.

        Returns:
            torch.Tensor: float32, (N, D); zeros for a sentence without any known term.

        Raises:
            ConfigError: If the encoder was not fitted, or scikit-learn is not installed.
        """
        vectorizer = self._fitted()
        fresh = [text for text in dict.fromkeys(texts) if text not in self._rows]
        if fresh:
            found = vectorizer.transform(fresh)
            for text, start, stop in zip(fresh, found.indptr[:-1], found.indptr[1:], strict=True):
                self._rows[text] = (torch.from_numpy(found.indices[start:stop].astype(np.int64)),
                                    torch.from_numpy(found.data[start:stop].astype(np.float32)))
        places, values = zip(*(self._rows[text] for text in texts), strict=True)
        rows = torch.repeat_interleave(torch.arange(len(texts)), torch.tensor([len(item) for item in places]))
        encoded = torch.zeros(len(texts), self.dim)
        encoded[rows, torch.cat(places)] = torch.cat(values) * self.scale
        return encoded.to(self.device)

    def _fitted(self) -> 'TfidfVectorizer':
        """The vectorizer of the buffers, made anew when a checkpoint was loaded."""
        if self._made is not None:
            return self._made
        if not (self.idf > 0).any():
            raise ConfigError(explain(
                'TfidfEncoder', 'a vocabulary, learnt from the training texts or loaded from a checkpoint', 'none',
                "Add dict(type='FitEncoderHook') to custom_hooks, or load a checkpoint."))
        try:
            vocabulary = self.vocabulary
            vectorizer = self._vectorizer(vocabulary=vocabulary)
            vectorizer.idf_ = self.idf[:len(vocabulary)].cpu().double().numpy()
        except ValueError as error:  # no UTF-8, or a term twice
            raise CheckpointError(explain('TfidfEncoder.terms', 'different terms in UTF-8', error,
                                          'The checkpoint is damaged. Train again.')) from error
        self._made = vectorizer
        return vectorizer

    def _load_from_state_dict(self, *args: object) -> None:
        super()._load_from_state_dict(*args)
        self._forget()

    def _forget(self) -> None:
        """Other terms are coming: what was made of the old ones does not hold."""
        self._made, self._rows = None, {}

    def _vectorizer(self, **options: object) -> 'TfidfVectorizer':
        try:
            from sklearn.feature_extraction.text import TfidfVectorizer
        except ImportError as error:
            raise ConfigError('TfidfEncoder needs the package scikit-learn, which is not installed: '
                              f'{_INSTALL}') from error
        return TfidfVectorizer(ngram_range=self.ngram_range, sublinear_tf=self.sublinear, **options)
