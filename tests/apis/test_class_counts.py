"""Class counts that a config leaves to the data set."""

import pytest
from mmengine.config import Config

from egoexo.apis.class_counts import count_classes, needs_class_count, settle_class_counts
from egoexo.errors import ConfigError

FOLDER = 'action_anticipation_planning_benchmark/anticpation_annotation/balanced_full_annotation'


def config(mini_root, part='noun', **head):
    dataset = dict(type='AnticipationDataset', view='ego', split='train', part=part, data_prefix=dict(features='none'))
    return Config(dict(model=dict(head=dict(num_classes='dataset') | head, parts=[dict(num_classes=3)]),
                       train_dataloader=dict(dataset=dict(
                           type='DomainPairDataset', data_root=str(mini_root / 'egoexolearn'), datasets=[dataset],
                           target_datasets=[dataset]))))


@pytest.mark.parametrize('part', ['noun', 'verb'])
def test_it_is_the_number_of_lines_of_the_class_file(mini_root, part):
    lines = (mini_root / 'egoexolearn' / FOLDER / f'valid_{part}s.txt').read_text().split()
    cfg = config(mini_root, part)
    assert needs_class_count(cfg) and count_classes(cfg) == len(lines)
    settle_class_counts(cfg)
    assert cfg.model.head.num_classes == len(lines) and cfg.model.parts[0].num_classes == 3
    assert not needs_class_count(cfg)


def test_known_classes_need_no_data(mini_root):
    cfg = config(mini_root / 'absent')
    settle_class_counts(cfg, classes=('a', 'b'))
    assert cfg.model.head.num_classes == 2


def test_classes_of_several_tasks():
    cfg = Config(dict(model=dict(cls_head=dict(num_classes='dataset'))))
    settle_class_counts(cfg, classes=dict(verb=['a', 'b'], noun=['c', 'd', 'e']))
    assert cfg.model.cls_head.num_classes == dict(verb=2, noun=3)


def test_a_written_number_stays(mini_root):
    cfg = config(mini_root / 'absent', num_classes=5)
    settle_class_counts(cfg)
    assert cfg.model.head.num_classes == 5


def test_no_data_set_is_an_error():
    with pytest.raises(ConfigError, match=r"a data set to take 'dataset' from, found none.*Write the number"):
        settle_class_counts(Config(dict(model=dict(num_classes='dataset'))))
