"""The demo's API keys: one for each service that changes fares, and one that may do all."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib.auth.models import User

from events import api_keys

SCOPES_OF: dict[str, tuple[str, ...]] = {
    "pricing": ("fares:read", "fares:append"),
    "toll": ("fares:read", "fares:append", "feed:read"),
    "waiting": ("fares:read", "fares:append"),
    "promo": ("fares:read", "fares:append", "feed:read"),
    "support-desk": ("fares:read", "fares:append", "fares:correct"),
    "demo": api_keys.SCOPES,
}

PERSON_OF: dict[str, str] = {"support-desk": "support", "demo": "lead"}
"""The account whose rights a source's key uses for corrections."""


def ensure_api_keys(known: Mapping[str, str]) -> dict[str, str]:
    """A key in force for each source: the one in `known` where it still is, else a new one.

    The accounts come first: some keys are bound to one.
    """
    return {source: _ensure_key(source, known.get(source, "")) for source in SCOPES_OF}


def _ensure_key(source: str, text: str) -> str:
    key = api_keys.verify(text)
    person = _person_of(source)
    may = None if key is None else (key.source, key.user_id, set(key.scopes))
    if may == (source, person, set(SCOPES_OF[source])):
        return text
    return api_keys.create(source, SCOPES_OF[source], name="Demo", user_id=person)[1]


def _person_of(source: str) -> int | None:
    name = PERSON_OF.get(source)
    return None if name is None else int(User.objects.get(username=name).pk)
