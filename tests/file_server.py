"""A web server on this machine that can be told to misbehave."""

import http.server
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Handler = http.server.BaseHTTPRequestHandler


@dataclass
class FileServer:
    """Files by path, and a list of tricks of which each request takes one until none is left."""

    files: dict[str, bytes] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)
    tricks: list[Callable[[Handler, bytes], None] | None] = field(default_factory=list)
    requests: list[dict[str, str]] = field(default_factory=list)
    url: str = ''

    def answer(self, handler: Handler) -> None:
        self.requests.append({'path': handler.path} | dict(handler.headers))
        content = self.files.get(handler.path)
        trick = self.tricks.pop(0) if self.tricks else None
        if trick is not None:
            trick(handler, content)
        elif content is None:
            handler.send_error(404)
        else:
            send(handler, content, self.etags.get(handler.path, '"one"'))


def send(handler: Handler, content: bytes, etag: str = '"one"', keep: int | None = None, ranges: bool = True) -> None:
    """A correct answer; with ``keep`` the connection drops after so many bytes of the body."""
    found = re.fullmatch(r'bytes=(\d+)-', handler.headers.get('Range', ''))
    start = int(found[1]) if found and ranges and handler.headers.get('If-Range', etag) == etag else 0
    if start and start >= len(content):
        handler.send_response(416)
        handler.send_header('Content-Range', f'bytes */{len(content)}')
        handler.send_header('Content-Length', '0')
        handler.end_headers()
        return
    handler.send_response(206 if start else 200)
    if etag:
        handler.send_header('ETag', etag)
    if start:
        handler.send_header('Content-Range', f'bytes {start}-{len(content) - 1}/{len(content)}')
    handler.send_header('Content-Length', str(len(content) - start))
    handler.end_headers()
    handler.wfile.write(content[start:] if keep is None else content[start:start + keep])


@contextmanager
def serve() -> Iterator[FileServer]:
    """Run a server in a thread of this process."""
    state = FileServer()

    class Answer(Handler):
        def do_GET(self) -> None:
            state.answer(self)

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), Answer) as server:
        server.daemon_threads = True
        state.url = f'http://127.0.0.1:{server.server_port}'
        thread = threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.02}, daemon=True)
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()
