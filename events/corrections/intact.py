"""Whether the events that a correction would build on are what their hashes say.

Where they are not, nobody knows what the fare was: a correction would put right what may be false, and make it look
looked at. So none is proposed or approved before somebody has found out; rejecting and withdrawing go on.
"""

from __future__ import annotations

from typing import Final

from django.utils.translation import ngettext

from events import history
from events.errors import InvalidCorrection
from events.event import FareEvent
from events.hash_check import check_hashes

CHECKED: Final = 100
"""The latest events that are checked, as many as a fare page shows; and the one that is corrected."""


def broken_versions(head: FareEvent, corrected: FareEvent) -> list[int]:
    """The versions of a booking whose events are not what their hashes say, of those that are checked."""
    events = history.events_of(head.booking_id, before_version=head.version + 1, limit=CHECKED)
    if all(event.version != corrected.version for event in events):
        events.append(corrected)
    return sorted(version for version, check in check_hashes(events).items() if not check.holds)


def refusal_of_broken(head: FareEvent, corrected: FareEvent) -> InvalidCorrection | None:
    """Why this fare cannot be corrected, if it cannot."""
    versions = broken_versions(head, corrected)
    if not versions:
        return None
    text = ngettext(
        "Version %(versions)s of this booking is not what its hash says: somebody has changed the ledger. Its fare "
        "cannot be corrected before that is cleared up; tell whoever operates this system.",
        "Versions %(versions)s of this booking are not what their hashes say: somebody has changed the ledger. Its "
        "fare cannot be corrected before that is cleared up; tell whoever operates this system.",
        len(versions),
    )
    parts = {"versions": ", ".join(map(str, versions))}
    return InvalidCorrection.at("/booking_id", "hash_broken", text % parts)
