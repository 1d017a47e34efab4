"""`manage.py demo` as a process, in the embedded mode, with a state folder and a port of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from farehistory.demo.processes import HOST, free_port
from farehistory.embedded.state import CHECKOUT, DATABASE, State
from tests.embedded.helpers import pids_of, query, wait_for

pytestmark = [pytest.mark.long, pytest.mark.timeout(240)]
SERVERS = {"DATABASE_URL", "MIGRATION_DATABASE_URL", "REDIS_URL", "FAREHISTORY_REDIS_PREFIX"}


class Demo:
    """The command with its environment; started and stopped as often as a test wants."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.port = free_port()

    def launch(self) -> subprocess.Popen[str]:
        own = {"FAREHISTORY_STATE": str(self.state.path), "PORT": str(self.port)}
        return subprocess.Popen(
            [sys.executable, "manage.py", "demo"],
            cwd=CHECKOUT,
            env={name: value for name, value in os.environ.items() if name not in SERVERS} | own,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[str]]:
        """Up on entry, and stopped as by Ctrl-C at the end."""
        process = self.launch()
        try:
            said = read_until(process, "  To stop       Ctrl-C\n")
            assert said[-1:] == ["  To stop       Ctrl-C\n"], "".join(said)
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate()

    def record(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.state.demo_json.read_text())
        return content

    def fare(self, booking_id: str) -> dict[str, Any]:
        record = self.record()
        answer = httpx.get(
            f"{record['url']}/api/v1/fares/{booking_id}",
            headers={"Authorization": f"Bearer {record['api_keys']['demo']}"},
        )
        answer.raise_for_status()
        content: dict[str, Any] = answer.json()
        return content


def read_until(process: subprocess.Popen[str], last: str) -> list[str]:
    """The lines that it says up to that one, or all if it never says it."""
    assert process.stdout is not None
    said: list[str] = []
    for line in process.stdout:
        said.append(line)
        if line == last:
            break
    return said


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    demo = Demo(State(tmp_path / "state"))
    yield demo
    assert pids_of(demo.state) == set()
    demo.state.remove()


def is_projected(demo: Demo, booking_id: str) -> bool:
    try:
        return bool(demo.fare(booking_id)["fare"])
    except httpx.HTTPStatusError:
        return False


def test_the_sample_is_there_by_api_and_a_second_run_adds_nothing(demo: Demo) -> None:
    with demo.running():
        first = demo.record()
        wait_for(lambda: is_projected(demo, "BK-1001"))
        assert demo.fare("BK-1001")["fare"] == "23.40"
        events = query_ledger(demo.state)
    with demo.running():
        assert demo.record() == first
        assert query_ledger(demo.state) == events


def query_ledger(state: State) -> object:
    return query(state, "SELECT count(*), max(recorded_at) FROM ledger.fare_event", DATABASE)


def test_after_kill_9_of_the_command_the_next_run_has_everything(demo: Demo) -> None:
    with demo.running() as process:
        first = demo.record()
        process.kill()
    with demo.running():
        assert demo.record() == first
        wait_for(lambda: is_projected(demo, "BK-1001"))


@pytest.mark.parametrize("name", ["web", "worker", "beat", "postgres", "valkey"])
def test_a_killed_process_is_started_again(demo: Demo, name: str) -> None:
    with demo.running() as process:
        service_of(process, demo.state, name).kill()
        read_until(process, f"{name} is back.\n")
        wait_for(lambda: is_projected(demo, "BK-1001"))


def service_of(demo: subprocess.Popen[str], state: State, name: str) -> psutil.Process:
    """The child of the command whose output goes to the log of that name."""
    log = state.logs / f"{name}.log"
    children = psutil.Process(demo.pid).children()
    (service,) = [child for child in children if Path(f"/proc/{child.pid}/fd/1").readlink() == log]
    return service


def test_a_second_command_on_the_same_state_says_where_the_first_is(demo: Demo) -> None:
    with demo.running():
        second = demo.launch()
        said, _ = second.communicate()
        assert second.returncode == 1
        assert "already running: process" in said
        assert f"http://{HOST}:{demo.port}" in said


def test_a_port_in_use_is_named(demo: Demo) -> None:
    with socket.create_server((HOST, demo.port)):
        process = demo.launch()
        said, _ = process.communicate()
    assert process.returncode == 1
    assert f"Port {demo.port} is in use" in said
