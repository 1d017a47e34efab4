"""Parameters of reads: the fake takes, refuses and understands them as the platform does."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from farehistory_client.testing import FakeServer

from events.partitions import count
from tests.builders import new_booking_id
from tests.sdk.builders import price, toll
from tests.sdk.conftest import key_of_real

TIME = "2026-05-03T14:05:00"
AS_OF = [
    "version=1", "version=1&consistency=eventual", "version=1&min_version=0", "version=1&consistency=strong",
    "version=1&min_version=1", "version=1&consistency=eventual&min_version=0", "version=01", "min_version=01",
    f"occurred_before={TIME}.000000Z", f"occurred_before={TIME}.0000001Z", f"occurred_before={TIME}.000000000Z",
    f"occurred_before={TIME}.000001Z", "occurred_before=9999-12-31T23:59:59.9999999Z", "occurred_before=now",
]  # fmt: skip


@pytest.fixture
def both(web: str) -> list[httpx.Client]:
    fake = FakeServer(partitions=count())
    scopes = ("fares:read", "fares:append", "feed:read")
    return [
        httpx.Client(base_url=url, transport=transport, headers={"Authorization": f"Bearer {key}"})
        for url, transport, key in (
            (fake.url, fake.transport, fake.key("pricing", scopes=scopes)),
            (web, None, key_of_real("pricing", scopes)),
        )
    ]


def test_of_a_fare(both: list[httpx.Client]) -> None:
    booking = new_booking_id()
    for platform in both:
        for version, change in enumerate([price(), toll()]):
            body = {
                "transaction_id": str(change.transaction_id),
                "expected_version": version,
                "type": change.type,
                "component": change.component,
                "amount": str(change.amount),
                "currency": "SGD",
                "occurred_at": f"{TIME}.000000Z",
            }
            assert platform.post(f"/api/v1/fares/{booking}/events", json=body).status_code == 201
    told = [[_told(each.get(f"/api/v1/fares/{booking}?{asked}")) for asked in AS_OF] for each in both]
    assert told[0] == told[1]


def test_of_the_feed(both: list[httpx.Client]) -> None:
    told = []
    for platform in both:
        cursor = platform.get("/api/v1/events?after=tail&partitions=0").json()["next"]
        shares = [f"{cursor}{',x' * n}" for n in (1, 16, 255, 256)] + [
            ",".join([cursor] * n) for n in (2, 256, 257)
        ]
        told.append([_told(platform.get("/api/v1/events", params={"after": share})) for share in shares])
    assert [status for status, *_ in told[0]] == [status for status, *_ in told[1]]
    assert [problem.get("code") for _, problem in told[0]] == [problem.get("code") for _, problem in told[1]]


def _told(answer: httpx.Response) -> tuple[int, dict[str, Any]]:
    """The status, and what of the document does not depend on clocks and ids."""
    document = answer.json()
    kept = ("version", "fare", "consistency", "complete", "code", "detail", "errors")
    return answer.status_code, {name: document[name] for name in kept if name in document}
