"""Every page of the back office in a real browser: nothing on it is refused by its own content policy."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser

from tests.browsers import browser_of
from tests.security.admin_addresses import EXPECTED
from tests.staff import staff

NO_PAGE = (".pdf", "/json/", "rows.", "/search/", "/jsi18n/", "/autocomplete/", "/receipts/")
"""Files, and parts of pages."""

WATCH = """
window.refused = [];
document.addEventListener("securitypolicyviolation", (event) => {
    window.refused.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`);
});
"""


CLOCKS = ("intervalschedule", "crontabschedule", "solarschedule", "clockedschedule")
ALIKE = re.compile(rf"admin/(auth/group|events/correctionlimit|django_celery_beat/({'|'.join(CLOCKS)}))/")
"""Pages of models whose admin is Django's own, as those of others are that are always looked at."""


def pages(*, alike: bool) -> list[str]:
    """The routes of pages: of those that are like others, or of all the others."""
    return [
        route
        for route, expected in EXPECTED.items()
        if expected.get == 200 and bool(ALIKE.match(route)) == alike
    ]


@pytest.mark.parametrize(
    "routes",
    [
        pytest.param(pages(alike=False), id="each"),
        pytest.param(pages(alike=True), id="alike", marks=pytest.mark.long),
    ],
)
def test_no_page_does_what_its_policy_refuses(
    web: str, chromium: Browser, addresses: dict[str, str], routes: list[str]
) -> None:
    person = staff()
    User.objects.filter(pk=person.pk).update(is_superuser=True)
    context = browser_of(User.objects.get(pk=person.pk), chromium, web)
    context.add_init_script(WATCH)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(f"{page.url}: {error}"))
    refused: dict[str, list[str]] = {}
    seen = 0
    for route in routes:
        address = addresses[route]
        if any(part in address for part in NO_PAGE):
            continue
        answer = page.goto(address)
        assert answer is not None
        assert answer.status in (200, 403), address  # there are acts that nobody may do
        seen += 1
        found: list[str] = page.evaluate("window.refused")
        if found:
            refused[address] = found
    context.close()
    assert (refused, errors) == ({}, [])
    assert seen > 20
