"""Worlds without pixels: simulated states, made-up gaze and features, written once per session."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from egoexo.mini import epic_family
from egoexo.mini.annotate import Tables, build_tables
from egoexo.mini.epic_record import EpicRecord
from egoexo.mini.layouts import egoexo4d, epic
from egoexo.mini.layouts.egoexolearn import write_layout
from egoexo.mini.motion import simulate
from egoexo.mini.presets import MiniPreset, get_preset, plan_videos
from egoexo.mini.record import VideoRecord
from egoexo.mini.request import Request
from egoexo.mini.take_family import _record, plan_jobs
from egoexo.mini.take_record import TakeRecord


@dataclass
class World:
    """A written layout and what it was written from."""

    root: Path
    preset: MiniPreset
    records: list[VideoRecord]
    tables: Tables
    facts: dict

    def record(self, uid: str) -> VideoRecord:
        return next(record for record in self.records if record.plan.uid == uid)


def make_records(name: str, seed: int = 0, features: Path | None = None) -> list[VideoRecord]:
    """Records of one preset; the features say which row they are: row i is full of i."""
    preset = get_preset(name)
    records = []
    for plan in plan_videos(preset, seed):
        state = simulate(plan, preset, seed)
        gaze = np.full((int(state.duration_sec * 30), 3), 0.5, np.float32) if plan.has_gaze else None
        paths = {}
        if features is not None:
            folders = ['i3d_rgb_25fps'] + ['i3d_rgb_25fps_gaze'] * plan.has_gaze
            paths = {folder: features / folder / f'{plan.uid}.pt' for folder in folders}
            for path in paths.values():
                path.parent.mkdir(parents=True, exist_ok=True)
                rows = torch.arange(state.num_frames, dtype=torch.float32)[:, None]
                torch.save(rows.expand(-1, 1024).contiguous(), path)
        records.append(VideoRecord(plan, state, gaze, Path(f'{plan.uid}.mp4'), paths))
    return records


@pytest.fixture(scope='session')
def default_records() -> list[VideoRecord]:
    return make_records('default')


@pytest.fixture(scope='session')
def world(default_records, tmp_path_factory) -> World:
    """The clean default world."""
    root = tmp_path_factory.mktemp('default')
    preset = get_preset('default')
    facts = write_layout(root, default_records, preset, 0)
    return World(root, preset, default_records, build_tables(default_records, preset, 0), facts)


@pytest.fixture(scope='session')
def tiny(tmp_path_factory) -> World:
    """The clean tiny world with features."""
    root = tmp_path_factory.mktemp('tiny')
    preset = get_preset('tiny')
    records = make_records('tiny', features=root / 'features')
    facts = write_layout(root, records, preset, 0)
    return World(root, preset, records, build_tables(records, preset, 0), facts)


@dataclass
class TakeWorld:
    """A written Ego-Exo4D layout without videos, and what it was written from."""

    root: Path
    preset: MiniPreset
    records: list[TakeRecord]
    facts: dict

    def read(self, name: str) -> dict | list:
        return json.loads((self.root / name).read_text())


@pytest.fixture(scope='session')
def take_world(tmp_path_factory) -> TakeWorld:
    """The tiny takes."""
    root, preset = tmp_path_factory.mktemp('takes'), get_preset('tiny')
    records = [_record(job) for job in plan_jobs(root, Request(preset, 0))]
    return TakeWorld(root, preset, records, egoexo4d.write_layout(root, records, preset, 0))


@dataclass
class EpicWorld:
    """A written EPIC-Kitchens layout without frames, and what it was written from."""

    root: Path
    records: list[EpicRecord]
    facts: dict

    def rows(self, name: str) -> list[dict[str, str]]:
        with open(self.root / 'annotations' / f'EPIC_100_{name}.csv', newline='') as file:
            return list(csv.DictReader(file))


@pytest.fixture(scope='session', params=['tiny', 'default'])
def epic_world(request, tmp_path_factory) -> EpicWorld:
    """The tiny and the default world."""
    root = tmp_path_factory.mktemp('epic')
    jobs = epic_family.plan_jobs(root, Request(get_preset(request.param), 0))
    records = [epic_family._record(job) for job in jobs]
    return EpicWorld(root, records, epic.write_layout(root, records, 0))
