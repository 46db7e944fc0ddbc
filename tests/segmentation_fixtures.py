"""Fixtures of the released segmentation code, and our model set up as that code was when they were made."""

import json
import math
import zlib
from collections import OrderedDict

import numpy as np
import torch
from tests_support import parity_dir

from egoexo.checkpoints.segmentation import from_official
from egoexo.checkpoints.segmentation_layout import guess_layout
from egoexo.registry import MODELS

ROOT = parity_dir('segmentation')
#: Options of the released code that add a loss term, with the value that adds none.
ADAPTATION_TERMS = ('DA_adv', 'DA_dis', 'DA_ens', 'DA_ent', 'DA_sem', 'SS_video')
LOSSES = [dict(type='StageCrossEntropy'), dict(type='TruncatedSmoothingLoss')]


def read_json(name):
    path = ROOT / name
    return json.loads(path.read_text()) if path.is_file() else {}


def arrays_of(name):
    return np.load(ROOT / name, allow_pickle=False)


FIXTURE = read_json('fixture.json')
KEY_FILES = {path.name.removesuffix('.keys.json'): path for path in sorted(ROOT.glob('model_*.keys.json'))}
#: Files with several variants by name, and files that hold one model.
VARIANT_FILES = {name: content for name, path in KEY_FILES.items()
                 if isinstance(content := json.loads(path.read_text()), dict)}
SINGLE_FILES = {name: content for name, path in KEY_FILES.items()
                if isinstance(content := json.loads(path.read_text()), list)}
VARIANTS = [(name, variant) for name, content in VARIANT_FILES.items() for variant in content]


def fill(keys, seed_str):
    """Official state dict filled by the rule of the fixtures; ``keys`` are (key, shape, dtype)."""
    state = OrderedDict()
    for key, shape, dtype in keys:
        assert dtype == 'float32'
        rng = np.random.default_rng(zlib.crc32(f'{seed_str}:{key}'.encode()))
        values = rng.standard_normal(shape)
        if len(shape) >= 2:
            values = values / math.sqrt(math.prod(shape[1:]))
        else:
            values = 1 + 0.1 * values if key.endswith('weight') else 0.1 * values
        state[key] = torch.from_numpy(values.astype(np.float32))
    return state


def switched_on(config, term):
    """Whether an option of the released code adds its term; without a target it switches all of them off."""
    return config.get('use_target', 'none') != 'none' and config.get(term, 'none') != 'none'


def objectives_of(config, defaults):
    """Our objectives for the options of the released code, in the order in which it adds its terms."""
    options = defaults | config
    places = [f'stage{number}' for number, used in enumerate(options.get('places', 'NYYN'), 1) if used == 'Y']
    heads = options.get('multi_adv', ['N', 'N'])[1] == 'Y'
    weighted = options.get('weighted_domain_loss', 'Y') == 'Y'
    class_weight = options.get('ps_lb', 'soft') if heads and weighted else None
    found = []
    if switched_on(config, 'DA_adv'):
        found.append(dict(type='ClassAdversarialLoss', class_weight=class_weight) if heads else
                     dict(type='FrameAdversarialLoss'))
        if 'rev_grad' in config.get('DA_adv_video', 'none'):
            found.append(dict(type='SequenceAdversarialLoss'))
    if switched_on(config, 'DA_dis'):
        found.append(dict(type='JointMMDLoss', loss_weight=options['nu']))
    if switched_on(config, 'DA_sem'):
        found.append(dict(type='CentroidAlignmentLoss', ratio=options['ratio_ma'], loss_weight=options['gamma']))
    if switched_on(config, 'DA_ens'):
        found.append(dict(type='ClassifierDiscrepancyLoss') if config['DA_ens'] == 'MCD' else
                     dict(type='SlicedWassersteinLoss', num_directions=options['dim_proj']))
    if switched_on(config, 'DA_ent'):
        found.append(dict(type='TargetEntropyLoss', loss_weight=options['mu']) if config['DA_ent'] == 'target' else
                     dict(type='AttentiveEntropyLoss', class_weight=class_weight, loss_weight=options['mu']))
    if switched_on(config, 'SS_video'):
        found.append(dict(type='OrderPredictionLoss', loss_weight=options['eta']))
    return [item | dict(places=places) for item in found]


def build(keys, seed_str, config=None, dropout=0.5, upsample=5, **adapting):
    """Our model around an official state dict: sizes from its shapes, the rest from the official options."""
    config = config or {}
    official = fill(keys, seed_str)
    parts = guess_layout({key: tuple(value.shape) for key, value in official.items()}).model_config()
    with_target = config.get('use_target', 'none') != 'none'
    adaptation = parts['adaptation']
    adaptation.update(num_segments=config.get('num_seg', 1), class_weight=config.get('ps_lb', 'soft'), dropout=dropout,
                      attention=with_target and config.get('use_attn') == 'domain_attn', **adapting)
    head = dict(type='FrameHead', num_classes=parts['backbone']['num_classes'], upsample=upsample, loss=LOSSES)
    model = MODELS.build(dict(type='Segmentor', backbone=dict(parts['backbone'], dropout=dropout), head=head,
                              adaptation=adaptation))
    model.load_state_dict(from_official(official), strict=True)
    patch_draws(model)
    return model, official


def patch_draws(model):
    """Draw what the released code drew for the fixtures: reversed permutations, one stored stream of normals."""
    model.adaptation.draw_permutation = backwards
    for objective in model.adaptation.objectives:
        if hasattr(objective, 'draw_rows'):
            objective.draw_rows = backwards
        if hasattr(objective, 'draw_directions'):
            objective.draw_directions = lambda classes, owner=objective: normals(classes, owner.num_directions)


def backwards(count):
    return torch.arange(count - 1, -1, -1)


def normals(*shape):
    return torch.from_numpy(np.random.default_rng(7).standard_normal(shape).astype(np.float32))


def seed_of(name, variant=''):
    """Seed string of a file: the entry of ``fixture.json`` with the longest name that begins the file's."""
    known = max((key for key in FIXTURE['seed_str'] if name.startswith(key)), key=len)
    return FIXTURE['seed_str'][known].format(variant=variant)


def keys_of(variant):
    return next(content[variant]['keys'] for content in VARIANT_FILES.values() if variant in content)


def ramp_of(weight, user_max, scale=1.0):
    """Our weight for one of the released code: negative numbers ask for a ramp."""
    if weight >= 0:
        return weight
    return dict(type='SigmoidRamp', length=user_max if weight < -1 else None, scale=scale)
