"""What the commands about API keys share."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.core.management.base import CommandError
from django.utils import timezone

from events import api_keys
from events.models import ApiKey

LONGEST_DAYS: Final = api_keys.LONGEST_LIFE.days


def key_of(key_id: str) -> ApiKey:
    """The key that was named. Raises CommandError, which never repeats a whole key that was given by mistake."""
    try:
        return api_keys.get(key_id)
    except api_keys.UnknownKey:
        raise CommandError(
            "There is no key with this id: the sixteen letters and figures after fh_, as list_api_keys shows them."
        ) from None


def expiry(days: int | None) -> datetime | None:
    """When so many days are over; None: never. Raises ValueError for a number out of bounds."""
    if days is None:
        return None
    if not 1 <= days <= LONGEST_DAYS:
        raise ValueError(f"a key expires in 1 to {LONGEST_DAYS} days")
    return timezone.now() + timedelta(days=days)
