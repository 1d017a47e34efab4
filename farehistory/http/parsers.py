"""Bodies of requests: strict JSON of a bounded size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.utils.http import parse_header_parameters
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.parsers import BaseParser

from events import strict_json
from events.errors import MalformedBody, TooLarge


class StrictJSONParser(BaseParser):
    """Reads `application/json` by `events.strict_json`, at most `view.max_body` bytes of it.

    Raises UnsupportedMediaType for another type or charset; TooLarge, before the body is read where
    its length is announced; MalformedBody and InvalidEvent as `strict_json.parse` does.
    """

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        assert parser_context is not None  # noqa: S101 -- DRF always gives it
        _require_json(media_type or "")
        limit: int = parser_context["view"].max_body
        announced = int(parser_context["request"].META.get("CONTENT_LENGTH") or 0)
        if announced > limit:
            raise _too_large(limit)
        data = stream.read(limit + 1)
        if len(data) > limit:
            raise _too_large(limit)
        if len(data) < announced:
            raise MalformedBody("The request ended before its body did.")
        return strict_json.parse(data)


def _require_json(content_type: str) -> None:
    # DRF let through whatever matches, also `*/*` and any charset.
    media_type, parameters = parse_header_parameters(content_type)
    charset = parameters.get("charset", "utf-8")
    if media_type.lower() != "application/json" or charset.lower() not in ("utf-8", "utf8"):
        raise UnsupportedMediaType(content_type)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body has more than {limit // 1024} KiB.")
