"""docs/api.md is true: its examples run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from string import Template
from uuid import uuid4

import httpx
from django.conf import settings

from events.api.schema import NEW_EVENT
from tests.api_client import Api
from tests.builders import new_booking_id
from tests.staff import staff

PAGE = Path(settings.BASE_DIR, "docs", "api.md").read_text()


def examples() -> list[tuple[list[str], int]]:
    """The curl commands of the page as words, each with the status that the comment under it promises."""
    blocks = "".join(re.findall(r"```sh\n(.*?)```", PAGE, re.S))
    found = re.findall(r"^(curl .*?)\n# (\d{3})$", blocks, re.S | re.M)
    return [(shlex.split(command.replace("\\\n", " ")), int(status)) for command, status in found]


def send(words: list[str], names: dict[str, str]) -> httpx.Response:
    """The request that a curl command of the page makes."""
    values = [Template(word).substitute(names) for word in words]
    assert values[:2] == ["curl", "-s"]
    after: dict[str, list[str]] = {"-H": [], "-d": []}
    for option, value in zip(values[3::2], values[4::2], strict=True):
        after[option].append(value)
    headers = dict(header.split(": ", 1) for header in after["-H"])
    body = after["-d"][0].encode() if after["-d"] else None
    return httpx.request("POST" if body else "GET", values[2], headers=headers, content=body, timeout=20)


def test_its_examples_answer_as_it_says(web: str, api: Api) -> None:
    """One after the other, on one booking."""
    operator = Api.of("monitoring", "ops")
    maker, checker = (Api.of("support-desk", "fares:correct", user_id=staff("support").pk) for _ in range(2))
    names = {
        "URL": web,
        "KEY": api.key or "",
        "OPS_KEY": operator.key or "",
        "FEED_KEY": Api.of("archiver", "feed:read").key or "",
        "MAKER_KEY": maker.key or "",
        "CHECKER_KEY": checker.key or "",
        "BOOKING": new_booking_id(),
        "CORRECTION": str(uuid4()),
    }
    assert len(examples()) == 32
    for words, status in examples():
        answer = send(words, names)
        assert answer.status_code == status, (words, answer.text)


def test_every_field_of_an_event_is_explained() -> None:
    for name in NEW_EVENT["properties"]:
        assert f"`{name}`" in PAGE, name
