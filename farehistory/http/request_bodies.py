"""WSGI middleware for the bodies of requests, before Django sees them and after it has answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any, Final

MOST_READ: Final = 16 * 1024 * 1024
"""Bytes taken from one request: far beyond what any endpoint allows."""

_CHUNK: Final = 64 * 1024

WSGIApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class ChunkedBodies:
    """Reads a chunked body and gives it a length: Django would read a body without Content-Length as empty."""

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        chunked = "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()
        if chunked and environ.get("wsgi.input_terminated"):
            body = environ["wsgi.input"].read(MOST_READ)
            environ["wsgi.input"] = BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
        return self.application(environ, start_response)


class UnreadBodies:
    """Takes what an answer left unread of the body, as a refusal of a large one does.

    Otherwise the server closes the connection under a client that is still sending, which then sees a broken
    connection instead of the answer.
    """

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        stream = environ["wsgi.input"]
        answer = self.application(environ, start_response)
        unread = min(int(environ.get("CONTENT_LENGTH") or 0), MOST_READ)
        while unread > 0 and (taken := len(stream.read(min(unread, _CHUNK)))):
            unread -= taken
        return answer
