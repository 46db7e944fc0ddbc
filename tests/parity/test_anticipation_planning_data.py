"""The official loader's items and the official lists, made by our readers and data sets."""

import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from tests_support import data_dir, parity_dir

from egoexo.datasets.anticipation import AnticipationDataset
from egoexo.datasets.clip import ClipDataset
from egoexo.datasets.planning import PlanningDataset
from egoexo.errors import FeatureError
from egoexo.formats import egoexolearn_anticipation as anticipation
from egoexo.formats import egoexolearn_planning as planning
from egoexo.formats.clip_list import read_rows, repeat_rows

OWNS = {'anticipation_planning': ['lists/*', 'e2e/*_items*.npz', 'e2e/*_list.txt', 'e2e/list_repeat.json']}

TOPIC = parity_dir('anticipation_planning')
BENCHMARK = 'action_anticipation_planning_benchmark'
ITEM_FILES = sorted(path.name for path in (TOPIC / 'e2e').glob('*_items*.npz'))
#: Channels of which the fixture keeps every 16th.
KEPT = slice(None, None, 16)


@cache
def facts(name: str) -> dict:
    return json.loads((TOPIC / 'lists' / name).read_text())


def release() -> Path:
    return data_dir('egoexolearn') / BENCHMARK


def crc(rows: Sequence[str]) -> int:
    return zlib.crc32('\n'.join(rows).encode())


def sha(rows: Sequence[str]) -> str:
    return hashlib.sha256('\n'.join(rows).encode()).hexdigest()


# ---------------------------------------------------------------------------------------------------- items

