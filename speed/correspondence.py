"""Time correspondence beside the released code: a pair of pictures, a training step, inference, and each saving.

Usage: OMP_NUM_THREADS=1 python speed/correspondence.py [--rounds 3] [--profile]

Pairs as Ego-Exo4D has them after preparation: pictures of 704 x 704 (ego) and 960 x 540 (exo), masks of 1408 x 1408 and
3840 x 2160, model input 480 x 480. "released" is written from the description of the released code, see
correspondence_released.py. "released" with a word behind it is the same with one saving, "egoexo" has them all. CPU
milliseconds of one thread, median over rounds in which all cases of a group alternate.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.optim import OptimWrapper
from PIL import Image
from pycocotools import mask as coco
from torch import nn
from torch.nn import functional as F
from torch.utils.data import default_collate

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from clips import Case, measure, show_profile, start
from correspondence_released import (
    DIM,
    DROPOUT,
    HEADS,
    HIDDEN,
    ReleasedBackbone,
    ReleasedEncoder,
    blocked,
    layer,
    released_inference,
    released_step,
)

from egoexo import compat
from egoexo.formats.rle import encode_mask
from egoexo.models.correspondence import AttentionLayer
from egoexo.registry import DATASETS, FUNCTIONS, MODELS
from egoexo.structures import EgoExoDataSample

SIDE, SMALL = 480, 30
EGO, EXO, TAKE = 'aria01_214-1', ('cam01', 'cam02', 'cam03', 'cam04'), '0a1b2c3d-0000-4000-8000-000000000001'
#: Camera -> size of its pictures and of its masks.
SIZES = {EGO: ((704, 704), (1408, 1408))} | dict.fromkeys(EXO, ((540, 960), (2160, 3840)))
OBJECTS, FRAMES = ('stainless bowl_0', 'knife_0', 'salt_0', 'pan_0', 'cup_0'), ('0', '30', '60')
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
#: CPU milliseconds of the released code on an idle machine.
FIGURES = {'step, 1 pair': 3050, 'step, 2 pairs': 6500, 'inference, a pair': 1190}
PROFILED = ('a pair', 'step, 1 pair', 'inference, a pair')
BACKBONE = dict(type='mmaction.ResNet', depth=50, num_stages=3, strides=(1, 2, 2), dilations=(1, 1, 1),
                out_indices=(2,), norm_eval=True)


def write_world(root: Path) -> Path:
    """One take with ego and exo cameras in the processed layout."""
    rng = np.random.default_rng(0)
    masks = {name: {camera: {} for camera in SIZES} for name in OBJECTS}
    for camera, (picture, size) in SIZES.items():
        (root / TAKE / camera).mkdir(parents=True)
        for frame in FRAMES:
            noise = rng.integers(0, 255, (picture[0] // 12, picture[1] // 12, 3), np.uint8)
            image = Image.fromarray(noise).resize(picture[::-1], Image.Resampling.BICUBIC)
            image.save(root / TAKE / camera / f'{frame}.jpg', quality=95)
            for name in OBJECTS:
                masks[name][camera][frame] = encode_mask(blob(rng, *size))
    looked = {name: {camera: list(map(int, FRAMES)) for camera in SIZES} for name in OBJECTS}
    (root / TAKE / 'annotation.json').write_text(json.dumps(
        dict(masks=masks, subsample_idx=list(map(int, FRAMES)), annotated_frames=looked)))
    (root / 'split.json').write_text(json.dumps(dict(train=[TAKE], val=[TAKE], test=[])))
    return root


def blob(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """A round object with a ragged edge, about as large as an annotated one."""
    mask = np.zeros((height, width), np.uint8)
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    radius = height * rng.uniform(0.06, 0.1) * rng.uniform(0.8, 1.2, 60)
    centre = rng.uniform(0.3, 0.7, 2) * (width, height)
    points = centre + radius[:, None] * np.stack([np.cos(angles), np.sin(angles)], 1)
    return cv2.fillPoly(mask, [points.round().astype(np.int32)], 1)


class ReleasedPairs:
    """Pairs of the released loader.

    Args:
        root (Path): Data root.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.masks = json.loads((root / TAKE / 'annotation.json').read_text())['masks']
        self.items = [(name, camera, frame) for name in OBJECTS for camera in EXO for frame in FRAMES]

    def item(self, index: int) -> dict[str, torch.Tensor]:
        """Both pictures, both masks, hidden tokens."""
        name, camera, frame = self.items[index]
        pictures = [self.picture(place, frame) for place in (EGO, camera)]
        masks = [self.mask(name, place, frame) for place in (EGO, camera)]
        small = [torch.from_numpy(cv2.resize(mask.numpy(), (SMALL, SMALL), interpolation=cv2.INTER_NEAREST))
                 for mask in masks]
        hidden = small[1] < 0.5 if torch.rand(1) > 0.5 else torch.zeros(SMALL, SMALL, dtype=torch.bool)
        return dict(query=pictures[0], target=pictures[1], query_mask=masks[0][None], target_mask=masks[1][None],
                    hidden=torch.cat([torch.zeros(SMALL**2, dtype=torch.bool), hidden.flatten()]),
                    positive=torch.tensor(True))

    def picture(self, camera: str, frame: str) -> torch.Tensor:
        """Normalised picture (3, 480, 480)."""
        image = cv2.cvtColor(cv2.imread(str(self.root / TAKE / camera / f'{frame}.jpg')), cv2.COLOR_BGR2RGB)
        values = torch.from_numpy(squared(image)).permute(2, 0, 1).float() / 255
        return (values - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)

    def mask(self, name: str, camera: str, frame: str) -> torch.Tensor:
        """Mask (480, 480), float."""
        return torch.from_numpy(squared(coco.decode(self.masks[name][camera][frame]))).float()


