"""A service team asks for a key. An operator makes one, and it works. Later it is rotated: the old one works on until
the service has changed over, and is ended. In the end the new one got out, and is revoked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import APIRequestContext, Browser, Page, expect

from events.audit import Asked, entries
from events.models import ApiKey
from tests.browsers import browser_of
from tests.builders import add, given, set_
from tests.staff import staff

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
KEYS = "/admin/events/apikey/"
KEY = re.compile(r"fh_[0-9a-f]{16}_[A-Za-z0-9_-]{43}")


@pytest.fixture
def operator() -> User:
    return staff("operator")


@pytest.fixture
def page(chromium: Browser, web: str, operator: User) -> Iterator[Page]:
    """A window of its own in which an operator has signed in; no script raises an error, no policy is broken."""
    context = browser_of(operator, chromium, web, viewport=DESK, timezone_id="Asia/Singapore")
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if "Content Security" in said.text else None)
    yield page
    context.close()
    assert errors == []


@pytest.fixture
def booking() -> str:
    return given(set_("14.00"), add("toll", "5.00"))


@pytest.fixture
def service() -> str:
    return f"night-{uuid4().hex[:12]}"


def assert_accessible(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def fill_in(page: Page, service: str, name: str) -> None:
    page.goto(KEYS)
    page.get_by_role("link", name="New key", exact=True).click()
    page.get_by_label("Service").fill(service)
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Read fares").check()


def shown(page: Page) -> str:
    """The key that the page shows this once."""
    expect(page.get_by_role("heading", name="Copy the key now")).to_be_visible()
    text = page.locator("#fh-new-key").inner_text()
    assert KEY.fullmatch(text)
    return text


def made(page: Page, service: str, name: str = "Nightly run") -> str:
    fill_in(page, service, name)
    page.get_by_role("button", name="Create the key").click()
    return shown(page)


def status_with(requests: APIRequestContext, key: str, booking: str) -> int:
    """What the API answers to whoever has the key."""
    headers = {"Authorization": f"Bearer {key}"}
    return requests.get(f"/api/v1/fares/{booking}?consistency=strong", headers=headers).status


def test_a_key_from_its_making_to_its_end(page: Page, operator: User, service: str, booking: str) -> None:
    fill_in(page, service, "Nightly run")
    expect(page.get_by_label("Components that it may write")).to_be_hidden()
    page.get_by_label("Append fare events").check()
    page.get_by_label("Components that it may write").fill("toll, waiting_fee")
    assert_accessible(page)
    page.get_by_role("button", name="Create the key").click()
    old = shown(page)
    assert_accessible(page)
    assert status_with(page.request, old, booking) == 200

    page.get_by_role("link", name="I have copied it").click()
    expect(page.get_by_role("heading", name="Nightly run")).to_be_visible()
    expect(
        page.get_by_text("only toll, waiting_fee").or_(page.get_by_text("waiting_fee")).first
    ).to_be_visible()
    assert old not in page.content()
    assert_accessible(page)

    page.get_by_role("link", name=re.compile("Rotate fh_")).click()
    page.get_by_label("The old key works on").select_option(label="For 1 hour")
    assert_accessible(page)
    page.get_by_role("button", name="Rotate the key").click()
    new = shown(page)
    assert new != old
    expect(page.get_by_text("and is then refused.")).to_be_visible()
    assert [status_with(page.request, key, booking) for key in (old, new)] == [200, 200]

    page.locator(".fh-old-key a").click()
    expect(page.get_by_text("It was rotated, and works beside its successor")).to_be_visible()
    page.get_by_role("link", name=re.compile("Revoke fh_")).click()
    expect(page.get_by_text(f"{service} still has:")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Revoke the key for good").click()
    expect(page.get_by_text(f"of {service} is revoked, and refused from now on.")).to_be_visible()
    assert [status_with(page.request, key, booking) for key in (old, new)] == [401, 200]

    page.goto(f"{KEYS}?service={service}")
    expect(page.get_by_text("1 key in force, last used just now")).to_be_visible()
    page.get_by_role("link", name=re.compile("Revoke fh_")).click()
    page.get_by_label("Why").fill("It stood in a chat.")
    page.get_by_role("button", name="Revoke the key for good").click()
    expect(page.get_by_text("refused from now on.")).to_be_visible()
    assert status_with(page.request, new, booking) == 401

    noted = [
        entry for entry in entries(Asked(person=operator.username), limit=20) if entry.action != "logged_in"
    ]
    assert [entry.action for entry in reversed(noted)] == [
        "key_created",
        "key_rotated",
        "key_revoked",
        "key_revoked",
    ]
    assert not any(KEY.search(str(entry.details)) for entry in noted)


def test_the_old_key_works_until_its_time_and_not_longer(page: Page, service: str, booking: str) -> None:
    old = made(page, service)
    page.goto(f"{KEYS}?service={service}")
    page.get_by_role("link", name=re.compile("Rotate fh_")).click()
    page.get_by_role("button", name="Rotate the key").click()
    new = shown(page)
    assert [status_with(page.request, key, booking) for key in (old, new)] == [200, 200]
    over = ApiKey.objects.filter(source=service, replaces=None)
    assert over.update(expires_at=timezone.now() - timedelta(seconds=1)) == 1  # the 24 hours have passed
    assert [status_with(page.request, key, booking) for key in (old, new)] == [401, 200]
    page.goto(f"{KEYS}?service={service}&state=all")
    expect(page.get_by_text("Expired").last).to_be_visible()


def test_the_key_is_nowhere_once_the_page_is_left(page: Page, service: str) -> None:
    key = made(page, service)
    assert key.split("_")[1] in page.url  # a reload asks for the key's own page
    page.reload()
    expect(page.get_by_role("heading", name="Nightly run")).to_be_visible()
    assert key not in page.content()

    key = made(page, service, "Another")
    page.get_by_role("link", name="I have copied it").click()
    expect(page.get_by_role("heading", name="Another")).to_be_visible()
    for _step in range(2):
        page.go_back()
        assert key not in page.content()
    assert key not in page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"
    )


def test_pressed_twice_it_makes_one_key(page: Page, service: str) -> None:
    fill_in(page, service, "Nightly run")
    page.get_by_role("button", name="Create the key").dblclick()
    shown(page)
    assert ApiKey.objects.filter(source=service).count() == 1


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("<b>bold</b> & 'so on', مفتاح الليل, " + "a" * 64, id="all"),
        pytest.param("<b>bold</b> & 'so on'", id="markup", marks=pytest.mark.long),
        pytest.param("مفتاح الليل", id="arabic", marks=pytest.mark.long),
        pytest.param("a" * 100, id="long", marks=pytest.mark.long),
    ],
)
def test_any_name_is_shown_as_it_is_and_fits_on_a_phone(page: Page, service: str, name: str) -> None:
    page.set_viewport_size(PHONE)
    service += "-" + "w" * (47 - len(service))  # the longest that there is
    made(page, service, name)
    for address in (page.url, f"{KEYS}?service={service}", f"{page.url}rotate/", f"{page.url}revoke/"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], address
        assert_accessible(page)
    page.goto(f"{KEYS}?service={service}")
    expect(page.get_by_role("link", name=name, exact=True)).to_be_visible()
