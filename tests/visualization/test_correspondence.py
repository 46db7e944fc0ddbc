import numpy as np
import pytest
import torch
from correspondence_support import EGO, object_mask, write_take

from egoexo.evaluation.functional.correspondence import iou
from egoexo.evaluation.functional.correspondence_resize import nearest_resize
from egoexo.formats.rle import encode_mask
from egoexo.registry import VISUALIZERS
from egoexo.structures import EgoExoDataSample
from egoexo.visualization.correspondence import CorrespondenceVisualizer, make_pair, track_key

NAME = 'salt/pepper_1'


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp('root') / '0a1b2c3d-1111'
    write_take(path, {EGO: (64, 64), 'cam01': (72, 128)})
    return path


def make_meta(folder, frame=0, **changes):
    masks = {camera: encode_mask(object_mask(size, 1, number, frame // 30))
             for number, (camera, size) in enumerate({EGO: (64, 64), 'cam01': (72, 128)}.items())}
    return dict(sample_id=f'x//{frame}', uid=folder.name, subset='ego2exo_val', view='ego2exo', object_name=NAME,
                query_camera=EGO, target_camera='cam01', frame=str(frame), order=frame, query_rle=masks[EGO],
                target_rle=masks['cam01'], is_annotated=True, is_negative=False,
                query_path=str(folder / EGO / f'{frame}.jpg'),
                target_path=str(folder / 'cam01' / f'{frame}.jpg')) | changes


def make_sample(folder, frame=0, confidence=0.9, **changes):
    sample = EgoExoDataSample(metainfo=make_meta(folder, frame, **changes))
    truth = object_mask((72, 128), 1, 1, frame // 30)
    sample.pred_target_mask = torch.from_numpy(np.roll(truth, 4, axis=1) > 0)
    sample.pred_confidence = torch.tensor(confidence)
    return sample


def words(figure):
    return [text.get_text() for text in figure.texts] + [text.get_text() for axes in figure.axes for text in axes.texts]


def test_pair_of_a_sample(folder):
    truth = object_mask((72, 128), 1, 1, 0) > 0
    pair = make_pair(make_meta(folder), truth, 0.7)
    assert pair.query_image.shape == (32, 32, 3) and pair.target_image.shape == (36, 64, 3)
    assert (pair.visible, pair.confidence, pair.direction, pair.frame) == (True, 0.7, 'ego2exo', '0')
    assert pair.iou == pytest.approx(1) and pair.note == '0a1b2c3d'
    np.testing.assert_array_equal(pair.target_mask, truth)


def test_score_is_that_of_the_evaluator(folder):
    meta, truth = make_meta(folder), object_mask((72, 128), 1, 1, 0)
    official = nearest_resize(truth, (270, 480)) > 0
    shifted = np.roll(official, 20, axis=1)
    assert make_pair(meta, official, 0.7).iou == pytest.approx(1)
    assert make_pair(meta, shifted, 0.7).iou == pytest.approx(iou(shifted, official)) != 1
    small = truth[::2, ::2] > 0  # of another size: brought to that of the evaluation
    assert make_pair(meta, small, 0.7).iou == pytest.approx(iou(nearest_resize(small, (270, 480)), official))
    assert make_pair(meta, np.zeros((36, 64), bool), 0.7).iou == 0


@pytest.mark.parametrize(('changes', 'visible'), [
    ({}, True), (dict(target_rle=None, is_negative=True), False),
    (dict(target_rle=None, is_negative=True, is_annotated=False), None),
    (dict(target_rle=None, is_negative=True, is_annotated=None), False),
    (dict(target_rle=None, is_negative=False, is_annotated=None), None)])
def test_visibility_is_known_where_somebody_looked(folder, changes, visible):
    assert make_pair(make_meta(folder, **changes)).visible is visible
    assert make_pair(make_meta(folder, **changes), draw_gt=False).visible is None


def test_missing_and_damaged_files_do_not_end_a_test(folder, tmp_path):
    (tmp_path / 'bad.jpg').write_bytes(b'\xff\xd8\xff no picture')
    meta = make_meta(folder, query_path=str(tmp_path / 'absent.jpg'), target_path=str(tmp_path / 'bad.jpg'),
                     target_rle={'size': [72, 128], 'counts': '~'}, target_size=(36, 64))
    pair = make_pair(meta)
    assert pair.note.endswith('query picture not readable, target picture not readable')
    assert pair.query_image.shape == (64, 64, 3) and pair.target_image.shape == (36, 64, 3)
    assert pair.target_mask is None and (pair.target_image == 225).all()
    assert make_pair({}).query_image.shape == (480, 480, 3)


def test_single_frames_are_pairs_and_several_of_a_track_a_strip(folder):
    drawer = CorrespondenceVisualizer(name='a')
    assert 'query' not in words(drawer.draw(make_sample(folder)))
    strip = words(drawer.draw([make_sample(folder, 30), make_sample(folder, 0)]))
    assert {'query', 'target', '0', '30'} <= set(strip) and strip.index('0') < strip.index('30')
    other = make_sample(folder, object_name='cup_2')
    assert 'query' not in words(drawer.draw([make_sample(folder), other]))
    chosen = CorrespondenceVisualizer(name='b', layout='strips').draw(make_sample(folder))
    assert 'query' in words(chosen)
    both = CorrespondenceVisualizer(name='c', layout='pairs').draw([make_sample(folder), make_sample(folder, 30)])
    assert 'query' not in words(both)


def test_parts_can_be_left_out(folder):
    drawer = CorrespondenceVisualizer(name='d')
    without = words(drawer.draw(make_sample(folder), draw_gt=False))
    assert 'visible 0.90' in without and not any(word.startswith('IoU') for word in without)
    assert not any('0.90' in word for word in words(drawer.draw(make_sample(folder), draw_pred=False)))


def test_file_is_written_by_the_registered_class(folder, tmp_path):
    drawer = VISUALIZERS.get('CorrespondenceVisualizer')(name='e')
    drawer.add_datasample('val', data_sample=[make_sample(folder)], out_file=tmp_path / 'new/val.png')
    assert (tmp_path / 'new/val.png').stat().st_size > 5000


def test_keys_of_tracks():
    assert track_key(dict(subset='s', uid='u', object_name='o', query_camera='q', target_camera='t', frame='3')) == (
        's', 'u', 'o', 'q', 't')


def test_bad_arguments(folder):
    with pytest.raises(ValueError, match="layout must be one of auto, pairs, strips, got 'grid'"):
        CorrespondenceVisualizer(name='f', layout='grid')
    with pytest.raises(ValueError, match='needs at least one pair, got none'):
        CorrespondenceVisualizer(name='g').draw([])
    with pytest.raises(ValueError, match='needs a data sample with pred_target_mask or pred_confidence, got None'):
        CorrespondenceVisualizer(name='h').add_datasample('val')
