import json
from pathlib import Path

import numpy as np
import pytest
from correspondence_support import EGO, OBJECTS, take_uid, write_correspondence_root

import egoexo.datasets.correspondence_takes as module
from egoexo.datasets.correspondence_takes import CorrespondenceTakes, read_takes

UIDS = [take_uid('train', 0), take_uid('train', 1)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_correspondence_root(tmp_path / 'prepared')


def change(root: Path, uid: str, key: str, value: object) -> None:
    path = root / uid / 'annotation.json'
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | {key: value}))


def test_masks_in_file_order(root: Path) -> None:
    takes = CorrespondenceTakes(root)
    for uid in UIDS:
        takes.read(uid)
    assert list(takes.tracks) == UIDS and list(takes.tracks[UIDS[0]]) == list(OBJECTS) and not takes.problems
    for uid in UIDS:
        annotation = json.loads((root / uid / 'annotation.json').read_text())
        for name, views in annotation['masks'].items():
            for camera, masks in views.items():
                track = takes.tracks[uid][name][camera]
                rows = range(track.first, track.end)
                assert [str(frame) for frame in takes.store.frames[track.first:track.end]] == list(masks)
                assert [takes.store.rle(row) for row in rows] == list(masks.values())
                assert track.annotated.tolist() == annotation['annotated_frames'][name][camera]


def test_frames_that_were_looked_at_may_come_from_elsewhere(root: Path) -> None:
    change(root, UIDS[0], 'annotated_frames', None)
    takes = CorrespondenceTakes(root)
    takes.read(UIDS[0])
    assert takes.tracks[UIDS[0]]['cup_2'][EGO].annotated is None
    takes = CorrespondenceTakes(root, {UIDS[0]: {'cup_2': {EGO: [0, 60]}}, UIDS[1]: {'cup_2': {EGO: [30]}}})
    for uid in UIDS:
        takes.read(uid)
    assert takes.tracks[UIDS[0]]['cup_2'][EGO].annotated.tolist() == [0, 60]
    assert takes.tracks[UIDS[0]]['cup_2']['cam01'].annotated.tolist() == []
    assert 90 in takes.tracks[UIDS[1]]['cup_2'][EGO].annotated  # its own file says so
    assert takes.tracks[UIDS[0]]['cup_2'][EGO].annotated.dtype == np.int64


def test_problems_are_noted(root: Path) -> None:
    (root / UIDS[0] / 'annotation.json').write_text('{"masks": ')
    change(root, UIDS[1], 'masks', {'cup_2': {EGO: {'030': None}}})
    (root / 'no-video').mkdir()
    takes = CorrespondenceTakes(root)
    for uid in (*UIDS, 'gone', 'no-video'):
        takes.read(uid)
    assert list(takes.tracks) == [] and len(takes.store) == 0
    assert 'annotation.json: expected the annotation of a take in JSON' in takes.problems[UIDS[0]]
    assert "frame: expected a number without leading zeros, found '030'" in takes.problems[UIDS[1]]
    assert takes.problems['gone'] == f'no folder {root / "gone"}'
    assert takes.problems['no-video'].startswith(f'no annotation.json in {root / "no-video"}; officially so')


def test_lists_of_one_process_share_the_masks(root: Path) -> None:
    first = read_takes(root, UIDS)
    assert read_takes(root, UIDS) is first
    assert read_takes(root, UIDS[:1]) is not first
    assert read_takes(root, UIDS, {UIDS[0]: {}}, 'other-gt.json') is not first
    change(root, UIDS[0], 'subsample_idx', [0])
    assert read_takes(root, UIDS) is not first  # the file has changed


def test_long_reading_is_told_of(root: Path, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    read_takes(root, UIDS, what='ego2exo_train')
    assert not said
    monkeypatch.setattr(module, '_TOLD_AFTER_SECONDS', -1)
    read_takes(root, UIDS[::-1], what='ego2exo_train')
    assert said == ['ego2exo_train: 54 masks of 2 takes (0 MB) read in 0 s']
