"""The example services run together, as `make demo-traffic` starts them, and stop when they are told to."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from farehistory_client import TAIL, Client

from farehistory.demo import processes
from farehistory.demo.keys import SCOPES_OF
from tests.api_client import Api

PROGRAM = Path(settings.BASE_DIR, "sdk", "examples", "demo_traffic.py")
ALL = {"base_fare", "toll", "promo"}


def test_three_services_change_the_fares_of_the_same_rides(web: str, tmp_path: Path) -> None:
    keys = {source: Api.of(source, *SCOPES_OF[source]).key for source in ("pricing", "toll", "promo")}
    Path(tmp_path, "demo.json").write_text(json.dumps({"url": web, "accounts": {}, "api_keys": keys}))
    environment = {
        **os.environ,
        "FAREHISTORY_STATE": str(tmp_path),
        "RIDES_PER_MINUTE": "600",
        "PASSAGES": "1.0",
    }
    components: dict[str, set[str]] = defaultdict(set)
    with Client(web, keys["toll"] or "") as fares:
        (tail,) = fares.feed_pages(after=TAIL, until_caught_up=True)
        traffic = subprocess.Popen(
            [sys.executable, PROGRAM],
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        try:
            ends = time.monotonic() + 30
            for event in fares.feed(after=tail.cursor, wait=1):
                components[event.booking_id].add(event.component)
                if components[event.booking_id] == ALL or time.monotonic() > ends:
                    break
        finally:
            traffic.send_signal(signal.SIGTERM)
            output, _ = traffic.communicate(timeout=20)
        assert ALL in components.values(), output
        assert traffic.returncode == 0
        assert "Traceback" not in output
        booking = next(name for name, found in components.items() if found == ALL)
        fare = fares.fare(booking, strong=True)
    assert fare.components["promo"] == Decimal("-2.00")


@pytest.mark.parametrize("content", [None, "{"])
def test_without_a_demo_it_says_how_to_start_one(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        Path(tmp_path, "demo.json").write_text(content)
    environment = {**os.environ, "FAREHISTORY_STATE": str(tmp_path)}
    ended = subprocess.run([sys.executable, PROGRAM], env=environment, text=True, capture_output=True)
    assert ended.returncode == 1
    assert "make demo" in ended.stderr


def test_with_a_demo_that_has_ended_it_says_so(tmp_path: Path) -> None:
    keys = dict.fromkeys(("pricing", "toll", "promo"), "fh_key")
    known = {"url": f"http://127.0.0.1:{processes.free_port()}", "accounts": {}, "api_keys": keys}
    Path(tmp_path, "demo.json").write_text(json.dumps(known))
    environment = {**os.environ, "FAREHISTORY_STATE": str(tmp_path)}
    ended = subprocess.run([sys.executable, PROGRAM], env=environment, text=True, capture_output=True)
    assert ended.returncode == 1
    assert "does not answer" in ended.stderr and "Traceback" not in ended.stderr


@pytest.mark.parametrize("service", ["pricing", "toll", "promo"])
def test_a_service_that_may_not_ends_with_a_sentence(web: str, service: str) -> None:
    key = Api.of(service, "ops").key or ""
    given = {"FAREHISTORY_URL": web, "FAREHISTORY_KEY": key, "PYTHONPATH": str(PROGRAM.parents[1])}
    environment = {**os.environ, **given}
    program = PROGRAM.with_name(f"{service}_service.py")
    ended = subprocess.run([sys.executable, program], env=environment, text=True, capture_output=True)
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"The {service} service ends: ")
    assert "Traceback" not in ended.stderr
