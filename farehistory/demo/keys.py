"""The demo's API keys: one for each service that changes fares, and one that may do all."""

from __future__ import annotations

from collections.abc import Mapping

from events import api_keys

SCOPES_OF: dict[str, tuple[str, ...]] = {
    "pricing": ("fares:read", "fares:append"),
    "toll": ("fares:read", "fares:append"),
    "waiting": ("fares:read", "fares:append"),
    "promo": ("fares:read", "fares:append"),
    "support-desk": ("fares:read", "fares:append", "fares:correct"),
    "demo": api_keys.SCOPES,
}


def ensure_api_keys(known: Mapping[str, str]) -> dict[str, str]:
    """A key in force for each source: the one in `known` where it still is, else a new one."""
    return {source: _ensure_key(source, known.get(source, "")) for source in SCOPES_OF}


def _ensure_key(source: str, text: str) -> str:
    key = api_keys.verify(text)
    if key is not None and key.source == source:
        return text
    return api_keys.create(source, SCOPES_OF[source], name="Demo")[1]
