"""Reading an answer as a person does."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from django.contrib.messages import get_messages
from django.utils.html import strip_tags

PAGES = "/admin/projections/"
PROJECTIONS = f"{PAGES}projectionstate/"
SET_ASIDE = f"{PROJECTIONS}set-aside/"
DRIFT = f"{PAGES}drift/"
REBUILDS = f"{PAGES}rebuild/"
REPAIRS = f"{PAGES}repair/"


def text_of(answer: Any) -> str:
    """What a reader of a page sees, on one line."""
    assert answer.status_code == 200
    cells_apart = re.sub(r"(</t[dh]>)", r"\1 ", answer.content.decode())
    return " ".join(unescape(strip_tags(cells_apart)).split())


def messages_of(answer: Any) -> list[str]:
    """What the page that an act leads to will say."""
    return [str(message) for message in get_messages(answer.wsgi_request)]
