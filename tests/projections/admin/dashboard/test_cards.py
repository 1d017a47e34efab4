"""What each card says."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from events import corrections
from events.corrections import queue
from events.partitions import partition_of
from projections import control, drift, runner
from projections.admin.dashboard import drift_check, feed_lag, large_corrections, today, waiting
from projections.admin.dashboard.card import Asked
from projections.models import DriftWalk
from projections.projectors import PROJECTORS, projector
from projections.wording import MINUS
from tests.builders import add, given, set_, unused_currency
from tests.events.corrections.desk import contra, lead, limit, should_be, support, toll_charged_twice
from tests.events.corrections.desk import waiting as proposed
from tests.projections.drift import planted_drift
from tests.staff import signed_in, staff


def test_today_counts_events_and_the_fares_that_they_changed() -> None:
    before = today.compute(Asked(staff("viewer")))
    given(set_("14.00"), add("toll", "5.00"))
    given(set_("3.00"))
    after = today.compute(Asked(staff("viewer")))
    assert after.activity.events - before.activity.events == 3
    if after.activity.is_exact:
        assert after.activity.fares - before.activity.fares == 2


def test_tomorrow_begins_with_nothing_and_knows_of_today() -> None:
    given(set_("14.00"))
    now = timezone.now()
    tomorrow = today.midnight_of(now) + timedelta(days=2) - timedelta(seconds=1)
    card = today.compute(Asked(staff("viewer"), now=tomorrow))
    assert (card.headline, card.fares_text) == ("0 events", "0 fares changed")
    assert card.yesterday >= 1


@pytest.fixture
def counted_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests may have left more corrections that wait than are counted."""
    monkeypatch.setattr(queue, "COUNTED", 100_000)


@pytest.mark.usefixtures("counted_to_the_end")
def test_what_waits_for_an_approver_is_what_others_proposed() -> None:
    maker, other = support(), lead()
    mine = proposed(contra(toll_charged_twice()), maker)
    for_maker, for_other = (waiting.compute(Asked(person)) for person in (maker, other))
    assert for_other.all >= 1
    assert for_other.for_viewer == for_other.all
    assert (for_other.headline, for_other.rest_text) == (waiting.counted(for_other.all), "")
    assert for_maker.own == 1
    assert "1 proposed by you" in for_maker.rest_text
    assert for_maker.oldest is not None
    assert for_maker.oldest.proposed_at <= mine.proposed_at
    corrections.approve(mine.pk, by=other, seen_version=3)
    assert waiting.compute(Asked(other)).all == for_other.all - 1


@pytest.mark.usefixtures("counted_to_the_end")
@pytest.mark.parametrize("group", ["support", "lead"])
def test_card_and_navigation_say_the_same_number(group: str) -> None:
    """Also of what needs a lead: who is none is not told that it waits for them."""
    with limit("CZK", "1.00", "4.00"):
        large = proposed(contra(toll_charged_twice("CZK")))
    client = signed_in(group)
    answer = client.get("/admin/")
    [figure] = re.findall(r"fh-board-waiting.*?fh-figure.*?<a[^>]*>([\d+]+)<", answer.content.decode(), re.S)
    badge = re.search(r'class="fh-badge"><span aria-hidden="true">([^<]+)<', answer.content.decode())
    assert figure == (badge[1] if badge else "0")
    person = answer.wsgi_request.user
    card = waiting.compute(Asked(person))
    assert ("need" in card.rest_text) == (group == "support")
    corrections.withdraw(large.pk, by=User.objects.get(pk=large.proposed_by), reason="of a test")
    after = waiting.compute(Asked(person))
    assert (after.for_viewer or 0) == (card.for_viewer or 0) - (group == "lead")


def test_a_viewer_is_not_told_what_they_could_approve() -> None:
    proposed(contra(toll_charged_twice()))
    card = waiting.compute(Asked(staff("viewer")))
    assert (card.for_viewer, card.for_viewer_text, card.rest_text) == (None, "", "")
    assert card.headline == waiting.counted(card.all)


