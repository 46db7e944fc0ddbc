"""Small official layouts and small videos for the tests of this room."""

import logging
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from mmengine.logging import MMLogger

from egoexo.formats.egoexolearn import write_frame_labels, write_split

NUM_BITS = 12  # a width of 192 pixels: decord stops at some others, 144 among them
BLOCK = 16


class Layout:
    """Writes an official folder with features of 8 numbers per row, row r of any video being r, r + .1, ..."""

    DIM = 8

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ('splits', 'gts', 'feats'):
            (root / folder).mkdir(parents=True)

    def video(self, uid: str, num_rows: int = 23, labels: Sequence[int] | None = None, folder: str = 'feats') -> None:
        rows = np.arange(num_rows, dtype=np.float32)[:, None] + np.arange(self.DIM, dtype=np.float32) / 10
        (self.root / folder).mkdir(exist_ok=True)
        torch.save(torch.from_numpy(rows), self.root / folder / f'{uid}.pt')
        labels = np.arange(num_rows) // 5 % 28 if labels is None else np.asarray(labels)
        write_frame_labels(self.root / f'gts/{uid}.txt', np.append(labels, 0))  # the reader loses the last one

    def split(self, subset: str, uids: Sequence[str]) -> None:
        write_split(self.root / f'splits/{subset}_annotations.bundle', uids)

    def config(self, subset: str, trim: bool = False, **kwargs: object) -> dict:
        pipeline = [
            dict(type='LoadSequence', feature=dict(benchmark='segmentation', dim=self.DIM)),
            dict(type='SampleSequence', step=5, trim=trim),
            dict(type='PackInputs'),
        ]
        return dict(
            type='SegmentationDataset', data_root=str(self.root), view=subset[:3],
            ann_file=f'splits/{subset}_annotations.bundle', data_prefix=dict(features='feats', labels='gts'),
            pipeline=pipeline) | kwargs


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / 'official')


@pytest.fixture
def said(request: pytest.FixtureRequest) -> list[str]:
    """Messages of the current MMEngine logger."""
    messages: list[str] = []
    handler = logging.Handler(logging.INFO)
    handler.emit = lambda record: messages.append(record.getMessage())
    logger = MMLogger.get_instance(request.node.nodeid, logger_name=request.node.name)
    logger.addHandler(handler)
    return messages


def picture(number: int) -> np.ndarray:
    """Moving texture under the binary digits of the number, one block of pixels each; (64, 192, 3) uint8."""
    texture = np.random.default_rng(0).integers(0, 256, (64, BLOCK * NUM_BITS, 3), dtype=np.uint8)
    frame = np.roll(texture, 3 * number, axis=1)
    for bit in range(NUM_BITS):
        frame[:BLOCK, bit * BLOCK:(bit + 1) * BLOCK] = 255 * (number >> bit & 1)
    return frame


def number_shown(frame: np.ndarray) -> int:
    """The number that :func:`picture` wrote into a decoded frame."""
    blocks = frame[4:BLOCK - 4].mean(axis=(0, 2)).reshape(NUM_BITS, BLOCK)[:, 4:-4].mean(axis=1)
    return int((blocks > 127).dot(1 << np.arange(NUM_BITS)))


@pytest.fixture(scope='session')
def make_video() -> Callable[..., Path]:
    def write(path: Path, num_frames: int, codec: str = 'libx264', times_ms: Sequence[int] | None = None,
              **options: str) -> Path:
        with av.open(str(path), 'w') as container:
            stream = container.add_stream(codec, rate=25, options=options)
            stream.width, stream.height, stream.pix_fmt = BLOCK * NUM_BITS, 64, 'yuv420p'
            if times_ms is not None:
                stream.codec_context.time_base = stream.time_base = Fraction(1, 1000)
            for number in range(num_frames):
                frame = av.VideoFrame.from_ndarray(picture(number), format='rgb24')
                if times_ms is not None:
                    frame.pts, frame.time_base = times_ms[number], Fraction(1, 1000)
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return path

    return write


@pytest.fixture(scope='session')
def h264(tmp_path_factory: pytest.TempPathFactory, make_video: Callable[..., Path]) -> Path:
    return make_video(tmp_path_factory.mktemp('h264') / 'clip.mp4', 100, g='30')


@pytest.fixture(scope='session')
def open_gop(tmp_path_factory: pytest.TempPathFactory, make_video: Callable[..., Path]) -> Path:
    """x265 with its defaults, which leave groups of pictures open; only the key frame distance is shortened."""
    return make_video(tmp_path_factory.mktemp('x265') / 'clip.mp4', 150, 'libx265',
                      **{'x265-params': 'keyint=25:min-keyint=25:log-level=error'})


@pytest.fixture(scope='session')
def sequential() -> Callable[[Path], np.ndarray]:
    def decode(path: Path) -> np.ndarray:
        with av.open(str(path)) as container:
            return np.stack([frame.to_ndarray(format='rgb24') for frame in container.decode(video=0)])

    return decode
