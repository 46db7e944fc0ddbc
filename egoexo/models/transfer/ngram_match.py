"""Pseudo-labels from the best matching few words of a sentence."""

from collections.abc import Sequence

import torch

from egoexo.errors import ConfigError, explain
from egoexo.models.transfer.text_match import TextMatch
from egoexo.registry import MODELS

__all__ = ['NGramMatch', 'ngrams']


def ngrams(text: str, longest: int = 3, limit: int = 500) -> list[str]:
    """Runs of words, shortest first, each once, in order of their first appearance.

    Args:
        text (str): A sentence, cut at every single space; two spaces in a row enclose an empty word, as officially.
        longest (int): Words of the longest run.
        limit (int): Most runs to return.

    Returns:
        list[str]: At least one.

    Examples:
        >>> ngrams('cut the onion')
        ['cut', 'the', 'onion', 'cut the', 'the onion', 'cut the onion']
    """
    words = text.split(' ')
    runs = (' '.join(words[start:start + size]) for size in range(1, longest + 1)
            for start in range(len(words) - size + 1))
    return list(dict.fromkeys(runs))[:limit]


@MODELS.register_module()
class NGramMatch(TextMatch):
    """Like :class:`TextMatch`, by the best of the one to three words long pieces of the sentence for each class.

    The official code keeps 500 pieces in the arbitrary order of a set; here the first ones count.

    Args:
        encoder (dict): See :class:`TextMatcher`.
        num_classes (int): C.
        longest (int): Words of the longest piece.
        limit (int): Pieces of a sentence.
        legacy_padding (bool): As officially, sentences with fewer than ``limit`` pieces are filled up with pieces of
            cosine 0, so that no class of theirs is below 0.
        **kwargs: See :class:`TextMatch`.

    Raises:
        ConfigError: If a number is below 1.
    """

    def __init__(self, encoder: dict, num_classes: int, longest: int = 3, limit: int = 500,
                 legacy_padding: bool = False, **kwargs: object) -> None:
        if min(longest, limit) < 1:
            raise ConfigError(explain('NGramMatch, longest and limit', 'at least 1', f'{longest}, {limit}',
                                      'Correct them.'))
        super().__init__(encoder, num_classes, **kwargs)
        self.longest, self.limit, self.legacy_padding = longest, limit, legacy_padding

    def prepare(self, texts: Sequence[str]) -> None:
        """Let the encoder work ahead for the pieces.

        Args:
            texts (Sequence[str]): Any number.
        """
        self.encoder.prepare(list(dict.fromkeys(
            piece for text in dict.fromkeys(texts) for piece in ngrams(text, self.longest, self.limit))))

    def scores(self, texts: Sequence[str]) -> torch.Tensor:
        """Best cosines, (N, C); see :class:`TextMatcher`.

        Args:
            texts (Sequence[str]): N sentences.
        """
        pieces = [ngrams(text, self.longest, self.limit) for text in texts]
        distinct = list(dict.fromkeys(piece for row in pieces for piece in row))
        places = {piece: place for place, piece in enumerate(distinct)}
        cosines = self.embed(distinct) @ self.class_vectors.T
        best = torch.stack([cosines[[places[piece] for piece in row]].amax(0) for row in pieces])
        if self.legacy_padding:
            padded = torch.tensor([len(row) < self.limit for row in pieces], device=best.device)
            best = torch.where(padded[:, None], best.clamp(min=0), best)
        return best
