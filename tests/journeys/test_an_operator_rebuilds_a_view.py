"""A fare in the view is not what the ledger says. An operator rebuilds the view, sees what had drifted, and that it is
right again; and puts another one right by itself, without a rebuild."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from django.db import connection
from playwright.sync_api import Browser, Page, expect

from events.partitions import partition_of
from farehistory.embedded.supervisor import Supervisor
from projections import control, drift, rebuild, set_aside
from projections.models import CurrentFare
from projections.projectors import projector
from tests.browsers import browser_of
from tests.builders import add, given, set_
from tests.staff import staff

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}
PROJECTIONS = "/admin/projections/projectionstate/"
FOLLOWS_MS = 2000
SLOW_MS = 30_000
"""A rebuild passes through a worker, on a machine that does other things too."""


@pytest.fixture
def operator() -> User:
    return staff("operator")


@pytest.fixture
def page(chromium: Browser, web: str, operator: User) -> Iterator[Page]:
    """A window of its own in dark colours, in which the operator has signed in, and whose scripts raise no error."""
    context = browser_of(
        operator, chromium, web, color_scheme="dark", viewport=DESK, timezone_id="Asia/Singapore"
    )
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(PROJECTIONS)
    yield page
    context.close()
    assert errors == []


@pytest.fixture
def drifted(worker: Supervisor) -> Iterator[str]:
    """A booking whose toll is 7.00 in the view and 5.00 in the ledger."""
    booking = given(set_("14.00"), add("toll", "5.00"))
    _wait_until(lambda: CurrentFare.objects.filter(booking_id=booking, version=2).exists())
    _damage(booking)
    yield booking
    set_aside.fold_anew(projector("current_fare"), booking)


def _damage(booking: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE projection.current_fare SET fare_minor = 2100, component_amounts = '{1400,700}'"
            " WHERE partition = %s AND booking_id = %s",
            [partition_of(booking), booking],
        )


def _wait_until(is_so: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s")
        time.sleep(0.05)


def fare_in_view(booking: str) -> int:
    return CurrentFare.objects.get(booking_id=booking).fare_minor


def assert_accessible(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_progress_is_seen_while_it_runs_and_it_can_be_cancelled(page: Page) -> None:
    """The first: no worker runs yet that would take it up, so that it stays where it is."""
    page.goto("/admin/projections/rebuild/of/current_fare/")
    page.get_by_role("button", name="Start the rebuild").click()
    # Not "Computing" for ever.
    expect(page.get_by_role("heading", name="Waiting for a worker")).to_be_visible(timeout=SLOW_MS)
    expect(page.get_by_role("progressbar", name="Rebuild of Current fare")).to_be_visible()
    expect(page.get_by_text(re.compile(r"0 of [0-9,]+ events"))).to_be_visible()
    assert_accessible(page)

    page.goto(PROJECTIONS)
    expect(page.get_by_role("row", name=re.compile("^Current fare"))).to_contain_text("Being rebuilt")
    assert_accessible(page)

    page.get_by_role("link", name="Being rebuilt").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="Cancelled")).to_be_visible()
    assert rebuild.unfinished("current_fare") is None


def test_an_operator_rebuilds_and_sees_what_had_drifted(page: Page, drifted: str) -> None:
    assert_accessible(page)
    page.get_by_role("link", name="Rebuild Current fare").click()
    expect(page.get_by_text("A second copy is computed from the ledger")).to_be_visible()
    assert_accessible(page)

    page.get_by_role("button", name="Start the rebuild").click()
    expect(page).to_have_url(re.compile("/admin/projections/rebuild/[0-9a-f-]{36}/$"))
    expect(page.get_by_role("heading", name="Swapped in")).to_be_visible(timeout=SLOW_MS)  # without a reload
    expect(page.get_by_text("It has ended.")).to_be_visible()
    assert fare_in_view(drifted) == 1900

    article = page.get_by_role("article", name=drifted)
    expect(article.get_by_role("row", name="fare SGD 21.00 SGD 19.00")).to_be_visible()
    expect(article.get_by_text("Put right")).to_be_visible()
    assert_accessible(page)

    article.get_by_role("link", name=re.compile("first differs at version")).click()
    expect(page.get_by_text("The fare is SGD 19.00: base fare 14.00 + toll 5.00.").first).to_be_visible()
    expect(page.get_by_text("View up to date")).to_be_visible()


def test_the_table_follows_by_itself_until_it_is_told_to_stop(page: Page, worker: Supervisor) -> None:
    page.clock.install()
    page.reload()
    row = page.locator("#fare_stream")
    row.get_by_role("link", name="Fare stream").focus()
    control.pause("fare_stream", "somebody else")
    try:
        page.clock.fast_forward(FOLLOWS_MS)
        expect(row).to_contain_text("Paused by somebody else", timeout=SLOW_MS)
        expect(row.get_by_role("link", name="Fare stream")).to_be_focused()
        assert_accessible(page)
        live = page.get_by_role("button", name="Live updates")
        live.click()
        expect(live).to_have_attribute("aria-pressed", "false")
        expect(page.get_by_text("Updates are stopped.")).to_be_visible()
        page.wait_for_load_state("networkidle")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
    finally:
        control.resume("fare_stream")
    for _ in range(3):
        page.clock.fast_forward(FOLLOWS_MS)
        page.wait_for_timeout(100)
    assert asked == []
    expect(row).to_contain_text("Paused by somebody else")
    live.click()
    expect(row).not_to_contain_text("Paused by somebody else", timeout=SLOW_MS)


def look_now(page: Page) -> None:
    """The page looks for what is new at once, as when its tab comes to the front."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_a_page_that_had_no_answer_says_that_its_reader_was_signed_out(page: Page) -> None:
    """The first answer after an outage takes the word of the outage back, and nothing else."""
    page.route("**/projectionstate/?live", lambda route: route.abort())
    look_now(page)
    expect(page.get_by_text("No answer; what you see may be old.")).to_be_visible(timeout=SLOW_MS)
    page.unroute("**/projectionstate/?live")
    signed_in = page.context.cookies()
    page.context.clear_cookies(name="sessionid")
    look_now(page)
    said = page.get_by_text("You were signed out; reload the page.")
    expect(said).to_be_visible()
    page.context.add_cookies(signed_in)  # signed in again, in another tab
    look_now(page)
    expect(said).to_have_count(0)
    expect(page.get_by_role("button", name="Live updates")).to_be_visible()


