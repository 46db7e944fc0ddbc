"""The network, its losses and its predictions against numbers of the released segmentation code."""

import numpy as np
import pytest
import torch
from segmentation_fixtures import (
    SINGLE_FILES,
    VARIANT_FILES,
    VARIANTS,
    arrays_of,
    build,
    read_json,
    seed_of,
)
from torch.nn import functional as F

from egoexo.checkpoints.segmentation import to_official
from egoexo.formats.egoexolearn import write_frame_prediction
from egoexo.models.adaptation import adaptive_weight
from egoexo.structures import EgoExoDataSample

OWNS = {'segmentation': ['model_*.npz', 'model_*.keys.json', 'schedule.json', 'predict.json']}
PREDICTIONS = read_json('predict.json')


@pytest.mark.parametrize(('name', 'variant'), VARIANTS)
def test_every_variant_forward(name, variant):
    arrays, entry = arrays_of(f'{name}.npz'), VARIANT_FILES[name][variant]
    model, _ = build(entry['keys'], seed_of(name, variant), entry['config'])
    masks = [torch.from_numpy(arrays[key][:, 0]) > 0 for key in ('mask_s', 'mask_t')]
    with torch.no_grad():
        outputs = model.eval().forward_domains(torch.from_numpy(arrays['x_s']), torch.from_numpy(arrays['x_t']),
                                               *masks, beta=(0.7, 0.3))
    expected = [key for key in arrays.files if key.startswith(f'{variant}/')]
    assert expected
    for key in expected:
        ours = getattr(outputs, key.split('/')[1]).numpy()
        assert ours.shape == arrays[key].shape, key
        np.testing.assert_allclose(ours, arrays[key], rtol=0, atol=1e-5, err_msg=key)


@pytest.mark.parametrize(('name', 'variant'), VARIANTS)
def test_every_variant_goes_back_to_the_official_names(name, variant):
    keys = VARIANT_FILES[name][variant]['keys']
    model, official = build(keys, seed_of(name, variant), VARIANT_FILES[name][variant]['config'])
    back = to_official(model.state_dict())
    assert [(key, list(value.shape)) for key, value in back.items()] == [(key, shape) for key, shape, _ in keys]
    assert all(torch.equal(back[key], official[key]) for key in official)


@pytest.mark.parametrize('name', SINGLE_FILES)
def test_full_size_model(name):
    arrays, keys = arrays_of(f'{name}.npz'), SINGLE_FILES[name]
    model, _ = build(keys, seed_of(name))
    inputs = np.random.default_rng(int(arrays['x_seed'])).standard_normal(tuple(arrays['x_shape'])).astype(np.float32)
    np.testing.assert_allclose(inputs[0, :arrays['x_head'].shape[0], :arrays['x_head'].shape[1]], arrays['x_head'])
    assert sum(parameter.numel() for parameter in model.parameters()) == int(arrays['n_params'])
    with torch.no_grad():
        x = torch.from_numpy(inputs)
        outputs = model.eval().forward_domains(x, x)
    pred = outputs.pred_source
    np.testing.assert_allclose(pred[..., ::7].numpy(), arrays['pred_every7'], rtol=0, atol=1e-4)
    np.testing.assert_allclose(outputs.feat_source[0, -1, :, ::31].numpy(), arrays['feat_last_every31'], atol=1e-4)
    np.testing.assert_allclose(outputs.pred_d[::13].numpy(), arrays['pred_d_every13'], rtol=0, atol=1e-4)
    best = pred[0].argmax(1)
    given = torch.from_numpy(arrays['pred_stage_argmax'].astype(np.int64))
    margin = (pred[0].gather(1, best[:, None]) - pred[0].gather(1, given[:, None]))[:, 0]
    assert margin.max() <= 1e-4, 'the best class differs by more than a tie'
    assert torch.equal(torch.from_numpy(arrays['pred_last_argmax'].astype(np.int64)), given[-1])


@pytest.mark.parametrize('row', read_json('schedule.json') or [])
def test_adaptive_weight(row):
    value = adaptive_weight(row['weight'], row['iter'], row['iter_max_default'], row['iter_max_user'])
    assert value == pytest.approx(row['value'], abs=1e-12)


@pytest.mark.parametrize('case', PREDICTIONS.get('files', {}))
def test_predicted_text(case, tmp_path):
    setting, video = case.rsplit('/', 1)
    rates = {name: int(value) for name, value in (part.split('=') for part in setting.split(','))}
    feature_rate, all_rate = rates['feat_sample_rate'], rates['all_sample_rate']
    model, _ = build(PREDICTIONS['keys'], PREDICTIONS['seed_str'], upsample=feature_rate * all_rate)
    features = torch.from_numpy(arrays_of('loader.npz')[f'feat/{video}'])
    assert features.ndim == 2, 'the official predictor takes 2-D features only'
    steps = features[::feature_rate][::all_rate].t()
    with torch.no_grad():
        sample = model.eval().test_step(dict(inputs=[steps], data_samples=[EgoExoDataSample()]))[0]
    write_frame_prediction(tmp_path / video, sample.pred_frame_labels.numpy())
    assert (tmp_path / video).read_text() == PREDICTIONS['files'][case]


@pytest.mark.parametrize(('name', 'variant'), VARIANTS)
def test_domain_branch_trains_when_asked(name, variant):
    """Gradients of any objective on the 14 outputs reach every parameter of the variant that the outputs show."""
    entry, arrays = VARIANT_FILES[name][variant], arrays_of(f'{name}.npz')
    model, _ = build(entry['keys'], seed_of(name, variant), entry['config'], dropout=0.0)
    model.adaptation.requires_grad_(True)
    outputs = model.forward_domains(torch.from_numpy(arrays['x_s']), torch.from_numpy(arrays['x_t']), beta=(0.7, 0.3))
    predictions = (outputs.pred_source, outputs.pred_source_2, outputs.pred_d, outputs.pred_d_video)
    sum(F.log_softmax(item, -1).square().mean() for item in predictions).backward()
    without = [key for key, parameter in model.named_parameters() if parameter.grad is None]
    replaced = 'adaptation.video_discriminator' if entry['config'].get('SS_video', 'none') != 'none' else ' '
    assert all(key.startswith(replaced) for key in without), without
