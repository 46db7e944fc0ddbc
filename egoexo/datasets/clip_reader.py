"""Clips of equal length cut out of feature files, many at a time."""

import mmap
from collections.abc import Sequence

import numpy as np
import torch
from mmengine.logging import print_log
from torch import Tensor
from torch.nn import functional

from egoexo.datasets.feature_store import FeatureStore
from egoexo.errors import FeatureError, explain

__all__ = ['ClipReader', 'pool_rows']

_BYTES = 4  # of a float32


def pool_rows(rows: Tensor, num_segments: int) -> Tensor:
    """Bring clips to a number of segments, by linear interpolation along time as the official loader does.

    Args:
        rows (Tensor): Clips of n rows each, (N, n, D), float32, contiguous.
        num_segments (int): T. Output i lies at ``(i + 0.5) * n / T - 0.5``, within the clip.

    Returns:
        Tensor: (N, T, D); ``rows`` itself when n equals T.

    Examples:
        >>> pool_rows(torch.arange(11.).reshape(1, 11, 1), 5).flatten()
        tensor([0.6000, 2.8000, 5.0000, 7.2000, 9.4000])
    """
    if rows.shape[1] == num_segments:
        return rows
    # As a picture of width 1 with its channels innermost: the same numbers as mode='linear', 20 times as fast.
    picture = rows.permute(0, 2, 1).unsqueeze(-1)
    return functional.interpolate(picture, (num_segments, 1), mode='bilinear').squeeze(-1).permute(0, 2, 1)


