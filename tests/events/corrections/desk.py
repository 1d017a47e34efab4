"""Words for tests of corrections: people with rights, proposals in one line, limits of a currency.

Limits are of a whole currency and a person's day, so each test that sets one takes a currency of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import Group, User

from events import corrections, history
from events.corrections import Proposal
from events.corrections.models import Correction, CorrectionLimit
from events.event import FareEvent
from tests.builders import add, given, set_

TEXT = "The toll was charged twice, see the ticket"


def person_in(group: str) -> User:
    """A new member of staff in this group, who signs in nowhere: no password is hashed."""
    person = User.objects.create(username=f"{group}-{uuid4().hex[:12]}", is_staff=True, password="!")
    person.groups.add(Group.objects.get(name=group))
    return person


def support() -> User:
    return person_in("support")


def lead() -> User:
    return person_in("lead")


def toll_charged_twice(currency: str = "SGD") -> str:
    """A booking of 24.00: base fare 14.00, and the toll of 5.00 at versions 2 and 3."""
    return given(set_("14.00", currency=currency), add("toll", "5.00"), add("toll", "5.00"))


def contra(booking_id: str, version: int = 3, **fields: Any) -> Proposal:
    return _proposal(booking_id, version, kind="contra", **fields)


def change(booking_id: str, type: str, amount: str, version: int = 1, **fields: Any) -> Proposal:
    return _proposal(booking_id, version, kind="event", type=type, amount=amount, **fields)


def should_be(booking_id: str, target: str, version: int = 1, **fields: Any) -> Proposal:
    return _proposal(booking_id, version, kind="should_be", target=target, **fields)


def _proposal(booking_id: str, version: int, **fields: Any) -> Proposal:
    defaults = {
        "id": uuid4(),
        "reason_code": "charged_twice",
        "reason": TEXT,
        "seen_version": head(booking_id).version,
    }
    return Proposal(**{"booking_id": booking_id, "corrects_version": version, **defaults, **fields})


def head(booking_id: str) -> FareEvent:
    return history.last_of(booking_id)


def waiting(proposal: Proposal, by: User | None = None) -> Correction:
    """The proposal, kept, and waiting for a second person."""
    correction = corrections.propose(proposal, by=by or support())
    assert correction.state == "proposed"
    return correction


def events_of(correction: Correction) -> list[FareEvent]:
    """The events that the correction appended: one, or none."""
    found = history.events_of(correction.booking_id)
    return [event for event in found if event.correction_id == correction.pk]


@contextmanager
def limit(currency: str, free_up_to: str, lead_above: str | None = None) -> Iterator[CorrectionLimit]:
    row = CorrectionLimit.objects.create(
        currency=currency,
        free_up_to=Decimal(free_up_to),
        lead_above=None if lead_above is None else Decimal(lead_above),
    )
    try:
        yield row
    finally:
        CorrectionLimit.objects.filter(pk=row.pk).delete()