@pytest.mark.parametrize(("number", "text"), [(7, "7"), (99, "99"), (100, "99+")])
def test_long_queues_are_not_counted_to_their_end(number: int, text: str) -> None:
    assert waiting.counted(number) == text


def test_the_lag_is_that_of_the_projection_furthest_behind() -> None:
    for one in PROJECTORS:
        if one.live:
            runner.drain(one, runner.lagging(one))
    control.pause("daily_totals", "a test")
    try:
        given(set_("14.00"))
        for one in PROJECTORS:
            if one.live:
                runner.drain(one, runner.lagging(one))
        card = feed_lag.compute(Asked(staff("operator")))
        assert card.name == "Daily totals"
        assert "1 event" in card.headline
    finally:
        control.resume("daily_totals")
        runner.drain(projector("daily_totals"), runner.lagging(projector("daily_totals")))


def test_drift_is_told_with_the_last_check() -> None:
    booking = given(set_("14.00"))
    view = projector("current_fare")
    runner.drain(view, [partition_of(booking)])
    with planted_drift(booking, "fare_minor = 1"):
        drift.check_now(view, [booking])
        DriftWalk.objects.filter(projection=view.name).update(checked_at=timezone.now())
        card = drift_check.compute(Asked(staff("operator")))
        assert card.rows >= 1
        assert card.mood == "drift"
        assert "differ" in card.headline
    drift.check_now(view, [booking])


def test_a_check_of_long_ago_is_stale() -> None:
    now = timezone.now()
    DriftWalk.objects.update_or_create(
        projection="current_fare", partition=0, defaults={"started_at": now, "checked_at": now}
    )
    assert not drift_check.compute(Asked(staff("operator"))).is_stale
    later = drift_check.compute(Asked(staff("operator"), now=now + timedelta(hours=2)))
    assert later.is_stale
    assert later.checked_text == "2 h ago"


def test_large_corrections_are_the_largest_of_each_currency_the_latest_first() -> None:
    currency = unused_currency()
    for amount in ("1.00", "9.00", "4.00", "7.00"):
        booking = given(set_("20.00", currency=currency))
        correction = proposed(should_be(booking, f"{20 - float(amount):.2f}"))
        corrections.approve(correction.pk, by=lead(), seen_version=1)
    proposed(contra(toll_charged_twice(currency)))
    lines = large_corrections.compute(Asked(staff("viewer"))).lines
    mine = [line.change for line in lines if line.change.startswith(currency)]
    assert mine == [f"{currency} {MINUS}{amount}" for amount in ("7.00", "4.00", "9.00")]
    assert all(line.decided_by.startswith("lead-") for line in lines if line.change in mine)


def test_a_correction_of_long_ago_is_not_recent() -> None:
    later = timezone.now() + timedelta(days=large_corrections.DAYS + 1)
    assert large_corrections.compute(Asked(staff("viewer"), now=later)).lines == []


def test_what_was_approved_lately_is_recent_however_long_it_had_waited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    booking, now = given(set_("20.00", currency=unused_currency())), timezone.now()
    with monkeypatch.context() as patched:
        patched.setattr(timezone, "now", lambda: now - timedelta(days=6))
        correction = proposed(should_be(booking, "15.00"))
    corrections.approve(correction.pk, by=lead(), seen_version=1)
    later = now + timedelta(days=large_corrections.DAYS - 1)
    lines = large_corrections.compute(Asked(staff("viewer"), now=later)).lines
    assert booking in {line.booking_id for line in lines}


def test_what_is_shown_of_a_correction_is_what_its_event_moved() -> None:
    """A fare that should be X may have moved since it was proposed: then another amount is appended."""
    currency = unused_currency()
    booking = given(set_("20.00", currency=currency))
    correction = proposed(should_be(booking, "15.00"))
    given(add("toll", "3.00"), booking_id=booking)
    corrections.approve(correction.pk, by=lead(), seen_version=2)
    lines = large_corrections.compute(Asked(staff("viewer"))).lines
    assert f"{currency} {MINUS}8.00" in [line.change for line in lines if line.booking_id == booking]
    assert uuid4() not in {line.id for line in lines}
