import json
from pathlib import Path

import numpy as np
import pytest
from video_support import write_video

from egoexo.apis.clip_features import ClipFeatures
from egoexo.apis.extraction_progress import ExtractionProgress
from egoexo.apis.feature_extraction import ExtractionOptions, extract_features, find_videos, take_shard
from egoexo.datasets.feature_store import FeatureStore
from egoexo.errors import ConfigError, FeatureError, VideoError


def make(device: str) -> ClipFeatures:
    return ClipFeatures(dict(type='NumberExtractor', clip_len=1), device=device)


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp('videos')
    (root / 'kitchen').mkdir()
    write_video(root / 'b.mp4', 30)
    write_video(root / 'kitchen' / 'a.mp4', 12)
    (root / '.trash.mp4').write_bytes(b'no video')
    (root / 'notes.txt').write_text('no video either')
    return root


def extract(folder: Path, out: Path, **options: object) -> tuple:
    said: list[str] = []
    summary = extract_features(find_videos(folder), out, make, ExtractionOptions(**options), say=said.append)
    return summary, said


def test_videos_are_found_below_the_folder(folder: Path) -> None:
    assert find_videos(folder) == {'b': folder / 'b.mp4', 'kitchen__a': folder / 'kitchen/a.mp4'}
    assert find_videos(folder / 'b.mp4') == {'b': folder / 'b.mp4'}


@pytest.mark.parametrize('names', [('a.mp4', 'a.mkv'), ('a/b.mp4', 'a__b.mp4')])
def test_two_videos_of_one_name_are_refused(tmp_path: Path, names: tuple[str, str]) -> None:
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b'')
    with pytest.raises(VideoError, match='would both become a.*; rename one of them'):
        find_videos(tmp_path)


def test_a_folder_without_videos(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match=r'holds no video; expected files that end in \.mp4, \.mkv.*no such folder'):
        find_videos(tmp_path / 'nothing')


def test_rows_and_recipe(folder: Path, tmp_path: Path) -> None:
    summary, said = extract(folder, tmp_path / 'out', stride=4)
    assert (summary.written, summary.skipped, summary.failed) == (['b', 'kitchen__a'], [], {})
    store = FeatureStore(tmp_path / 'out')
    np.testing.assert_array_equal(store.read('b')[:, 0], [2, 6, 10, 14, 18, 22, 26, 29])
    np.testing.assert_array_equal(store.read('kitchen__a')[:, 0], [2, 6, 10])
    np.testing.assert_allclose(store.recipe.seconds(np.arange(3)) * 25, [2, 6, 10])
    assert (store.recipe.dtype, store.recipe.dim, store.recipe.stride) == ('float32', 1, 4)
    assert said[-1].startswith('2 of 2 videos, 42 of 42 frames')
    assert not (tmp_path / 'out' / 'failed.json').exists()


def test_going_on_skips_what_is_finished(folder: Path, tmp_path: Path) -> None:
    extract(folder, tmp_path, stride=4)
    before = (tmp_path / 'b.npy').stat().st_mtime_ns
    (tmp_path / 'kitchen__a.npy').unlink()
    summary, said = extract(folder, tmp_path, stride=4)
    assert (summary.written, summary.skipped) == (['kitchen__a'], ['b'])
    assert '1 of 2 videos are done already' in said
    assert (tmp_path / 'b.npy').stat().st_mtime_ns == before
    with pytest.raises(FeatureError, match='stride: 4 in the folder, 2 now'):
        extract(folder, tmp_path, stride=2)


def test_shards_are_disjoint_and_complete(folder: Path, tmp_path: Path) -> None:
    for number in (1, 2, 3):
        extract(folder, tmp_path / 'shards', stride=4, shard=(number, 3))
    extract(folder, tmp_path / 'whole', stride=4)
    names = sorted(path.name for path in (tmp_path / 'whole').iterdir())
    assert names == sorted(path.name for path in (tmp_path / 'shards').iterdir())
    assert all((tmp_path / 'whole' / name).read_bytes() == (tmp_path / 'shards' / name).read_bytes() for name in names)
    many = {str(index): Path(str(index)) for index in range(7)}
    parts = [take_shard(many, (number, 3)) for number in (1, 2, 3)]
    assert sorted(uid for part in parts for uid in part) == sorted(many)
    with pytest.raises(ConfigError, match='shard 0/3: expected i/n with i from 1 to n'):
        take_shard(many, (0, 3))


