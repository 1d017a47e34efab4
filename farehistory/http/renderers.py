"""Bodies of answers: compact JSON in UTF-8."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from rest_framework.renderers import BaseRenderer


class JSONRenderer(BaseRenderer):
    """Plain values to JSON; a `msgspec.Raw` goes out as it is, byte for byte (metadata, as stored).

    Floats have no place in an answer: amounts are strings.
    """

    media_type = "application/json"
    format = "json"
    charset = None  # JSON is UTF-8 by definition; a charset parameter has no meaning (RFC 8259)

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else msgspec.json.encode(data)
