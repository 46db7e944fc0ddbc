import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import av
import pytest

from egoexo.datasets.video_container import FORMATS, MAX_PIXELS, open_video
from egoexo.errors import VideoError

PLAYLIST = '#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{}\n#EXT-X-ENDLIST\n'


@pytest.fixture
def requests() -> Iterator[list[str]]:
    """Paths that a server on this machine was asked for; the first entry is its address."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(('127.0.0.1', 0), Handler)
    asked.append(f'http://127.0.0.1:{server.server_port}')
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield asked
    server.shutdown()
    server.server_close()


def test_a_playlist_reaches_no_address(tmp_path: Path, requests: list[str]) -> None:
    path = tmp_path / 'x.m3u8'
    path.write_text(PLAYLIST.format(f'{requests[0]}/a.ts'))
    with pytest.raises(VideoError, match=r'x\.m3u8: expected a video file .*, found a playlist'):
        open_video(path)
    assert requests[1:] == []
    with pytest.raises(av.FFmpegError):  # without the lists of formats and protocols it does
        av.open(str(path), options=dict(protocol_whitelist='file,http,tcp'))
    assert requests[1:] == ['/a.ts']


@pytest.mark.parametrize(('name', 'text'), [
    ('x.ffconcat', 'ffconcat version 1.0\nfile other.ts\n'),
    ('x.m3u8', PLAYLIST.format('other.ts')),
])
def test_a_playlist_reaches_no_other_file(tmp_path: Path, make_video: Callable[..., Path], name: str,
                                          text: str) -> None:
    make_video(tmp_path / 'other.ts', 5)
    (tmp_path / name).write_text(text)
    with pytest.raises(VideoError, match='found a playlist'):
        open_video(tmp_path / name)
    with av.open(str(tmp_path / name)) as container:  # without the lists it does
        assert sum(packet.size > 0 for packet in container.demux(video=0)) == 5


def test_a_sound_file_is_opened_whatever_its_name(tmp_path: Path, make_video: Callable[..., Path]) -> None:
    path = make_video(tmp_path / 'clip.mp4', 3).rename(tmp_path / 'concat:a|b%03d.mkv')
    container, stream = open_video(path)
    with container:
        assert (container.format.name.split(',')[0], stream.codec_context.width) == (FORMATS[0], 192)


def test_pictures_above_the_bound_are_refused(tmp_path: Path, make_video: Callable[..., Path],
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_PIXELS > 7680 * 4320
    monkeypatch.setattr('egoexo.datasets.video_container.MAX_PIXELS', 192 * 64 - 1)
    with pytest.raises(VideoError, match='expected pictures of 1 to 12,287 pixels, found 192x64'):
        open_video(make_video(tmp_path / 'clip.mp4', 3))
