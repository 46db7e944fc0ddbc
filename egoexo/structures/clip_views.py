"""The clips of one sample: its distinct frames once, and where in them each clip lies."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from egoexo.utils.clip_geometry import resized_shape

__all__ = ['ClipViews']

_CHUNK = 32  # frames that are normalised and resized at once


class ClipViews:
    """Frames as they are stored, and V x K clips cut out of them when they are asked for.

    Clips of one video overlap: V views in time share frames, and the K crops of a view share all of them. A frame is
    held once, a byte per number, and normalised and resized once, where it lies (:meth:`to`), in the order of
    operations of the released loaders: normalise, resize, crop, mirror for the ego view; resize, crop, mirror,
    colour shift, normalise for the third-person view.

    Args:
        frames (Tensor): Distinct frames, uint8, (U, H, W, 3).
        views (Tensor): Which frames each view shows, int64, (V, T).
        crops (Tensor): Top and left of the crops in the resized picture, int64, (K, 2).
        crop_size (int): Side of the crops, S.
        short_side (int, optional): Length of the shorter side after resizing; None (default) keeps it.
        flip (bool): Exchange left and right.
        lighting (Tensor, optional): What is added to each channel, before the channels are swapped, float32, (3,).
        normalize_first (bool): Normalise before resizing (ego view) instead of at the end (third-person view).
        swap_channels (bool): Turn BGR into RGB, or the other way round.
        mean (float): Subtracted, for values from 0 to 1.
        std (float): Divided by.

    Examples:
        >>> views = ClipViews(torch.zeros(9, 6, 8, 3).byte(), torch.arange(8).view(2, 4),
        ...                   torch.tensor([[0, 0], [0, 1], [0, 2]]), crop_size=6)
        >>> len(views), views.make(4).shape
        (6, torch.Size([2, 3, 4, 6, 6]))
    """

    def __init__(self, frames: Tensor, views: Tensor, crops: Tensor, crop_size: int, short_side: int | None = None,
                 flip: bool = False, lighting: Tensor | None = None, normalize_first: bool = True,
                 swap_channels: bool = False, mean: float = 0.45, std: float = 0.225) -> None:
        self.frames, self.views, self.crops = frames, views, crops
        self.crop_size, self.short_side, self.flip, self.lighting = crop_size, short_side, flip, lighting
        self.normalize_first, self.swap_channels = normalize_first, swap_channels
        self.mean, self.std = mean, std
        self._rows: list[int] = []  # of the frames that are ready, which lie in _pictures in this order
        self._pictures: Tensor | None = None

    def __len__(self) -> int:
        return len(self.views) * len(self.crops)

    @property
    def clip_len(self) -> int:
        """Frames of a clip, T."""
        return self.views.shape[1]

    def fields(self) -> dict[str, object]:
        """The arguments, as a plain dict that a loader can send."""
        return {name: value for name, value in vars(self).items() if not name.startswith('_')}

    def to(self, device: torch.device | str) -> 'ClipViews':
        """The same clips with their frames on a device.

        Args:
            device (torch.device | str): Where.

        Returns:
            ClipViews: Another one; shares what is there already.
        """
        lighting = None if self.lighting is None else self.lighting.to(device, non_blocking=True)
        frames = self.frames.to(device, non_blocking=True)
        return ClipViews(**self.fields() | dict(frames=frames, lighting=lighting))

    @torch.no_grad()
    def make(self, first: int = 0, stop: int | None = None, out: Tensor | None = None) -> Tensor:
        """Make some clips: clip j is crop j % K of view j // K.

        Called for one range after the other, it works on each frame once: what later views need is kept until then.

        Args:
            first (int): First clip.
            stop (int, optional): The clip behind the last; None (default) for all that follow.
            out (Tensor, optional): Where to write them, float32, (n, 3, T, S, S), contiguous.

        Returns:
            Tensor: float32, (n, 3, T, S, S), on the device of the frames.

        Raises:
            IndexError: If there is no such clip.
        """
        stop = len(self) if stop is None else stop
        if not 0 <= first < stop <= len(self):
            raise IndexError(f'There are no clips {first} to {stop} among {len(self)}.')
        device, size, num_crops = self.frames.device, self.crop_size, len(self.crops)
        if out is None:
            out = torch.empty((stop - first, 3, self.clip_len, size, size), device=device)
        views, corners = self.views.tolist(), self.crops.tolist()
        begin, end = first // num_crops, (stop - 1) // num_crops + 1
        with torch.autocast(device.type, enabled=False):
            self._prepare(sorted({row for view in views[begin:end] for row in view}))
            places = {row: place for place, row in enumerate(self._rows)}
            runs = [_even_runs([places[row] for row in view]) for view in views[begin:end]]
            for number, clip in enumerate(out, start=first):
                top, left = corners[number % num_crops]
                square = self._pictures[:, :, top:top + size, left:left + size]
                for start, chosen in runs[number // num_crops - begin]:
                    part = square[:, chosen]
                    clip[:, start:start + part.shape[1]] = part
            self._finish(out)
        self._keep({row for view in views[stop // num_crops:] for row in view})
        return out

    def _prepare(self, rows: Sequence[int]) -> None:
        """Make frames ready that are not yet: as they are before they are cropped."""
        ready = set(self._rows)
        new = [row for row in rows if row not in ready]
        if not new:
            return
        shape = resized_shape(*self.frames.shape[1:3], self.short_side)
        num_ready = len(self._rows)
        pictures = torch.empty((3, num_ready + len(new), *shape), device=self.frames.device)
        if num_ready:
            pictures[:, :num_ready] = self._pictures
        for begin in range(0, len(new), _CHUNK):
            chosen = new[begin:begin + _CHUNK]
            place = pictures[:, num_ready + begin:num_ready + begin + len(chosen)]
            # Rows of one another are the usual case and need no copy.
            stored = (self.frames[chosen[0]:chosen[-1] + 1] if chosen[-1] - chosen[0] + 1 == len(chosen)
                      else self.frames[torch.tensor(chosen, device=self.frames.device)])
            self._resize(stored, place)
        self._rows, self._pictures = self._rows + new, pictures

    def _resize(self, stored: Tensor, out: Tensor) -> None:
        """Frames (n, H, W, 3), uint8, as (3, n, H', W'), float32."""
        planes = stored.permute(3, 0, 1, 2)
        if self.swap_channels:
            planes = planes.flip(0)
        if planes.shape[2:] == out.shape[2:]:
            self._scale(out.copy_(planes))
            return
        values = self._scale(torch.empty(planes.shape, device=planes.device).copy_(planes))
        out.copy_(functional.interpolate(values, size=out.shape[2:], mode='bilinear', align_corners=False))

    def _scale(self, values: Tensor) -> Tensor:
        values.div_(self._number(255.0))
        return self._normalize(values) if self.normalize_first else values

    def _finish(self, clips: Tensor) -> None:
        """What comes after the crop: mirror, shift the colours, normalise; (n, 3, T, S, S), in place."""
        if self.flip:
            clips.copy_(clips.flip(-1))
        if self.lighting is not None:
            shift = self.lighting.flip(0) if self.swap_channels else self.lighting
            clips.add_(shift.view(1, 3, 1, 1, 1))
        if not self.normalize_first:
            self._normalize(clips)

    def _normalize(self, values: Tensor) -> Tensor:
        return values.sub_(self._number(self.mean)).div_(self._number(self.std))

    def _number(self, value: float) -> Tensor:
        # A tensor on the device: CUDA multiplies by the reciprocal of a plain number, which is another result.
        return torch.full((1,), value, dtype=torch.float32, device=self.frames.device)

    def _keep(self, rows: set[int]) -> None:
        """Forget what is ready but for these frames."""
        kept = [place for place, row in enumerate(self._rows) if row in rows]
        if not kept:
            self._rows, self._pictures = [], None
        elif len(kept) < len(self._rows):
            self._rows = [self._rows[place] for place in kept]
            self._pictures = self._pictures[:, torch.tensor(kept, device=self.frames.device)]


def _even_runs(places: Sequence[int]) -> list[tuple[int, slice]]:
    """Cut a sequence of rising places into evenly spaced runs: where each begins in it, and its places as a slice.

    Slices are copied many times as fast as single frames. A place that repeats is a run of its own each time.
    """
    runs = []
    start = 0
    while start < len(places):
        step = max(places[start + 1] - places[start], 1) if start + 1 < len(places) else 1
        stop = start + 1
        while stop < len(places) and places[stop] == places[stop - 1] + step:
            stop += 1
        runs.append((start, slice(places[start], places[stop - 1] + 1, step)))
        start = stop
    return runs
