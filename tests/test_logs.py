"""A log line is one JSON object, whatever is in it, and never has a key's secret."""

from __future__ import annotations

import json
import logging
import sys
from contextvars import copy_context
from datetime import UTC, datetime
from typing import Any

import pytest

from events import api_keys
from farehistory.http.request_ids import current_request_id
from farehistory.logs import JsonLines, Plain
from farehistory.task_context import current_actor, current_task

KEY = "fh_0123456789abcdef_" + "aB3-_" * 8 + "xyz"


def line(message: str, *args: object, **extra: Any) -> dict[str, Any]:
    record = logging.makeLogRecord({"name": "a", "levelname": "INFO", "msg": message, "args": args, **extra})
    text = JsonLines().format(record)
    assert "\n" not in text
    found: dict[str, Any] = json.loads(text)
    return found


def test_a_line_says_when_how_grave_who_and_what() -> None:
    found = line("%s of %s", 1, 2)
    assert (found["level"], found["logger"], found["message"]) == ("INFO", "a", "1 of 2")
    age = datetime.now(UTC) - datetime.fromisoformat(found["time"])
    assert 0 <= age.total_seconds() < 60


def test_it_carries_the_request_and_the_task() -> None:
    def told() -> dict[str, Any]:
        current_request_id.set("seen-1")
        current_actor.set("ada")
        current_task.set(("projections.drain", "task-1"))
        return line("x")

    found = copy_context().run(told)
    carried = {name: found[name] for name in ("request_id", "actor", "task", "task_id")}
    assert carried == {
        "request_id": "seen-1",
        "actor": "ada",
        "task": "projections.drain",
        "task_id": "task-1",
    }


def test_what_is_not_known_is_left_out() -> None:
    assert set(copy_context().run(line, "x")) <= {"time", "level", "logger", "message", "request_id"}


def test_an_exception_is_in_the_same_line() -> None:
    try:
        raise ValueError("of the fare")
    except ValueError:
        found = line("failed", exc_info=sys.exc_info())
    assert "ValueError: of the fare" in found["exception"]
    assert "Traceback" in found["exception"]


@pytest.mark.parametrize("message", ["a\nb", "\ud800", "\x00", "Ω", '"', "fare\u2028"])
def test_any_text_is_one_line(message: str) -> None:
    assert line("%s", message)["message"] == message


def test_what_a_key_looks_like_is_what_keys_look_like() -> None:
    assert api_keys._KEY.fullmatch(KEY)


@pytest.mark.parametrize("formatter", [JsonLines(), Plain()])
def test_no_line_has_the_secret_of_a_key(formatter: logging.Formatter) -> None:
    try:
        raise ValueError(f"bad header: Bearer {KEY}")
    except ValueError:
        told = {"msg": f"?key={KEY}", "exc_info": sys.exc_info(), "fields": {"route": f"/{KEY}"}}
        text = formatter.format(logging.makeLogRecord(told))
    assert "fh_0123456789abcdef_..." in text
    assert KEY not in text and KEY[20:] not in text
