"""Actions to come: labels, tables and lists, and the released lists that hold other lists."""

import json
import time
from pathlib import Path

import pytest
import torch
from clip_support import ANTICIPATION, ClipLayout
from tests_support import data_dir

from egoexo.datasets.anticipation import AnticipationDataset
from egoexo.datasets.concat import ConcatSubsets
from egoexo.errors import AnnotationError, ConfigError, DataError, FeatureError
from egoexo.formats import egoexolearn_anticipation as official
from egoexo.registry import DATASETS

#: Classes: nouns 5, 2 -> 0, 1; verbs 3, 0, 7 -> 0, 1, 2.
ROWS = [('a', '9.0', '10.0', (0,), (2, 5)), ('a', '2.9', '4.0', (7,), (5,)), ('b', '5.5', '5.6', (), (2,)),
        ('a', '9.0', '10.0', (3, 7), ()), ('a', '9.0', '10.0', (0,), (2,)), ('b', '6.1', '6.2', (), ()),
        ('a', '9.0', '10.0', (), (5,))]


@pytest.fixture
def layout(tmp_path: Path) -> ClipLayout:
    layout = ClipLayout(tmp_path / 'official')
    for uid in 'ab':
        layout.video(uid)
    layout.table('ego_val', ROWS)
    return layout


def build(layout: ClipLayout, subset: str = 'ego_val', **options: object) -> AnticipationDataset:
    return DATASETS.build(layout.config('AnticipationDataset', subset, **options))


def ids(dataset: AnticipationDataset) -> list[str]:
    return [item['sample_id'] for item in dataset.data_list]


def test_nouns(layout: ClipLayout) -> None:
    dataset = build(layout)
    assert ids(dataset) == ['a|9.0|10.0', 'a|2.9|4.0', 'b|5.5|5.6', 'a|9.0|10.0#2', 'a|9.0|10.0#3']
    batch = dataset.__getitems__(range(5))
    targets = torch.stack([sample.gt_class_targets for sample in batch['data_samples']])
    assert targets.tolist() == [[1, 1], [0, 0], [0, 1], [0, 1], [1, 0]]
    assert targets.dtype == torch.float32
    assert [sample.has_context for sample in batch['data_samples']] == [True, False, True, True, True]
    assert batch['inputs'][0, 0].tolist() == pytest.approx([30.6, 32.8, 35.0, 37.2, 39.4])  # 6 s to 8 s
    assert batch['inputs'][1].abs().sum() == 0
    sample = batch['data_samples'][0]
    assert (sample.start_sec, sample.end_sec, sample.subset, sample.view) == (6.0, 8.0, 'ego_val', 'ego')
    assert dataset.metainfo == dict(benchmark='anticipation', part='noun', classes=('5', '2'), num_classes=2,
                                    truth='csv')


def test_verbs(layout: ClipLayout) -> None:
    dataset = build(layout, part='verb')
    assert ids(dataset) == ['a|9.0|10.0', 'a|2.9|4.0', 'a|9.0|10.0#2', 'a|9.0|10.0#3']
    targets = [sample.gt_class_targets.tolist() for sample in dataset.__getitems__(range(4))['data_samples']]
    assert targets == [[0, 1, 0], [0, 0, 0], [1, 0, 1], [0, 1, 0]]
    assert dataset.metainfo['num_classes'] == 3


def test_names_from_the_taxonomy(layout: ClipLayout) -> None:
    (layout.root / 'annotations').mkdir()
    path = layout.root / 'annotations/narration_noun_taxonomy.csv'
    path.write_text('label,group\n' + '\n'.join(f'n{number}_(synonym),[]' for number in range(6)))
    assert build(layout, taxonomy_folder='annotations').metainfo['classes'] == ('n5', 'n2')
    path.write_text('label,group\nn0,[]')
    with pytest.raises(AnnotationError, match=r'narration_noun_taxonomy\.csv: expected a row for each class, up to id '
                       r'5, found 1 rows\. Check that class file and taxonomy belong together\.'):
        build(layout, taxonomy_folder='annotations')


def test_gap_and_recognition(layout: ClipLayout) -> None:
    assert build(layout, gap_sec=0.0)[0]['data_samples'].end_sec == 9.0
    dataset = build(layout, mode='rec')
    assert dataset[1]['data_samples'].has_context
    assert dataset[1]['inputs'][0].tolist() == pytest.approx([14.2, 15.6, 17.0, 18.4, 19.8], abs=0.5)
    assert dataset[1]['data_samples'].gt_class_targets.tolist() == [1, 0]
    layout.table('ego_train', [('a', '9.0', '8.0', (), (2,))])
    with pytest.raises(AnnotationError, match=r'row a\|9\.0\|8\.0: expected an action that ends after it begins, found '
                       r'8\.0 s after 9\.0 s\. Correct or remove the row\.'):
        build(layout, 'ego_train', mode='rec')
    assert len(build(layout, 'ego_train')) == 1  # the end does not matter to anticipation


