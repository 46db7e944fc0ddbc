import json
from pathlib import Path

import pytest
from transfer_support import write_ego2exo_root

from egoexo.datasets.concat import ConcatSubsets
from egoexo.datasets.segment_text import SegmentTextDataset


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_ego2exo_root(tmp_path, num_classes=3, per_class=4)


def test_inputs_are_the_texts_of_the_file(root: Path) -> None:
    for path in root.glob('features/*/*.pt'):  # which a text classifier does not need
        path.unlink()
    official = json.loads((root / 'metadata/ego2exo.json').read_text())['exo_train']['descriptions']
    dataset = SegmentTextDataset('exo', data_root=str(root))
    batch = dataset.__getitems__([5, 2])
    assert batch['inputs'] == [official[5]['text_caption'], official[2]['text_caption']]
    assert [sample.sample_id for sample in batch['data_samples']] == [str(official[5]['segment_id']),
                                                                     str(official[2]['segment_id'])]
    assert dataset[5]['inputs'] == batch['inputs'][0]


def test_blank_texts_are_counted(root: Path, said: list[str]) -> None:
    dataset = SegmentTextDataset('ego', 'val', data_root=str(root))
    assert dataset[0]['inputs'] == ''
    assert 'ego_val: 12 of 12 texts are blank; nothing can be read from them.' in said
    assert dataset.inspect_sample(dict(sample_id='1', text=' ab ')).facts == dict(characters=2)


def test_texts_of_both_views_in_one_batch(root: Path) -> None:
    lists = [dict(type='SegmentTextDataset', view=view) for view in ('ego', 'exo')]
    dataset = ConcatSubsets(lists, data_root=str(root))
    batch = dataset.__getitems__([13, 0, 12, 1])
    assert batch['inputs'] == [dataset[index]['inputs'] for index in (13, 0, 12, 1)]
    assert [sample.view for sample in batch['data_samples']] == ['exo', 'ego', 'exo', 'ego']
