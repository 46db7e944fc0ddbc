import numpy as np
import torch

from egoexo.structures import ClipViews, EgoExoDataSample
from egoexo.visualization.recognition_inputs import input_strip

NAMES = {'verb': ['take', 'put'], 'noun': ['cup', 'tap', 'jug']}


def make_fields(num_views=1, num_crops=1, **changes):
    frames = torch.zeros(8, 20, 20, 3, dtype=torch.uint8)
    frames[..., 2] = 200  # red of a BGR picture
    return ClipViews(**dict(frames=frames, views=torch.arange(8).repeat(num_views, 1),
                            crops=torch.zeros(num_crops, 2).long(), crop_size=20) | changes).fields()


def make_sample(**fields):
    meta = dict(sample_id='P01_101_7', uid='P01_101', subset='train', view='ego', narration='take cup', start_frame=1,
                stop_frame=50)
    return EgoExoDataSample(metainfo=meta, gt_verb_label=torch.tensor(0), gt_noun_label=torch.tensor(2), **fields)


def test_ego_clip_in_true_colours():
    strip = input_strip(make_fields(), make_sample(), NAMES, number=4)
    assert len(strip.pictures) == 4 and strip.pictures[0][5, 5].tolist() == [200, 0, 0]
    assert strip.truth == {'verb': 0, 'noun': 2} and strip.note == 'train, P01_101, 0.0 to 1.0 s, 8 x 20 x 20'
    assert not strip.has_partner and strip.view == 'ego' and strip.narration == 'take cup'


def test_middle_clip_of_a_test():
    crops = torch.tensor([[0, 0], [0, 4], [0, 8]])
    fields = make_fields(num_views=4, crops=crops, crop_size=12)
    fields['frames'][:, :, 16:] = 90
    strip = input_strip(fields, make_sample(), NAMES)
    assert strip.note.endswith('clip 8 of 12, 8 x 12 x 12')
    assert strip.pictures[0][0, -1].tolist() == [200, 0, 0]  # the right crop alone reaches the grey columns


def test_pair_shows_both_streams():
    sample = make_sample(gt_tpv_verb_targets=torch.tensor([0.0, 1.0]), gt_tpv_noun_targets=torch.tensor([1.0, 1.0, 0]))
    sample.set_metainfo(dict(tpv_narration='put jug'))
    tpv = make_fields(swap_channels=True, normalize_first=False, lighting=torch.tensor([0.0, 0.0, -0.5]))
    strip = input_strip({'ego': make_fields(), 'tpv': tpv}, sample, NAMES, {'verb': ['get', 'place'], 'noun': []})
    assert strip.has_partner and strip.partner_narration == 'put jug'
    assert strip.partner_truth == 'verb: place   noun: class 0, class 1'
    assert abs(int(strip.partner_pictures[0][5, 5, 0]) - (200 - 127)) <= 1  # the shift of colours is to be seen


def test_boxes_of_their_frame_are_outlined():
    boxes = torch.tensor([[0.1, 0.1, 0.6, 0.6, 0.9, 7.0], [0.1, 0.1, 0.6, 0.6, 0.9, 3.0]])
    strip = input_strip(make_fields(), make_sample(gt_hand_boxes=boxes), NAMES, number=2)
    first, last = strip.pictures
    assert (first == [200, 0, 0]).all()
    outlined = (last != [200, 0, 0]).any(axis=2)
    assert outlined[2, 2:13].all() and outlined[2:13, 12].all() and not outlined[3:12, 3:12].any()


def test_labels_of_a_third_person_clip():
    sample = EgoExoDataSample(metainfo=dict(sample_id='001|P1|4', view='tpv'),
                              gt_verb_targets=torch.tensor([1.0, 1.0]), gt_noun_targets=torch.tensor([0.0, 1.0, 0.0]))
    strip = input_strip(make_fields(), sample, NAMES)
    assert strip.view == 'tpv' and strip.truth == {} and strip.labels == 'verb: take, put   noun: tap'
    assert np.asarray(strip.pictures).shape == (8, 20, 20, 3)
