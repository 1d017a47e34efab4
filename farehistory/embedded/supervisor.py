"""The supervisor: starts services in order, keeps them up, and ends them all."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from farehistory.embedded import postgres, valkey
from farehistory.embedded.orphans import end_orphans
from farehistory.embedded.service import Process, Service
from farehistory.embedded.state import State

STDOUT = 1
LONGEST_WAIT = 10.0  # seconds between two tries to start a service that keeps ending
STEADY_AFTER = 30.0  # seconds after which a service that ends is no longer held to be failing
CUT_OFF_FOR = 10.0  # seconds after which a service that nobody can reach is started again
STOPPING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Say = Callable[[str], None]


class Stopped(BaseException):
    """Somebody asked for the end: Ctrl-C, SIGTERM, a closed terminal."""


class Supervisor:
    """The services of one state folder, in the order in which they were started.

    Its caller holds the folder (`State.running`).
    """

    def __init__(self, state: State, say: Say = lambda line: None) -> None:
        self.state = state
        self._say = say
        self._kept: dict[str, _Kept] = {}

    def start(self, *services: Service) -> None:
        """Start each and wait until it is ready, before the next. Raises EmbeddedError if one cannot."""
        for service in services:
            process = Process(service, self.state)
            self._kept[service.name] = _Kept(process, self._say)
            process.start()
            process.wait_until_ready()

    def start_databases(self) -> None:
        """PostgreSQL, with its roles and database, and Valkey."""
        postgres.prepare_data(self.state)
        self.start(postgres.service(self.state))
        postgres.ensure_roles_and_database(self.state)
        self.start(valkey.service(self.state))

    def process(self, name: str) -> Process:
        """The process of the service of that name."""
        return self._kept[name].process

    def revive(self) -> None:
        """Start again whatever has ended, and wait until it is ready."""
        for kept in self._kept.values():
            if not kept.process.alive():
                kept.process.start()
                kept.process.wait_until_ready()

    def keep_up(self) -> None:
        """Start again what has ended, if it is time to; returns at once."""
        for kept in self._kept.values():
            kept.keep_up()

    def watch(self, until: Callable[[], bool] = lambda: False) -> None:
        """Keep the services up until told to stop."""
        while not until():
            self.keep_up()
            time.sleep(0.2)

    def stop(self, *names: str) -> None:
        """End the services of these names, or all, last started first, and all that they started."""
        for name in reversed(names or tuple(self._kept)):
            self._kept.pop(name).process.stop()
        if not self._kept:
            end_orphans(self.state)


class _Kept:
    """A service that is started again whenever it ends, after longer and longer waits if it ends at once."""

    def __init__(self, process: Process, say: Say) -> None:
        self.process = process
        self._say = say
        self._wait = 0.0
        self._start_at: float | None = None
        self._cut_off_since: float | None = None
        self._told = True

    def keep_up(self) -> None:
        now = time.monotonic()
        if self.process.alive():
            self._tell_when_ready()
            self._end_if_cut_off(now)
        elif self._start_at is None:
            self._note_the_end(now)
        elif now >= self._start_at:
            self._start_at = None
            self._told = False
            self.process.start()

    def _note_the_end(self, now: float) -> None:
        failing = now - self.process.started_at < STEADY_AFTER
        self._start_at = now + (self._wait if failing else 0.0)
        self._wait = min(LONGEST_WAIT, self._wait * 2 + 0.5) if failing else 0.0
        self._say(f"{self.process.service.name} {_how(self.process.exit_status)}; starting it again.")

    def _tell_when_ready(self) -> None:
        if not self._told and self.process.service.ready():
            self._told = True
            self._say(f"{self.process.service.name} is back.")

    def _end_if_cut_off(self, now: float) -> None:
        """It does not end by itself; once ended, it is started again as after any other end."""
        if not (self._told and self.process.service.cut_off()):
            self._cut_off_since = None
        elif self._cut_off_since is None:
            self._cut_off_since = now
        elif now - self._cut_off_since >= CUT_OFF_FOR:
            self._cut_off_since = None
            self._say(f"{self.process.service.name} can no longer be reached.")
            self.process.stop()


def _how(status: int | None) -> str:
    if status is not None and status < 0:
        return f"was ended by {signal.Signals(-status).name}"
    return f"ended with status {status}"


@contextmanager
def supervising(state: State, say: Say = lambda line: None, url: str = "") -> Iterator[Supervisor]:
    """Hold the state folder, end what an earlier run has left in it, and end at last what was started here.

    Raises AlreadyRunning if another process holds the folder.
    """
    with state.running(url):
        if ended := end_orphans(state):
            say(f"Processes that an earlier run had left, and that were ended: {ended}.")
        supervisor = Supervisor(state, say)
        try:
            yield supervisor
        finally:
            supervisor.stop()
            state.forget_sockets_if_removed()


@contextmanager
def raising_stopped() -> Iterator[Callable[[], bool]]:
    """Turn the first signal that asks for the end into Stopped; later ones cannot disturb the clean stop.

    Yields a function that says whether the end was asked for: where Stopped was raised may have swallowed it,
    and nobody signals us when `make`, by which we were run, is killed, or when the terminal closes and it is
    `make` that leads its session.
    """
    parent = os.getppid()
    on_a_terminal = os.isatty(STDOUT)
    asked = False

    def stop(signum: int, frame: FrameType | None) -> None:
        nonlocal asked
        if not asked:
            asked = True
            raise Stopped

    def end_was_asked_for() -> bool:
        left_alone = "MAKELEVEL" in os.environ and os.getppid() != parent
        return asked or left_alone or (on_a_terminal and not os.isatty(STDOUT))

    # Under nohup a closed terminal is no reason to end.
    ignored = {signal.SIGHUP} if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN else set()
    before = {signum: signal.signal(signum, stop) for signum in STOPPING_SIGNALS if signum not in ignored}
    try:
        yield end_was_asked_for
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
