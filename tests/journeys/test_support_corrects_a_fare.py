"""A rider was charged a toll twice. Support finds the fare and proposes to take one off, a colleague approves it, and
the fare page shows what was done and by whom."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from events.corrections.models import Correction
from tests.browsers import sign_in
from tests.builders import add, append, given, set_, then_fare
from tests.journeys.looks import assert_accessible
from tests.staff import PASSWORD, staff

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}
START = "/admin/"


@pytest.fixture
def booking() -> str:
    return given(
        set_("14.00"),
        add("toll", "50.00", description="Gantry 12"),
        add("toll", "50.00", description="Gantry 13"),
    )


class Desk:
    """A member of staff at a browser of their own, whose scripts must raise no error."""

    def __init__(self, context: BrowserContext, group: str, web: str) -> None:
        self.errors: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        person = staff(group)
        self.name = person.username
        sign_in(context, person, web)

    def signs_in(self, page: Page) -> None:
        page.get_by_label("Username").fill(self.name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()

    def finds(self, booking: str) -> None:
        self.page.goto(START)
        self.page.get_by_label("Which booking?").fill(booking)
        self.page.keyboard.press("Enter")
        expect(self.page).to_have_url(re.compile(f"/{booking}/change/$"))

    def fills_in(self, reason: str = "One passage, two gantries 41 seconds apart") -> None:
        self.page.get_by_label("Reason", exact=True).select_option(label="Charged twice")
        self.page.get_by_label("Why, in your own words").fill(reason)

    def looks(self) -> None:
        self.page.get_by_role("button", name="Look at what it does").click()
        expect(self.page.get_by_role("heading", name="The fare before and after")).to_be_visible()


@pytest.fixture(params=["light", pytest.param("dark", marks=pytest.mark.long)])
def contexts(request: pytest.FixtureRequest, chromium: Browser, web: str) -> Iterator[list[BrowserContext]]:
    """Two browsers that share nothing."""
    made = [
        chromium.new_context(
            base_url=web, color_scheme=request.param, viewport=DESK, timezone_id="Asia/Singapore"
        )
        for _ in range(2)
    ]
    yield made
    for context in made:
        context.close()


@pytest.fixture
def maker(contexts: list[BrowserContext], web: str) -> Iterator[Desk]:
    desk = Desk(contexts[0], "support", web)
    yield desk
    assert desk.errors == []


@pytest.fixture
def checker(contexts: list[BrowserContext], web: str) -> Iterator[Desk]:
    desk = Desk(contexts[1], "lead", web)
    yield desk
    assert desk.errors == []


def assert_well_made(page: Page) -> None:
    """No fault that axe finds, and nothing wider than a phone."""
    assert_accessible(page)
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.set_viewport_size(DESK)


def test_a_toll_that_was_charged_twice_is_taken_off_by_two_persons(
    maker: Desk, checker: Desk, booking: str
) -> None:
    page = maker.page
    maker.finds(booking)
    page.locator("#v3 summary").click()
    page.locator("#v3").get_by_role("link", name="Correct this event").click()
    expect(page.get_by_label("Which event is wrong?")).to_have_value("3")
    expect(page.get_by_label("Cancel it")).to_be_checked()

    page.get_by_role("button", name="Look at what it does").click()
    expect(page.get_by_text("Choose a reason.")).to_be_visible()
    assert_well_made(page)
    maker.fills_in()
    maker.looks()
    expect(page.locator(".fh-from-to")).to_contain_text("SGD 64.00")
    expect(page.get_by_text("a second person", exact=True)).to_be_visible()
    assert_well_made(page)
    page.get_by_role("button", name="Send it for approval").click()
    expect(page.get_by_text("You made this.")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    assert_well_made(page)
    then_fare(booking, "114.00", version=3)

    page = checker.page
    page.goto(START)
    page.locator("#nav-sidebar").get_by_role("link", name="Corrections").click()
    expect(page.get_by_role("heading", name="The longest waiting first")).to_be_visible()
    assert_well_made(page)
    page.get_by_label("Booking", exact=True).fill(booking)
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("link", name=re.compile(booking)).click()
    expect(page.get_by_text("One passage, two gantries 41 seconds apart")).to_be_visible()
    assert_well_made(page)
    page.get_by_role("button", name="Approve: the fare becomes SGD 64.00").click()
    expect(page.get_by_text("Approved. The fare is SGD 64.00, at version 4.")).to_be_visible()
    expect(page.get_by_text(f"Approved by {checker.name}")).to_be_visible()
    expect(page.get_by_role("button", name="Copy the text")).to_be_visible()
    assert_well_made(page)

    page.get_by_role("link", name="Its event on the fare page").click()
    expect(page).to_have_url(re.compile(f"/{booking}/change/#v4$"))
    expect(page.locator(".fh-on-fare")).to_contain_text(f"approved by {checker.name}")
    expect(page.locator("#v4")).to_contain_text("−50.00")
    expect(page.locator(".fh-explain")).to_contain_text("The fare is SGD 64.00")
    assert_well_made(page)


def test_a_fare_that_moves_under_the_approver_is_looked_at_anew(
    maker: Desk, checker: Desk, booking: str
) -> None:
    page = maker.page
    maker.finds(booking)
    page.keyboard.press("c")
    page.get_by_label("Which event is wrong?").select_option("3")
    page.get_by_label("The fare should be …").check()
    page.get_by_label("The fare should be, in SGD").fill("64.00")
    expect(page.get_by_label("Amount, in SGD")).to_be_hidden()
    maker.fills_in()
    maker.looks()
    page.get_by_role("button", name="Change something").click()
    expect(page.get_by_label("The fare should be, in SGD")).to_have_value("64.00")
    maker.looks()
    page.get_by_role("button", name="Send it for approval").dblclick()
    expect(page.get_by_text("You made this.")).to_be_visible()
    assert Correction.objects.filter(booking_id=booking).count() == 1

    checker.page.goto(page.url)
    page = checker.page
    expect(page.get_by_role("button", name="Approve: the fare becomes SGD 64.00")).to_be_visible()
    append(booking, add("waiting_fee", "3.00"))
    page.get_by_label("Your reason").fill("As the map says")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("The fare moved while you were looking")).to_be_visible()
    expect(page.get_by_label("Your reason")).to_have_value("As the map says")
    expect(page.get_by_text("As it would be now, at version 4")).to_be_visible()
    assert_well_made(page)
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Approved. The fare is SGD 64.00, at version 5.")).to_be_visible()
    then_fare(booking, "64.00", version=5)


def test_the_text_for_the_customer_is_copied(maker: Desk, contexts: list[BrowserContext], web: str) -> None:
    contexts[0].grant_permissions(["clipboard-read", "clipboard-write"])
    small, page = given(set_("14.00"), add("toll", "5.00")), maker.page
    page.goto(f"/admin/events/correction/propose/?booking_id={small}&version=2")
    maker.fills_in()
    maker.looks()
    page.get_by_role("button", name="Send it for approval").click()
    page.get_by_label("Your reason").fill("It was right")
    colleague = Desk(contexts[1], "support", web).page
    colleague.goto(page.url)
    colleague.get_by_label("Your reason").fill("Two passages")
    colleague.get_by_role("button", name="Reject").click()
    expect(colleague.get_by_text("Rejected. The fare stays as it is.")).to_be_visible()
    page.get_by_role("button", name="Withdraw it").click()
    expect(page.get_by_text("rejected this correction already. Nothing more was done.")).to_be_visible()
    page.get_by_role("button", name="Copy the text").click()
    assert page.evaluate("navigator.clipboard.readText()") == (
        f"We checked the fare of booking {small}. It stays as it is: the fare is SGD 19.00."
    )


def test_whoever_is_signed_out_while_writing_finds_what_they_typed_again(maker: Desk, booking: str) -> None:
    page = maker.page
    page.goto(f"/admin/events/correction/propose/?booking_id={booking}&version=3")
    page.get_by_label("The fare should be …").check()
    page.get_by_label("The fare should be, in SGD").fill("64.00")
    maker.fills_in("Asked the driver, too")
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Look at what it does").click()
    maker.signs_in(page)
    expect(page.get_by_role("link", name="Go on with what you typed")).to_be_visible()
    assert_well_made(page)
    page.get_by_role("link", name="Go on with what you typed").click()
    expect(page.get_by_text("What you had typed is here again.")).to_be_visible()
    expect(page.get_by_label("The fare should be, in SGD")).to_have_value("64.00")
    expect(page.get_by_label("Why, in your own words")).to_have_value("Asked the driver, too")

    # Signed in anew in another tab: what was sent from this one no longer counts.
    other = page.context.new_page()
    page.context.clear_cookies(name="sessionid")
    other.goto(START)
    maker.signs_in(other)
    expect(other.get_by_label("Which booking?")).to_be_visible()
    page.get_by_role("button", name="Look at what it does").click()
    expect(page.get_by_role("heading", name="This was not sent")).to_be_visible()
    assert_well_made(page)
    page.get_by_role("link", name="Go on with what you typed").click()
    maker.looks()
    expect(page.get_by_text("Asked the driver, too")).to_be_visible()
    page.get_by_role("button", name="Send it for approval").click()
    expect(page.get_by_text("You made this.")).to_be_visible()
    page.goto(f"/admin/events/correction/propose/?booking_id={booking}&version=3")
    expect(page.get_by_label("Why, in your own words")).to_have_value("")


def test_a_reason_typed_before_the_session_ended_is_there_for_the_same_person_only(
    maker: Desk, checker: Desk, booking: str
) -> None:
    page = maker.page
    page.goto(f"/admin/events/correction/propose/?booking_id={booking}&version=3")
    maker.fills_in()
    maker.looks()
    page.get_by_role("button", name="Send it for approval").click()
    address = page.url
    for who, expected in ((checker, "Two passages"), (maker, "")):
        checker.page.goto(address)
        checker.page.get_by_label("Your reason").fill("Two passages")
        checker.page.context.clear_cookies(name="sessionid")
        checker.page.get_by_role("button", name="Reject").click()
        who.signs_in(checker.page)
        expect(checker.page).to_have_url(address)
        expect(checker.page.get_by_label("Your reason")).to_have_value(expected)
    assert Correction.objects.get(booking_id=booking).state == "proposed"


def test_on_paper_a_correction_says_how_it_stands_without_buttons(maker: Desk, booking: str) -> None:
    page = maker.page
    page.goto(f"/admin/events/correction/propose/?booking_id={booking}&version=3")
    maker.fills_in()
    maker.looks()
    page.get_by_role("button", name="Send it for approval").click()
    expect(page.get_by_text("You made this.")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator("#nav-sidebar")).to_be_hidden()
    expect(page.get_by_role("button", name="Withdraw it")).to_be_hidden()
    expect(page.locator(".fh-review .fh-chip", has_text="waiting")).to_be_visible()
    expect(page.locator(".fh-from-to")).to_be_visible()
