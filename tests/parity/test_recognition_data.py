"""Frame numbers, crops, pixels and boxes of the released loaders of Ego-Exo and SUM-L."""

import json
import random
import re
import zlib
from functools import cache

import numpy as np
import pytest
import torch
from tests_support import parity_dir

from egoexo.datasets.frame_folder import FrameTemplate
from egoexo.datasets.recognition import FRAME_TEMPLATES
from egoexo.datasets.transforms import (
    CenterCropClip,
    PackClip,
    PCALighting,
    RandomScaleCropFlip,
    SampleClips,
    ThreeCropClip,
)
from egoexo.structures import ClipViews
from egoexo.utils.clip_boxes import crop_boxes, gather_boxes
from egoexo.utils.clip_geometry import clip_starts, draw_crop, draw_short_side, resized_shape, three_crops

OWNS = {'recognition': ['sampling.*', 'suml_tpv_preproc.npz']}

TOPIC = parity_dir('recognition')


@cache
def sampling() -> tuple[dict, dict[str, np.ndarray]]:
    return json.loads((TOPIC / 'sampling.json').read_text()), dict(np.load(TOPIC / 'sampling.npz'))


def frame(video: str, number: int, shape: list[int]) -> np.ndarray:
    rng = np.random.default_rng(zlib.crc32(f'{video}:{number}'.encode()))
    return rng.integers(0, 256, (*shape, 3), np.uint8)


def read(results: dict, shape: list[int]) -> dict:
    """As LoadClipFrames does, from the frames that the fixture draws."""
    numbers, rows = np.unique(results['views'], return_inverse=True)
    results['frames'] = np.stack([frame(results['uid'], number, shape) for number in numbers])
    results.update(view_rows=rows.reshape(results['views'].shape), frame_shape=tuple(shape), channel_order='bgr')
    return results


