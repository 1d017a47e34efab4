"""The sample's corrections: some of each kind, made once, however often the demo is started."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from uuid import UUID, uuid5

import pytest

from events import corrections, history
from events.corrections.models import Correction, CorrectionLimit
from events.event import Origin
from farehistory.demo.accounts import ensure_accounts
from farehistory.sample.corrections import CORRECTIONS, LIMITS, correct
from farehistory.sample.fill import SAMPLE_IDS, fill


@pytest.fixture(scope="module")
def made(django_db_setup: None) -> Iterator[list[Correction]]:
    """Limits are of whole currencies: they go again, since other tests have their own."""
    ensure_accounts({})
    fill()
    correct()
    yield kept()
    CorrectionLimit.objects.filter(currency__in=LIMITS).delete()


def kept() -> list[Correction]:
    return [corrections.get(_id(told.booking_id)) for told in CORRECTIONS]


def _id(booking_id: str) -> UUID:
    return uuid5(SAMPLE_IDS, f"correction of {booking_id}")


def test_some_wait_and_some_are_decided(made: list[Correction]) -> None:
    assert Counter(correction.state for correction in made) == {
        "proposed": 3, "approved": 2, "rejected": 1, "withdrawn": 1,
    }  # fmt: skip
    assert {correction.needs for correction in made} == {"nobody", "second_person", "lead"}
    assert all(correction.is_waiting for correction in made if correction.state == "proposed")


def test_some_wait_for_support_and_one_for_a_lead(made: list[Correction]) -> None:
    waiting = {
        (correction.proposed_by_name, correction.needs) for correction in made if correction.is_waiting
    }
    assert waiting == {("support", "second_person"), ("lead", "second_person"), ("support", "lead")}


def test_what_was_approved_is_in_the_ledger(made: list[Correction]) -> None:
    for correction in made:
        head = history.last_of(correction.booking_id)
        assert (head.origin is Origin.CORRECTION) == (correction.state == "approved")


def test_made_again_nothing_changes(made: list[Correction]) -> None:
    correct()
    assert [(c.pk, c.state, c.event_version, c.decided_at) for c in kept()] == [
        (c.pk, c.state, c.event_version, c.decided_at) for c in made
    ]
