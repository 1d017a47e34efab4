"""`manage.py streams` tells the relay's and every group's lag."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings as configured
from django.core.management import CommandError, call_command
from pytest_django import Settings

from events import feed
from events.partitions import count
from projections.streams.connection import client, key_of
from tests.projections.streams.helpers import booking_with, sweep


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
    assert lines[0] == f"{events:,} events in {count()} streams, the relay lacks 0"
    (line,) = [line.split() for line in lines if line.startswith("receipts")]
    assert line[:4] == ["receipts", "all", f"{events - 1:,}", "1"]
    assert line[-1] == "yes"


def test_it_shows_what_the_relay_has_yet_to_send() -> None:
    sweep()
    booking_with(3)
    assert "the relay lacks 3" in told()


def test_each_partition_is_shown_on_request(settings: Settings) -> None:
    settings.FAREHISTORY_STREAM_GROUPS = ["receipts"]
    _, partition = booking_with(2)
    sweep()
    head = f"{feed.head(partition):,}"
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


def test_without_redis_it_says_so() -> None:
    at = configured.DATABASES["default"]
    database = (
        f"postgres://{at['USER']}:{at['PASSWORD']}@/{at['NAME']}?host={quote(at['HOST'])}&port={at['PORT']}"
    )
    ended = subprocess.run(
        [sys.executable, "manage.py", "streams"],
        cwd=Path(__file__).resolve().parents[3],
        env=os.environ | {"DATABASE_URL": database, "REDIS_URL": "redis://127.0.0.1:1/0"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert "Redis does not answer" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_what_is_no_stream_is_said() -> None:
    client().set(key_of(7), "of somebody else")
    try:
        with pytest.raises(CommandError, match=r"cannot be read.* is a string") as said:
            told()
    finally:
        client().delete(key_of(7))
    assert said.value.returncode == 2
