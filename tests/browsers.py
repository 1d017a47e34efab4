"""Real browsers in which somebody of the staff has signed in already: the form has a story of its own."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, BrowserContext


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
