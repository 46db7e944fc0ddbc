import numpy as np
import pytest
import torch
from mmengine.config import Config
from recognition_report_support import NOUNS, VERBS, dataset_config, write_epic

from egoexo.apis import RecognitionInferencer, init_model
from egoexo.apis.inferencers import recognition
from egoexo.datasets.collate_clips import collate_clips
from egoexo.errors import AnnotationError, ConfigError, DataError
from egoexo.registry import DATASETS, INFERENCERS

PIPELINE = [dict(type='SampleClips', clip_len=8, mode='test', num_views=2), dict(type='LoadClipFrames'),
            dict(type='ThreeCropClip', size=24), dict(type='PackClip')]


def make_config(root, pipeline=PIPELINE, **head):
    model = dict(type='ClipRecognizer', backbone=dict(type='SlowFast', depth=18, base_channels=8),
                 cls_head=dict(type='MultiTaskHead', num_classes=dict(verb=len(VERBS), noun=len(NOUNS))) | head)
    return Config(dict(model=model, test_dataloader=dict(dataset=dataset_config(root, pipeline=pipeline))))


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    return write_epic(tmp_path_factory.mktemp('recognition') / 'root')


@pytest.fixture(scope='module')
def folder(root):
    return root / 'rgb_frames/P01/rgb_frames/P01_101'


@pytest.fixture(scope='module')
def inferencer(root):
    torch.manual_seed(1)
    return RecognitionInferencer(make_config(root), device='cpu')


def test_the_same_as_the_data_set(inferencer, folder):
    dataset = DATASETS.build(inferencer.cfg.test_dataloader.dataset)
    info = dataset.get_data_info(1)
    result, = inferencer(folder, info['start_frame'] / 50, info['stop_frame'] / 50 + 1e-6)
    with torch.no_grad():
        sample, = inferencer.model.test_step(collate_clips([dataset[1]]))
    for task in ('verb', 'noun'):
        scores = sample.get(f'pred_{task}_scores').numpy()
        np.testing.assert_allclose(result['probabilities'][task], scores / 6, rtol=1e-5)  # two views, three crops
    assert (result['start_sec'], result['end_sec']) == ((info['start_frame'] - 1) / 50, info['stop_frame'] / 50)


def test_names_and_probabilities(inferencer, folder):
    result, = inferencer(folder, 1, 2, top=3, narration='wash cup')
    assert result['sample_id'] == 'P01_101' and result['narration'] == 'wash cup'
    assert result['verb'] == result['top']['verb'][0][0] in VERBS and len(result['top']['noun']) == 3
    shares = {task: dict(rows) for task, rows in result['top'].items()}
    assert len(result['actions']) == 3
    for verb, noun, probability in result['actions']:
        assert probability == pytest.approx(shares['verb'][verb] * shares['noun'][noun])
    table = np.outer(*(result['probabilities'][task] for task in ('verb', 'noun')))
    assert [row[2] for row in result['actions']] == pytest.approx(np.sort(table, axis=None)[::-1][:3].tolist())
    assert result['pictures'][0].argmax(2).max() == 0  # red in RGB
    assert [values.sum() for values in result['probabilities'].values()] == pytest.approx([1, 1])


def test_several_segments_whatever_the_batch(inferencer, folder):
    other = folder.parent / 'P01_102'
    one = inferencer([folder, other], [0, 1], [1, 3])
    two = inferencer([folder, other], [0, 1], [1, 3], batch_size=2, progress=False)
    assert [row['sample_id'] for row in one] == ['P01_101_0', 'P01_102_1']
    for single, batched in zip(one, two, strict=True):
        np.testing.assert_allclose(single['probabilities']['verb'], batched['probabilities']['verb'], rtol=1e-4)
    assert len(inferencer(folder, [0, 1, 2], [1, 2, 3])) == 3


def test_table_of_segments(inferencer, folder, tmp_path):
    path = tmp_path / 'segments.csv'
    path.write_text('source,start_sec,end_sec,sample_id\nP01_101,0,1,first\nP01_102,,,\n')
    results = inferencer.run_table(path, folder.parent)
    assert [row['sample_id'] for row in results] == ['first', 'P01_102_1'] and results[1]['end_sec'] == 6.2
    path.write_text('source,start_sec,end_sec\nP01_101,0,1\nabsent,,\n')
    with pytest.raises(DataError, match='absent: expected a video file or a folder'):
        inferencer.run_table(path, folder.parent)
    with pytest.raises(AnnotationError, match='a table of segments'):
        inferencer.run_table(tmp_path / 'no.csv')


@pytest.mark.parametrize(('views', 'crops', 'number'), [
    (1, 1, 1), (3, 1, 3), (1, 3, 3), (None, None, 6), (4, None, 12)])
def test_numbers_of_views_and_crops(root, folder, views, crops, number, monkeypatch):
    inferencer = RecognitionInferencer(make_config(root), device='cpu', num_views=views, num_crops=crops)
    seen = []
    monkeypatch.setattr(recognition, 'collate_clips',
                        lambda items: seen.append(items[0]['inputs']) or collate_clips(items))
    inferencer(folder, 1, 3)
    assert len(seen[0]['views']) * len(seen[0]['crops']) == number


def test_names_of_the_checkpoint_come_first(root, folder, tmp_path):
    config = make_config(root)
    weights = tmp_path / 'best.pth'
    names = dict(verb=['a', 'b', 'c', 'd'], noun=['1', '2', '3', '4', '5'])
    torch.save(dict(state_dict=init_model(config, device='cpu').state_dict(), meta=dict(dataset_meta=dict(
        classes=names))), weights)
    result, = RecognitionInferencer(config, weights, 'cpu')(folder, 0, 1)
    assert result['verb'] in names['verb'] and result['noun'] in names['noun']


def test_numbers_without_class_tables(folder, tmp_path):
    result, = RecognitionInferencer(make_config(tmp_path / 'nowhere'), device='cpu')(folder, 0, 1)
    assert result['verb'].startswith('class ') and result['actions'][0][1].startswith('class ')


def test_pictures(inferencer, folder, tmp_path):
    results = inferencer(folder, [0, 1, 2, 3, 4], [1, 2, 3, 4, 5])
    paths = inferencer.visualize(tmp_path / 'out', results)
    assert [path.name for path in paths] == ['segments_0.png', 'segments_1.png']
    assert all(path.stat().st_size > 5000 for path in paths)
    with pytest.raises(ValueError, match='nothing to draw'):
        inferencer.visualize(tmp_path, [])


@pytest.mark.parametrize(('arguments', 'text'), [
    (dict(top=0), 'top and batch_size must be at least 1, got 0 and 1'), (dict(batch_size=0), 'got 5 and 0'),
    (dict(start_sec=[1, 2], end_sec=[3]), 'lists of one length, got 2 of start_sec, 1 of end_sec'),
    (dict(start_sec=[]), 'got 0 of start_sec')])
def test_impossible_calls(inferencer, folder, arguments, text):
    with pytest.raises(ValueError, match=text):
        inferencer(folder, **arguments)


def test_impossible_settings(root):
    with pytest.raises(ValueError, match='num_crops 1 or 3, got None and 2'):
        RecognitionInferencer(make_config(root), num_crops=2)
    with pytest.raises(ConfigError, match='transforms from SampleClips to PackClip, found no pipeline'):
        RecognitionInferencer(make_config(root, pipeline=[]), device='cpu')


def test_registered():
    assert INFERENCERS.get('RecognitionInferencer') is RecognitionInferencer
