"""Preparation of Ego-Exo4D for correspondence."""

import json

import cv2
import pytest
from relations_support import EGO, SIZES, box, mask_entry, relation_take, write_download, write_videos

from egoexo.apis import correspondence_preparation
from egoexo.apis.correspondence_preparation import prepare
from egoexo.errors import AnnotationError, ConfigError, DataError
from egoexo.formats.correspondence_pairs import create_pairs, read_pairs
from egoexo.formats.correspondence_take import read_split, read_take_annotation
from egoexo.formats.correspondence_truth import iter_ground_truth, iter_prepared_takes
from egoexo.formats.relations import iter_relations


def run(root, out='out', **options):
    return prepare(root, root / out, **dict(target_size='none', progress=False) | options)


def files_of(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob('*') if path.is_file())


@pytest.fixture
def root(tmp_path):
    return write_download(tmp_path)


def test_official_layout(root):
    report = run(root)
    assert report.prepared == ['u0', 'u1', 'u2']
    assert (report.kept, report.skipped, report.unknown, report.cameras, report.num_bad_masks) == ([], {}, [], [], 0)
    pictures = [f'{camera}/{frame}.jpg' for camera in SIZES for frame in (0, 30, 60)]
    assert files_of(root / 'out') == sorted(
        ['split.json'] + [f'{uid}/{name}' for uid in ('u0', 'u1', 'u2') for name in (*pictures, 'annotation.json')])
    assert read_split(root / 'out') == {'train': ['u0', 'u1'], 'val': ['u2'], 'test': []}
    for uid, take in iter_relations(root / 'annotations' / 'relations_train.json'):
        prepared = read_take_annotation(root / 'out' / uid / 'annotation.json')
        assert prepared.masks == take.masks
        assert prepared.annotated_frames == take.annotated_frames
        assert prepared.subsample_idx == [0, 30, 60]  # below the 70 frames of the ego video
    for camera, size in SIZES.items():
        for frame in (0, 30, 60):
            picture = cv2.imread(str(root / 'out' / 'u1' / camera / f'{frame}.jpg'))
            assert picture.shape == (*size, 3)
            assert abs(picture.mean() - (20 + 2 * frame)) < 4  # the frame of this number
    assert report.lines() == ['3 takes prepared, 0 were there, 0 skipped']


def test_target_size(root):
    run(root, target_size=32, splits=['val'])
    assert cv2.imread(str(root / 'out' / 'u2' / 'cam01' / '30.jpg')).shape == (18, 32, 3)
    assert cv2.imread(str(root / 'out' / 'u2' / EGO / '30.jpg')).shape == (32, 32, 3)
    # Masks stay as they are.
    masks = read_take_annotation(root / 'out' / 'u2' / 'annotation.json').masks
    assert masks['steel bowl_0'][EGO]['0']['size'] == [64, 64]
    assert not (root / 'out' / 'u0').exists()


def test_official_sizes(tmp_path):
    root = write_download(tmp_path, train=(), videos=False)
    write_videos(root, 'name_u2', {EGO: (1408, 1408), 'cam01': (1440, 1920), 'cam02': (448, 796)}, num_frames=2)
    report = run(root, target_size=None, splits=['val'])
    assert report.prepared == ['u2']
    assert cv2.imread(str(root / 'out' / 'u2' / EGO / '0.jpg')).shape == (704, 704, 3)
    assert cv2.imread(str(root / 'out' / 'u2' / 'cam01' / '0.jpg')).shape == (360, 480, 3)
    assert len(report.cameras) == 1
    assert report.cameras[0].startswith('u2 cam02: ') and 'at least 1408 pixels' in report.cameras[0]


def test_small_takes_are_refused_at_once(root):
    with pytest.raises(ConfigError, match=r'name_u0/\S+aria01_214-1\.mp4: expected a height of at least 1408 .*found a '
                                          'video of 64x64. .*--target-size none'):
        run(root, target_size=None)
    assert files_of(root / 'out') == ['split.json']


def test_downscaled_takes_are_found(tmp_path):
    root = write_download(tmp_path, train=(), videos=False)
    write_videos(root, 'name_u2', folder='downscaled/448')
    assert run(root, splits=['val']).prepared == ['u2']