def clips_of(case: dict, chunk: int | None = None) -> tuple[list[list[int]], torch.Tensor]:
    """Frame numbers of the views of a case, and its clips."""
    fixture, _ = sampling()
    settings, mode = fixture['cfg'], case['mode']
    num_clips = settings['views'] * settings['crops']
    _, video, start, stop, verb, noun = fixture['rows'][case['index'] // (num_clips if mode == 'test' else 1)]
    results = dict(sample_id='0', uid=video, subset=mode, view='ego', sample_idx=0, start_frame=start, stop_frame=stop,
                   verb_class=verb, noun_class=noun)
    place = dict(train=lambda: RandomScaleCropFlip(settings['jitter'], settings['train_crop']),
                 val=lambda: CenterCropClip(settings['test_crop']),
                 test=lambda: ThreeCropClip(settings['test_crop']))[mode]()
    if case['seed'] is not None:
        random.seed(case['seed'])
        np.random.seed(case['seed'])  # noqa: NPY002 as the fixture was drawn
    results = SampleClips(settings['NUM_FRAMES'], settings['SAMPLING_RATE'], mode, settings['views'])(results)
    packed = PackClip()(place(read(results, fixture['frame_hw'])))
    sample = packed['data_samples']
    assert [sample.gt_verb_label.item(), sample.gt_noun_label.item()] == case['label']
    views = ClipViews(**packed['inputs'])
    assert len(views) == (num_clips if mode == 'test' else 1)
    step = chunk or len(views)
    return results['views'].tolist(), torch.cat([views.make(first, min(first + step, len(views)))
                                                 for first in range(0, len(views), step)])


@pytest.mark.parametrize('number', range(len(sampling()[0]['cases'])))
def test_frames_and_pixels(number: int) -> None:
    fixture, arrays = sampling()
    case = fixture['cases'][number]
    crops = fixture['cfg']['crops']
    views, clips = clips_of(case)
    clip = case['index'] % len(clips)
    assert views[clip // crops if case['mode'] == 'test' else 0] == case['frames']
    fast = clips[clip]
    slow = fast[:, torch.linspace(0, fast.shape[1] - 1, fast.shape[1] // fixture['cfg']['ALPHA']).long()]
    assert [list(slow.shape), list(fast.shape)] == case['shape']
    thinned = dict(slow=slow[:, :, ::9, ::9], fast=fast[:, ::11, ::9, ::9])
    for (name, found), part, total in zip(thinned.items(), (slow, fast), case['sum'], strict=True):
        assert np.abs(found.numpy() - arrays[f'{case["key"]}_{name}']).max() <= 1e-6
        assert part.double().sum().item() == pytest.approx(total, abs=0.05)


def test_paths_of_frames() -> None:
    fixture, _ = sampling()
    template = FrameTemplate(FRAME_TEMPLATES[0], 'PFX')
    for case in fixture['cases']:
        row = case['index'] // (fixture['len']['test'] // len(fixture['rows']) if case['mode'] == 'test' else 1)
        participant, video = fixture['rows'][row][:2]
        assert template.pattern(participant, video).format(frame=case['frames'][0]) == case['path0']


@pytest.mark.parametrize('chunk', [1, 4, 7])
def test_clips_do_not_depend_on_how_many_are_made_at_once(chunk: int) -> None:
    case = next(case for case in sampling()[0]['cases'] if case['mode'] == 'test')
    assert torch.allclose(clips_of(case, chunk)[1], clips_of(case)[1], rtol=0, atol=1e-6)


def test_starts_of_the_views() -> None:
    fixture, _ = sampling()
    settings = fixture['cfg']
    span = (settings['NUM_FRAMES'] - 1) * settings['SAMPLING_RATE'] + 1
    for length, view, start in fixture['test_starts_len_view_start']:
        assert clip_starts(length, span, settings['views'])[view] == start


def test_number_of_samples() -> None:
    """One of ours is all clips of a segment."""
    fixture, _ = sampling()
    clips = fixture['cfg']['views'] * fixture['cfg']['crops']
    assert fixture['len'] == dict(train=len(fixture['rows']), val=len(fixture['rows']),
                                  test=clips * len(fixture['rows']))


def test_sizes_and_places_of_three_crops() -> None:
    fixture, _ = sampling()
    usual, other = map(int, re.fullmatch(r'crop size = min\(short,(\d+)\), but (\d+) when short=\2',
                                         fixture['scale_note']).groups())
    for height, width, short, shape, corners in fixture['scale_then_uniform_crop_h_w_short_newhw_offsets012']:
        assert resized_shape(height, width, short) == tuple(shape)
        size = other if short == other else min(short, usual)
        assert three_crops(*shape, size) == list(map(tuple, corners))


def test_boxes_follow_the_crop() -> None:
    fixture, _ = sampling()
    boxes = np.array(fixture['boxes_case']['boxes'])
    shape = fixture['frame_hw']
    seed, *numbers = map(int, re.findall(r'\d+', fixture['boxes_case']['frames_rule'])[:-1])  # without float32
    assert numbers[2:] == shape
    frames = torch.from_numpy(np.random.default_rng(seed).random(numbers).astype(np.float32))
    for case in fixture['boxes_case']['results']:
        low, high, size = case['args']
        if case['spatial_idx'] < 0:
            np.random.seed(case['np_seed'])  # noqa: NPY002
        short = draw_short_side((low, high))
        new = resized_shape(*shape, short)
        if case['spatial_idx'] < 0:
            corner, flip = draw_crop(*new, size), np.random.uniform() < 0.5  # noqa: NPY002
        else:
            corner, flip = three_crops(*new, size)[case['spatial_idx']], False
        found = crop_boxes(boxes, shape, short, corner, size, flip)
        np.testing.assert_allclose(found, case['boxes'], rtol=0, atol=1e-9)
        views = torch.nn.functional.interpolate(frames, size=new, mode='bilinear')
        crop = views[:, :, corner[0]:corner[0] + size, corner[1]:corner[1] + size]
        assert list(crop.shape) == case['shape']
        assert crop.double().sum().item() == pytest.approx(case['sum'], abs=0.02)


def test_boxes_of_repeated_frames_as_released() -> None:
    case = sampling()[0]['parse_handobj']
    for key, column in (('obj', 0), ('hand', 1)):
        found = [case['dets'][number][column] for number in case['frame_index']]
        boxes = [None if rows is None else np.array(rows) for rows in found]
        official = np.array(case[key])
        np.testing.assert_allclose(gather_boxes(boxes, case['frame_index'], compat_alias=True), official, atol=1e-6)
        ours = gather_boxes(boxes, case['frame_index'])
        np.testing.assert_allclose(ours[:, :5], official[:, :5], atol=1e-6)
        repeated = [place for place, number in enumerate(case['frame_index']) if number in case['frame_index'][:place]]
        assert repeated and {place - 1 for place in repeated} <= set(ours[:, 5])


@pytest.mark.parametrize('order', ['bgr', 'rgb'])
def test_third_person_pixels(order: str) -> None:
    """Blue first and swapped at the end as released, or read red first: the same numbers."""
    arrays = dict(np.load(TOPIC / 'suml_tpv_preproc.npz'))
    if not (TOPIC / 'suml_misc.json').is_file():
        pytest.skip('suml_misc.json is not part of the repository; set EGOEXO_PARITY_DIR')
    cases = json.loads((TOPIC / 'suml_misc.json').read_text())['tpv']
    frames = arrays['images'].transpose(0, 2, 3, 1)
    for case in cases:
        size = case['shape'][-1]
        results = dict(sample_id='0', uid='v', subset='train', view='tpv', sample_idx=0, frame_shape=frames.shape[1:3],
                       frames=frames if order == 'bgr' else frames[..., ::-1], channel_order=order,
                       view_rows=np.arange(len(frames))[None])
        np.random.seed(case['np_seed'])  # noqa: NPY002
        results = PCALighting()(RandomScaleCropFlip(sampling()[0]['cfg']['jitter'], size)(results))
        packed = PackClip(normalize_first=False, swap_channels=order == 'bgr')(results)
        clip = ClipViews(**packed['inputs']).make()[0].transpose(0, 1)  # (T, C, H, W)
        assert list(clip.shape) == case['shape']
        assert np.abs(clip[::2, :, ::5, ::5].numpy() - arrays[f'tpv_{case["np_seed"]}']).max() <= 1e-6
        assert clip.double().sum().item() == pytest.approx(case['sum'], abs=0.02)
