"""WSGI middleware for bodies of requests that Django would not read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

CHUNKED: Final = "farehistory.chunked"
"""In the environment of a request whose body has no announced length."""

MOST_READ: Final = 16 * 1024 * 1024
"""Bytes that are taken of any body: far beyond what any endpoint allows."""

WSGIApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class ChunkedBodies:
    """Lets the API read a body that comes in chunks: without a Content-Length Django takes it for empty.

    Nothing is read here: a body waits until the request is known to be allowed.
    """

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        chunked = "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()
        if chunked and environ.get("wsgi.input_terminated") and environ["PATH_INFO"].startswith("/api/"):
            environ[CHUNKED] = True
            environ["CONTENT_LENGTH"] = str(MOST_READ)
        return self.application(environ, start_response)