def test_missing_videos_are_named(root):
    folder = root / 'takes'
    (folder / 'name_u0' / 'frame_aligned_videos' / f'{EGO}.mp4').unlink()
    (folder / 'name_u1' / 'frame_aligned_videos' / 'cam02.mp4').unlink()
    (folder / 'name_u2' / 'frame_aligned_videos' / 'cam01.mp4').write_bytes(b'\0' * 5000)
    report = run(root)
    assert report.prepared == ['u1', 'u2']
    assert list(report.skipped) == ['u0']
    assert 'name_u0' in report.skipped['u0'] and 'does not exist' in report.skipped['u0']
    assert not (root / 'out' / 'u0' / 'annotation.json').exists()
    assert [camera.split(': ')[0] for camera in report.cameras] == ['u1 cam02', 'u2 cam01']
    assert 'does not exist' in report.cameras[0]
    # The annotation of a camera without pictures is kept, as in the official layout.
    assert 'cam02' in read_take_annotation(root / 'out' / 'u1' / 'annotation.json').masks['steel bowl_0']
    assert not (root / 'out' / 'u1' / 'cam02').exists()
    lines = report.lines()
    assert lines[0] == '2 takes prepared, 0 were there, 1 skipped'
    assert lines[1].startswith('  skipped u0: ') and lines[2] == '2 exo cameras lack pictures; their annotation is kept'


def test_an_exo_video_that_ends_early(root):
    write_videos(root, 'name_u2', {'cam01': SIZES['cam01']}, num_frames=31)
    report = run(root, splits=['val'])
    assert report.cameras == ['u2 cam01: its video ends early, 1 of 3 pictures are missing']
    assert files_of(root / 'out' / 'u2' / 'cam01') == ['0.jpg', '30.jpg']
    assert read_take_annotation(root / 'out' / 'u2' / 'annotation.json').subsample_idx == [0, 30, 60]


def test_takes_that_are_there_are_kept(root, monkeypatch):
    run(root, splits=['val'])
    before = (root / 'out' / 'u2' / 'annotation.json').stat().st_mtime_ns
    report = run(root)
    assert (report.prepared, report.kept) == (['u0', 'u1'], ['u2'])
    assert (root / 'out' / 'u2' / 'annotation.json').stat().st_mtime_ns == before
    (root / 'out' / 'u1' / 'annotation.json').unlink()  # as after a run that was stopped
    assert run(root).prepared == ['u1']
    monkeypatch.setattr(correspondence_preparation, 'iter_relation_texts', None)  # nothing is read for nothing
    assert run(root).kept == ['u0', 'u1', 'u2']


def test_overwrite(root):
    run(root, splits=['val'])
    report = run(root, splits=['val'], overwrite=True, target_size=32)
    assert (report.prepared, report.kept) == (['u2'], [])
    assert cv2.imread(str(root / 'out' / 'u2' / EGO / '0.jpg')).shape == (32, 32, 3)


def test_overwriting_without_a_video_keeps_what_is_there(root):
    run(root, splits=['val'])
    (root / 'takes' / 'name_u2' / 'frame_aligned_videos' / f'{EGO}.mp4').unlink()
    with pytest.raises(DataError, match='found none: 1 skipped'):
        run(root, splits=['val'], overwrite=True)
    assert (root / 'out' / 'u2' / 'annotation.json').is_file()


def test_a_run_that_breaks_in_a_take_leaves_it_undone(root, monkeypatch):
    run(root, splits=['val'])

    def full(*_):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(correspondence_preparation, 'extract_frames', full)
    with pytest.raises(OSError, match='No space left'):
        run(root, splits=['val'], overwrite=True)
    assert not (root / 'out' / 'u2' / 'annotation.json').exists()


def test_a_take_without_ego_masks_is_skipped(tmp_path):
    take = relation_take('')
    take['object_masks'] = {'o': {'cam01': take['object_masks']['steel bowl_0']['cam01']}}
    root = write_download(tmp_path, take=take)
    relations = json.loads((root / 'annotations' / 'relations_train.json').read_text())
    relations['annotations']['u1'] = relation_take('name_u1')
    (root / 'annotations' / 'relations_train.json').write_text(json.dumps(relations))
    report = run(root)
    assert report.prepared == ['u1']
    assert "take u0: expected masks of an ego camera ('aria' in its name), found cam01" in report.skipped['u0']