def test_a_page_says_that_its_reader_may_not_see_it_any_more(page: Page, operator: User) -> None:
    groups = list(operator.groups.all())
    operator.groups.clear()
    try:
        look_now(page)
        expect(page.get_by_text("You may not see this any more; what you see is old.")).to_be_visible()
    finally:
        operator.groups.set(groups)
    look_now(page)
    expect(page.get_by_text("You may not see this any more; what you see is old.")).to_have_count(0)


def test_one_drifted_fare_is_put_right_without_a_rebuild(page: Page, drifted: str) -> None:
    drift.check_now(projector("current_fare"), [drifted])
    page.goto("/admin/projections/drift/")
    article = page.get_by_role("article", name=drifted)
    expect(article.get_by_role("row", name="fare SGD 21.00 SGD 19.00")).to_be_visible()
    assert_accessible(page)
    article.get_by_role("button", name=f"Put right {drifted}").press("Enter")
    expect(page.get_by_text(f"{drifted} in Current fare is put right.")).to_be_visible()
    expect(article).to_have_count(0)
    assert fare_in_view(drifted) == 1900


def test_everything_fits_on_a_phone(page: Page, drifted: str) -> None:
    drift.check_now(projector("current_fare"), [drifted])
    page.set_viewport_size(PHONE)
    for address, is_checked_at_a_desk in {
        PROJECTIONS: True,
        f"{PROJECTIONS}current_fare/": False,
        f"{PROJECTIONS}set-aside/": False,
        "/admin/projections/drift/": True,
        "/admin/projections/rebuild/": False,
        "/admin/projections/rebuild/of/current_fare/": True,
    }.items():
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], address
        if not is_checked_at_a_desk:
            assert_accessible(page)
