"""Points in time as the API writes them: RFC 3339, always with an offset from UTC."""

from __future__ import annotations

import re
from datetime import datetime

_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
    r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)


def parse_instant(text: str) -> datetime:
    """The time that "2026-05-03T14:05:00Z" names. Raises ValueError for any other form, or no such time."""
    if not _RFC_3339.fullmatch(text):
        raise ValueError("must be an RFC 3339 time such as 2026-05-03T14:05:00.000000Z")
    return datetime.fromisoformat(text.upper())