def test_malformed_takes_are_skipped(root):
    path = root / 'annotations' / 'relations_train.json'
    relations = json.loads(path.read_text())
    relations['annotations']['u0']['object_masks'] = 3
    path.write_text(json.dumps(relations))
    report = run(root)
    assert report.prepared == ['u1', 'u2']
    assert 'relations_train.json take u0 object_masks: expected an object, found 3' in report.skipped['u0']


def test_masks_that_cannot_be_read_are_null_and_counted(tmp_path):
    take = relation_take('')
    entry = mask_entry(box(SIZES['cam01']))
    for key in range(7):
        take['object_masks']['steel bowl_0']['cam01']['annotation'][str(1000 + key)] = entry | {'width': 65}
    report = run(write_download(tmp_path, take=take), splits=['val'])
    assert (report.num_masks, report.num_bad_masks, len(report.bad_masks)) == (14, 7, 5)
    masks = json.loads((tmp_path / 'out' / 'u2' / 'annotation.json').read_text())['masks']
    assert masks['steel bowl_0']['cam01']['1000'] is None
    lines = report.lines()
    assert lines[1] == '7 of 14 masks cannot be read and are null; the first:'
    assert "take u2 object 'steel bowl_0' camera cam01 frame 1000" in lines[2]
    assert len(lines) == 7


def test_takes_without_annotation_are_named(root):
    (root / 'annotations' / 'split.json').write_text('{"train": ["u0", "x1", "x2"], "val": ["u1"], "test": []}')
    report = run(root)
    assert (report.prepared, report.unknown) == (['u0', 'u1'], ['x1', 'x2'])  # u1 stands in the file of another split
    assert "2 takes of the split are in none of the relations files (first ['x1', 'x2'])" in report.lines()


def test_pairs_and_ground_truth(root):
    report = run(root, pairs=True, ground_truth='val')
    assert [path.name for path in report.files] == [
        'train_egoexo_pairs.json', 'train_exoego_pairs.json', 'val_egoexo_pairs.json', 'val_exoego_pairs.json',
        'correspondence-gt.json']
    takes = list(iter_prepared_takes(root / 'out', 'train'))
    expected = list(create_pairs(takes, 'exo2ego', str(root / 'out')))
    assert json.loads((root / 'out' / 'train_exoego_pairs.json').read_text()) == expected
    assert {item.take_uid for item in read_pairs(root / 'out' / 'val_egoexo_pairs.json')} == {'u2'}
    assert [take.take_uid for take in iter_ground_truth(root / 'out' / 'correspondence-gt.json')] == ['u2']
    assert report.lines()[-1] == f'wrote {root}/out/correspondence-gt.json'


def test_several_processes_make_the_same(root):
    run(root, splits=['val', 'train'])
    report = run(root, 'other', jobs=2)
    assert sorted(report.prepared) == ['u0', 'u1', 'u2']
    assert files_of(root / 'other') == files_of(root / 'out')
    for name in files_of(root / 'out'):
        assert (root / 'other' / name).read_bytes() == (root / 'out' / name).read_bytes()


def test_nothing_could_be_prepared(tmp_path):
    root = write_download(tmp_path, videos=False)
    with pytest.raises(DataError, match='takes of the splits train, val that can be prepared, found none: 3 skipped, 0 '
                                        r'without annotation. \S+name_u0\S+: expected a video file, .*Download what'):
        run(root)


@pytest.mark.parametrize(('options', 'error', 'message'), [
    ({'target_size': 3}, ConfigError, 'target_size: expected the longest side'),
    ({'jobs': 0}, ConfigError, 'jobs: expected a number of processes, 1 or more, found 0'),
    ({'splits': ['dev']}, AnnotationError, r"split\.json: expected the splits dev, found train, val, test. Choose"),
    ({'ground_truth': 'dev'}, AnnotationError, 'found train, val, test'),
    ({'split_file': 'absent.json'}, AnnotationError, r'absent\.json: expected a list of takes per split'),
])
def test_refuses(root, options, error, message):
    with pytest.raises(error, match=message):
        run(root, **options)


def test_a_missing_relations_file_is_named(root):
    (root / 'annotations' / 'relations_val.json').unlink()
    with pytest.raises(AnnotationError, match=r'relations_val\.json: expected a relations file, found nothing'):
        run(root)
