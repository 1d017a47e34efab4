"""A rider asks why a trip cost 23.40. Support signs in, finds the booking and reads the answer out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from events import history
from events.partitions import partition_of
from projections import runner
from projections.projectors import PROJECTORS
from tests.browsers import browser_of, sign_in
from tests.builders import add, append, given, new_booking_id, set_, sub
from tests.journeys.looks import assert_accessible
from tests.staff import PASSWORD, staff

SENTENCE = "The fare is SGD 23.40: base fare 14.00 + toll 5.00 + waiting fee 6.40 − promo 2.00."
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}


@pytest.fixture
def booking() -> str:
    booking = new_booking_id()
    append(booking, set_("14.00", metadata={"distance_km": Decimal("18.40")}))
    append(booking, add("toll", "5.00", description="ทางด่วน"), source="toll-gateway")
    append(booking, add("waiting_fee", "6.40"), source="meter")
    append(booking, sub("promo", "2.00", description="خصم ترحيبي"), source="promo")
    return booking


@pytest.fixture(params=["light", pytest.param("dark", marks=pytest.mark.long)])
def window(request: pytest.FixtureRequest, chromium: Browser, web: str) -> Iterator[Page]:
    """A window of its own, whose scripts must raise no error."""
    context = chromium.new_context(
        base_url=web, color_scheme=request.param, viewport=DESK, timezone_id="Asia/Singapore"
    )
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


@pytest.fixture
def page(window: Page, web: str) -> Page:
    """The window of a viewer."""
    sign_in(window.context, staff("viewer"), web)
    return window


def log_in(page: Page, group: str) -> None:
    """By the form; most tests come signed in."""
    page.goto("/admin/")
    page.get_by_label("Username").fill(staff(group).username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_label("Which booking?")).to_be_visible()


def test_support_finds_a_fare_and_reads_why_it_is_so(window: Page, booking: str) -> None:
    page = window
    page.goto("/admin/")
    assert_accessible(page)
    log_in(page, "support")
    assert_accessible(page)

    page.get_by_label("Which booking?").fill(booking)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/{booking}/change/$"))
    expect(page.locator(".fh-explain")).to_have_text(SENTENCE)
    chart = page.get_by_role("img", name="How the fare came about")
    expect(chart).to_be_visible()
    expect(chart.get_by_text("−2.00", exact=True)).to_be_visible()
    expect(page.get_by_text("Toll gateway added SGD 5.00 toll.")).to_be_visible()
    assert_accessible(page)

    page.get_by_text("Pricing set the fare to SGD 14.00 (base fare).").click()
    page.locator("#v1").get_by_text("Show metadata").click()
    expect(page.get_by_text('"distance_km": 18.40')).to_be_visible()
    drawer, row = page.locator("#v1 .fh-facts").bounding_box(), page.locator("#v1").bounding_box()
    assert drawer and row
    assert row["width"] - 90 < drawer["width"] < row["width"]
    assert_accessible(page)


def test_support_searches_by_the_beginning_of_an_id_and_is_told_what_was_tried(
    page: Page, booking: str
) -> None:
    page.goto(f"/admin/projections/currentfare/?q={booking[:-4]}x")
    expect(page.get_by_text("What was tried:")).to_be_visible()
    assert_accessible(page)

    page.locator("#fh-nothing").click()
    page.keyboard.press("/")
    page.keyboard.insert_text(booking)
    page.keyboard.press("Enter")
    expect(page.locator(".fh-explain")).to_have_text(SENTENCE)


def test_support_finds_fares_by_what_the_rider_knows(page: Page) -> None:
    customer = f"CUST-{new_booking_id()}".upper()
    orders = {f"ORD-{new_booking_id()}".upper(): amount for amount in ("14.00", "9.50")}
    for order, amount in orders.items():
        naming = given(set_(amount, metadata={"customer_ref": customer, "order_ref": order}))
        for projector in PROJECTORS:
            if projector.tables:
                runner.drain(projector, [partition_of(naming)])
    page.goto("/admin/")
    page.get_by_label("Which booking?").fill(next(iter(orders)).lower())
    page.keyboard.press("Enter")
    expect(page.locator(".fh-explain")).to_have_text("The fare is SGD 14.00, all of it base fare.")

    page.goto(f"/admin/projections/currentfare/?q={customer}")
    expect(page.get_by_role("heading", name=f"Bookings that name “{customer}”")).to_be_visible()
    expect(page.get_by_role("row")).to_have_count(3)
    assert_accessible(page)

    page.goto(f"/admin/projections/currentfare/?q={customer[:-1]}")
    page.get_by_role("link", name=customer).click()
    expect(page.get_by_text("SGD 9.50")).to_be_visible()
    page.go_back()
    assert_accessible(page)


def test_the_palette_leads_to_a_fare_by_keyboard(page: Page, booking: str) -> None:
    other = given(set_("14.00"))
    page.goto(f"/admin/projections/currentfare/{other}/change/")
    page.keyboard.press("Control+k")
    box = page.locator("#search-input-command")
    expect(box).to_be_focused()
    box.press_sequentially(booking)
    expect(page.locator("#command-results-list")).to_contain_text(booking)
    page.keyboard.press("Enter")
    expect(page.locator(".fh-explain")).to_have_text(SENTENCE)


def test_the_palette_takes_keys_however_late_a_busy_browser_shows_it(page: Page, booking: str) -> None:
    page.add_init_script("window.requestAnimationFrame = (paint) => setTimeout(paint, 200)")
    page.goto(f"/admin/projections/currentfare/{booking}/change/")
    page.keyboard.press("Control+k")
    expect(page.locator("#search-input-command")).to_be_focused()


def test_the_fare_page_is_worked_by_keys_and_none_fires_in_a_field(
    page: Page, booking: str, web: str
) -> None:
    sign_in(page.context, staff("support"), web)
    page.goto(f"/admin/projections/currentfare/{booking}/change/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("#v2 summary").first).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page.locator("#v1 .fh-facts")).to_be_visible()

    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("c")  # not behind a dialog
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()

    page.keyboard.press("/")
    search = page.get_by_label("Which booking?")
    expect(search).to_be_focused()
    page.keyboard.type("c?jk[")
    expect(search).to_have_value("c?jk[")
    expect(page).to_have_url(re.compile("/change/$"))
    search.blur()

    page.keyboard.press("[")
    expect(page).to_have_url(re.compile(r"\?version=3$"))
    expect(page.get_by_text("This is the fare as it was, not as it is now.")).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("]")
    expect(page.locator(".fh-explain")).to_have_text(SENTENCE)
    page.keyboard.press("c")
    expect(page).to_have_url(re.compile(f"/propose/.booking_id={booking}$"))


def test_a_time_is_picked_in_the_readers_zone_and_asked_for_in_utc(page: Page, booking: str) -> None:
    page.goto(f"/admin/projections/currentfare/{booking}/change/")
    page.get_by_text("As it was").click()
    page.get_by_label("What we knew at").fill("2100-05-03T08:00:00")
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile(r"\?recorded_before=2100-05-03T00%3A00%3A00\.000Z$"))
    expect(page.get_by_text("So the fare was then, and so it is still.")).to_be_visible()
    expect(page.get_by_label("What we knew at")).to_have_value("2100-05-03T08:00")


def test_a_time_that_is_half_filled_in_is_asked_for_and_not_passed_over(page: Page, booking: str) -> None:
    page.goto(f"/admin/projections/currentfare/{booking}/change/")
    page.get_by_text("As it was").click()
    field = page.get_by_label("What we knew at")
    field.click()
    page.keyboard.type("05032026")  # a day without a time of day
    page.get_by_role("button", name="Show").click()
    expect(field).to_be_focused()
    expect(page).to_have_url(re.compile("/change/$"))


@pytest.mark.parametrize("scripts", ["off", "blocked"])
def test_without_scripts_the_pages_are_there_all_the_same(
    chromium: Browser, web: str, booking: str, scripts: str
) -> None:
    context = chromium.new_context(base_url=web, viewport=DESK, java_script_enabled=scripts != "off")
    sign_in(context, staff("viewer"), web)
    page = context.new_page()
    page.route("**/*.js", lambda route: route.abort())
    page.goto(f"/admin/projections/currentfare/{booking}/change/")
    expect(page.locator(".fh-explain")).to_have_text(SENTENCE)
    expect(page.get_by_role("button", name="Copy link")).to_be_hidden()
    page.get_by_text("As it was").click()
    page.get_by_label("Version", exact=True).fill("2")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".fh-explain")).to_contain_text("The fare was SGD 19.00")
    context.close()


def test_two_states_and_one_event_are_read_in_any_light(page: Page, booking: str) -> None:
    page.goto(f"/admin/projections/currentfare/{booking}/change/")
    page.get_by_role("link", name="Compare", exact=True).click()
    expect(page.get_by_role("heading", name="What changed")).to_be_visible()
    assert_accessible(page)
    page.goto(f"/admin/projections/currentfare/{booking}/events/2/")
    expect(page.locator(".fh-chips").get_by_text("Hash holds")).to_be_visible()
    assert_accessible(page)
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.goto(f"/admin/projections/currentfare/{booking}/change/?print=1")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    sentence = page.get_by_text("Toll gateway added SGD 5.00 toll.").bounding_box()
    assert sentence
    assert sentence["width"] > PHONE["width"] / 2
    assert_accessible(page)


def test_times_are_told_in_the_readers_zone_with_utc_behind(page: Page, booking: str) -> None:
    page.goto(f"/admin/projections/currentfare/{booking}/change/")
    recorded = history.event_of(booking, 1).recorded_at
    time = page.locator("#v1 .fh-when time")
    expect(time).to_have_attribute("title", f"{recorded:%Y-%m-%d %H:%M:%S.%f} UTC")
    expect(time).to_contain_text(f"{(recorded.hour + 8) % 24:02}:{recorded:%M:%S}")
    history_of_it = page.locator(".fh-history")
    expect(history_of_it.get_by_text("Times in Asia/Singapore; point at one for UTC")).to_be_visible()


def test_a_reader_in_utc_is_not_told_where_to_find_utc(chromium: Browser, web: str, booking: str) -> None:
    context = browser_of(staff("viewer"), chromium, web, viewport=DESK, timezone_id="Etc/UTC")
    page = context.new_page()
    page.goto(f"/admin/projections/currentfare/{booking}/change/")
    history_of_it = page.locator(".fh-history")
    expect(history_of_it.get_by_text("Times in UTC")).to_be_visible()
    expect(history_of_it.get_by_text("point at one")).to_be_hidden()
    context.close()


def test_on_a_phone_the_chart_gives_way_to_the_bars_of_the_rows(page: Page, booking: str) -> None:
    page.set_viewport_size(PHONE)
    page.goto(f"/admin/projections/currentfare/{booking}/change/")
    expect(page.locator(".fh-waterfall")).to_be_hidden()
    expect(page.locator("#v2 .fh-span")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert_accessible(page)


@pytest.mark.parametrize(
    "viewport", [pytest.param(DESK, id="desk", marks=pytest.mark.long), pytest.param(PHONE, id="phone")]
)
def test_one_endless_word_does_not_widen_the_page(page: Page, viewport: ViewportSize) -> None:
    booking = given(set_("14.00", actor="Q" * 128, description="W" * 500), add("a" * 48, "1.00"))
    page.set_viewport_size(viewport)
    page.goto(f"/admin/projections/currentfare/{booking}/change/")
    page.locator("#v1 summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    recorded = page.locator("#v1 .fh-when").bounding_box()
    assert recorded is not None
    assert recorded["x"] + recorded["width"] <= viewport["width"]


def test_further_components_open_and_print(page: Page) -> None:
    booking = given(set_("1.00"), *(add(f"fee_{number}", "1.00") for number in range(20)))
    page.goto(f"/admin/projections/currentfare/{booking}/change/")
    last = page.locator(".fh-totals").get_by_text("fee 19", exact=True)
    expect(last).to_be_hidden()
    page.get_by_text("… and 13 more").click()
    expect(last).to_be_visible()
    assert_accessible(page)
    page.get_by_text("… and 13 more").click()
    page.emulate_media(media="print")
    expect(last).to_be_visible()


def test_one_event_is_printed_with_what_it_says(page: Page, booking: str) -> None:
    page.goto(f"/admin/projections/currentfare/{booking}/events/2/")
    page.emulate_media(media="print")
    expect(page.locator(".fh-one-event").get_by_text(booking)).to_be_visible()
    expect(page.get_by_text(history.event_of(booking, 2).hash.hex()).first).to_be_visible()
    expect(page.get_by_text("Show metadata")).to_be_hidden()


def test_a_printed_fare_leaves_the_shell_out(page: Page, booking: str) -> None:
    page.goto(f"/admin/projections/currentfare/{booking}/change/")
    page.emulate_media(media="print")
    expect(page.locator("#nav-sidebar")).to_be_hidden()
    expect(page.get_by_role("button", name="Copy link")).to_be_hidden()
    expect(page.locator(".fh-explain")).to_be_visible()
    expect(page.locator(".fh-waterfall")).to_be_visible()
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == "rgb(255, 255, 255)"
