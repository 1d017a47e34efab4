"""Where ids lead that no booking has: the fake answers there what the platform answers."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import httpx
import pytest
from farehistory_client import ANY, NotFound
from farehistory_client.testing import FakeServer

from events.partitions import count
from tests.builders import new_booking_id
from tests.sdk.builders import toll
from tests.sdk.conftest import key_of_real
from tests.sdk.platforms import Platform

BOOKING = new_booking_id()
IDS = [
    BOOKING, *(f"{BOOKING}/{rest}" for rest in ("events", "events/1", "diff", "receipt")), "a/b", "/a", "a/", "//",
    "a//b", "a%2Fb", " a", "a b", "-x", "..x", "ünï", "😀", "x" * 65, "x\n", "a\nb", "\0", "a\\b", "a?b", "a#b", "a+b",
    "a;b", "a&b=c", "*",
]  # fmt: skip
REQUESTS = [
    ("GET", ""), ("GET", "?consistency=x"), ("GET", "/events"), ("GET", "/events?limit=x"), ("GET", "/events/1"),
    ("GET", "/events/x"), ("GET", "/diff?from=0&to=1"), ("GET", "/receipt"), ("GET", "/receipt?number=x"),
    ("POST", "/events"), ("POST", "/receipt"), ("PUT", "/events"), ("DELETE", ""), ("GET", "/"), ("GET", "/else"),
]  # fmt: skip


def test_an_id_with_a_slash_leads_nowhere(platform: Platform) -> None:
    for fares in (platform.client(), platform.client(key="nobody's")):
        for call in (
            lambda fares: fares.fare("a/b"),
            lambda fares: fares.history("a/b", limit=501),
            lambda fares: fares.diff("a/b", 0, 1),
            lambda fares: fares.receipt("a/b", number="x"),
            lambda fares: fares.append("a/b", toll(), expected_version=ANY),
            lambda fares: fares.dry_run("a/b", toll(), expected_version=ANY),
        ):
            with pytest.raises(NotFound, match="The API has no resource at this address"):
                call(fares)


@pytest.mark.parametrize("rights", ["all", "none of these", "unknown key"])
def test_both_answer_the_same(web: str, rights: str) -> None:
    """The whole problem, and which one where there could be several."""
    fake = FakeServer(partitions=count())
    scopes: Any = ("feed:read",) if rights == "none of these" else ("fares:read", "fares:append")
    found = []
    for url, transport, key in (
        (fake.url, fake.transport, fake.key("pricing", scopes=scopes)),
        (web, None, key_of_real("pricing", scopes)),
    ):
        headers = {
            "Authorization": f"Bearer {'nobody' if rights == 'unknown key' else key}",
            "Content-Type": "application/json",
            "X-Request-ID": "same",
            "Connection": "close",  # else the platform may end it just as the next request leaves
        }
        with httpx.Client(transport=transport, headers=headers, timeout=30) as client:
            found.append(
                {
                    (booking, method, rest): client.request(
                        method,
                        f"{url}/api/v1/fares/{quote(booking, safe='')}{rest}",
                        content=b"{}" if method == "POST" else None,
                    ).json()
                    for booking in IDS
                    for method, rest in REQUESTS
                }
            )
    assert found[0] == found[1]
