"""What each projection is, in one plain sentence."""

from __future__ import annotations

import inspect
import re
from typing import Final

from django.utils.translation import gettext_lazy as _

from projections.projectors import projector

_SENTENCES: Final = {
    "current_fare": _("The fare of every booking after its last event: what lists and services read."),
    "fare_cache": _("Current fares in Redis, so that most reads need no database."),
    "booking_search": _("Customer and order references from metadata, so that a booking is found by them."),
    "event_search": _(
        "Every event by transaction id, component, source, time and amount, to be found in the search."
    ),
    "daily_totals": _("What was added and taken off per day, currency, component and source."),
    "fare_stream": _("Every event handed on to Redis Streams, for services that follow along."),
    "receipts": _("Receipts, issued once a booking has not changed for a while."),
    "archive": _("Files of the ledger, with the hashes that prove them, written on a schedule."),
}


def what_it_is(name: str) -> str:
    """The sentence on this projection; of one that has none here, the first that its code says of itself."""
    if name in _SENTENCES:
        return str(_SENTENCES[name])
    kind = type(projector(name))
    # Never an inherited docstring: that one is about projectors as such.
    own = kind.__dict__.get("__doc__") or getattr(inspect.getmodule(kind), "__doc__", None)
    return _first_sentence(own or "") or str(
        _("A projection of this installation, which says no more of itself.")
    )


def _first_sentence(text: str) -> str:
    """Of the first paragraph, on one line."""
    paragraph = " ".join(text.strip().partition("\n\n")[0].split())
    return re.split(r"(?<=[.!?])\s", paragraph, maxsplit=1)[0]
