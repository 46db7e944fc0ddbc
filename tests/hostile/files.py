"""Builders of hostile files that several families share."""

import io
import os
import random
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import torch

Make = Callable[[Path], Path]

__all__ = ['Make', 'bytes_file', 'checkpoint_bytes', 'fifo', 'flipped', 'folder_named', 'link_loop', 'link_to', 'text',
           'torch_zip', 'truncated']


def bytes_file(name: str, content: bytes | Callable[[Path], bytes]) -> Make:
    """Writes ``content``, or what ``content(folder)`` returns."""
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(content(folder) if callable(content) else content)
        return folder / name
    return make


def truncated(name: str, content: Callable[[], bytes], share: float) -> Make:
    """Keeps the first part of a sound file."""
    return bytes_file(name, lambda folder: content()[:int(share * len(content()))])


def flipped(name: str, content: Callable[[], bytes], seed: int, num_bits: int = 1) -> Make:
    """Flips bits of a sound file at random places."""
    def damage(folder: Path) -> bytes:
        data, draw = bytearray(content()), random.Random(seed)
        for _ in range(num_bits):
            data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        return bytes(data)
    return bytes_file(name, damage)


def fifo(name: str) -> Make:
    """A named pipe without a writer: opening it waits for ever."""
    def make(folder: Path) -> Path:
        os.mkfifo(folder / name)
        return folder / name
    return make


def folder_named(name: str) -> Make:
    """A folder in the place of the file."""
    def make(folder: Path) -> Path:
        (folder / name).mkdir()
        return folder / name
    return make


def link_to(name: str, target: str) -> Make:
    """A symbolic link."""
    def make(folder: Path) -> Path:
        (folder / name).symlink_to(target)
        return folder / name
    return make


def link_loop(name: str) -> Make:
    """Two links that point at each other."""
    def make(folder: Path) -> Path:
        (folder / name).symlink_to('other')
        (folder / 'other').symlink_to(name)
        return folder / name
    return make


def text(value: str) -> bytes:
    """Pickle instruction that pushes a text, as protocol 2 writes it."""
    return b'X' + len(value.encode()).to_bytes(4, 'little') + value.encode()


def torch_zip(pickled: bytes | Callable[[Path], bytes], storages: Mapping[str, bytes] | None = None,
              members: Mapping[str, bytes] | None = None, name: str = 'evil.pth', compress: bool = False) -> Make:
    """An archive as ``torch.save`` lays it out, around any pickle."""
    def make(folder: Path) -> Path:
        content = {'evil/data.pkl': pickled(folder) if callable(pickled) else pickled, 'evil/byteorder': b'little',
                   'evil/version': b'3\n', **{f'evil/data/{key}': data for key, data in (storages or {}).items()},
                   **(members or {})}
        with zipfile.ZipFile(folder / name, 'w', zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED) as archive:
            for member, data in content.items():
                archive.writestr(member, data)
        return folder / name
    return make


def checkpoint_bytes(legacy: bool = False) -> bytes:
    """A small checkpoint of a training run, the same bytes on every call."""
    from mmengine.logging import HistoryBuffer

    content = dict(
        meta=dict(epoch=3, iter=12, seed=0), state_dict=dict(weight=torch.arange(8.0).view(2, 4), bias=torch.zeros(2)),
        message_hub=dict(log_scalars=dict(loss=HistoryBuffer([1.5, 2.5], [1, 1]))),
        optimizer=dict(state={0: dict(step=torch.tensor(3.0), exp_avg=torch.ones(2, 4))}, param_groups=[dict(lr=0.1)]))
    buffer = io.BytesIO()
    torch.save(content, buffer, _use_new_zipfile_serialization=not legacy)
    return buffer.getvalue()
