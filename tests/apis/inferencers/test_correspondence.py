import numpy as np
import pytest
import torch
from correspondence_support import EGO, object_mask, take_uid, write_correspondence_root
from mmengine.config import Config
from PIL import Image

from egoexo.apis import CorrespondenceInferencer, init_model
from egoexo.apis.inferencers import correspondence
from egoexo.datasets.collate_pairs import collate_pairs
from egoexo.errors import AnnotationError, CheckpointError, ConfigError, DataError
from egoexo.evaluation.functional.correspondence_resize import nearest_resize
from egoexo.formats.rle import encode_mask
from egoexo.registry import DATASETS, INFERENCERS

SIZE = 64
BACKBONE = dict(type='mmaction.ResNet', depth=50, num_stages=3, strides=(1, 2, 2), dilations=(1, 1, 1),
                out_indices=(2,), norm_eval=True)
PIPELINE = [dict(type='LoadImagePair'), dict(type='PadSquareResizeNearest', size=SIZE), dict(type='PackPair')]


def make_config(root, **model):
    model = dict(type='XSegTx', backbone=BACKBONE,
                 encoder=dict(type='CrossViewEncoder', embed_dims=16, feedforward_channels=16),
                 decoder=dict(type='MaskDecoder', in_channels=16),
                 visibility_head=dict(type='VisibilityHead', in_channels=16, feat_size=SIZE // 16)) | model
    item = dict(type='CorrespondenceDataset', direction='ego2exo', split='val', data_root=str(root),
                pipeline=PIPELINE, test_mode=True)
    return Config(dict(model=model, test_dataloader=dict(dataset=dict(type='ConcatSubsets', datasets=[item]))))


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    return write_correspondence_root(tmp_path_factory.mktemp('correspondence'))


@pytest.fixture(scope='module')
def inferencer(root):
    torch.manual_seed(1)
    return CorrespondenceInferencer(make_config(root), device='cpu')


@pytest.fixture(scope='module')
def paths(root):
    folder = root / take_uid('val', 0)
    return folder / EGO / '0.jpg', folder / 'cam01/0.jpg', folder / 'cam02/0.jpg'


@pytest.fixture(scope='module')
def mask():
    return object_mask((64, 64), 0, 0, 0)


def test_the_same_as_the_data_set(inferencer, root):
    dataset = DATASETS.build(inferencer.cfg.test_dataloader.dataset.datasets[0])
    items = [dataset[place] for place in range(3)]
    metas = [item['data_samples'].metainfo for item in items]
    results = inferencer([meta['query_path'] for meta in metas], [meta['query_rle'] for meta in metas],
                         [meta['target_path'] for meta in metas])
    with torch.no_grad():
        samples = inferencer.model.test_step(collate_pairs(items))
    for sample, result in zip(samples, results, strict=True):
        np.testing.assert_array_equal(result['model_mask'], sample.pred_target_mask.numpy())
        assert result['confidence'] == pytest.approx(float(sample.pred_confidence), abs=1e-6)


def test_result(inferencer, paths, mask):
    result, = inferencer(paths[0], mask, paths[1], direction='ego2exo')
    assert result['mask'].shape == result['target_image'].shape[:2] == (36, 64) and result['mask'].dtype == bool
    assert result['model_mask'].shape == (36, 64)
    np.testing.assert_array_equal(result['mask'], nearest_resize(result['model_mask'], (36, 64)))
    assert type(result['confidence']) is float and 0 <= result['confidence'] <= 1
    assert result['visible'] == (result['confidence'] > 0.5)
    assert (result['sample_id'], result['direction']) == ('pair_0', 'ego2exo')
    np.testing.assert_array_equal(result['query_mask'], mask > 0)


def test_mask_has_the_size_of_the_target_picture(inferencer, paths, mask):
    large = np.zeros((90, 160, 3), np.uint8)
    result, = inferencer(paths[0], mask, large)
    assert result['mask'].shape == (90, 160) and result['model_mask'].shape == (36, 64)


@pytest.mark.parametrize('kind', ['array', 'bool', 'rle', 'png', 'indexed', 'str'])
def test_kinds_of_mask_give_the_same(inferencer, paths, mask, tmp_path, kind):
    Image.fromarray(mask * 255).save(tmp_path / 'png.png')
    indexed = Image.fromarray(mask * 3, 'P')
    indexed.putpalette([0, 0, 0] * 256)  # the number counts, not its colour
    indexed.save(tmp_path / 'indexed.png')
    source = dict(array=mask.astype(np.float32), bool=mask > 0, rle=encode_mask(mask), png=tmp_path / 'png.png',
                  indexed=tmp_path / 'indexed.png', str=str(tmp_path / 'png.png'))[kind]
    expected, = inferencer(paths[0], mask, paths[1])
    result, = inferencer(np.array(Image.open(paths[0])), source, np.array(Image.open(paths[1])))
    np.testing.assert_array_equal(result['model_mask'], expected['model_mask'])
    assert result['confidence'] == pytest.approx(expected['confidence'], abs=1e-6)


def test_one_query_with_several_targets_in_batches(inferencer, paths, mask):
    together = inferencer(paths[0], mask, list(paths[1:]) * 2)
    single = inferencer(paths[0], mask, list(paths[1:]) * 2, batch_size=1)
    assert [result['sample_id'] for result in together] == ['pair_0', 'pair_1', 'pair_2', 'pair_3']
    for first, second in zip(together, single, strict=True):
        assert first['confidence'] == pytest.approx(second['confidence'], abs=1e-6)
    assert together[0]['confidence'] == pytest.approx(together[2]['confidence'], abs=1e-6)
    assert together[0]['query_image'] is together[1]['query_image']


def test_visualize(inferencer, paths, mask, tmp_path, monkeypatch):
    monkeypatch.setattr(correspondence, '_MAX_DRAWN', 1)
    inferencer([paths[0]] * 2, mask, paths[1])
    files = inferencer.visualize(tmp_path / 'new')
    assert [path.name for path in files] == ['pairs_0.png', 'pairs_1.png']
    assert all(path.stat().st_size > 5000 for path in files)
    with pytest.raises(ValueError, match='nothing to draw'):
        inferencer.visualize(tmp_path, [])


def test_registered_and_filled_from_a_checkpoint(root, paths, mask, tmp_path):
    torch.manual_seed(2)
    model = init_model(make_config(root), device='cpu')
    torch.save({'state_dict': model.state_dict(), 'meta': {}}, tmp_path / 'best.pth')
    made = INFERENCERS.build(dict(type='CorrespondenceInferencer', model=make_config(root),
                                  weights=str(tmp_path / 'best.pth'), device='cpu'))
    again = CorrespondenceInferencer(make_config(root), tmp_path / 'best.pth', device='cpu')
    assert made(paths[0], mask, paths[1])[0]['confidence'] == again(paths[0], mask, paths[1])[0]['confidence']
    small = make_config(root, encoder=dict(type='CrossViewEncoder', embed_dims=16, feedforward_channels=8))
    with pytest.raises(CheckpointError, match='does not fit'):
        CorrespondenceInferencer(small, tmp_path / 'best.pth', device='cpu')


@pytest.mark.parametrize(('change', 'error', 'message'), [
    (dict(query_image='absent.jpg'), DataError, 'absent.jpg'),
    (dict(query_image=np.zeros((9, 9), np.uint8)), DataError,
     r'pair_0, query_image: expected RGB, uint8 \(H, W, 3\), .* found uint8 \(9, 9\)'),
    (dict(target_image=np.zeros((9, 9, 3))), DataError, r'pair_0, target_image: .* found float64 \(9, 9, 3\)'),
    (dict(query_mask=np.zeros((64, 64))), AnnotationError, 'pair_0, query_mask: expected a mask with at least one'),
    (dict(query_mask=np.ones((1, 64, 64))), AnnotationError, r'found float64 \(1, 64, 64\)'),
    (dict(query_mask=np.full((64, 64), np.nan)), AnnotationError, 'that is not 0 on the object, found float64'),
    (dict(query_mask=np.ones((36, 64))), DataError, 'the proportions of its mask, 64x36, found 32x32'),
    (dict(query_mask={'size': [64, 64], 'counts': '~~'}), AnnotationError, 'pair_0, query_mask counts: expected run'),
    (dict(query_mask={'size': [64, 64]}), AnnotationError, 'pair_0, query_mask'),
    (dict(query_mask='absent.png'), AnnotationError, 'absent.png: expected a mask, found nothing'),
    (dict(query_image=[], target_image=[]), ValueError, 'got 0 of query_image, 0 of target_image'),
    (dict(query_image=['a', 'b'], target_image=['a', 'b', 'c']), ValueError, '2 of query_image, 3 of target_image'),
    (dict(batch_size=0), ValueError, 'batch_size must be at least 1, got 0'),
])
def test_bad_input(inferencer, paths, mask, change, error, message):
    with pytest.raises(error, match=message):
        inferencer(**dict(query_image=paths[0], query_mask=mask, target_image=paths[1]) | change)


def test_jpeg_masks_are_refused(inferencer, paths):
    with pytest.raises(AnnotationError, match=r'JPEG blurs the border of a mask. Save it as PNG'):
        inferencer(paths[0], paths[0], paths[1])


def test_config_of_another_benchmark(root):
    config = make_config(root)
    config.test_dataloader.dataset.datasets[0].pipeline = [dict(type='LoadSequence')]
    with pytest.raises(ConfigError, match=r"from LoadImagePair to PackPair, found \['LoadSequence'\]"):
        CorrespondenceInferencer(config, device='cpu')
