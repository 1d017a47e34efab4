"""A service: a program that is kept running, and the process that runs it at the moment."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from farehistory.embedded.state import CHECKOUT, EmbeddedError, State

MARK = "FAREHISTORY_SERVICE"
LARGE_LOG = 5_000_000  # bytes
LOG_TAIL = 2_000  # bytes


def nothing() -> None:
    """Stand in for a step that a service does not need."""


def never() -> bool:
    """Stand in for a trouble that a service does not know."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What to run, and how to tell that it is ready and ask it to end. Times are in seconds."""

    name: str
    argv: Sequence[str]
    ready: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    cwd: Path = CHECKOUT
    before_start: Callable[[], None] = nothing
    cut_off: Callable[[], bool] = never  # whether it runs, but nobody can reach it any more
    stop_signal: signal.Signals = signal.SIGTERM
    ready_within: float = 60.0
    stopped_within: float = 15.0
    retry_start: bool = False  # whether an end before it was ready is worth another try


class Process:
    """The process of a service: one at a time, in a session of its own, its output in a log file."""

    def __init__(self, service: Service, state: State) -> None:
        self.service = service
        self.log = state.logs / f"{service.name}.log"
        self.started_at = 0.0
        self._state = state
        self._popen: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        if self._popen is None:
            raise EmbeddedError(f"{self.service.name} was not started.")
        return self._popen.pid

    @property
    def exit_status(self) -> int | None:
        """Its exit status, negative for a signal, or None while it runs."""
        return self._popen.poll() if self._popen else None

    def alive(self) -> bool:
        return self._popen is not None and self._popen.poll() is None

    def start(self) -> None:
        if self._popen is not None:
            self.end_group()
        self.service.before_start()
        self.started_at = time.monotonic()
        if self.log.exists() and self.log.stat().st_size > LARGE_LOG:
            self.log.replace(self.log.with_suffix(".old.log"))
        with self.log.open("ab") as log:
            self._popen = subprocess.Popen(
                [*ending_with_parent(self.service.stop_signal), *self.service.argv],
                env={
                    **os.environ,
                    "FAREHISTORY_STATE": str(self._state.path),
                    **self.service.environment,
                    MARK: mark(self.service.name, self._state),
                },
                cwd=self.service.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_ready(self) -> None:
        """Return once it answers. Raises EmbeddedError with the end of its log if it ends or never does."""
        deadline = time.monotonic() + self.service.ready_within
        while time.monotonic() < deadline:
            if not self.alive():
                self._start_again()
            elif self.service.ready() and self.alive():
                return
            time.sleep(0.05)
        raise EmbeddedError(f"{self.service.name} did not become ready in time. {self.tail()}")

    def send(self, signum: signal.Signals) -> None:
        """Send it, and nothing that it started, a signal."""
        os.kill(self.pid, signum)

    def kill(self) -> None:
        """End it at once, as `kill -9` does, and leave what it started."""
        if self._popen is not None:
            self._popen.kill()
            self._popen.wait()

    def send_all(self, signum: signal.Signals) -> None:
        """Send it and all that it started a signal."""
        leader = psutil.Process(self.pid)
        for process in [leader, *leader.children(recursive=True)]:
            process.send_signal(signum)

    def stop(self) -> None:
        """Ask it to end, wait, and end it by force if it does not; what it left in its group too."""
        if self._popen is None:
            return
        if self._popen.poll() is None:
            self._popen.send_signal(self.service.stop_signal)
        try:
            self._popen.wait(self.service.stopped_within)
        except subprocess.TimeoutExpired:
            self._popen.kill()
        self.end_group()
        self._popen.wait()

    def end_group(self) -> None:
        """End what a process that died has left behind: a worker's children, say."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def tail(self) -> str:
        """The last lines of its log, for a message."""
        with self.log.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - LOG_TAIL))
            lines = log.read().decode(errors="replace").splitlines()[-12:]
        return "\n".join([f"The end of {self.log}:", *lines])

    def _start_again(self) -> None:
        if not self.service.retry_start:
            raise EmbeddedError(f"{self.service.name} ended with status {self.exit_status}. {self.tail()}")
        time.sleep(0.5)
        self.start()


def mark(name: str, state: State) -> str:
    """What the environment of a service's processes carries, by which later runs know them as theirs."""
    return f"{name}@{state.path}"


def ending_with_parent(signum: signal.Signals) -> list[str]:
    """The front of a command line that makes Linux send the process that signal if its parent dies."""
    return ["setpriv", f"--pdeathsig={signum.name.removeprefix('SIG')}"] if _has_setpriv() else []


@functools.cache
def _has_setpriv() -> bool:
    if shutil.which("setpriv") is None:
        return False
    return subprocess.run(["setpriv", "--pdeathsig=TERM", "true"], capture_output=True).returncode == 0
