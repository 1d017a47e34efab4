"""Whether an event is what its hash says, seen on the page it is shown on."""

from __future__ import annotations

import pytest

from events import history
from events.hash_check import HashCheck, check_hashes
from tests.builders import add, given, set_
from tests.tampering import tampered


def ride() -> str:
    return given(set_("14.00", description="ราคา", actor="maya", metadata={"km": 1}), add("toll", "5.00"))


def checks_of(booking: str) -> dict[int, HashCheck]:
    return check_hashes(history.events_of(booking))


def test_the_events_of_a_booking_hold_each_against_the_one_before_it_in_its_log() -> None:
    booking = ride()
    checks = checks_of(booking)
    assert set(checks) == {1, 2}
    for version, check in checks.items():
        assert check.holds
        assert check.stored == check.computed == history.event_of(booking, version).hash
    if history.event_of(booking, 2).position == history.event_of(booking, 1).position + 1:
        assert checks[2].previous == checks[1].stored


@pytest.mark.parametrize("change", ["source = 'somebody-else'", "description = 'another'", "actor = NULL"])
def test_an_event_that_was_changed_does_not_hold_and_the_others_do(change: str) -> None:
    booking = ride()
    with tampered(booking, 1, change):
        checks = checks_of(booking)
    assert not checks[1].holds
    assert checks[2].holds
    assert checks_of(booking)[1].holds


def test_of_nothing_there_is_nothing_to_check() -> None:
    assert check_hashes([]) == {}


def test_what_was_erased_is_told_from_what_was_changed_and_the_rest_is_still_proven() -> None:
    booking = ride()
    with tampered(booking, 1, "description = NULL, actor = NULL, metadata = NULL"):
        check = checks_of(booking)[1]
    assert check.content_matches is None
    assert check.holds


def test_what_was_erased_cannot_have_another_description() -> None:
    booking = ride()
    with tampered(booking, 1, "description = 'another', metadata = NULL"):
        check = checks_of(booking)[1]
    assert not check.holds
