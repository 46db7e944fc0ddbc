"""The released XSegTx for the timing script of correspondence, written from its description with plain layers.

Keys of both parts are those of a released checkpoint. Nothing is saved: four pictures go through the backbone one after
another, every layer attends over the tokens of both maps at once under a mask of 1800 x 1800, and both views are
decoded whether or not somebody reads them.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

__all__ = ['ReleasedBackbone', 'ReleasedEncoder', 'released_inference', 'released_loss', 'released_step']

DIM, HEADS, HIDDEN, DROPOUT = 256, 2, 256, 0.1


class Bottleneck(nn.Module):
    """Residual block of ResNet-50 whose 3 x 3 convolution strides."""

    def __init__(self, before: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(before, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, 4 * width, 1, bias=False), nn.BatchNorm2d(4 * width)
        self.downsample = nn.Sequential() if before == 4 * width else nn.Sequential(
            nn.Conv2d(before, 4 * width, 1, stride, bias=False), nn.BatchNorm2d(4 * width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, before, h, w) to (N, 4 width, h / stride, w / stride)."""
        out = F.relu(self.bn1(self.conv1(x)), inplace=True)
        out = F.relu(self.bn2(self.conv2(out)), inplace=True)
        return F.relu(self.bn3(self.conv3(out)) + self.downsample(x), inplace=True)


class ReleasedBackbone(nn.Sequential):
    """ResNet-50 up to its third stage, stride 16, 1024 channels, always in evaluation mode."""

    def __init__(self) -> None:
        stages, before = [], 64
        for width, blocks, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2)):
            stages.append(nn.Sequential(Bottleneck(before, width, stride),
                                        *(Bottleneck(4 * width, width, 1) for _ in range(blocks - 1))))
            before = 4 * width
        super().__init__(nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True),
                         nn.MaxPool2d(3, 2, 1), *stages)
        self.eval().requires_grad_(False)

    @torch.no_grad()
    def features(self, pictures: torch.Tensor) -> torch.Tensor:
        """Unit vectors (N, 1024, h, w) of pictures (N, 3, H, W)."""
        return F.normalize(self(pictures), dim=1)


def layer() -> nn.TransformerEncoderLayer:
    """One encoder layer, the same in all places."""
    return nn.TransformerEncoderLayer(DIM, HEADS, HIDDEN, DROPOUT)


