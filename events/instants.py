"""Points in time as the API writes them: RFC 3339, always with an offset from UTC."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
    r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)

_FINER = re.compile(r"\.[0-9]{6}0*[1-9]")


def parse_instant(text: str) -> datetime:
    """The time that "2026-05-03T14:05:00Z" names; what is finer than a microsecond is cut off.

    Raises ValueError for any other form, or no such time.
    """
    if not _RFC_3339.fullmatch(text):
        raise ValueError("must be an RFC 3339 time such as 2026-05-03T14:05:00.000000Z")
    return datetime.fromisoformat(text.upper())


def parse_bound(text: str) -> datetime:
    """The same, of a time that others are compared with: what is finer than a microsecond is rounded up.

    No event is so fine: those before the one are those before the other. Raises OverflowError, too.
    """
    rest = timedelta(microseconds=1 if _FINER.search(text) else 0)
    return parse_instant(text) + rest
