"""Scoring saved predictions: what is scored, what is said, what is refused; and the anchors on the real lists."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests_support import data_dir

from egoexo.errors import AnnotationError, ConfigError, PredictionError
from egoexo.evaluation.functional.segmentation import count_video, summarise
from egoexo.evaluation.offline.predictions import FramePredictions
from egoexo.evaluation.offline.segmentation import Annotations, score
from egoexo.evaluation.protocols.segmentation import PROTOCOLS
from egoexo.formats.egoexolearn import (
    read_frame_labels,
    read_split,
    write_frame_labels,
    write_frame_prediction,
    write_split,
)

TAS = 'temporal_action_segmentation_benchmark/tas_annotation'
LISTS = {'ego_train': ['t'], 'ego_val': ['a', 'b', 'c'], 'ego_gaze_val': ['c', 'a'], 'exo_val': ['x', 'y']}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for subset, uids in LISTS.items():
        write_split(tmp_path / TAS / 'splits' / f'{subset}_annotations.bundle', uids)
    records = []
    for uid in 'tabcxy':
        labels = np.repeat(rng.integers(0, 28, 8), rng.integers(2, 30, 8))
        write_frame_labels(tmp_path / TAS / 'gts_fps25' / f'{uid}.txt', labels)
        write_frame_prediction(tmp_path / 'pred' / uid, np.where(rng.random(labels.size) < 0.05, 3, labels))
        records.append(dict(video_uid=uid, num_frames=labels.size, fps=25, width=1, height=1, scene='kitchen',
                            view='exo' if uid in 'xy' else 'ego', task='task2' if uid in 'bx' else 'task1'))
    (tmp_path / 'video_meta_downsampled.json').write_text(json.dumps(records))
    return tmp_path


def expected(root: Path, uids: list[str], drop_last_line: bool = True, protocol: str = 'official') -> dict:
    return summarise([count_video(
        FramePredictions(root / 'pred').read(uid),
        read_frame_labels(root / TAS / 'gts_fps25' / f'{uid}.txt', drop_last_line=drop_last_line),
        PROTOCOLS[protocol]) for uid in uids])


def keep(root: Path, uids: str) -> FramePredictions:
    for file in (root / 'pred').iterdir():
        if file.name not in uids:
            file.unlink()
    return FramePredictions(root / 'pred')


def test_all_lists_and_protocols(root: Path) -> None:
    result = score(FramePredictions(root / 'pred'), Annotations(root), protocols='all')
    scores = {group.prefix: group.scores for group in result.groups}
    assert [name for name in scores if '/' not in name] == ['ego_val', 'ego_gaze_val', 'exo_val']
    assert scores['ego_val'] == expected(root, ['a', 'b', 'c'])
    assert scores['ego_val/unseen'] == expected(root, ['b'])
    assert scores['ego_gaze_val'] == expected(root, ['c', 'a'])
    assert scores['all_frames/exo_val'] == expected(root, ['x', 'y'], drop_last_line=False)
    assert scores['official_test_bug/exo_test'] == scores['exo_val']
    assert scores['fixed_ends/exo_val'] == expected(root, ['x', 'y'], protocol='fixed_ends')
    assert 'exo_val/unseen' not in scores
    assert result.notes == [
        'no list ego_test_annotations.bundle, ego_gaze_test_annotations.bundle, exo_test_annotations.bundle in '
        f'{root / TAS / "splits"}: not scored', '1 prediction(s) for videos of other lists: not scored']


def test_scalars_carry_protocol_and_hash(root: Path) -> None:
    scalars = score(FramePredictions(root / 'pred'), Annotations(root / TAS), ['exo_val'], ['clean']).scalars
    assert scalars['protocols']['clean'] == PROTOCOLS['clean'].hash
    assert scalars['metrics']['clean/exo_val/Acc'] == expected(root, ['x', 'y'])['Acc']
    assert json.loads(json.dumps(scalars))['rules']['clean']['ends'] == 'official'


def test_lists_without_predictions_are_noted(root: Path) -> None:
    result = score(keep(root, 'xy'), Annotations(root))
    assert [group.prefix for group in result.groups] == ['exo_val']
    assert 'no prediction for any video of ego_val, ego_gaze_val: not scored' in result.notes


def test_tasks_unknown_without_the_video_table(root: Path) -> None:
    (root / 'video_meta_downsampled.json').unlink()
    assert {group.part for group in score(FramePredictions(root / 'pred'), Annotations(root)).groups} == {''}


def test_missing_predictions(root: Path) -> None:
    with pytest.raises(PredictionError, match=r'1 of 3 videos of ego_val have no prediction: b\. Predict them'):
        score(keep(root, 'acxy'), Annotations(root))
    assert score(keep(root, 'acxy'), Annotations(root), ['ego_gaze_val']).groups[0].prefix == 'ego_gaze_val'
    with pytest.raises(PredictionError, match='2 of 2 videos of exo_val have no prediction'):
        score(keep(root, 'ac'), Annotations(root), ['exo_val'])


def test_unknown_video(root: Path) -> None:
    write_frame_prediction(root / 'pred' / 'stranger', np.array([1]))
    with pytest.raises(PredictionError, match=r'1 of 7 are for videos that it does not know: stranger\. Remove'):
        score(FramePredictions(root / 'pred'), Annotations(root))


def test_predictions_by_list(root: Path) -> None:
    arrays = {f'{subset}/{uid}': FramePredictions(root / 'pred').read(uid)
              for subset in ('ego_val', 'exo_val') for uid in LISTS[subset]}
    gaze = {f'ego_gaze_val/{uid}': np.full(300, 5) for uid in LISTS['ego_gaze_val']}
    np.savez(root / 'p.npz', **arrays, **gaze, **{'ego_test/b': np.array([1])})
    result = score(FramePredictions(root / 'p.npz'), Annotations(root))
    scores = {group.prefix: group.scores for group in result.groups}
    assert scores['ego_val'] == expected(root, ['a', 'b', 'c'])
    assert scores['ego_gaze_val']['Edit'] < 20
    assert '1 prediction(s) for videos of other lists: not scored' in result.notes


def test_prediction_for_a_video_outside_its_list(root: Path) -> None:
    np.savez(root / 'p.npz', **{'exo_val/a': np.array([1])})
    with pytest.raises(PredictionError, match=r'1 of 1 are for videos that it does not know: exo_val/a\.'):
        score(FramePredictions(root / 'p.npz'), Annotations(root))


def test_video_that_only_the_table_knows_is_no_stranger(root: Path) -> None:
    (root / TAS / 'gts_fps25' / 't.txt').unlink()
    (root / TAS / 'splits' / 'ego_train_annotations.bundle').unlink()
    assert score(FramePredictions(root / 'pred'), Annotations(root), ['exo_val']).groups[0].prefix == 'exo_val'


def shorten(root: Path, uid: str, cut: int) -> None:
    labels = FramePredictions(root / 'pred').read(uid)
    write_frame_prediction(root / 'pred' / uid, labels[:-cut])


def test_short_prediction(root: Path) -> None:
    shorten(root, 'x', 4)
    with pytest.raises(PredictionError, match=r'video exo_val/x: .* but the truth has .*--pad'):
        score(FramePredictions(root / 'pred'), Annotations(root), protocols='all')
    result = score(FramePredictions(root / 'pred'), Annotations(root), ['exo_val'], pad='repeat_last')
    assert result.groups[0].rows[0].counts['official'].num_padded == 3


def test_one_frame_short_leaves_all_frames_out(root: Path) -> None:
    shorten(root, 'y', 1)
    predictions = FramePredictions(root / 'pred')
    result = score(predictions, Annotations(root), ['exo_val'], 'all')
    assert 'all_frames' not in {group.protocol for group in result.groups}
    assert {'official', 'no_background'} <= {group.protocol for group in result.groups}
    assert any(note.startswith('all_frames: not scored. video exo_val/y:') for note in result.notes)
    with pytest.raises(PredictionError, match='video exo_val/y'):
        score(predictions, Annotations(root), ['exo_val'], ['official', 'all_frames'])


def break_label(root: Path) -> None:
    (root / TAS / 'gts_fps25' / 'x.txt').write_bytes(b'1\r\n99\r\n1')


def empty_list(root: Path) -> None:
    (root / TAS / 'splits' / 'exo_val_annotations.bundle').write_bytes(b'')


def duplicate_in_list(root: Path) -> None:
    (root / TAS / 'splits' / 'exo_val_annotations.bundle').write_bytes(b'x.txt\nx.txt')


def remove_label(root: Path) -> None:
    (root / TAS / 'gts_fps25' / 'x.txt').unlink()


def break_prediction(root: Path) -> None:
    (root / 'pred' / 'x').write_bytes(b'### Frame level recognition: ###\n1 2 nan')


@pytest.mark.parametrize(('damage', 'error', 'message'), [
    (break_label, AnnotationError, "x.txt line 2: .*found unknown class id '99'"),
    (empty_list, AnnotationError, 'exo_val_annotations.bundle: .*found an empty file'),
    (duplicate_in_list, AnnotationError, 'line 2: .*found x, which is already in line 1'),
    (remove_label, AnnotationError, 'x.txt: .*it does not exist'),
    (break_prediction, PredictionError, "x frame 2: .*found unknown class id 'nan'"),
])
def test_bad_input(root: Path, damage: object, error: type[Exception], message: str) -> None:
    damage(root)
    with pytest.raises(error, match=message):
        score(FramePredictions(root / 'pred'), Annotations(root))


def test_no_annotation_folder(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match='expected tas_annotation or the root of the release, found no folder'):
        Annotations(tmp_path)


def test_unknown_protocol(root: Path) -> None:
    with pytest.raises(ConfigError, match="unknown segmentation protocol 'new'"):
        score(FramePredictions(root / 'pred'), Annotations(root), protocols='new')


#: What the released evaluator gives on the released labels: Acc, Edit, F1@10, F1@25, F1@50, F1@Avg, Avg.
ANCHORS = {
    ('ego_val', 'truth'): '100.0000 100.0000 99.9545 99.9545 99.9545 99.9545 99.9727',
    ('ego_val', 'five'): '99.8013 98.1249 99.0590 99.0590 97.7737 98.6306 98.7636',
    ('ego_val', 'constant'): '29.2660 3.0388 4.2553 0.6206 0.0887 1.6548 7.4539',
    ('ego_gaze_val', 'five'): '99.8016 98.1934 99.0907 99.0907 97.7850 98.6555 98.7923',
    ('exo_val', 'truth'): '100.0000 100.0000 100.0000 100.0000 100.0000 100.0000 100.0000',
    ('exo_val', 'five'): '99.5896 86.6606 91.8103 89.8707 88.5776 90.0862 91.3017',
    ('exo_val', 'constant'): '23.6977 5.1809 4.9336 1.1385 0.0000 2.0240 6.9902',
}
TRIVIAL = {
    'truth': lambda labels: labels,
    'five': lambda labels: np.repeat(labels[::5], 5),
    'constant': lambda labels: np.full_like(labels, 24),
}


@pytest.mark.parametrize('kind', TRIVIAL)
def test_anchors_on_the_released_lists(kind: str, tmp_path: Path) -> None:
    root = data_dir('egoexolearn')
    for subset in ('ego_val', 'exo_val'):  # ego_gaze_val is part of ego_val
        for uid in read_split(root / TAS / 'splits' / f'{subset}_annotations.bundle'):
            labels = read_frame_labels(root / TAS / 'gts_fps25' / f'{uid}.txt')
            write_frame_prediction(tmp_path / uid, TRIVIAL[kind](labels))
    result = score(FramePredictions(tmp_path), Annotations(root))
    found = {group.prefix: ' '.join(f'{value:.4f}' for value in group.scores.values()) for group in result.groups}
    wanted = {subset: line for (subset, name), line in ANCHORS.items() if name == kind}
    assert {subset: found[subset] for subset in wanted} == wanted
