"""The examples of docs/sdk.md run, one after the other, as they stand there."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from farehistory_client import FareEvent
from farehistory_client.streams import StreamReader
from pytest_django import Settings

from events import api_keys
from tests.api_client import Api
from tests.projections.streams.helpers import lose_the_streams, sweep

PAGE = Path(django_settings.BASE_DIR, "docs", "sdk.md")
BLOCKS = re.findall(r"^```python(?: testing)?\n(.*?)^```", PAGE.read_text(), re.S | re.M)


@pytest.fixture
def surroundings(web: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Settings) -> None:
    """What the page takes for granted: address and keys in the environment, streams, a reader that somebody ends."""
    scopes = set(api_keys.SCOPES) - {"fares:correct"}
    monkeypatch.setenv("FAREHISTORY_URL", web)
    monkeypatch.setenv("FAREHISTORY_KEY", Api.of("pricing", *scopes).key or "")
    monkeypatch.setenv("REDIS_URL", django_settings.REDIS_URL)
    monkeypatch.chdir(tmp_path)
    settings.FAREHISTORY_STREAM_KEEP = 1_000_000
    lose_the_streams()
    run = StreamReader.run

    def run_until_it_has_our_event(reader: StreamReader, handle: Any) -> None:
        sweep()
        seen: list[str] = []
        ends = time.monotonic() + 20

        def handled(event: FareEvent) -> None:
            handle(event)
            seen.append(event.booking_id)

        run(reader, handled, until=lambda: "BK-7001" in seen or time.monotonic() > ends)

    defaults = StreamReader.__init__.__kwdefaults__
    monkeypatch.setitem(defaults, "prefix", django_settings.REDIS_PREFIX)
    monkeypatch.setattr(StreamReader, "run", run_until_it_has_our_event)


def test_its_examples_run(surroundings: None, capsys: pytest.CaptureFixture[str]) -> None:
    """In a thread of their own: this one may have a browser's event loop already."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(examples_run, capsys).result()


def examples_run(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {"__name__": "example"}
    said: list[str] = []
    for code in BLOCKS:
        exec(compile(code, str(PAGE), "exec", dont_inherit=True), names)
        said.append(capsys.readouterr().out)
    assert "SGD 19.00 2" in said[0]
    assert names["amount"] == Decimal("19.00")
    assert names["appended"][0].event.change == Decimal("-2.30")
    assert (names["old"].details.value.plaza, names["old"].details.value.lane) == ("CTE", 0)
    totals = dict(names["database"].execute("SELECT booking, cents FROM total"))
    assert totals["BK-7001"] == 800
    assert any("the fare has moved: Head(version=" in text for text in said)
    assert any(re.search(r"^BK-7001 1 14.00$", text, re.M) for text in said)
