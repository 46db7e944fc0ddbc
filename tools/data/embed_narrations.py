"""Embed every distinct narration once, for SUM-L: training then looks two rows up per sample.

Examples::

    python tools/data/embed_narrations.py --ann data/epic/annotations/EPIC_100_train.csv \\
        --pairs data/epic/pairs/epic_lemma_pairs.json --out data/epic/pairs/text_embeddings.npz \\
        --encoder sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2    # what SUM-L was trained with
    python tools/data/embed_narrations.py ... --encoder hashing                 # stand-in, nothing is downloaded

Encoders: ``hashing``, words and parts of words at places that their hash chooses; alike sentences get alike rows on
every machine, but it knows no meaning and stands in for a language model. ``tfidf``, frequencies of words and pairs of
words, weighted by how rare they are, reduced by a singular value decomposition of these narrations. Anything else is a
language model of Hugging Face whose tokens are averaged: a folder, a hub id, or ``minilm``.
"""

import argparse
import hashlib
import itertools
import math
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # a clone works without being installed

from egoexo.errors import AnnotationError, ConfigError, EgoExoError, explain
from egoexo.formats.epic_actions import read_epic_actions
from egoexo.formats.semantic_pairs import read_semantic_pairs
from egoexo.formats.text_embeddings import write_text_embeddings

__all__ = ['embed_narrations', 'hash_texts', 'list_narrations', 'main', 'parse_args', 'tfidf_texts']

_GRAMS = (3, 4, 5)
_GRAM_WEIGHT = 0.25  # of a part of a word against a word
_PLACES = 4  # of a feature
_INSTALL = "pip install -c constraints.txt -e '.[text]'"


def list_narrations(ann_files: Sequence[str | Path], pairs_file: str | Path | None = None) -> list[str]:
    """Collect the narrations that training may ask for.

    Args:
        ann_files (Sequence[str | Path]): Lists of EPIC-Kitchens.
        pairs_file (str | Path, optional): Pair file; the paths in it do not matter.

    Returns:
        list[str]: Each once, in the order of the files.

    Raises:
        AnnotationError: If a file is missing or malformed, or there is no narration in them.
    """
    texts = dict.fromkeys(action.narration for path in ann_files for action in read_epic_actions(path))
    if pairs_file is not None:
        texts.update(dict.fromkeys(entry.narration for entry in read_semantic_pairs(pairs_file, ('', '')).entries))
    if not any(texts):
        raise AnnotationError(explain(', '.join(map(str, ann_files)), 'narrations', 'none',
                                      'Give a list that has the column narration.'))
    return list(texts)


