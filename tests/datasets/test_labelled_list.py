"""One metadata file, several sources of labels; a toy file, because the real ones are tested with their data sets."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from egoexo.datasets.labelled_list import LabelledListDataset
from egoexo.errors import AnnotationError, ConfigError
from egoexo.formats.pseudo_labels import write_pseudo_labels

CLASSES = ('cut', 'wash', 'take')


class Letters(LabelledListDataset):
    """Each line of the file is a video and a class."""

    UNIT = 'letters'
    subset = 'ego_train'
    reads: list[str] = []

    @staticmethod
    def read_file(path: str) -> SimpleNamespace:
        Letters.reads.append(path)
        rows = [line.split() for line in Path(path).read_text().splitlines()]
        return SimpleNamespace(classes=CLASSES, rows=rows)

    def list_all(self) -> list[dict]:
        return [dict(sample_id=str(number), uid=uid, view='ego', subset=self.subset, label=CLASSES.index(name))
                for number, (uid, name) in enumerate(self.content.rows)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / 'letters.txt'
    path.write_text('a cut\na wash\nb take\nc cut\n')
    return path


def test_true_labels_and_classes(file: Path) -> None:
    dataset = Letters(str(file))
    assert dataset.labels.tolist() == [0, 1, 2, 0]
    assert (dataset.metainfo['classes'], dataset.metainfo['num_classes']) == (CLASSES, 3)
    assert dataset.metainfo['benchmark'] == 'transfer'
    assert dataset.name == f'Letters ego_train ({file})'


def test_file_is_read_once_until_it_changes(file: Path) -> None:
    Letters.reads.clear()
    lists = [Letters(str(file)) for _ in range(3)]
    assert [len(item) for item in lists] == [4, 4, 4] and Letters.reads == [str(file)]
    file.write_text(file.read_text() + 'd wash\n')
    assert len(Letters(str(file))) == 5 and len(Letters.reads) == 2


def test_other_labels(file: Path, tmp_path: Path) -> None:
    write_pseudo_labels(tmp_path / 'labels.txt', range(4), [2, 2, 1, 1], [.9, .4, .8, .7])
    options = dict(labels='pseudo', pseudo_labels=str(tmp_path / 'labels.txt'))
    assert Letters(str(file), **options).labels.tolist() == [2, 2, 1, 1]
    assert Letters(str(file), **options, min_confidence=.75).labels.tolist() == [2, 1]


def test_without_labels(file: Path) -> None:
    dataset = Letters(str(file), labels='none')
    assert all('label' not in item for item in dataset.data_list)
    with pytest.raises(ConfigError, match="ego_train, labels: expected a list with labels, .* found labels='none'"):
        _ = dataset.labels


def test_excluded_and_permuted(file: Path) -> None:
    assert Letters(str(file), exclude=['a']).labels.tolist() == [2, 0]
    permuted = Letters(str(file), shuffle_labels=3).labels.tolist()
    assert sorted(permuted) == [0, 0, 1, 2] and permuted == Letters(str(file), shuffle_labels=3).labels.tolist()


@pytest.mark.parametrize(('options', 'message'), [
    (dict(labels='some'), "Letters, labels: expected 'true' or 'pseudo' or 'none', found 'some'"),
    (dict(labels='pseudo'), "Letters, pseudo_labels: expected a file with labels='pseudo', none otherwise, found"),
    (dict(pseudo_labels='a.txt'), "found pseudo_labels='a.txt' with labels='true'"),
    (dict(min_confidence=.5), "Letters, min_confidence: expected 0 to 1, with labels='pseudo', found 0.5"),
])
def test_options_that_do_not_fit(file: Path, options: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Letters(str(file), **options)


def test_an_empty_list_is_refused(tmp_path: Path) -> None:
    (tmp_path / 'letters.txt').write_text('')
    with pytest.raises(AnnotationError, match='letters.txt ego_train: expected at least one of its letters, found'):
        Letters(str(tmp_path / 'letters.txt'))
