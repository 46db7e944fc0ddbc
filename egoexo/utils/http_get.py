"""Plain HTTP requests: no other scheme, no surprise on the way."""

import http.client
import urllib.request
from email.message import Message
from typing import BinaryIO
from urllib.parse import urlsplit

from egoexo.errors import DownloadError, explain

__all__ = ['open_url', 'shown_url']


def shown_url(url: str) -> str:
    """URL without password and query, which may hold keys.

    Args:
        url (str): Any URL.

    Returns:
        str: What may stand in a message or a record.
    """
    parts = urlsplit(url)
    host = parts.netloc.rpartition('@')[2]
    return f'{parts.scheme}://{host}{parts.path}' + ('?...' if parts.query else '')


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows few redirects, none that leaves the web or its encryption."""

    max_redirections = 8
    max_repeats = 2

    def redirect_request(self, req: urllib.request.Request, fp: BinaryIO, code: int, msg: str, headers: Message,
                         newurl: str) -> urllib.request.Request | None:
        scheme = urlsplit(newurl).scheme
        if scheme not in ('http', 'https') or (req.type == 'https' and scheme == 'http'):
            raise DownloadError(explain(shown_url(req.full_url), f'a redirect within {req.type}', shown_url(newurl),
                                        'Look at the address in a browser and give the final one.'))
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def open_url(url: str, headers: dict[str, str], timeout_sec: float) -> http.client.HTTPResponse:
    """Send a GET request.

    Args:
        url (str): ``http`` or ``https``.
        headers (dict[str, str]): Of the request.
        timeout_sec (float): Longest silence of the server.

    Returns:
        http.client.HTTPResponse: Answer with a status of success; to be closed by the caller.

    Raises:
        urllib.error.HTTPError: For any other status.
        OSError: If there is no answer.
        DownloadError: If a redirect leads to another scheme.
    """
    opener = urllib.request.OpenerDirector()  # without the handlers of ftp, data and local files
    for handler in (urllib.request.ProxyHandler, urllib.request.HTTPHandler, urllib.request.HTTPSHandler, _Redirects,
                    urllib.request.HTTPDefaultErrorHandler, urllib.request.HTTPErrorProcessor):
        opener.add_handler(handler())
    return opener.open(urllib.request.Request(url, headers=headers), timeout=timeout_sec)
