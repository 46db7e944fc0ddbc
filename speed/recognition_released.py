"""What the timing script of recognition compares with, written from descriptions with plain parts.

The loader of the released code reads every clip of a test by itself: 30 times 32 frames of a segment, each normalised
as floating numbers, resized and cut. The network and its step are mmaction2's SlowFast with two linear layers behind
it. The evaluation sorts all products of each segment, as the EPIC-100 script does. The text encoder has the size of the
released one and random weights.
"""

import random
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from egoexo.registry import MODELS

__all__ = ['CLIP_LEN', 'INTERVAL', 'PlainSlowFast', 'ReleasedClips', 'make_text_encoder', 'plain_step',
           'released_accuracies']

CLIP_LEN, INTERVAL, MEAN, STD = 32, 2, 0.45, 0.225
_SPAN = (CLIP_LEN - 1) * INTERVAL + 1


class ReleasedClips:
    """Clips of the released loaders, one at a time.

    Args:
        folder (Path): With ``frame_<n:010d>.jpg``, n from 1.
        start (int): First frame of the segment.
        stop (int): Its last.
    """

    def __init__(self, folder: Path, start: int, stop: int) -> None:
        self.folder, self.start, self.length = folder, start, stop - start + 1

    def read(self, offset: int) -> Tensor:
        """Normalised frames of a clip, (3, T, H, W)."""
        numbers = self.start + np.clip(offset + INTERVAL * np.arange(CLIP_LEN), 0, self.length - 1)
        frames = [cv2.imread(str(self.folder / f'frame_{number:010d}.jpg')) for number in numbers]
        clip = torch.as_tensor(np.stack(frames)).float() / 255.0
        return ((clip - MEAN) / STD).permute(3, 0, 1, 2)

    def test_clip(self, number: int, size: int) -> tuple[Tensor, Tensor]:
        """Slow and fast input of clip 0 to 29 of a test: view ``number // 3``, crop ``number % 3``."""
        gap = max(self.length - _SPAN, 0) / 9
        clip = resized(self.read(round(gap * (number // 3))), size)
        height, width = clip.shape[2:]
        top, left = -(-(height - size) // 2), (0, -(-(width - size) // 2), width - size)[number % 3]
        return pathways(clip[:, :, top:top + size, left:left + size])

    def train_clip(self, size: int, scale: tuple[int, int] = (256, 320)) -> tuple[Tensor, Tensor]:
        """Slow and fast input of a clip anywhere, of any scale, at any place, perhaps mirrored."""
        ends = sorted((0, self.length - _SPAN))
        clip = resized(self.read(random.randint(*ends)), round(np.random.uniform(*scale)))  # noqa: NPY002
        top, left = (np.random.randint(0, side - size) for side in clip.shape[2:])  # noqa: NPY002
        clip = clip[:, :, top:top + size, left:left + size]
        return pathways(clip.flip(-1) if np.random.uniform() < 0.5 else clip)  # noqa: NPY002


def resized(clip: Tensor, short_side: int) -> Tensor:
    """Shorter side resized, on floating numbers."""
    height, width = clip.shape[2:]
    if min(height, width) == short_side:
        return clip
    shape = ((short_side, int(width / height * short_side)) if height <= width
             else (int(height / width * short_side), short_side))
    return F.interpolate(clip, size=shape, mode='bilinear', align_corners=False)


def pathways(clip: Tensor) -> tuple[Tensor, Tensor]:
    """What the slow and the fast pathway see."""
    slow = clip.index_select(1, torch.linspace(0, clip.shape[1] - 1, clip.shape[1] // 4).long())
    return slow.contiguous(), clip.contiguous()


class PlainSlowFast(nn.Module):
    """mmaction2's SlowFast, means of both pathways, a linear layer per task.

    Args:
        depth (int): Of both pathways, 50 or more.
        base_channels (int): Of the slow one.
        num_classes (Sequence[int]): Verbs and nouns.
        fusion_kernel (int): Of the lateral connections.
    """

    def __init__(self, depth: int, base_channels: int = 64, num_classes: Sequence[int] = (97, 300),
                 fusion_kernel: int = 7) -> None:
        super().__init__()
        shared = dict(type='resnet3d', depth=depth, pretrained=None, conv1_stride_t=1, pool1_stride_t=1)
        self.backbone: nn.Module = MODELS.build(dict(
            type='mmaction.ResNet3dSlowFast', resample_rate=4, speed_ratio=4, channel_ratio=8,
            slow_pathway=dict(shared, base_channels=base_channels, conv1_kernel=(1, 7, 7), inflate=(0, 0, 1, 1),
                              lateral=True, lateral_norm=True, fusion_kernel=fusion_kernel),
            fast_pathway=dict(shared, base_channels=base_channels // 8, conv1_kernel=(5, 7, 7), lateral=False)))
        width = 32 * (base_channels + base_channels // 8)
        self.layers = nn.ModuleList(nn.Linear(width, count) for count in num_classes)

    def forward(self, clips: Tensor) -> list[Tensor]:
        """Logits by task, (N, C), of clips (N, 3, T, S, S)."""
        pooled = torch.cat([features.mean((2, 3, 4)) for features in self.backbone(clips)], dim=1)
        pooled = F.dropout(pooled, 0.5, self.training)
        return [layer(pooled) for layer in self.layers]


def plain_step(net: PlainSlowFast, sgd: torch.optim.Optimizer, clips: Tensor, labels: Sequence[Tensor]) -> None:
    """One step of training."""
    loss = sum(F.cross_entropy(logits, label) for logits, label in zip(net(clips), labels, strict=True))
    sgd.zero_grad()
    loss.backward()
    sgd.step()
    loss.item()


def released_accuracies(verb: np.ndarray, noun: np.ndarray, labels: Sequence[np.ndarray]) -> dict[str, float]:
    """Accuracies in percent on all segments by the steps of the EPIC-100 script.

    Args:
        verb (np.ndarray): Scores (n, V).
        noun (np.ndarray): Scores (n, N).
        labels (Sequence[np.ndarray]): True verbs and nouns, (n,) each.

    Returns:
        dict[str, float]: ``<task>_accuracy_at_<k>``.
    """
    ranked = {task: scores.argsort(axis=1)[:, ::-1] for task, scores in (('verb', verb), ('noun', noun))}
    kept = {'verb': ranked['verb'], 'noun': ranked['noun'][:, :100]}
    probs = {}
    for task, scores in (('verb', verb), ('noun', noun)):
        values = np.take_along_axis(scores, kept[task], axis=1)
        values = np.exp(values - values.max())
        probs[task] = values / values.sum()
    actions = np.empty((len(verb), min(100, kept['verb'].shape[1] * kept['noun'].shape[1])), np.int64)
    for row in range(len(verb)):
        products = np.outer(probs['verb'][row], probs['noun'][row])
        verbs, nouns = np.unravel_index(products.ravel().argsort()[::-1][:100], products.shape)
        actions[row] = 1000 * kept['verb'][row, verbs] + kept['noun'][row, nouns]
    truth = dict(verb=labels[0], noun=labels[1], action=1000 * labels[0] + labels[1])
    return {f'{task}_accuracy_at_{k}': 100 * float((classes[:, :k] == truth[task][:, None]).any(axis=1).mean())
            for task, classes in (ranked | dict(action=actions)).items() for k in (1, 5)}


def make_text_encoder() -> nn.Module:
    """Twelve layers of 384 channels, twelve heads, 1536 hidden channels: the size of MiniLM-L12, random weights."""
    layer = nn.TransformerEncoderLayer(384, 12, 1536, activation='gelu', batch_first=True)
    return nn.TransformerEncoder(layer, 12, enable_nested_tensor=False).eval().requires_grad_(False)