def tokens_of(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Two maps (N, C, h, w) as one sequence (2hw, N, C)."""
    return torch.cat([first.flatten(2), second.flatten(2)], 2).permute(2, 0, 1)


def maps_of(tokens: torch.Tensor, shape: torch.Size) -> tuple[torch.Tensor, torch.Tensor]:
    """Undo :func:`tokens_of`."""
    return tuple(part.permute(1, 2, 0).reshape(shape) for part in tokens.chunk(2))


def blocked(length: int, within: bool) -> torch.Tensor:
    """Mask (2n, 2n) that hides each map from itself, or from the other one."""
    same = torch.zeros(2 * length, 2 * length, dtype=torch.bool)
    same[:length, :length] = same[length:, length:] = True
    return same if within else ~same


class CrossLayer(nn.Module):
    """Tokens of each map attend to those of the other one."""

    def __init__(self) -> None:
        super().__init__()
        self.cross_encoder_layer = layer()

    def forward(self, x: torch.Tensor, y: torch.Tensor,
                hidden: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """Maps (N, C, h, w); hidden (N, 2hw) is True for keys that are passed over."""
        out = self.cross_encoder_layer(tokens_of(x, y), src_mask=blocked(x[0, 0].numel(), True),
                                       src_key_padding_mask=hidden)
        return maps_of(out, x.shape)


class InnerLayer(nn.Module):
    """The query map attends to its mask, then each map to itself."""

    def __init__(self) -> None:
        super().__init__()
        self.inner_encoder_layer = layer()
        self.cross_encoder_layer = CrossLayer()

    def forward(self, x: torch.Tensor, y: torch.Tensor, mask: torch.Tensor,
                hidden: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """See :class:`CrossLayer`."""
        x, _ = self.cross_encoder_layer(x, mask)
        place = 0.1 * sine_places(*x.shape[2:])
        out = self.inner_encoder_layer(tokens_of(x + place, y + place), src_mask=blocked(x[0, 0].numel(), False),
                                       src_key_padding_mask=hidden)
        return maps_of(out, x.shape)


def sine_places(height: int, width: int) -> torch.Tensor:
    """Sine encoding (256, h, w) of the places of a map: 128 channels of the row, then 128 of the column."""
    frequency = 10000 ** (2 * torch.arange(DIM // 2).div(2, rounding_mode='floor') / (DIM // 2))
    parts = []
    for length, view in ((height, (height, 1, -1)), (width, (1, width, -1))):
        place = torch.arange(1, length + 1) / (length + 1e-6) * 2 * math.pi
        angle = place[:, None] / frequency
        waves = torch.stack([angle[:, 0::2].sin(), angle[:, 1::2].cos()], 2).flatten(1)
        parts.append(waves.view(view).expand(height, width, -1))
    return torch.cat(parts, 2).permute(2, 0, 1)


class Decoder(nn.Module):
    """Map (N, 256, h, w) to probabilities (N, 3, 16h, 16w)."""

    def __init__(self) -> None:
        super().__init__()
        self.deconv1, self.deconv2 = nn.ConvTranspose2d(DIM, 128, 2, 2), nn.ConvTranspose2d(128, 3, 2, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Of one view."""
        x = F.interpolate(self.deconv2(self.deconv1(x).relu()), scale_factor=4, mode='bilinear', align_corners=False)
        return x.sigmoid().clamp(1e-7, 1 - 1e-7)


class Visibility(nn.Module):
    """Target map (N, 256, 30, 30) to the probability (N, 1) that the object is visible."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(DIM, 1, 3)
        self.mlp = nn.Sequential(nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, y: torch.Tensor) -> torch.Tensor:
        """Of the last block."""
        return self.mlp(self.conv(y).relu().flatten(1)).sigmoid()


class ReleasedNet(nn.Module):
    """The encoder: three blocks, decoder and visibility branch."""

    def __init__(self) -> None:
        super().__init__()
        self.feat_proj = nn.Conv2d(1024, DIM, 1)
        self.encoder_blocks = nn.ModuleList(
            nn.ModuleDict(dict(layer1=InnerLayer(), **(dict(layer2=CrossLayer()) if number < 2 else {})))
            for number in range(3))
        self.decoder, self.cls_branch = Decoder(), Visibility()

    def forward(self, x: torch.Tensor, y: torch.Tensor, mask: torch.Tensor,
                hidden: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Features (N, 1024, h, w) of both views and of the query mask, hidden keys (N, 2hw); both maps of
        probabilities (N, 3, 16h, 16w) and the visibility (N, 1)."""
        x, y, mask = (self.feat_proj(part) for part in (x, y, mask))
        x, y = F.dropout2d(x, DROPOUT, self.training), F.dropout2d(y, DROPOUT, self.training)
        for block in self.encoder_blocks:
            x, y = block['layer1'](x, y, mask, hidden)
            if 'layer2' in block:
                x, y = block['layer2'](x, y, hidden)
        return self.decoder(x), self.decoder(y), self.cls_branch(y)


class ReleasedEncoder(nn.Module):
    """Holds the network under the name that a released checkpoint gives it."""

    def __init__(self) -> None:
        super().__init__()
        self.net = ReleasedNet()

    def forward(self, *features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """See :class:`ReleasedNet`."""
        return self.net(*features)


def released_loss(query: torch.Tensor, target: torch.Tensor, visible: torch.Tensor, query_mask: torch.Tensor,
                  target_mask: torch.Tensor, positive: torch.Tensor) -> torch.Tensor:
    """Sum of the mask, dice and visibility losses.

    Args:
        query (torch.Tensor): Probabilities (N, 3, H, W) of the query view, of which the last channel is read.
        target (torch.Tensor): The same of the target view.
        visible (torch.Tensor): Probabilities (N, 1).
        query_mask (torch.Tensor): True masks (N, 1, H, W).
        target_mask (torch.Tensor): The same of the target view; zeros for a negative.
        positive (torch.Tensor): (N,) bool.
    """
    probability, truth = torch.cat([query, target])[:, 2:], torch.cat([query_mask, target_mask])
    kept = torch.cat([positive, positive]).float()
    weight = torch.where(truth == 1, 10.0, 1.0)
    mask_loss = (weight * F.binary_cross_entropy(probability, truth, reduction='none') * kept.view(-1, 1, 1, 1)).mean()
    both, sums = (probability * truth).sum((1, 2, 3)), probability.sum((1, 2, 3)) + truth.sum((1, 2, 3))
    dice = ((1 - (2 * both + 1) / (sums + 1)) * kept).sum() / kept.sum()
    return mask_loss + dice + F.binary_cross_entropy(visible[:, 0], positive.float())


def released_step(backbone: ReleasedBackbone, encoder: ReleasedEncoder, adam: torch.optim.Optimizer, batch: dict,
                  fourth_pass: bool = True) -> float:
    """One training step on the tensors of a batch.

    Args:
        backbone (ReleasedBackbone): Frozen.
        encoder (ReleasedEncoder): Trained.
        adam (torch.optim.Optimizer): Of the encoder.
        batch (dict): ``query`` and ``target`` (N, 3, H, W), ``query_mask`` and ``target_mask`` (N, 1, H, W),
            ``hidden`` (N, 2hw) and ``positive`` (N,).
        fourth_pass (bool): Take features of the target mask too, which nothing reads.
    """
    pictures = [batch['query'], batch['target'], batch['query_mask'].expand(-1, 3, -1, -1)]
    pictures += [batch['target_mask'].expand(-1, 3, -1, -1)] if fourth_pass else []
    features = [backbone.features(picture) for picture in pictures]
    maps = encoder(*features[:3], batch['hidden'])
    loss = released_loss(*maps, batch['query_mask'], batch['target_mask'], batch['positive'])
    adam.zero_grad()
    loss.backward()
    adam.step()
    return float(loss.detach())


@torch.no_grad()
def released_inference(backbone: ReleasedBackbone, encoder: ReleasedEncoder, query: torch.Tensor, target: torch.Tensor,
                       query_mask: torch.Tensor) -> tuple[torch.Tensor, float]:
    """Mask (480, 480) and confidence of one pair; pictures (1, 3, H, W), mask (1, 1, H, W)."""
    features = [backbone.features(picture) for picture in (query, target, query_mask.expand(-1, 3, -1, -1))]
    length = 2 * features[0][0, 0].numel()
    _, mask, visible = encoder(*features, torch.zeros(1, length, dtype=torch.bool))
    return mask[0, 2] > 0.5, float(visible)