def squared(array: np.ndarray) -> np.ndarray:
    """Padded to a square, then 480 x 480 by nearest neighbours."""
    height, width = array.shape[:2]
    side = max(height, width)
    square = np.zeros((side, side, *array.shape[2:]), np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    square[top:top + height, left:left + width] = array
    return cv2.resize(square, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST)


def make_dataset(root: Path, split: str = 'train', **cache: int) -> object:
    """Our pairs without random negatives; those of val in the order of a test."""
    pipeline = [dict(type='LoadImagePair', **cache), dict(type='PadSquareResizeNearest', size=SIDE, **cache),
                *([dict(type='HideTargetTokens', prob=0.5, stride=16)] if split == 'train' else []),
                dict(type='PackPair')]
    return DATASETS.build(dict(
        type='CorrespondenceDataset', data_root=str(root), split=split, direction='ego2exo', negative_prob=0.0,
        pipeline=pipeline, test_mode=split != 'train'))


def loader_cases(root: Path) -> list[Case]:
    """A pair of pictures with both masks, out of files: any one, and neighbours of a test, which share pictures."""
    released, ours, collate = ReleasedPairs(root), make_dataset(root, cache_bytes=0), FUNCTIONS.get('collate_pairs')
    count, size = len(released.items), 6

    def batches(dataset: object) -> None:
        for begin in range(0, count, size):
            collate([dataset[index] for index in range(begin, begin + size)])

    def theirs() -> None:
        for begin in range(0, count, size):
            default_collate([released.item(index) for index in range(begin, begin + size)])

    check_pairs(released, ours)
    return [Case('a pair', 'released', theirs, count),
            Case('a pair', 'egoexo', lambda: batches(ours), count),
            Case('a pair', 'egoexo, in the order of a test', lambda: batches(make_dataset(root, 'val')), count)]


def check_pairs(released: ReleasedPairs, ours: object) -> None:
    """Both sides make the same pictures and masks."""
    for index in (0, len(released.items) - 1):
        theirs, item = released.item(index), ours[index]
        for role in ('query', 'target'):
            picture = (item['inputs'][role].float() / 255 - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(
                STD).view(3, 1, 1)
            torch.testing.assert_close(picture, theirs[role])
        torch.testing.assert_close(item['inputs']['query_mask'].float(), theirs['query_mask'])
        torch.testing.assert_close(item['data_samples'].gt_target_mask.float()[None], theirs['target_mask'])


def make_model() -> nn.Module:
    """XSegTx as configured for Ego-Exo4D, with random weights."""
    return MODELS.build(dict(
        type='XSegTx', backbone=BACKBONE, encoder=dict(type='CrossViewEncoder'), decoder=dict(type='MaskDecoder'),
        visibility_head=dict(type='VisibilityHead'), loss=dict(type='PairMaskLoss')))


def make_batch(num: int, shared: bool, seed: int = 0) -> tuple[dict, dict]:
    """The same pairs for both sides; shared: all have one query and one target picture, as objects of a frame have."""
    rng = torch.Generator().manual_seed(seed)
    pictures = torch.randint(0, 256, (2 if shared else 2 * num, 3, SIDE, SIDE), generator=rng, dtype=torch.uint8)
    query = torch.zeros(num, dtype=torch.int64) if shared else 2 * torch.arange(num)
    masks = torch.zeros(2, num, 1, SIDE, SIDE, dtype=torch.uint8)
    for number in range(num):
        masks[:, number, :, 100 + 20 * number:220 + 20 * number, 150:300] = 1
    hidden = torch.zeros(num, SMALL, SMALL, dtype=torch.bool)
    samples = [EgoExoDataSample(metainfo=dict(sample_id=str(number), target_size=(SIDE, SIDE)),
                                gt_target_mask=masks[1, number, 0] > 0, gt_visible=torch.tensor(True))
               for number in range(num)]
    ours = dict(inputs=dict(images=pictures, query=query, target=query + 1, query_mask=masks[0], hidden_tokens=hidden),
                data_samples=samples)
    values = (pictures.float() / 255 - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)
    released = dict(query=values[query], target=values[query + 1], query_mask=masks[0].float(),
                    target_mask=masks[1].float(), hidden=torch.zeros(num, 2 * SMALL**2, dtype=torch.bool),
                    positive=torch.ones(num, dtype=torch.bool))
    return released, ours


def step_cases(root: Path) -> list[Case]:
    """A training step of one pair, and of two whose pictures differ or are the same."""
    backbone, encoder = ReleasedBackbone(), ReleasedEncoder().train()
    adam = torch.optim.Adam(encoder.parameters(), 2e-4)
    model = make_model().train()
    wrapper = OptimWrapper(torch.optim.Adam([value for value in model.parameters() if value.requires_grad], 2e-4))
    cases = []
    for what, num, shared in (('step, 1 pair', 1, False), ('step, 2 pairs', 2, False),
                              ('step, 2 pairs of the same pictures', 2, True)):
        released, ours = make_batch(num, shared)

        def run(fourth: bool = True, released: dict = released) -> float:
            return released_step(backbone, encoder, adam, released, fourth)

        cases.append(Case(what, 'released', run))
        if num == 1:
            cases.append(Case(what, 'released, without the 4th pass', lambda run=run: run(False)))
        cases.append(Case(what, 'egoexo', lambda ours=ours: model.train_step(ours, wrapper)))
    return cases


def inference_cases(root: Path) -> list[Case]:
    """A pair, and three objects of one frame, whose pictures are shared."""
    backbone, encoder, model = ReleasedBackbone(), ReleasedEncoder().eval(), make_model().eval()
    cases = []
    for what, num in (('inference, a pair', 1), ('inference, a pair of 3 objects', 3)):
        released, ours = make_batch(num, shared=True)
        alone = [make_batch(1, shared=True, seed=number)[1] for number in range(num)]
        parts = [[released[name][number:number + 1] for name in ('query', 'target', 'query_mask')]
                 for number in range(num)]

        @torch.no_grad()
        def both_views(ours: dict = ours) -> object:
            return model(model.data_preprocessor(ours)['inputs'], mode='tensor')

        @torch.no_grad()
        def predict(*batches: dict) -> None:
            for batch in batches:
                model.test_step(batch)

        cases += [
            Case(what, 'released', lambda parts=parts: [released_inference(backbone, encoder, *part) for part in parts],
                 num),
            Case(what, 'egoexo, query view decoded too', both_views, num)]
        if num > 1:
            cases.append(Case(what, 'egoexo, pictures not shared',
                              lambda alone=alone: predict(*alone), num))
        cases.append(Case(what, 'egoexo', lambda ours=ours: predict(ours), num))
    return cases


def backbone_cases(root: Path) -> list[Case]:
    """Two pictures and a mask, which the released code takes one by one and ours as a batch."""
    backbone, model = ReleasedBackbone(), make_model().eval()
    pictures = torch.randn(3, 3, SIDE, SIDE)
    what = 'backbone, 2 pictures and a mask'

    @torch.no_grad()
    def ours(*batches: torch.Tensor) -> None:
        for batch in batches:
            model.extract_maps(batch)

    return [Case(what, 'released', lambda: [backbone.features(picture[None]) for picture in pictures]),
            Case(what, 'egoexo, one by one', lambda: ours(*pictures[:, None])),
            Case(what, 'egoexo', lambda: ours(pictures))]


class ExplicitAttention(AttentionLayer):
    """Ours with the weights of attention written out in place of the fused kernel."""

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """(N, L, C), each map attends to itself."""
        query, key, value = self._project(tokens, None)
        weights = F.dropout((query @ key.transpose(2, 3) / query.shape[-1]**0.5).softmax(-1), self.dropout.p,
                            self.training)
        mixed = self.self_attn.out_proj((weights @ value).transpose(1, 2).flatten(2))
        tokens = self.norm1(tokens + self.dropout1(mixed))
        return self.norm2(tokens + self.dropout2(self.linear2(self.dropout(F.relu(self.linear1(tokens))))))


def attention_cases(root: Path) -> list[Case]:
    """A layer over the tokens of both maps, forwards and backwards, dropout included."""
    masked, block = layer().train(), AttentionLayer(DIM, HEADS, HIDDEN, DROPOUT).train()
    explicit = ExplicitAttention(DIM, HEADS, HIDDEN, DROPOUT).train()
    tokens = torch.randn(2 * SMALL**2, 1, DIM, requires_grad=True)
    maps = torch.randn(2, SMALL**2, DIM, requires_grad=True)
    hidden = blocked(SMALL**2, within=False)
    check_layers(masked, block, explicit)
    padding, what = torch.zeros(1, 2 * SMALL**2, dtype=torch.bool), 'a layer, 1 pair'
    return [
        Case(what, 'released', lambda: masked(tokens, hidden, padding).sum().backward()),
        Case(what, 'blocks, attention written out', lambda: explicit(maps).sum().backward()),
        Case(what, 'egoexo', lambda: block(maps).sum().backward())]


@torch.no_grad()
def check_layers(masked: nn.Module, *others: nn.Module) -> None:
    """All compute the same from the same weights."""
    maps = torch.randn(2, 9, DIM)
    masked.eval()
    expected = masked(maps.flatten(0, 1)[:, None], blocked(9, within=False)).view(maps.shape)
    for other in others:
        other.load_state_dict(masked.state_dict())
        torch.testing.assert_close(other.eval()(maps), expected)
        other.train()
    masked.train()


GROUPS = dict(loader=loader_cases, backbone=backbone_cases, attention=attention_cases, inference=inference_cases,
              step=step_cases)


def time_group(make: Callable[[Path], list[Case]], root: Path, rounds: int, profile: bool) -> None:
    """Make and time some cases."""
    print(f'\n{make.__name__.replace("_", " ")}', end='')
    cases = make(root)
    measure(cases, FIGURES, rounds)
    if profile:
        show_profile(cases, PROFILED)
    sys.stdout.flush()


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--profile', action='store_true', help='also show where the time goes')
    parser.add_argument('--groups', nargs='+', default=tuple(GROUPS), choices=tuple(GROUPS))
    args = parser.parse_args()
    compat.apply()
    start()
    with tempfile.TemporaryDirectory() as place:
        root = write_world(Path(place, 'correspondence'))
        for name in args.groups:
            time_group(GROUPS[name], root, args.rounds, args.profile)


if __name__ == '__main__':
    main()
