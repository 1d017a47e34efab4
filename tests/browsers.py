"""Real browsers in which somebody of the staff has signed in already: the form has a story of its own."""

from __future__ import annotations

import time
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

NEXT_LOOK_MS: Final = 10_000
"""The longest that a page which follows by itself waits before it looks again."""


def browser_of(person: User, chromium: Browser, web: str, **looks: Any) -> BrowserContext:
    """A browser that shares nothing with another, in which this person is signed in."""
    context = chromium.new_context(base_url=web, **looks)
    sign_in(context, person, web)
    return context


def sign_in(context: BrowserContext, person: User, web: str) -> None:
    """As who was signed in there before is no more."""
    client, name = Client(), settings.SESSION_COOKIE_NAME
    client.force_login(person)
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": web}])


def comes_to_say(page: Page, place: Locator, text: str, *, seconds: float = 60) -> None:
    """A page follows by itself, whose clock was installed before it was opened: it runs ahead to each next look."""
    end = time.monotonic() + seconds
    while True:
        page.clock.fast_forward(NEXT_LOOK_MS)
        try:
            return expect(place).to_contain_text(text, timeout=500)
        except AssertionError:
            if time.monotonic() > end:
                raise