def write_lists(layout: ClipLayout, folder: str, *names: str, actions: int) -> dict[str, Path]:
    """Lists as the release made them: each holds those before it. Rows are numbered on."""
    rows: list[official.ListedAction] = []
    paths = {}
    for name in names:
        rows += [official.ListedAction('a', f'{9 + len(rows) + number}.0', '99.0', 0.0, 99.0, (0,))
                 for number in range(actions)]
        paths[name] = layout.root / ANTICIPATION / folder / name
        official.write_action_list(paths[name], rows)
    return paths


def test_cumulative_list_is_recognised(layout: ClipLayout, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    exo, ego = official.list_name('exo', 'val'), official.list_name('ego', 'val')
    monkeypatch.setitem(official.OWN_ROWS, 'noun', {exo: 2, ego: 2})
    paths = write_lists(layout, 'noun', exo, ego, actions=2)
    stripped = build(layout, list_source='list')
    assert ids(stripped) == ['a|11.0|99.0', 'a|12.0|99.0']
    told = (f'{paths[ego]} holds 4 rows, of which 2 are its own; the 2 in front are those of {exo} (2) (a defect of '
            'the release). strip_cumulative=True: only its last 2 rows are used.')
    assert said.count(told) == 1
    whole = build(layout, list_source='list', strip_cumulative=False)
    assert len(whole) == 4
    assert any("strip_cumulative=False: all are used, so trained, validated and tested rows and both views are mixed; "
               "pass strip_cumulative=True or list_source='csv' for clean data." in text for text in said)
    said.clear()
    assert len(build(layout, 'exo_val', list_source='list')) == 2  # the first list holds its own rows alone
    assert not any('in front' in text for text in said)
    with open(paths[ego], 'a', encoding='utf-8') as file:
        file.write('\na|50.0|51.0|[1]')
    build(layout, list_source='list')
    assert any('the 3 in front are of unknown origin' in text for text in said)


def test_own_lists_are_taken_as_they_are(layout: ClipLayout, said: list[str]) -> None:
    (layout.root / 'mine.txt').write_text('a|9.0|10.0|[1, 0]\na|9.0|10.0|[]')
    config = layout.config('AnticipationDataset', 'ego_val', ann_file='mine.txt')
    dataset = DATASETS.build(config | dict(subset='ego_mine'))
    assert ids(dataset) == ['a|9.0|10.0', 'a|9.0|10.0#2']
    assert dataset[1]['data_samples'].gt_class_targets.tolist() == [0, 0]
    assert dataset[0]['data_samples'].subset == 'ego_mine'
    table = build(layout, ann_file=f'{ANTICIPATION}/{official.TABLE_FOLDER}/ego_val_valid.csv', list_source='list')
    assert ids(table) == ids(build(layout))
    assert not any('in front' in text for text in said)


def test_gaze_changes_folder_and_name(layout: ClipLayout) -> None:
    write_lists(layout, 'noun_gazed', official.list_name('ego', 'val'), actions=3)
    dataset = build(layout, gaze=True, list_source='list')
    assert len(dataset) == 3
    assert dataset.subset == 'ego_gaze_val'
    assert build(layout, gaze=True).ann_file == build(layout).ann_file  # one table for both


@pytest.mark.parametrize(('rows', 'message'), [
    ([('a', '9.0', '10.0', (0,), (2, 4))], r'ego_train_valid\.csv line 2: expected noun ids of the 2 classes in '
     r'valid_nouns\.txt, found unknown class id 4\. Add it to the class file, or remove it from the line\.'),
    ([('a', '9.0', '10.0', (0,), ())], r'ego_train_valid\.csv: expected at least one row with a noun, found none\. '
     r'Check part and ann_file\.'),
])
def test_bad_tables(layout: ClipLayout, rows: list[tuple], message: str) -> None:
    layout.table('ego_train', rows)
    with pytest.raises(AnnotationError, match=message):
        build(layout, 'ego_train')


def test_bad_lists(layout: ClipLayout) -> None:
    for content, message in (('a|9.0|10.0|[2]', r'mine\.txt line 1: .*class ids from 0 to 1, each once, found'),
                             ('a|9.0|10.0|[0]\nb', r'mine\.txt line 2: expected uid\|start\|end'),
                             ('', r'mine\.txt: expected an action list, found an empty file')):
        (layout.root / 'mine.txt').write_text(content)
        with pytest.raises(AnnotationError, match=message):
            build(layout, ann_file='mine.txt')
    (layout.tables / 'valid_nouns.txt').unlink()
    with pytest.raises(AnnotationError, match=r'valid_nouns\.txt: expected a class file'):
        build(layout)


@pytest.mark.parametrize(('options', 'message'), [
    (dict(part='adjective'), r"AnticipationDataset, part: expected 'verb' or 'noun', found 'adjective'\. Choose one"),
    (dict(list_source='json'), "list_source: expected 'csv' or 'list', found 'json'"),
    (dict(missing_features='zero'), "missing_features: expected 'error' or 'skip', found 'zero'"),
    (dict(mode='recognition'), "mode: expected 'anticipation' or 'rec', found 'recognition'"),
    (dict(view='exo', gaze=True), 'whose people wear no glasses'),
])
def test_wrong_options(layout: ClipLayout, options: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build(layout, **options)


def test_videos_without_gaze_are_left_out_on_demand(layout: ClipLayout, said: list[str]) -> None:
    (layout.features / 'b.pt').unlink()
    with pytest.raises(DataError, match=r'1 of 5 rows of .* in 1 videos'):
        build(layout, gaze=True)
    dataset = build(layout, gaze=True, missing_features='skip')
    assert dataset.videos == ['a']
    assert said[-2] == (f'ego_gaze_val: 1 of 5 rows left out, because 1 videos have no file in {layout.features}: b. '
                        "missing_features='error' stops instead.")
    (layout.features / 'a.pt').unlink()
    with pytest.raises(DataError, match=r'5 of 5 rows of .* in 2 videos'):
        build(layout, gaze=True, missing_features='skip')


def test_missing_test_table(layout: ClipLayout, said: list[str]) -> None:
    assert len(build(layout, 'exo_test', missing_list='skip')) == 0
    assert 'exo_test is left out, nothing of it is trained or scored.' in said[-1]
    with pytest.raises(AnnotationError, match=r'exo_test_valid\.csv: expected a list of the benchmark, found no such'):
        build(layout, 'exo_test')


def test_splits_with_the_same_videos_are_no_alarm(layout: ClipLayout, said: list[str]) -> None:
    layout.table('ego_train', [('a', '9.0', '10.0', (0,), (2,))])
    shared = dict(data_root=str(layout.root), data_prefix=dict(features='features/clip_5fps'), feature=dict(dim=4),
                  part='verb')
    lists = [dict(type='AnticipationDataset', view='ego', split='val', part='noun'),
             dict(type='AnticipationDataset', view='ego', split='train', part='noun')]
    joined = ConcatSubsets(datasets=lists, **shared)
    assert said[-1] == 'ego_val, ego_train share 1 of 2 videos, as published: they differ in the actions.'
    assert joined.metainfo['part'] == 'noun'
    with pytest.raises(ConfigError, match='the same class names'):
        ConcatSubsets(datasets=[lists[0], lists[1] | dict(part='verb')], **shared)


def test_official_recipe(layout: ClipLayout) -> None:
    (layout.features / 'recipe.json').write_text(json.dumps(dict(feature_fps=25.0, first_row_sec=0.08, dim=4)))
    with pytest.raises(FeatureError, match='feature_fps: 25.0 in the folder, 5.0 expected by the config'):
        build(layout)


def test_table_and_stripped_list_are_the_same_samples(tmp_path: Path) -> None:
    root = data_dir('egoexolearn')
    for record in json.loads((root / 'video_meta_downsampled.json').read_text()):
        (tmp_path / f'{record["video_uid"]}.npy').touch()
    options = dict(data_root=str(root), data_prefix=dict(features=str(tmp_path)), check_files=False)
    compared = 0
    for folder, names in official.OWN_ROWS.items():
        for name in names:
            if name == official.COTRAIN_LIST or not (root / ANTICIPATION / folder / name).is_file():
                continue
            view, split = name.split('_')[1:3]
            part, gaze = folder.split('_')[0], folder.endswith('gazed') and view == 'ego'
            file = dict() if gaze == folder.endswith('gazed') else dict(ann_file=f'{ANTICIPATION}/{folder}/{name}')
            listed = AnticipationDataset(view, split, part, list_source='list', gaze=gaze, **file, **options)
            clean = AnticipationDataset(view, split, part, gaze=gaze, **options)
            assert listed.data_list == clean.data_list
            assert len(listed) == official.own_rows(listed.ann_file)
            compared += 1
    assert compared


def test_real_names_and_a_long_list_is_quick(tmp_path: Path, said: list[str]) -> None:
    """Lengths in the video table are placeholders for some videos; nothing here may look at them."""
    root = data_dir('egoexolearn')
    records = json.loads((root / 'video_meta_downsampled.json').read_text())
    placeholder = {record['video_uid']: record['num_frames'] / 25 for record in records}
    for uid in placeholder:
        (tmp_path / f'{uid}.npy').touch()
    begin = time.process_time()
    datasets = [AnticipationDataset(view, 'train', data_root=str(root), taxonomy_folder='annotations',
                                    data_prefix=dict(features=str(tmp_path)), check_files=False)
                for view in ('ego', 'exo')]
    assert time.process_time() - begin < 10
    assert [len(dataset) for dataset in datasets] == [
        official.own_rows(f'noun/{official.list_name(view, "train")}') for view in ('ego', 'exo')]
    names = datasets[0].metainfo['classes']
    assert (names[0], names[2], names[24], names[26], len(names)) == ('pot', 'knife', 'pepper', 'container', 31)
    beyond = [item for dataset in datasets for item in dataset.data_list if item['end_sec'] > placeholder[item['uid']]]
    assert len(beyond) > 100  # listed all the same
