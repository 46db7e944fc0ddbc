"""Sabotage keeps the frequencies and nothing else."""

import copy

from egoexo.datasets.permuted_labels import permute_labels

ITEMS = [dict(sample_id=str(number), labels=[number]) for number in range(30)]


def permuted(seed: int) -> list[dict]:
    items = copy.deepcopy(ITEMS)
    permute_labels(items, seed, 'ego_train')
    return items


def test_labels_move_between_rows_and_none_is_lost() -> None:
    items = permuted(0)
    assert [item['sample_id'] for item in items] == [item['sample_id'] for item in ITEMS]
    assert sorted(item['labels'] for item in items) == [item['labels'] for item in ITEMS]
    assert sum(one['labels'] != other['labels'] for one, other in zip(items, ITEMS, strict=True)) > 20


def test_the_seed_decides() -> None:
    assert permuted(0) == permuted(0) != permuted(1)


def test_labels_under_another_name() -> None:
    items = [dict(sample_id=str(number), label=number) for number in range(30)]
    permute_labels(items, 0, 'ego_train', key='label')
    assert [item['label'] for item in items] == [item['labels'][0] for item in permuted(0)]
