"""The receipt before and after a correction, as it will read: what is shown before is what is issued after."""

from __future__ import annotations

import pytest

from events import corrections
from events.corrections import Proposal
from projections.receipts import issue
from projections.receipts.document import Document
from projections.receipts.presentation import Presentation, present
from projections.receipts.previewing import preview
from tests.builders import add, append, given, set_, sub
from tests.events.admin.corrections.screens import check, client_of, filled, page_of, said
from tests.events.corrections.desk import (
    change,
    contra,
    head,
    should_be,
    support,
    toll_charged_twice,
    waiting,
)

TEXT = "An amount was charged twice."


def issued(booking: str) -> Presentation:
    return present(Document.from_json(issue(booking).document))


def corrected_before(booking: str) -> str:
    """A booking with a correction of the toll in its history."""
    correction = waiting(contra(booking))
    corrections.approve(correction.pk, by=support(), seen_version=head(booking).version)
    return booking


BOOKINGS = {
    "fresh": toll_charged_twice,
    "corrected before": lambda: corrected_before(toll_charged_twice()),
    "without decimals": lambda: given(set_("1400", currency="JPY"), add("toll", "500"), add("toll", "500")),
    "long": lambda: given(set_("14.00"), *(add("toll", "1.00", description=f"n {n}") for n in range(15))),
    "set twice": lambda: given(set_("14.00"), add("toll", "5.00"), set_("20.00"), sub("promo", "2.00")),
}
CORRECTIONS = {
    "taken off": lambda booking: change(booking, "SUB", "1", 2),
    "added": lambda booking: change(booking, "ADD", "1", 1),
    "new component": lambda booking: change(booking, "ADD", "3", 1, component="waiting_fee"),
    "set anew": lambda booking: change(booking, "SET", "9", 1),
    "should be": lambda booking: should_be(booking, "7", 2),
    "below zero": lambda booking: change(booking, "SUB", "2000", 1, allow_negative=True),
}


@pytest.mark.parametrize("what", CORRECTIONS)
@pytest.mark.parametrize("history", BOOKINGS)
def test_the_receipt_that_is_shown_before_is_the_one_that_is_issued_after(history: str, what: str) -> None:
    booking = BOOKINGS[history]()
    proposal: Proposal = CORRECTIONS[what](booking)
    correction = waiting(proposal)
    shown = preview(corrections.review(correction).now.outcome, TEXT)
    assert shown.before.lines == issued(booking).lines
    corrections.approve(correction.pk, by=support(), seen_version=head(booking).version)
    after = issued(booking)
    assert shown.after is not None
    assert (shown.after.lines, shown.after.total, shown.after.remark) == (
        after.lines,
        after.total,
        after.remark,
    )


def test_one_that_cannot_be_made_shows_only_the_receipt_as_it_is() -> None:
    booking = toll_charged_twice()
    correction = waiting(contra(booking))
    append(booking, set_("20.00"))
    shown = preview(corrections.review(correction).now.outcome, TEXT)
    assert shown.after is None
    assert [line.label for line in shown.before.lines] == ["Base fare"]


def test_the_pages_of_a_correction_show_it() -> None:
    booking, maker = toll_charged_twice(), client_of(support())
    after = f"Correction of toll {TEXT} −5.00 Total fare SGD 19.00"
    assert after in said(check(maker, filled(maker, booking)))
    correction, checker = waiting(contra(booking)), support()
    client = client_of(checker)
    assert after in said(client.get(page_of(correction)))
    corrections.approve(correction.pk, by=checker, seen_version=3)
    page = said(client.get(page_of(correction)))
    assert "The customer’s receipt Before" in page and after in page
