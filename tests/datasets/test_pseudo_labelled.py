"""Pseudo-labels that fit a list, and those that do not."""

import re
from pathlib import Path

import pytest

from egoexo.datasets.pseudo_labelled import find_pseudo_labels, take_pseudo_labels, without_phase
from egoexo.errors import AnnotationError


def items() -> list[dict]:
    return [dict(sample_id=str(number), label=number % 3) for number in (5, 9, 4, 8)]


def write(path: Path, text: str) -> Path:
    (path / 'pseudo.txt').write_text(text)
    return path / 'pseudo.txt'


def test_labels_are_joined_by_id(tmp_path: Path, said: list[str]) -> None:
    path = write(tmp_path, '4 1\n5 0\n8 2\n9 2\n')
    assert [item['label'] for item in take_pseudo_labels(items(), path, 3, 'exo_train')] == [0, 2, 1, 2]
    assert said[-1] == f'exo_train: 4 pseudo-labels of {path}, 50.0 % of them the true ones'


def test_uncertain_ones_are_left_out_and_counted(tmp_path: Path, said: list[str]) -> None:
    path = write(tmp_path, '4 1 0.9\n5 0 0.499\n8 2 0.5\n9 2 1\n')
    kept = take_pseudo_labels(items(), path, 3, 'exo_train', min_confidence=0.5)
    assert [(item['sample_id'], item['label']) for item in kept] == [('9', 2), ('4', 1), ('8', 2)]
    assert said[-1] == ('exo_train: 1 of 4 samples left out, whose pseudo-label is less certain than '
                        'min_confidence=0.5')


@pytest.mark.parametrize(('text', 'least', 'message'), [
    ('4 1\n5 0\n8 2\n', None, 'one for each of 4 ids, found 1 missing ids. First missing ids: 9'),
    ('4 1\n5 0\n8 2\n9 0\n7 0\n6 1\n', None, 'found 2 extra ids. First extra ids: 7, 6'),
    ('4 1\n5 0\n8 2\n9 0\n9 1\n', None, 'found 1 duplicate ids. First duplicate ids: 9 in line 5'),
    ('4 1\n5 0\n8 2\n9 3\n', None, 'from 0 to 2, one for each of 4 ids, found 1 labels out of range'),
    ('4 1\n5 0\n8 2\n9 1\n', 0.5, 'expected a third column, which min_confidence=0.5 needs, found two columns'),
    ('4 1 0.1\n5 0 0.2\n8 2 0.2\n9 1 0.3\n', 0.5, 'at least one confidence of 0.5 or more, found none above 0.3'),
])
def test_files_that_do_not_fit(text: str, least: float | None, message: str, tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match=re.escape(message)):
        take_pseudo_labels(items(), write(tmp_path, text), 3, 'exo_train', least)


def test_a_file_is_found_in_the_current_folder_or_under_the_root(tmp_path: Path,
                                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    root = tmp_path / 'root'
    root.mkdir()
    assert find_pseudo_labels('pseudo.txt', root) == Path('pseudo.txt')
    assert find_pseudo_labels(write(root, '1 2\n').name, root) == root / 'pseudo.txt'
    write(tmp_path, '1 2\n')
    assert find_pseudo_labels('pseudo.txt', root) == Path('pseudo.txt')
    assert find_pseudo_labels(root / 'pseudo.txt', 'elsewhere') == root / 'pseudo.txt'


def test_labels_of_a_phase_are_not_there_before_it() -> None:
    with pytest.raises(AnnotationError, match=re.escape(
            "pseudo_labels='phase:text': expected the file that the phase 'text' of this training writes, found a "
            'training that has not run it. Pass the config to tools/train.py, which runs it first')):
        find_pseudo_labels('phase:text')
    later = dict(view='exo', labels='pseudo', pseudo_labels='phase:text')
    assert without_phase(later) == dict(view='exo', labels='none', pseudo_labels=None)
    ready = dict(view='exo', labels='pseudo', pseudo_labels='a.txt')
    assert without_phase(ready) == ready
    assert without_phase(dict(view='ego')) == dict(view='ego')
