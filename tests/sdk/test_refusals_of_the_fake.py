"""Bodies that no client of ours would send: the fake says of them what the platform says, in the same order."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from farehistory_client.testing import FakeServer

from events.partitions import count
from tests.sdk.conftest import key_of_real

ID = "11111111-1111-4111-8111-111111111111"
ALL_WRONG = {
    "allow_negative": 1,
    "metadata": {"a": "\0", "b": {"c": ["\ud800", "\0"]}, "\0": 1},
    "actor": 5,
    "occurred_at": "yesterday",
    "description": "\n",
    "currency": "XAU",
    "amount": 1,
    "component": "Toll",
    "type": "MUL",
    "expected_version": -1,
    "transaction_id": "1",
}
WITHOUT_FLAWS = {**ALL_WRONG, "metadata": []}
DEEP = '{"metadata": ' + '{"a": {"x": 1}, "b": ' * 20 + "1" + "}" * 20 + ', "type": 1}'
FINE = {
    "transaction_id": ID,
    "expected_version": 0,
    "type": "SET",
    "component": "base_fare",
    "amount": "1.00",
    "currency": "SGD",
}

EVENTS = {
    "all wrong": json.dumps(ALL_WRONG),
    "all wrong but what is refused before": json.dumps(WITHOUT_FLAWS),
    "and not known": json.dumps({"else": 1, **WITHOUT_FLAWS, "other": 2}),
    "and lacking some": json.dumps({"metadata": 1, "amount": 5, "type": "ADD", "component": "-"}),
    "nothing": "{}",
    "no object": "[]",
    "too deep": DEEP,
    "too deep for a parser": f'{{"metadata": {"[" * 5000}1, "\\\\", "]"{"]" * 5000}, "type": 1}}',
    "too deep and not closed": f'{{"metadata": {"[" * 5000}{"]" * 4999}, "type": 1}}',
    "numbers": '{"metadata": {"a": 1e999, "b": [NaN, 1e-999, -1e999], "c": 1' + "0" * 200 + "}}",
    "twice": '{"a": {"x": 1, "y": 2, "y": 3, "x": 4, "x": 5}, "type": 1, "type": 2}',
    "booking in the body": json.dumps({"booking_id": "BK-1", **WITHOUT_FLAWS}),
    "a key of half a surrogate pair": '{"\\ud800": "\\ud800", "type": 1}',
    "many flaws": json.dumps({"metadata": {f"key {n}": "\0" for n in range(60)}}),
    "decimals": json.dumps({**FINE, "amount": "1.001"}),
}

BATCHES = {
    "all wrong": '{"items": 1, "atomic": 2, "more": 3}',
    "wrong the other way round": '{"atomic": 2, "items": 1}',
    "lacking": '{"atomic": 2}',
    "no object": "1",
    "items": json.dumps({"items": [ALL_WRONG, {"booking_id": "-", **WITHOUT_FLAWS}, 1, {}]}),
    "all or none": json.dumps({"items": [{"booking_id": "-", **WITHOUT_FLAWS}], "atomic": True}),
    "flaws": json.dumps({"items": [{"booking_id": "BK-1", **ALL_WRONG}], "atomic": True}),
}


def told(problem: Any) -> Any:
    return problem["code"], problem["status"], problem["detail"], problem["errors"]


def answers(web: str, path: str, body: str) -> list[Any]:
    """What the fake says, and the platform."""
    fake = FakeServer(partitions=count())
    found = []
    for url, transport, key in (
        (fake.url, fake.transport, fake.key("pricing")),
        (web, None, key_of_real("pricing")),
    ):
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        with httpx.Client(transport=transport, headers=headers) as client:
            answer = client.post(f"{url}/api/v1/{path}", content=body).json()
        if "items" in answer:
            found.append([told(item["problem"]) for item in answer["items"]])
        elif "problem" in answer:
            found.append((told(answer), told(answer["problem"])))
        else:
            found.append(told(answer))
    return found


@pytest.mark.parametrize("body", EVENTS.values(), ids=EVENTS.keys())
def test_of_an_event(web: str, body: str) -> None:
    fake, real = answers(web, "fares/BK-1/events", body)
    assert fake == real


@pytest.mark.parametrize("body", BATCHES.values(), ids=BATCHES.keys())
def test_of_a_batch(web: str, body: str) -> None:
    fake, real = answers(web, "events/batch", body)
    assert fake == real
