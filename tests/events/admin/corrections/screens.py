"""The screens of corrections as a person uses them: read, filled in, sent."""

from __future__ import annotations

from html import unescape
from html.parser import HTMLParser
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.utils.html import strip_tags

from events.corrections.models import Correction

QUEUE = "/admin/events/correction/"
PROPOSE = f"{QUEUE}propose/"


def client_of(person: User) -> Client:
    """A browser that this person has signed in with."""
    client = Client()
    client.force_login(person)
    return client


def page_of(correction: Correction) -> str:
    return f"{QUEUE}{correction.pk}/"


def said(answer: Any) -> str:
    """What a reader of the page sees, whatever its status, on one line."""
    return " ".join(unescape(strip_tags(answer.content.decode().replace("</", " </"))).split())


def fields_of(answer: Any) -> dict[str, str]:
    """What the page's form would send as it stands, without the button."""
    reader = _Forms()
    reader.feed(answer.content.decode())
    (form,) = (form for form in reader.forms if "seen_version" in form)
    return form


def begun(client: Client, booking_id: str, version: int = 3, **query: str) -> dict[str, str]:
    """The form as somebody gets it who chose to correct this event."""
    answer = client.get(PROPOSE, {"booking_id": booking_id, "version": version, **query})
    assert answer.status_code == 200
    return fields_of(answer)


def filled(client: Client, booking_id: str, version: int = 3, **typed: str) -> dict[str, str]:
    """The same, filled in."""
    words = {"reason_code": "charged_twice", "reason": "One passage, two gantries"}
    return {**begun(client, booking_id, version), **words, **typed}


def check(client: Client, form: dict[str, str]) -> Any:
    """A look at what it would do."""
    return client.post(PROPOSE, {**form, "step": "check"})


def send(client: Client, form: dict[str, str]) -> Any:
    return client.post(PROPOSE, {**form, "step": "send"})


class _Forms(HTMLParser):
    """The fields of each form of a page, with their values."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, str]] = []
        self._area: str | None = None
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append({})
        elif not self.forms:
            return
        elif tag == "input" and "name" in given:
            is_box = given.get("type") in ("radio", "checkbox")
            if not is_box or "checked" in given:
                self.forms[-1][given["name"]] = given.get("value", "on" if is_box else "")
        elif tag == "textarea":
            self._area = given["name"]
            self.forms[-1][self._area] = ""
        elif tag == "select":
            self._select = given["name"]
        elif tag == "option" and self._select and "selected" in given:
            self.forms[-1][self._select] = given["value"]

    def handle_data(self, data: str) -> None:
        if self._area:
            self.forms[-1][self._area] += data.removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = None
        elif tag == "select":
            self._select = None
