"""Features of any video or image backbone of mmaction2."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.logging import print_log

from egoexo.checkpoints.differences import list_differences, state_dict_differences
from egoexo.checkpoints.loading import find_state_dict, load_checkpoint_file, sha256_of
from egoexo.errors import CheckpointError, ConfigError
from egoexo.models.extractors.feature_extractor import FeatureExtractor
from egoexo.registry import MODELS

__all__ = ['BackboneExtractor']

_PREFIX = 'backbone.'


@MODELS.register_module()
class BackboneExtractor(FeatureExtractor):
    """Pooled output of a backbone, with the usual test-time picture: shorter side resized, centre cropped.

    Every tensor that the backbone returns is pooled over time and space, and the results are joined in the order in
    which they come: SlowFast gives its slow and then its fast channels. A tensor (N, D) is taken as it is. A 2-D
    backbone (``input_format='NCHW'``) sees the frames of a clip one by one, and their rows are averaged.

    Args:
        backbone (dict): Registered type with its arguments, e.g. ``dict(type='mmaction.ResNet3dSlowFast')``.
        checkpoint (str, optional): Weights of the backbone, alone or as part of a recogniser (``backbone.*``). None
            keeps random ones, which is said aloud and stands in the recipe.
        clip_len (int): Frames per clip.
        frame_interval (int): Video frames from one frame of a clip to the next.
        short_side (int): The shorter side of the picture is resized to this, bilinear.
        crop_size (int): Side of the square cut from the centre.
        mean (Sequence[float]): Of the channels R, G, B, in grey levels.
        std (Sequence[float]): Of the channels R, G, B, in grey levels.
        input_format (str): ``'NCTHW'`` (3-D backbone, default) or ``'NCHW'`` (2-D backbone).
        pool (str): ``'avg'`` or ``'max'``.
        channel_order (str): ``'rgb'`` (default), or ``'bgr'`` for networks trained on frames as OpenCV reads them.

    Raises:
        ConfigError: If an option is unknown or impossible.
        CheckpointError: If the checkpoint does not cover the backbone; lists what does not fit.

    Examples:
        >>> extractor = MODELS.build(dict(
        ...     type='BackboneExtractor', backbone=dict(type='mmaction.ResNet', depth=18),
        ...     input_format='NCHW', clip_len=1, frame_interval=1))
        >>> extractor(np.zeros((2, 1, 240, 320, 3), np.uint8)).shape
        torch.Size([2, 512])
    """

    def __init__(self, backbone: dict, checkpoint: str | Path | None = None, clip_len: int = 32,
                 frame_interval: int = 2, short_side: int = 256, crop_size: int = 256,
                 mean: Sequence[float] = (123.675, 116.28, 103.53), std: Sequence[float] = (58.395, 57.12, 57.375),
                 input_format: str = 'NCTHW', pool: str = 'avg', channel_order: str = 'rgb') -> None:
        super().__init__(clip_len, frame_interval, (crop_size, crop_size))
        if input_format not in ('NCTHW', 'NCHW') or pool not in ('avg', 'max') or channel_order not in ('rgb', 'bgr'):
            raise ConfigError(
                f"BackboneExtractor: input_format='{input_format}', pool='{pool}', channel_order='{channel_order}'; "
                "expected 'NCTHW' or 'NCHW', 'avg' or 'max', and 'rgb' or 'bgr'.")
        if crop_size > short_side:
            raise ConfigError(f'BackboneExtractor: crop_size={crop_size} does not fit into short_side={short_side}.')
        _refuse_own_weights(backbone)
        self.short_side, self.input_format = short_side, input_format
        self.pool, self.channel_order = pool, channel_order
        self.backbone = MODELS.build(backbone)
        if checkpoint is not None:
            load_backbone(self.backbone, checkpoint)
        else:
            print_log(f'BackboneExtractor: {backbone["type"]} has random weights, because checkpoint is None. Such '
                      'features are good for trying things out only.', 'current', logging.WARNING)
        self.register_buffer('mean', torch.tensor(mean).view(3, 1, 1), persistent=False)
        self.register_buffer('std', torch.tensor(std).view(3, 1, 1), persistent=False)
        self.source = dict(
            extractor=type(self).__name__, backbone=backbone['type'], options=_plain(backbone), mean=list(mean),
            std=list(std), frame_interval=frame_interval, pool=pool,
            weights='random' if checkpoint is None else Path(checkpoint).name,
            sha256=None if checkpoint is None else sha256_of(checkpoint))
        if channel_order != 'rgb':  # what is usual stays out of the recipe, which older features have without it
            self.source['channel_order'] = channel_order
        self.eval()
        with torch.no_grad():
            self.dim = self.encode(torch.zeros(1, clip_len, crop_size, crop_size, 3, dtype=torch.uint8)).shape[1]

    @property
    def crop(self) -> str:
        """Part of the picture that the network sees."""
        return f'center_{self.input_size[0]}_of_{self.short_side}'

    def transform_frame(self, frame: np.ndarray) -> np.ndarray:
        """Resize the shorter side, cut the square from the centre.

        Args:
            frame (np.ndarray): RGB, uint8, (H, W, 3).

        Returns:
            np.ndarray: RGB, uint8, (crop_size, crop_size, 3).
        """
        scale = self.short_side / min(frame.shape[:2])
        height, width = (max(int(side * scale + 0.5), self.short_side) for side in frame.shape[:2])
        if (height, width) != frame.shape[:2]:
            frame = cv2.resize(frame, (width, height), interpolation=cv2.INTER_LINEAR)
        size = self.input_size[0]
        top, left = (height - size) // 2, (width - size) // 2
        return frame[top:top + size, left:left + size]

    def encode(self, clips: torch.Tensor) -> torch.Tensor:
        """Normalise, run the backbone, pool.

        Args:
            clips (torch.Tensor): RGB, uint8, (N, T, h, w, 3).

        Returns:
            torch.Tensor: float32, (N, D).
        """
        inputs = clips.permute(0, 1, 4, 2, 3).float().sub(self.mean).div(self.std)
        if self.channel_order == 'bgr':
            inputs = inputs.flip(2)
        inputs = inputs.flatten(0, 1) if self.input_format == 'NCHW' else inputs.transpose(1, 2)
        rows = torch.cat([self._pooled(item) for item in _tensors(self.backbone(inputs))], dim=1)
        return rows.unflatten(0, (len(clips), -1)).mean(dim=1) if self.input_format == 'NCHW' else rows

    def _pooled(self, output: torch.Tensor) -> torch.Tensor:
        output = output.float()
        if output.ndim == 2:
            return output
        return output.flatten(2).mean(dim=2) if self.pool == 'avg' else output.flatten(2).amax(dim=2)


def load_backbone(backbone: torch.nn.Module, checkpoint: str | Path) -> None:
    """Fill a backbone; every key and shape must fit. Weights of a head beside it are left out, said aloud.

    Args:
        backbone (torch.nn.Module): Filled in place.
        checkpoint (str | Path): Backbone or recogniser, read as data.

    Raises:
        CheckpointError: If the file is missing, damaged, hostile or of another network.
    """
    _, found = find_state_dict(load_checkpoint_file(checkpoint))
    inside = {key.removeprefix(_PREFIX): value for key, value in found.items() if key.startswith(_PREFIX)}
    if inside:
        print_log(f'{checkpoint}: {len(inside)} tensors of the backbone taken, {len(found) - len(inside)} of other '
                  'parts left out', 'current')
        found = inside
    wanted = backbone.state_dict()
    # Batch normalisation of older files has no counter, and none is needed here.
    counted = {key: value for key, value in wanted.items() if key in found or not key.endswith('num_batches_tracked')}
    differences = state_dict_differences(counted, found)
    if differences:
        num_fit = len(wanted.keys() & found.keys())
        raise CheckpointError(f'{checkpoint} does not fit the backbone {type(backbone).__name__}, {num_fit} of '
                              f'{len(wanted)} names agree:\n{list_differences(differences)}\nTake the backbone '
                              'arguments from the config with which the file was trained.')
    backbone.load_state_dict(dict(found), strict=False)


def _refuse_own_weights(backbone: Mapping) -> None:
    """Weights named inside the backbone would be loaded by a training run only, never here."""
    init = backbone.get('init_cfg')
    pretrained = backbone.get('pretrained') or (init.get('checkpoint') if isinstance(init, Mapping) else None)
    if pretrained:
        raise ConfigError(f'BackboneExtractor: the backbone names weights of its own ({pretrained}), which are not '
                          'loaded here. Fetch the file and give checkpoint=FILE beside backbone.')


def _tensors(output: object) -> list[torch.Tensor]:
    """Every tensor of a nested output, in order."""
    if isinstance(output, torch.Tensor):
        return [output]
    return [tensor for item in output for tensor in _tensors(item)]


def _plain(value: object) -> object:
    """Config values as JSON has them."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
