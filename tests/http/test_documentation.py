"""docs/api.md is true: its examples run."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from uuid import uuid4

import httpx
from django.conf import settings

from events.api.schema import NEW_EVENT
from tests.api_client import Api
from tests.builders import new_booking_id
from tests.staff import staff

PAGE = Path(settings.BASE_DIR, "docs", "api.md").read_text()


def examples() -> list[tuple[str, int]]:
    """The curl commands of the page, each with the status that the comment under it promises."""
    blocks = "".join(re.findall(r"```sh\n(.*?)```", PAGE, re.S))
    found = re.findall(r"^(curl .*?)\n# (\d{3})$", blocks, re.S | re.M)
    return [(command, int(status)) for command, status in found]


def words_of(command: str, names: dict[str, str]) -> list[str]:
    """What a shell hands to curl."""
    said = subprocess.run(
        ["sh", "-c", f"""curl() {{ printf '%s\\0' "$@"; }}\n{command}"""],
        env=names,
        capture_output=True,
        text=True,
        check=True,
    )
    return said.stdout.split("\0")[:-1]


def send(words: list[str]) -> httpx.Response:
    """The request that curl makes of them."""
    assert words[0] == "-s"
    after: dict[str, list[str]] = {"-H": [], "-d": []}
    for option, value in zip(words[2::2], words[3::2], strict=True):
        after[option].append(value)
    headers = dict(header.split(": ", 1) for header in after["-H"])
    body = after["-d"][0].encode() if after["-d"] else None
    return httpx.request("POST" if body else "GET", words[1], headers=headers, content=body, timeout=20)


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
    for command, status in examples():
        words = words_of(command, names)
        answer = send(words)
        assert answer.status_code == status, (words, answer.text)


def test_every_field_of_an_event_is_explained() -> None:
    for name in NEW_EVENT["properties"]:
        assert f"`{name}`" in PAGE, name