def hash_texts(texts: Sequence[str], dim: int = 384) -> np.ndarray:
    """Embed sentences without a language model; the same on every machine.

    Args:
        texts (Sequence[str]): n sentences.
        dim (int): Numbers per row, D.

    Returns:
        np.ndarray: float32, (n, D), rows of length 1.

    Raises:
        ConfigError: If ``dim`` is not at least 1.
    """
    if dim < 1:
        raise ConfigError(explain('embed_narrations, dim', 'at least 1', dim, 'Correct it.'))
    known: dict[str, list[tuple[int, float]]] = {}
    rows = np.zeros((len(texts), dim), dtype=np.float64)
    for row, text in zip(rows, texts, strict=True):
        for feature, weight in _features(text):
            if feature not in known:
                digest = hashlib.blake2b(feature.encode('utf-8', 'surrogatepass'), digest_size=8 * _PLACES).digest()
                numbers = [int.from_bytes(digest[8 * place:8 * place + 8], 'little') for place in range(_PLACES)]
                known[feature] = [(number // 2 % dim, 1.0 if number % 2 else -1.0) for number in numbers]
            for place, sign in known[feature]:
                row[place] += weight * sign
        length = math.sqrt(math.fsum(value * value for value in row.tolist()))
        if not length:  # a sentence whose features cancel each other
            row[0] = length = 1.0
        row /= length
    return rows.astype(np.float32)


def _features(text: str) -> Iterator[tuple[str, float]]:
    """Words, neighbouring words, and parts of words with a mark for begin and end."""
    words = text.lower().split()
    for word in words:
        yield f'w {word}', 1.0
        marked = f'<{word}>'
        for size in _GRAMS:
            for start in range(len(marked) - size + 1):
                yield f'g {marked[start:start + size]}', _GRAM_WEIGHT
    for first, second in itertools.pairwise(words):
        yield f'p {first} {second}', 1.0
    if not words:
        yield 'nothing', 1.0


def tfidf_texts(texts: Sequence[str], dim: int = 384) -> np.ndarray:
    """Embed sentences by their words and a singular value decomposition of all of them.

    Args:
        texts (Sequence[str]): n sentences.
        dim (int): Numbers per row, D; zeros behind where there are fewer different words.

    Returns:
        np.ndarray: float32, (n, D).

    Raises:
        ConfigError: If scikit-learn is not installed.
    """
    try:
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer
    except ImportError as error:
        raise ConfigError(f'--encoder tfidf needs the package scikit-learn, which is not installed: {_INSTALL}') \
            from error
    found = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r'\S+').fit_transform(texts)
    rank = min(dim, found.shape[1] - 1, found.shape[0])
    rows = TruncatedSVD(rank, random_state=0).fit_transform(found) if rank > 0 else found.toarray()[:, :dim]
    return np.pad(rows, ((0, 0), (0, dim - rows.shape[1]))).astype(np.float32)


def _embed(texts: Sequence[str], encoder: str, dim: int) -> np.ndarray:
    if encoder == 'hashing':
        return hash_texts(texts, dim)
    if encoder == 'tfidf':
        return tfidf_texts(texts, dim)
    from egoexo.models.transfer.hf_text_encoder import HFTextEncoder  # torch and transformers only where needed
    model = HFTextEncoder(encoder, pooling='mean', max_length=128, normalize=False)
    if model.dim != dim:
        raise ConfigError(explain(f'language model {encoder}', f'{dim} numbers per text', model.dim,
                                  'Choose another model, or give --dim and the dim of TextContrastHead this number.'))
    return model(list(texts)).numpy()


def embed_narrations(out: str | Path, ann_files: Sequence[str | Path], pairs_file: str | Path | None = None,
                     encoder: str = 'hashing', dim: int = 384) -> int:
    """Write the table that ``SemanticPairDataset`` reads.

    Args:
        out (str | Path): The ``.npz``.
        ann_files (Sequence[str | Path]): Lists of EPIC-Kitchens.
        pairs_file (str | Path, optional): Pair file.
        encoder (str): ``'hashing'`` (default), ``'tfidf'``, or a language model.
        dim (int): Numbers per row.

    Returns:
        int: Number of distinct narrations.

    Raises:
        EgoExoError: If a file is missing or malformed, or the encoder is not there.
        OSError: If ``out`` cannot be written.
    """
    texts = list_narrations(ann_files, pairs_file)
    write_text_embeddings(out, texts, _embed(texts, encoder, dim))
    return len(texts)


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line.

    Args:
        argv (Sequence[str], optional): Arguments without the program's name; those of the process by default.

    Returns:
        argparse.Namespace: One attribute per option.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--ann', type=Path, nargs='+', required=True, help='lists of EPIC-Kitchens, .csv or .pkl')
    parser.add_argument('--pairs', type=Path, help='pair file, whose narrations are added')
    parser.add_argument('--out', type=Path, required=True, help='.npz to write')
    parser.add_argument('--encoder', default='hashing', help='hashing, tfidf or a language model (default: '
                        '%(default)s)')
    parser.add_argument('--dim', type=int, default=384, help='numbers per row (default: %(default)s)')
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Write the table and print its size.

    Args:
        argv (Sequence[str], optional): Arguments without the program's name; those of the process by default.

    Returns:
        int: 0, or 2 after an error that the user can mend.
    """
    args = parse_args(argv)
    try:
        count = embed_narrations(args.out, args.ann, args.pairs, args.encoder, args.dim)
    except (EgoExoError, OSError) as error:
        print(f'{type(error).__name__}: {error}', file=sys.stderr)
        return 2
    print(f'{args.out}: {count:,} narrations by {args.encoder}, {args.dim} numbers each')
    return 0


if __name__ == '__main__':
    sys.exit(main())