@pytest.fixture(scope='module')
def features(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Feature files made from the seeds of the fixture."""
    root = tmp_path_factory.mktemp('features')
    for uid, made in json.loads((TOPIC / 'e2e' / 'e2e.json').read_text())['features'].items():
        rows = np.random.default_rng(made['seed']).standard_normal(made['shape']).astype(np.float32)
        torch.save(torch.from_numpy(rows), root / f'{uid}.pt')
    return root


def dataset_of(items: str, features: Path, tmp_path: Path, num_classes: int, **options: object) -> ClipDataset:
    task = items.split('_')[0]
    options |= dict(view='ego', split='val', ann_file=str(TOPIC / 'e2e' / f'{task}_list.txt'),
                    data_prefix=dict(features=str(features)))
    if task == 'planning':
        return PlanningDataset(**options)
    (tmp_path / 'classes.txt').write_text('\n'.join(map(str, range(num_classes))))
    mode = 'rec' if 'recognition' in items else 'anticipation'
    return AnticipationDataset(part=task, mode=mode, class_file=str(tmp_path / 'classes.txt'), **options)


@pytest.mark.parametrize('cache_bytes', [0, 200_000, 2**30], ids=['uncached', 'partly-cached', 'cached'])
@pytest.mark.parametrize('items', ITEM_FILES)
def test_items_of_the_official_loader(items: str, cache_bytes: int, features: Path, tmp_path: Path) -> None:
    with np.load(TOPIC / 'e2e' / items) as archive:
        official = dict(archive)
    numbers = sorted(int(key[1:]) for key in official if key.startswith('x'))
    assert numbers
    num_classes = len(official[f'y{numbers[0]}'])
    dataset = dataset_of(items, features, tmp_path, num_classes, clip_cache_bytes=cache_bytes)
    field = 'gt_future_steps' if items.startswith('planning') else 'gt_class_targets'
    for _ in range(2):  # read, then from memory
        batch = dataset.__getitems__(numbers)
        for number, inputs, sample in zip(numbers, batch['inputs'], batch['data_samples'], strict=True):
            assert np.array_equal(inputs.T[:, KEPT].numpy(), official[f'x{number}'])
            assert np.array_equal(sample.get(field).numpy(), official[f'y{number}'])
            assert sample.get(field).numpy().dtype == official[f'y{number}'].dtype
            assert torch.equal(dataset[number]['inputs'], inputs)


def test_rows_on_which_the_official_loader_stops(features: Path, tmp_path: Path) -> None:
    """``assert<i>`` marks rows past the features: clamped here, refused on demand."""
    found = 0
    for items in ITEM_FILES:
        with np.load(TOPIC / 'e2e' / items) as archive:
            stops = [int(key.removeprefix('assert')) for key in archive if key.startswith('assert')]
            num_classes = next(len(archive[key]) for key in archive if key.startswith('y'))
        if not stops:
            continue
        found += len(stops)
        dataset = dataset_of(items, features, tmp_path, num_classes)
        assert all(bool(torch.isfinite(dataset[number]['inputs']).all()) for number in stops)
        strict = dataset_of(items, features, tmp_path, num_classes, on_short_feature='error', check_files=False)
        for number in stops:
            with pytest.raises(FeatureError, match='expected at least'):
                strict[number]
    if not found:
        pytest.skip('no item of this set of fixtures is past its features')


def test_repeated_lists() -> None:
    facts = json.loads((TOPIC / 'e2e' / 'list_repeat.json').read_text())
    rows = next(rows for path in sorted((TOPIC / 'e2e').glob('verb_list.txt'))
                for rows in [read_rows(path, 'a list')] if len(rows) == facts['n_lines'])
    for num_rows, case in facts['cases'].items():
        repeated = repeat_rows(rows, int(num_rows))
        assert (len(repeated), crc(repeated)) == (case['n'], case['crc32'])


def test_repeated_list_of_a_data_set(features: Path, tmp_path: Path) -> None:
    facts = json.loads((TOPIC / 'e2e' / 'list_repeat.json').read_text())
    for num_rows in facts['cases']:
        dataset = dataset_of('verb_items.npz', features, tmp_path, 99, num_rows=int(num_rows))
        ids = [item['sample_id'] for item in dataset.data_list]
        assert len(dataset) == len(set(ids)) == int(num_rows)
        again = dataset.__getitems__([0, len(dataset) - 1])
        assert torch.equal(again['inputs'][1], dataset[(len(dataset) - 1) % facts['n_lines']]['inputs'])


# ---------------------------------------------------------------------------------------------------- lists

def describe(rows: Sequence[str], labels: Sequence[Sequence[int]], num_classes: int) -> dict:
    """What the fixture says about a list that does not depend on features."""
    flat = [label for row in labels for label in row]
    return dict(
        n=len(rows), n_videos=len({row.split('|')[0] for row in rows}), first=rows[:2], last=rows[-2:],
        class_hist=np.bincount(flat, minlength=num_classes).tolist(),
        labels_per_row={str(size): count for size, count in sorted(Counter(map(len, labels)).items())},
        crc32_of_joined_lines=crc(rows))


def windows(dataset: ClipDataset) -> dict[str, int]:
    """How many contexts have how many feature rows."""
    sizes = Counter('zero_sample' if not item['has_context'] else str(item['last_row'] - item['first_row'] + 1)
                    for item in dataset.data_list)
    return dict(sizes)


@pytest.fixture(scope='module')
def empty_features(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file for each video of the release, never opened; the lengths of the video table are not to be trusted."""
    root = tmp_path_factory.mktemp('unopened')
    for record in json.loads((data_dir('egoexolearn') / 'video_meta_downsampled.json').read_text()):
        (root / f'{record["video_uid"]}.npy').touch()
    return root


def options_of(empty_features: Path) -> dict:
    return dict(data_root=str(data_dir('egoexolearn')), data_prefix=dict(features=str(empty_features)),
                check_files=False)


def released_files(kind: str) -> list[str]:
    return [name for name in facts('lists.json')['files'] if name.startswith('planning/') == (kind == 'planning')]


@pytest.mark.parametrize('name', released_files('anticipation'))
def test_released_anticipation_list(name: str, empty_features: Path) -> None:
    path = release() / 'anticpation_annotation' / name
    if not path.is_file():
        pytest.skip(f'{name} is not in this copy of the annotations')
    expected = dict(facts('lists.json')['files'][name])
    part, _, file = name.partition('/')
    num_classes = len(facts('lists.json')[f'valid_{part[:4]}s'])
    data = path.read_bytes()
    assert (len(data), hashlib.sha256(data).hexdigest()) == (expected.pop('bytes'), expected.pop('sha256'))
    own = expected.pop('own_part')
    assert anticipation.own_rows(path) == own['n']
    assert sum(anticipation.rows_in_front(path).values()) == own['start_line']
    actions = anticipation.read_action_list(path, num_classes)
    rows = [f'{row.uid}|{row.start_text}|{row.end_text}|{list(row.labels)}' for row in actions]
    hist = expected.pop('context_frame_count_hist')
    assert describe(rows, [row.labels for row in actions], num_classes) == expected
    view, split = (file.split('_')[1:3]) if file != anticipation.COTRAIN_LIST else ('ego', 'train')
    options = dict(view=view, split=split, part=part[:4], ann_file=str(path)) | options_of(empty_features)
    assert windows(AnticipationDataset(strip_cumulative=False, **options)) == hist
    stripped = AnticipationDataset(**options)
    assert len(stripped) == own['n']
    order = {item['file']: item for item in facts('release_order.json')[part]}
    assert sha(rows[-own['n']:]) == order[file]['own_sha256']
    clean = facts('lists.json')['canonical']
    key = f'{part[:4]}/{"cotrain" if file == anticipation.COTRAIN_LIST else f"{view}_{split}"}'
    assert windows(stripped) == clean[key]['context_frame_count_hist']


@pytest.mark.parametrize('name', released_files('planning'))
def test_released_planning_list(name: str, empty_features: Path) -> None:
    path = release() / 'planning_annotation' / planning.LIST_FOLDER / Path(name).name
    if not path.is_file():
        pytest.skip(f'{name} is not in this copy of the annotations')
    expected = dict(facts('lists.json')['files'][name])
    data = path.read_bytes()
    assert (len(data), hashlib.sha256(data).hexdigest()) == (expected.pop('bytes'), expected.pop('sha256'))
    found = planning.read_planning_list(path)
    rows = [f'{row.uid}|{row.end_text}|{list(row.labels)}' for row in found]
    hist, first = expected.pop('context_frame_count_hist'), expected.pop('first_label_hist')
    assert describe(rows, [row.labels for row in found], planning.NUM_CLASSES) == expected
    assert np.bincount([row.labels[0] for row in found], minlength=planning.NUM_CLASSES).tolist() == first
    words = path.name.split('_')
    if words[0] == 'cotrain':
        dataset = PlanningDataset('exo', ann_file=str(path), **options_of(empty_features))
    else:
        dataset = PlanningDataset(words[1], words[0], gaze='gaze' in words, **options_of(empty_features))
        assert Path(dataset.ann_file) == path
    assert windows(dataset) == hist
    assert len({item['sample_id'] for item in dataset.data_list}) == len(rows)


@pytest.mark.parametrize('name', list(facts('lists.json')['canonical']))
def test_clean_list_from_the_tables(name: str, empty_features: Path, tmp_path: Path) -> None:
    part, _, subset = name.partition('/')
    folder = release() / 'anticpation_annotation' / anticipation.TABLE_FOLDER
    subsets = ['ego_train', 'exo_train'] if subset == 'cotrain' else [subset]
    tables = [folder / f'{one}_valid.csv' for one in subsets]
    if not all(table.is_file() for table in tables):
        pytest.skip(f'a table of {subset} is not in this copy of the annotations')
    class_ids = anticipation.read_class_ids(folder / anticipation.CLASS_FILES[part])
    assert list(class_ids) == facts('lists.json')[f'valid_{part}s']
    actions = [row for table in tables
               for row in anticipation.list_actions(anticipation.read_action_table(table), part, class_ids, table)]
    anticipation.write_action_list(tmp_path / 'list.txt', actions)
    rows = (tmp_path / 'list.txt').read_text().split('\n')
    expected = dict(facts('lists.json')['canonical'][name])
    hist = expected.pop('context_frame_count_hist')
    assert describe(rows, [row.labels for row in actions], len(class_ids)) == expected
    datasets = [AnticipationDataset(*one.split('_'), part=part, **options_of(empty_features)) for one in subsets]
    assert sum((Counter(windows(dataset)) for dataset in datasets), Counter()) == hist
    owners = [item['own_sha256'] for folder, items in facts('release_order.json').items() if folder.startswith(part)
              for item in items if subset in (
                  'cotrain' if item['file'] == anticipation.COTRAIN_LIST else '_'.join(item['file'].split('_')[1:3]),)]
    assert owners
    assert set(owners) == {sha(rows)}


@pytest.mark.parametrize('name', list(facts('lists.json')['csv']))
def test_table(name: str, tmp_path: Path) -> None:
    path = release() / 'anticpation_annotation' / anticipation.TABLE_FOLDER / name
    if not path.is_file():
        pytest.skip(f'{name} is not in this copy of the annotations')
    expected = facts('lists.json')['csv'][name]
    rows = anticipation.read_action_table(path)
    anticipation.write_action_table(tmp_path / name, rows)
    data = (tmp_path / name).read_bytes()
    assert (len(data), hashlib.sha256(data).hexdigest()) == (expected['bytes'], expected['sha256'])
    assert (len(rows), len({row.uid for row in rows})) == (expected['rows'], expected['videos'])
    for row, known in ((rows[0], expected['first']), (rows[-1], expected['last'])):
        assert [row.uid, row.annotation_id, row.start_text, row.end_text, str(list(row.verbs)), str(list(row.nouns)),
                row.scenario] == list(known.values())
    assert Counter(row.scenario for row in rows) == expected['scenario']
    assert sum(bool(row.verbs) for row in rows) == expected['nonempty_verb']
    assert sum(bool(row.nouns) for row in rows) == expected['nonempty_noun']


def test_order_and_sizes_of_the_release() -> None:
    order = facts('release_order.json')
    assert {folder: {item['file']: item['own_rows'] for item in items} for folder, items in order.items()} == \
        anticipation.OWN_ROWS
    for folder, items in order.items():
        assert [item['file'] for item in items] == list(anticipation.OWN_ROWS[folder])
        for item in items:
            path = Path(folder, item['file'])
            in_front = sum(anticipation.rows_in_front(path).values())
            assert in_front + anticipation.own_rows(path) == item['cumulative_rows']


@pytest.mark.parametrize('folder', list(facts('release_order.json')))
def test_released_file_is_the_sum_of_its_lists(folder: str, tmp_path: Path) -> None:
    """Files rebuilt from clean lists, as far as the tables of this copy reach, have the bytes of the release."""
    tables = release() / 'anticpation_annotation' / anticipation.TABLE_FOLDER
    part = folder.split('_')[0]
    class_ids = anticipation.read_class_ids(tables / anticipation.CLASS_FILES[part])
    actions: list[anticipation.ListedAction] = []
    for item in facts('release_order.json')[folder]:
        subsets = ['ego_train', 'exo_train'] if item['file'] == anticipation.COTRAIN_LIST else [
            '_'.join(item['file'].split('_')[1:3])]
        paths = [tables / f'{subset}_valid.csv' for subset in subsets]
        if not all(path.is_file() for path in paths):
            break
        for path in paths:
            actions += anticipation.list_actions(anticipation.read_action_table(path), part, class_ids, path)
        anticipation.write_action_list(tmp_path / item['file'], actions)
        data = (tmp_path / item['file']).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (item['bytes'], item['sha256'])
        blob = b'blob %d\0' % len(data) + data
        assert hashlib.sha1(blob, usedforsecurity=False).hexdigest() == item['git_blob_sha1']
