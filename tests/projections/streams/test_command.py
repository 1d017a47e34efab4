"""`manage.py streams` tells the relay's and every group's lag."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from events import feed
from projections.streams.connection import client, key_of
from tests.projections.streams.helpers import booking_with, nowhere, sweep


def told(*options: str) -> str:
    out = StringIO()
    call_command("streams", *options, stdout=out)
    return out.getvalue()


def test_it_shows_a_groups_lag_and_what_it_has_not_acknowledged(settings: Settings) -> None:
    settings.FAREHISTORY_STREAM_GROUPS = ["receipts"]
    _, partition = booking_with(3)
    sweep()
    client().xreadgroup("receipts", "one", {key_of(partition): ">"}, count=1)
    events = sum(feed.heads().values())
    lines = told().splitlines()
    assert lines[0] == f"{events} events in 64 streams, the relay lacks 0"
    (line,) = [line.split() for line in lines if line.startswith("receipts")]
    assert line[:4] == ["receipts", "all", str(events - 1), "1"]
    assert line[-1] == "yes"


def test_it_shows_what_the_relay_has_yet_to_send() -> None:
    sweep()
    booking_with(3)
    assert "the relay lacks 3" in told()


def test_each_partition_is_shown_on_request(settings: Settings) -> None:
    settings.FAREHISTORY_STREAM_GROUPS = ["receipts"]
    _, partition = booking_with(2)
    sweep()
    head = str(feed.head(partition))
    rows = [line.split() for line in told("--partitions").splitlines()]
    assert [str(partition), head, "1", head, "0"] in rows
    assert any(row[:4] == ["receipts", str(partition), head, "0"] for row in rows)


def test_as_json_it_has_every_figure(settings: Settings) -> None:
    settings.FAREHISTORY_STREAM_GROUPS = ["receipts"]
    _, partition = booking_with(2)
    sweep()
    found: dict[str, Any] = json.loads(told("--json"))
    head = feed.head(partition)
    (stream,) = [each for each in found["streams"] if each["partition"] == partition]
    assert stream == {"partition": partition, "events": head, "first": 1, "last": head, "relay_lag": 0}
    (group,) = [each for each in found["groups"] if each["partition"] == partition]
    assert (group["group"], group["lag"], group["ours"]) == ("receipts", head, True)


def test_without_redis_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projections.streams.streams.client", nowhere)
    with pytest.raises(CommandError, match="cannot be read") as said:
        told()
    assert said.value.returncode == 2
