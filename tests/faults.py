"""Kills a process at every step it takes: a child runs a piece of work and is ended by SIGKILL at its k-th step."""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]

_NURSERY = """
import importlib
import json
import os
import signal
import sys

import django

django.setup()
from tests import faults

for line in sys.stdin:
    step, work, arguments = json.loads(line)
    module, _, function = work.partition(":")
    work = getattr(importlib.import_module(module), function)
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        faults.die_at(step)
        work(*arguments)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def killed_at_each_step(work: str, *arguments: str, first: int = 1, every: int = 1) -> Iterator[int]:
    """As `killed_at`, for k = first, first + every, … until a child comes to its end."""
    return killed_at(count(first, every), work, *arguments)


def killed_at(steps: Iterable[int], work: str, *arguments: str) -> Iterator[int]:
    """Runs `module:function(*arguments)` in a child that dies at its k-th SQL statement, for each k of the steps;
    stops at the first that comes to its end. Yields k after each death, for the caller to look.

    Raises RuntimeError if a child ends in another way than by our signal.
    """
    for step in steps:
        if _came_to_its_end(step, work, arguments):
            return
        yield step


def die_at(step: int) -> None:
    """From here on, this process dies right before its step-th SQL statement, counted over all."""
    from django.db import connection

    counter = _Counter(step)
    connection.execute_wrappers.append(counter)


def step_too(owner: Any, name: str) -> None:
    """In a child that is to die: a call of this function of a module or class is a step as a statement is."""
    from django.db import connection

    original = getattr(owner, name)
    (counter,) = (each for each in connection.execute_wrappers if isinstance(each, _Counter))

    def counted(*args: Any, **kwargs: Any) -> Any:
        return counter(lambda *_: original(*args, **kwargs), name, None, False, {})

    setattr(owner, name, counted)


class _Counter:
    def __init__(self, step: int) -> None:
        self.left = step

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, many: Any, context: Any) -> Any:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)


def _came_to_its_end(step: int, work: str, arguments: tuple[str, ...]) -> bool:
    nursery = _nursery()
    try:
        ended = nursery.run(step, work, arguments)
    except BaseException:  # a time limit, between question and answer
        _nursery.cache_clear()
        nursery.close()
        raise
    if ended not in ("0", str(-signal.SIGKILL)):
        raise RuntimeError(f"the child ended with {ended or 'its nursery'}: {nursery.said()}")
    return ended == "0"


class _Nursery:
    """Has imported everything and opened nothing when it forks: a child costs milliseconds, not a second."""

    def __init__(self) -> None:
        self._said = tempfile.TemporaryFile("a+")  # noqa: SIM115 - closed with the process
        self._process = subprocess.Popen(
            [sys.executable, "-c", _NURSERY],
            cwd=ROOT,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "farehistory.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
            bufsize=1,
        )

    def run(self, step: int, work: str, arguments: tuple[str, ...]) -> str:
        """The exit code of a child, as a text; empty where the nursery itself has ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._said.truncate(0)
        self._process.stdin.write(json.dumps([step, work, arguments]) + "\n")
        return self._process.stdout.readline().strip()

    def said(self) -> str:
        """What the last child has written to stderr."""
        self._said.seek(0)
        return self._said.read()

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()
        self._said.close()


@cache
def _nursery() -> _Nursery:
    """One for all tests of this process, until it ends."""
    nursery = _Nursery()
    atexit.register(nursery.close)
    return nursery
