"""Instants out, as the platform reads them."""

from __future__ import annotations

from datetime import UTC, datetime


def text_of(instant: datetime, name: str) -> str:
    """In UTC, to the microsecond. `name` is what the caller calls it.

    Raises TypeError for what is no datetime; ValueError for one without an offset from UTC, and for one that its offset
    takes out of the years 1 to 9999.
    """
    if not isinstance(instant, datetime):
        raise TypeError(f"{name} is a datetime with its offset from UTC, not {instant!r}")
    if instant.utcoffset() is None:  # also where a tzinfo is there, and knows none
        raise ValueError(f"{name} must say its offset from UTC: {instant!r}")
    try:
        in_utc = instant.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{name} is no year from 1 to 9999 in UTC: {instant!r}") from None
    return in_utc.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"
