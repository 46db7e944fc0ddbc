"""Vectorised decoding against plain Python on random text."""

import numpy as np
import pytest

from egoexo.formats.label_text import decode_ids, encode_runs, split_lines, split_words

ALPHABET = np.frombuffer(b'0123456789 \n\r\tx-', np.uint8)


def is_id(word: str, num_classes: int) -> bool:
    return word.isdecimal() and str(int(word)) == word and int(word) < num_classes


@pytest.mark.parametrize('seed', range(8))
@pytest.mark.parametrize('num_classes', [6, 28, 300])
def test_random_bytes(seed: int, num_classes: int) -> None:
    data = np.random.default_rng(seed).choice(ALPHABET, 400).tobytes()
    text = data.decode().replace('\r\n', '\n').replace('\r', '\n')
    for cut, words in ((split_lines(data, True), text.split('\n')[:-1]), (split_words(data), text.split())):
        buffer, starts, ends = cut
        found = [buffer[start:end].tobytes().decode() for start, end in zip(starts, ends, strict=True)]
        assert found == words
        ids, bad = decode_ids(buffer, starts, ends, num_classes)
        assert (~bad).tolist() == [is_id(word, num_classes) for word in words]
        assert ids[~bad].tolist() == [int(word) for word in words if is_id(word, num_classes)]


@pytest.mark.parametrize('labels', [[0], [1, 1, 1], [0, 27, 27, 0], [3, 2, 1]])
def test_encode_runs(labels: list[int]) -> None:
    assert encode_runs(np.array(labels), '\r\n') == '\r\n'.join(map(str, labels))
