"""WSGI middleware that keeps most threads free of clients that send their bodies slowly."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import BoundedSemaphore
from typing import IO, Any, Final

from django.conf import settings

from events.errors import Unavailable
from farehistory.http.request_bodies import WSGIApplication

PATIENCE: Final = 0.2
"""Seconds that a request waits for a place: who has one gives it up at once, if the body is there."""


class SlowBodies:
    """At most three eighths of a process's threads read bodies of the API's requests, and an eighth all others'.

    With the quarter that waits for the feed, a quarter stays for what has no body. A thread waits until its body is
    there, and the server has no limit for that. So who cannot have a place is told to send the same again, and its
    connection is closed. Those with an API key and those without any do not share places.
    """

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application
        self._of_the_api = BoundedSemaphore(max(1, settings.FAREHISTORY_WEB_THREADS * 3 // 8))
        self._of_others = BoundedSemaphore(max(1, settings.FAREHISTORY_WEB_THREADS // 8))

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("CONTENT_LENGTH", "0") in ("", "0"):
            return self._application(environ, start_response)
        places = self._of_the_api if environ["PATH_INFO"].startswith("/api/") else self._of_others
        body = environ["wsgi.input"] = _Body(environ["wsgi.input"], places)

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            if body.is_left:  # the server would take the rest for the next request
                headers.append(("Connection", "close"))
            return start_response(status, headers, *more)

        return self._application(environ, start)


class _Body:
    """What Django reads a body from."""

    def __init__(self, stream: IO[bytes], places: BoundedSemaphore) -> None:
        self._stream = stream
        self._places = places
        self.is_left = False
        """Whether there was no place to read it."""

    def read(self, size: int = -1) -> bytes:
        return self._in_its_place(self._stream.read, size)

    def readline(self, size: int = -1) -> bytes:
        return self._in_its_place(self._stream.readline, size)

    def _in_its_place(self, read: Callable[[int], bytes], size: int) -> bytes:
        if not self._places.acquire(timeout=PATIENCE):
            self.is_left = True
            raise Unavailable("too many bodies of requests are waited for; send the same again")
        try:
            return read(size)
        finally:
            self._places.release()
