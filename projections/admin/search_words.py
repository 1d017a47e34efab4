"""What a search says of itself: how ids look, and what was tried where nothing was found."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _

from events.new_event import BOOKING_ID
from projections.search import can_be_a_part, can_be_a_reference, parts_can_be_searched
from projections.wording import words


def spellings(query: str) -> list[str]:
    """As typed, in capitals and in small letters."""
    return list(dict.fromkeys((query, query.upper(), query.lower())))


def tried(query: str) -> list[str]:
    """What was looked for, and what was not and why."""
    said = [_no_booking_id(), *([_part(query)] if can_be_a_part(query) else [])]
    spelled = ", ".join(spellings(query))
    if BOOKING_ID.fullmatch(query):
        said = [
            _("a booking with exactly this id, in the ledger: %(ids)s") % {"ids": spelled},
            _("fares whose booking id begins with: %(ids)s") % {"ids": spelled},
            _part(query),
        ]
    if can_be_a_reference(query):
        keys = ", ".join(words(key) for key in settings.FAREHISTORY_SEARCH_KEYS)
        said.append(_("bookings whose metadata names it, or begins with it, as: %(keys)s") % {"keys": keys})
    said.append(
        _("the event, correction or receipt with this id or number, and fares of this amount, if it is one")
    )
    return said


def _part(query: str) -> str:
    if not can_be_a_part(query):
        return _("no ids with it in the middle: for that, type three letters or digits in a row")
    if not parts_can_be_searched():
        return _("no ids with it in the middle: this database lacks the extension pg_trgm, which that takes")
    return _("fares with it anywhere in their booking id, in capital or small letters")


def _no_booking_id() -> str:
    return _(
        "nothing by its id, as this cannot be a booking id: those have 1 to 64 letters, digits and . _ : -,"
        " and begin with a letter or a digit"
    )