class ClipReader:
    """Clips by number, each file opened once, the result kept in memory up to a bound.

    The memory is one anonymous mapping that forked loader workers share: what one has read, all have. Every other
    process (a copy, a spawned worker) begins with an empty one.

    Args:
        store (FeatureStore): Where the files are.
        uids (Sequence[str]): Video of each clip.
        first (np.ndarray): First row of each clip, (n,), integers; -1 for a clip of zeros.
        last (np.ndarray): Last row of each clip, (n,), itself a part of it.
        num_segments (int): T.
        cache_bytes (int): Bound of the memory for pooled clips; videos that do not fit are read at every call.
        on_short (str): ``'clamp'``: rows past the end of a file are replaced by its last one; ``'error'``.
        told (bool): Whether the caller has already warned about such rows.

    Attributes:
        num_opened (int): Files opened by this process.
    """

    def __init__(self, store: FeatureStore, uids: Sequence[str], first: np.ndarray, last: np.ndarray,
                 num_segments: int = 5, cache_bytes: int = 2**30, on_short: str = 'clamp', told: bool = False) -> None:
        self.store = store
        self.num_segments = num_segments
        self.cache_bytes = cache_bytes
        self.on_short = on_short
        self.told = told
        self.num_opened = 0
        self.first = np.asarray(first, dtype=np.int64)
        self.last = np.asarray(last, dtype=np.int64)
        numbers: dict[str, int] = {}
        self.videos = np.array([numbers.setdefault(uid, len(numbers)) for uid in uids], dtype=np.int64)
        self.uids = list(numbers)
        # Clips of a video lie side by side in the cache; video v holds places ends[v - 1] to ends[v].
        self._order = np.argsort(self.videos, kind='stable')
        self._places = np.empty(len(self.videos), dtype=np.int64)
        self._places[self._order] = np.arange(len(self.videos))
        self._ends = np.cumsum(np.bincount(self.videos, minlength=len(self.uids)))
        self._cache: Tensor | None = None
        self._filled = np.zeros(0, dtype=np.uint8)
        self._dim = store.dim

    @property
    def dim(self) -> int:
        """Numbers per row, D; looks into the first file where the store does not know."""
        if self._dim is None:
            self._dim = self.store.open(self.uids[0]).shape[1]
        return self._dim

    @property
    def clip_bytes(self) -> int:
        """Memory of one pooled clip."""
        return self.num_segments * self.dim * _BYTES

    def open_cache(self) -> None:
        """Reserve the memory; call before loader workers are forked, so that they share it."""
        if self._cache is not None or not len(self.uids):
            return
        # Videos are kept whole, in their order, as far as they fit.
        kept = int(np.searchsorted(self._ends, self.cache_bytes // self.clip_bytes, side='right'))
        num_clips = int(self._ends[kept - 1]) if kept else 0
        buffer = mmap.mmap(-1, max(num_clips * self.clip_bytes + kept, 1))
        numbers = np.frombuffer(buffer, np.float32, num_clips * self.num_segments * self.dim)
        self._cache = torch.from_numpy(numbers).view(num_clips, self.num_segments, self.dim)
        self._filled = np.frombuffer(buffer, np.uint8, kept, offset=num_clips * self.clip_bytes)

    def read(self, clips: Sequence[int] | np.ndarray) -> Tensor:
        """Pooled clips.

        Args:
            clips (Sequence[int] | np.ndarray): Their numbers, N of them.

        Returns:
            Tensor: float32, (N, T, D), contiguous, the caller's own.

        Raises:
            FeatureError: If a file is missing, damaged, of another width, has NaN or Inf in a row that is read, or is
                too short with ``on_short='error'``.
        """
        self.open_cache()
        clips = np.asarray(clips, dtype=np.int64)
        videos = self.videos[clips]
        kept = videos < len(self._filled)
        wanted = np.unique(videos[kept])
        for video in wanted[self._filled[wanted] == 0]:
            self._fill(int(video))
        places = torch.from_numpy(self._places[clips])
        if kept.all():
            return self._cache.index_select(0, places)  # twice as fast as self._cache[places]
        result = torch.zeros(len(clips), self.num_segments, self.dim)
        result[torch.from_numpy(kept)] = self._cache[places[torch.from_numpy(kept)]]
        for video in np.unique(videos[~kept]):
            chosen = np.flatnonzero(videos == video)
            result[torch.from_numpy(chosen)] = self._read_video(int(video), clips[chosen])
        return result

    def _fill(self, video: int) -> None:
        begin = self._ends[video - 1] if video else 0
        self._cache[begin:self._ends[video]] = self._read_video(video, self._order[begin:self._ends[video]])
        self._filled[video] = 1  # last, so that no other worker takes half of it

    def _read_video(self, video: int, clips: np.ndarray) -> Tensor:
        """Pooled clips of one video, (N, T, D)."""
        result = torch.zeros(len(clips), self.num_segments, self.dim)
        first, last = self.first[clips], self.last[clips]
        real = first >= 0
        if not real.any():
            return result
        uid = self.uids[video]
        rows = np.asarray(self.store.open(uid))
        self.num_opened += 1
        if rows.shape[1] != self.dim:
            raise FeatureError(explain(self.store.path(uid), f'shape (T, {self.dim}) as in the other files',
                                       f'{rows.shape}', 'Extract it again, or leave the video out with exclude=[...].'))
        if last.max() >= len(rows):
            self._tell_short(uid, len(rows), int(last.max()))
        last = np.minimum(last, len(rows) - 1)
        first = np.minimum(first, last)
        lengths = np.where(real, last - first + 1, 0)
        for length in np.unique(lengths[real]):
            chosen = np.flatnonzero(lengths == length)
            numbers = first[chosen, None] + np.arange(length)
            taken = torch.from_numpy(np.ascontiguousarray(rows[numbers], dtype=np.float32))
            self._require_finite(uid, taken, numbers)
            result[torch.from_numpy(chosen)] = pool_rows(taken, self.num_segments)
        return result

    def _tell_short(self, uid: str, num_rows: int, last: int) -> None:
        if self.on_short == 'error':
            raise FeatureError(explain(self.store.path(uid), f'at least {last + 1} rows, up to the last context',
                                       f'{num_rows}', "Extract the whole video, or pass on_short_feature='clamp'."))
        if not self.told:
            self.told = True
            print_log(f'{self.store.path(uid)} ends with row {num_rows - 1}, before a context that needs row {last}; '
                      'its last row stands in, here and in other such files.', 'current', 30)

    def _require_finite(self, uid: str, taken: Tensor, numbers: np.ndarray) -> None:
        # A sum is finite only if all terms are; a finite but overflowing sum is looked at again.
        if torch.isfinite(taken.sum()):
            return
        bad = np.unique(numbers[~torch.isfinite(taken).all(dim=2).numpy()])
        if bad.size:
            raise FeatureError(explain(
                self.store.path(uid), 'finite numbers', f'NaN or Inf in {bad.size} of {np.unique(numbers).size} rows '
                f'read, first in row {bad[0]}', 'Extract it again, or leave the video out with exclude=[...].'))

    def __getstate__(self) -> dict[str, object]:
        return self.__dict__ | dict(_cache=None, _filled=np.zeros(0, dtype=np.uint8))
