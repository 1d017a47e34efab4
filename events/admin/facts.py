"""A line about something, as a list of facts on a page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Fact:
    """A name, and words or a time."""

    name: str
    value: str = ""
    at: datetime | None = None
    is_code: bool = False
    """Whether it is to be read letter by letter."""
    href: str = ""
