"""Where the pages of keys are. A key's address is its public part, as events and logs name it; never its text."""

from __future__ import annotations

from typing import Final

from django.urls import reverse

from events.models import ApiKey

CHANGELIST: Final = "events_apikey_changelist"
ADD: Final = "events_apikey_add"
CHANGE: Final = "events_apikey_change"
ROTATE: Final = "events_apikey_rotate"
REVOKE: Final = "events_apikey_revoke"


def key_url(key: ApiKey) -> str:
    """The page of one key."""
    return reverse(f"admin:{CHANGE}", args=[key.key_id])
