import matplotlib.image
import numpy as np
import pytest
import torch
from recognition_report_support import NOUNS, VERBS, make_samples, write_epic

from egoexo.registry import VISUALIZERS
from egoexo.structures import EgoExoDataSample
from egoexo.visualization.recognition import (
    RecognitionVisualizer,
    as_probabilities,
    make_strip,
    segment_note,
    segment_times,
    task_names,
)


def make_visualizer(**settings):
    visualizer = VISUALIZERS.get('RecognitionVisualizer')(name=f'strips-{len(settings)}', **settings)
    visualizer.dataset_meta = dict(classes=dict(verb=VERBS, noun=NOUNS))
    return visualizer


def words(figure):
    return [text.get_text() for text in figure.texts] + [text.get_text() for axes in figure.axes for text in axes.texts]


@pytest.mark.parametrize(('scores', 'shares'), [
    ([3.0, 1.0], [0.75, 0.25]), ([0.0, 0.0], [0.5, 0.5]), ([np.log(3.0), -0.0001], [0.75, 0.25])])
def test_shares_of_probabilities_and_of_logits(scores, shares):
    np.testing.assert_allclose(as_probabilities(np.array(scores)), shares, atol=1e-4)


def test_times_by_the_rate_of_the_video():
    meta = dict(start_frame=61, stop_frame=120)
    assert segment_times(meta | dict(uid='P01_01')) == (1.0, 2.0)
    assert segment_times(meta | dict(uid='P01_101')) == (1.2, 2.4)
    assert segment_times(meta | dict(uid='P01_101', frame_rate=30.0)) == (2.0, 4.0)
    assert segment_times(meta | dict(uid='holiday')) is None and segment_times(dict(uid='P01_101')) is None
    assert segment_note(dict(subset='val')) == 'val'


def test_names_of_one_task_and_of_several():
    assert task_names(['jump']) == {'action': ['jump']} and task_names(None) == {}
    assert list(task_names({'verb': ['a'], 'noun': ['b']})) == ['verb', 'noun']


def test_frames_are_read_where_none_are_given(tmp_path):
    root = write_epic(tmp_path / 'root')
    pattern = str(root / 'rgb_frames/P01/rgb_frames/P01_102/frame_{frame:010d}.jpg')
    info = dict(sample_id='x', start_frame=1, stop_frame=9, frame_pattern=pattern)
    strip = make_strip(info, {}, {}, num_pictures=3)
    assert len(strip.pictures) == 3 and strip.pictures[0][12, 20].argmax() == 1  # green
    lost = make_strip(info | dict(frame_pattern='/nowhere/{frame}.jpg'), {}, {})
    assert lost.pictures == [] and lost.note == 'frames not readable'


def test_figure_of_samples():
    samples = make_samples()[:3]
    samples[0].set_metainfo(dict(pictures=[np.zeros((8, 8, 3), np.uint8)]))
    figure = make_visualizer().draw(samples, title='val')
    texts = words(figure)
    assert texts.count('✓ verb') == 2 and texts.count('✗ verb') == 1
    assert 'verb: wash   noun: board:chopping' in texts and '“take the plate”' in texts
    assert 'val, P01_101, 0.0 to 0.8 s' in texts
    assert 'val, P01_101, 0.8 to 2.4 s, frames not readable' in texts
    assert not any('✓' in text for text in words(make_visualizer().draw(samples, draw_gt=False)))


def test_third_person_clip_of_a_pair():
    sample = make_samples()[0]
    picture = np.zeros((8, 8, 3), np.uint8)
    sample.set_metainfo(dict(pictures=[picture], tpv_pictures=[picture, picture], tpv_narration='get dish'))
    figure = make_visualizer().draw(sample)
    assert {'EGO', 'TPV', '“get dish”'} <= set(words(figure))
    assert [axes.get_gid() for axes in figure.axes[:3]] == ['ego_0', 'tpv_0', 'tpv_1']


def test_without_prediction_and_without_anything():
    samples = make_samples()[:1]
    assert 'verb: take   noun: plate' in words(make_visualizer().draw(samples[0], draw_pred=False))
    with pytest.raises(ValueError, match="sample 'a' has neither pred_verb_scores nor pred_noun_scores .* it holds no"):
        make_visualizer().draw(EgoExoDataSample(metainfo=dict(sample_id='a')))


def test_one_task_of_kinetics():
    visualizer = make_visualizer()
    visualizer.dataset_meta = dict(classes=['jump', 'run'])
    sample = EgoExoDataSample(metainfo=dict(sample_id='v'), pred_action_scores=torch.tensor([1.0, 3.0]),
                              gt_action_label=torch.tensor(1))
    assert {'✓ action', '✓ run', '75.0 %'} <= set(words(visualizer.draw(sample)))


def test_file_is_written(tmp_path):
    visualizer = RecognitionVisualizer(name='written', dpi=60)
    visualizer.add_datasample('val', data_sample=make_samples()[:1], out_file=tmp_path / 'a' / 'val.png')
    assert matplotlib.image.imread(tmp_path / 'a' / 'val.png').shape[1] == 429
