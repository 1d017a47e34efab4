"""Words for tests of the screen of clients and keys."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from events import api_keys
from tests.projections.admin.pages import text_of

KEYS = "/admin/events/apikey/"
ADD = f"{KEYS}add/"
KEY = re.compile(r"fh_[0-9a-f]{16}_[A-Za-z0-9_-]{43}")


def form(**typed: Any) -> dict[str, Any]:
    return {
        "key_id": api_keys.new_key_id(),
        "source": "pricing",
        "scopes": ["fares:read"],
        "expiry": "never",
        **typed,
    }


def shown_key(answer: Any) -> str:
    """The key that a page shows."""
    assert answer.status_code == 200, text_of(answer)
    (text,) = set(KEY.findall(answer.content.decode()))
    return text


def body_of(answer: Any) -> str:
    return unescape(answer.content.decode())
