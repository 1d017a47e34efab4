"""The consumer of docs/feed.md runs, and notices what is missing."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from django.conf import settings

from tests.api_client import Api
from tests.builders import add, given, set_

PAGE = Path(settings.BASE_DIR, "docs", "feed.md").read_text()


@pytest.fixture(scope="module")
def example() -> SimpleNamespace:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    names: dict[str, Any] = {}
    exec(code, names)
    return SimpleNamespace(**names)


def client(web: str, **transport: Any) -> httpx.Client:
    headers = {"Authorization": f"Bearer {Api.of('archiver', 'feed:read').key}"}
    return httpx.Client(base_url=web, headers=headers, **transport)


def caught_up(page: dict[str, Any]) -> bool:
    return bool(page["caught_up"])


def test_it_hands_over_every_event_in_order_and_goes_on_from_its_cursor(web: str, example: Any) -> None:
    seen: list[dict[str, Any]] = []
    with client(web) as http:
        cursor = http.get("/api/v1/events?after=tail").json()["next"]
        booking = given(set_("14.00"), *[add("toll", "1.00")] * 600)
        cursor = example.follow(http, cursor, seen.append, until=caught_up)
        assert [event["version"] for event in seen if event["booking_id"] == booking] == list(range(1, 602))
        given(add("toll", "1.00"), booking_id=booking)
        example.follow(http, cursor, seen.append, until=caught_up)
    assert seen[-1]["version"] == 602


class Losing(httpx.BaseTransport):
    """A way to the server on which an event is lost, or the beginning of a range."""

    def __init__(self, lose: str) -> None:
        self.inner = httpx.HTTPTransport()
        self.lose = lose

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self.inner.handle_request(request)
        answer.read()
        page = answer.json()
        if self.lose == "event" and page["results"]:
            page["results"].pop()
        if self.lose == "range":
            page["ranges"] = [one | {"after": one["after"] + 1} for one in page["ranges"]]
        return httpx.Response(200, json=page)


@pytest.mark.parametrize("lose", ["event", "range"])
def test_it_notices_what_is_missing(web: str, example: Any, lose: str) -> None:
    with client(web) as http, client(web, transport=Losing(lose)) as losing:
        cursor = http.get("/api/v1/events?after=tail").json()["next"]
        given(set_("14.00"), add("toll", "1.00"))
        with pytest.raises(example.Skipped):
            example.follow(losing, cursor, lambda event: None, until=caught_up)
