"""In the morning the start page says what is wrong and what waits. Whoever looks after the system goes from each card
to the place, puts it right, and the cards say that all is well."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from django.db import connection
from playwright.sync_api import Browser, Locator, Page, expect

from events import corrections
from events.corrections import queue
from events.partitions import partition_of
from farehistory.embedded.supervisor import Supervisor
from projections import control, drift, findings, rebuild, set_aside
from projections.models import CurrentFare, Rebuild
from projections.projectors import PROJECTORS, projector
from tests.browsers import browser_of, comes_to_say
from tests.builders import add, append, given, set_, unused_currency
from tests.events.corrections.desk import contra, toll_charged_twice
from tests.events.corrections.desk import waiting as proposed
from tests.staff import staff

DESK = {"width": 1280, "height": 900}
SLOW_MS = 60_000
"""What is pressed passes through a worker, on a machine that does other things too."""


@pytest.fixture
def all_well(worker: Supervisor) -> None:
    """Nothing is left of other tests: every view is right, nothing is paused, and nothing waits for approval."""
    failed = Rebuild.objects.filter(state=Rebuild.State.FAILED)
    wrong = {
        *findings.drift().values_list("projection", flat=True),
        *failed.values_list("projection", flat=True),
        *(row.projection for row in set_aside.of()),
    }
    for one in PROJECTORS:
        control.resume(one.name)
        if one.tables and one.name in wrong:
            rebuild.run(rebuild.start(one.name).pk)
    for left in queue.waiting():
        corrections.withdraw(left.pk, by=User.objects.get(pk=left.proposed_by), reason="of another test")


@pytest.fixture
def page(chromium: Browser, web: str, all_well: None) -> Iterator[Page]:
    """A window in which somebody has signed in who is an operator and a lead."""
    person = staff("operator", "lead")
    context = browser_of(person, chromium, web, viewport=DESK, timezone_id="Asia/Singapore")
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.clock.install()
    page.goto("/admin/")
    yield page
    context.close()
    assert errors == []


def card(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def start(page: Page) -> None:
    page.locator("#nav-sidebar").get_by_role("link", name="Start", exact=True).click()
    expect(card(page, "Feed lag")).to_be_visible()


def assert_accessible(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def wait_until(is_so: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.05)


def damaged(damage: str) -> str:
    """A booking whose row in the view of current fares was changed by a hand in the database."""
    booking = given(set_("14.00"))
    wait_until(lambda: CurrentFare.objects.filter(booking_id=booking).exists())
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE projection.current_fare SET {damage} WHERE partition = %s AND booking_id = %s",
            [partition_of(booking), booking],
        )
    return booking


def test_from_each_card_to_the_place_until_all_is_well(page: Page) -> None:
    page.reload()
    comes_to_say(page, card(page, "Feed lag"), "All projections follow the ledger.")
    expect(card(page, "Drift")).to_contain_text("None found")
    expect(card(page, "Corrections waiting")).to_contain_text("Nothing waits for a decision.")
    assert_accessible(page)

    # The night: all that can go wrong. The page follows by itself, and leaves alone what is being typed.
    box = page.get_by_role("searchbox").first
    box.fill("BK-half")
    left_out = damaged("version = 7")
    append(left_out, add("toll", "5.00"))
    wait_until(lambda: left_out in {row.booking_id for row in set_aside.of("current_fare")})
    wrong = damaged("fare_minor = 1")
    drift.check_now(projector("current_fare"), [wrong])
    control.pause("booking_search", "the night shift")
    currency = unused_currency()  # in which nobody has approved a larger one lately
    correction = proposed(contra(toll_charged_twice(currency)))
    comes_to_say(page, card(page, "Feed lag"), "Needs you")
    comes_to_say(page, card(page, "Drift"), "1 row differs")
    comes_to_say(page, card(page, "Corrections waiting"), "for you to decide")
    expect(card(page, "Feed lag")).to_contain_text("Booking search: Paused by the night shift")
    expect(box).to_be_focused()
    expect(box).to_have_value("BK-half")
    assert_accessible(page)

    card(page, "Drift").get_by_role("link", name="1 row differs").click()
    page.get_by_role("button", name=f"Put right {wrong}").click()
    expect(page.get_by_text(f"{wrong} in Current fare is put right.")).to_be_visible(timeout=SLOW_MS)

    start(page)
    needs = card(page, "Feed lag").get_by_role("listitem")
    expect(needs.filter(has_text="1 booking set aside")).to_be_visible()
    needs.filter(has_text="1 booking set aside").get_by_role("link").click()
    page.get_by_role("button", name=f"Retry {left_out}").click()
    expect(page.get_by_text(f"{left_out} was taken back into Current fare.")).to_be_visible(timeout=SLOW_MS)

    start(page)
    needs.filter(has_text="Paused by the night shift").get_by_role("link").click()
    page.get_by_role("button", name="Resume Booking search").click()
    expect(page.get_by_text("Booking search goes on from where it was.")).to_be_visible()

    start(page)
    expect(card(page, "Corrections waiting").get_by_role("link").first).to_have_text(
        re.compile("^1 waiting$")
    )
    card(page, "Corrections waiting").get_by_role("link", name=correction.booking_id).click()
    page.get_by_role("button", name=f"Approve: the fare becomes {currency} 19.00").click()
    expect(page.get_by_text(f"Approved. The fare is {currency} 19.00, at version 4.")).to_be_visible()

    start(page)
    comes_to_say(page, card(page, "Feed lag"), "All projections follow the ledger.")
    comes_to_say(page, card(page, "Drift"), "None found")
    expect(card(page, "Corrections waiting")).to_contain_text("Nothing waits for a decision.")
    comes_to_say(page, card(page, "Recent large corrections"), correction.booking_id)
    assert_accessible(page)
