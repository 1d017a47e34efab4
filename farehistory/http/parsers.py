"""Bodies of requests: strict JSON of a bounded size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.utils.http import parse_header_parameters
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.parsers import BaseParser

from events.errors import MalformedBody, TooLarge
from farehistory.http.request_bodies import CHUNKED, MOST_READ

CHUNK = 64 * 1024


class StrictJSONParser(BaseParser):
    """Reads `application/json` by `view.parse_body`, at most `view.max_body` bytes of it.

    Raises UnsupportedMediaType for another type, charset or encoding; TooLarge; and what
    `view.parse_body` raises, as MalformedBody and InvalidEvent.
    """

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        assert parser_context is not None  # noqa: S101 -- DRF always gives it
        headers = parser_context["request"].META
        _require_json(media_type or "", headers.get("HTTP_CONTENT_ENCODING", "identity"))
        view = parser_context["view"]
        limit: int = view.max_body
        announced = 0 if headers.get(CHUNKED) else int(headers.get("CONTENT_LENGTH") or 0)
        data = b"" if announced > limit else stream.read(limit + 1)
        if announced > limit or len(data) > limit:
            if not (announced > limit and "HTTP_EXPECT" in headers):  # who asks first has sent nothing yet
                _discard(stream)
            raise TooLarge(f"The body has more than {limit // 1024} KiB.")
        if len(data) < announced:
            raise MalformedBody("The request ended before its body did.")
        return view.parse_body(data)


def _discard(stream: IO[Any]) -> None:
    """Takes what is still coming. Otherwise the server would close the connection under a client that is still
    sending, which then sees that and not the answer. The caller is known by now: nobody else makes us read."""
    taken = 0
    while taken < MOST_READ and (chunk := stream.read(CHUNK)):
        taken += len(chunk)


def _require_json(content_type: str, encoding: str) -> None:
    # DRF let through whatever matches, also `*/*` and any charset.
    media_type, parameters = parse_header_parameters(content_type)
    charset = parameters.get("charset", "utf-8")
    if media_type.lower() != "application/json" or charset.lower() not in ("utf-8", "utf8"):
        raise UnsupportedMediaType(content_type)
    if encoding.lower() != "identity":
        raise UnsupportedMediaType(f"{content_type} in {encoding}")
