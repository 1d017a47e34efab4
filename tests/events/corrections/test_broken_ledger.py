"""A fare whose events are not what their hashes say is not corrected: neither proposed nor approved, by any way."""

from __future__ import annotations

import pytest

from events import corrections
from events.admin.corrections.urls import event_url, fare_url
from events.errors import InvalidCorrection
from tests.builders import then_fare
from tests.events.admin.corrections.screens import PROPOSE, client_of, filled, page_of, said, send
from tests.events.corrections.desk import contra, support, toll_charged_twice, waiting
from tests.tampering import tampered

WHY = "Version 2 of this booking is not what its hash says: somebody has changed the ledger."


def test_it_is_not_proposed() -> None:
    booking = toll_charged_twice()
    with tampered(booking, 2, "actor = 'mallory'"), pytest.raises(InvalidCorrection) as refused:
        corrections.propose(contra(booking), by=support())
    assert [error.code for error in refused.value.errors] == ["hash_broken"]
    assert corrections.propose(contra(booking), by=support()).state == "proposed"


def test_one_that_waits_is_not_approved_but_may_be_rejected() -> None:
    booking, checker = toll_charged_twice(), support()
    approved, rejected = (waiting(contra(booking)) for _ in range(2))
    with tampered(booking, 2, "actor = 'mallory'"):
        with pytest.raises(InvalidCorrection, match="Version 2 of this booking"):
            corrections.approve(approved.pk, by=checker, seen_version=3)
        page = client_of(checker).get(page_of(approved))
        assert f"It can no longer be made: {WHY}" in said(page)
        assert "approve/" not in page.content.decode()
        assert corrections.reject(rejected.pk, by=checker, reason="Not like this").state == "rejected"
    then_fare(booking, "24.00", version=3)
    assert corrections.approve(approved.pk, by=checker, seen_version=3).state == "approved"


def test_the_back_office_offers_no_way_and_says_why() -> None:
    booking, client = toll_charged_twice(), client_of(support())
    form = filled(client, booking)
    with tampered(booking, 2, "actor = 'mallory'"):
        assert PROPOSE not in client.get(fare_url(booking)).content.decode()
        assert PROPOSE not in client.get(event_url(booking, 2)).content.decode()
        page = client.get(PROPOSE, {"booking_id": booking, "version": 3})
        assert WHY in said(page) and 'name="reason"' not in page.content.decode()
        answer = send(client, form)
        assert answer.status_code == 400
        assert WHY in said(answer) and form["reason"] in said(answer)