def test_bad_videos_are_named_and_the_others_go_on(folder: Path, tmp_path: Path) -> None:
    videos = find_videos(folder)
    broken, slow = tmp_path / 'broken.mp4', write_video(tmp_path / 'slow.mp4', 10, fps=10.0)
    broken.write_bytes((folder / 'b.mp4').read_bytes()[:2000])
    said: list[str] = []
    videos = dict(a_broken=broken, **videos, slow=slow)
    summary = extract_features(videos, tmp_path / 'out', make, ExtractionOptions(stride=5), say=said.append)
    assert summary.written == ['b', 'kitchen__a']
    failed = json.loads((tmp_path / 'out' / 'failed.json').read_text())
    assert failed == summary.failed
    assert 'broken.mp4' in failed['a_broken']['reason']
    assert failed['a_broken']['video'] == str(broken)
    assert 'has 10 frames per second, the first video 25' in failed['slow']['reason']
    assert sorted(path.name for path in (tmp_path / 'out').iterdir()) == [
        'b.npy', 'failed.json', 'kitchen__a.npy', 'recipe.json']
    assert any(text.startswith('FAILED slow: ') for text in said)
    assert '2 of 4 videos, 2 failed' in said[-1]
    broken.write_bytes((folder / 'b.mp4').read_bytes())
    write_video(slow, 10)
    extract_features(videos, tmp_path / 'out', make, ExtractionOptions(stride=5), say=said.append)
    assert not (tmp_path / 'out' / 'failed.json').exists()


def test_videos_of_two_rates_are_brought_to_one(folder: Path, tmp_path: Path) -> None:
    videos = dict(find_videos(folder), slow=write_video(tmp_path / 'slow.mp4', 10, fps=10.0))
    extract_features(videos, tmp_path / 'out', make, ExtractionOptions(video_fps=25.0, feature_fps=5.0),
                     say=lambda text: None)
    store = FeatureStore(tmp_path / 'out')
    np.testing.assert_array_equal(store.read('b')[:, 0], [2, 7, 12, 17, 22, 27])
    # Row r shows second 0.08 + r / 5, that is frame 10 * that.
    np.testing.assert_array_equal(store.read('slow')[:, 0], [0, 2, 4, 6, 8])


@pytest.mark.parametrize(('options', 'stride'), [({}, 5), (dict(feature_fps=25.0), 1), (dict(feature_fps=0.5), 50)])
def test_rate_of_rows(folder: Path, tmp_path: Path, options: dict, stride: int) -> None:
    extract(folder, tmp_path, **options)
    assert FeatureStore(tmp_path).recipe.stride == stride


@pytest.mark.parametrize(('options', 'message'), [
    (dict(feature_fps=10.0), r'10 rows per second of 25 frames per second are 2\.5 frames .* --stride 2 \(12\.5 rows '
                             r'per second\), or bring the videos to another rate, e\.g\. --video-fps 20'),
    (dict(feature_fps=30.0), r'are 0\.8333 frames .* --stride 1 \(25 rows'),
    (dict(stride=0), 'stride 0: expected at least 1 frame'),
    (dict(stride=2, feature_fps=5.0), 'give one of them'),
    (dict(jobs=0), '0 jobs: expected at least 1 process'),
])
def test_impossible_options(folder: Path, tmp_path: Path, options: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        extract(folder, tmp_path, **options)


def test_no_readable_video(tmp_path: Path) -> None:
    (tmp_path / 'a.mp4').write_bytes(b'text')
    with pytest.raises(VideoError, match=r'none of the 1 videos can be read. The first: .*a\.mp4'):
        extract(tmp_path, tmp_path / 'out')


def test_time_left_follows_the_frames(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    now = [100.0]
    monkeypatch.setattr('time.monotonic', lambda: now[0])
    said: list[str] = []
    progress = ExtractionProgress(find_videos(folder), 10.0, said.append)
    now[0] += 6
    progress.advance(12)
    assert said == []
    now[0] += 6
    progress.advance(2)
    assert said == ['0 of 2 videos, 14 of 42 frames, 1 frames/s, 0:00:24 left']
