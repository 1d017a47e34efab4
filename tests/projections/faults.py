"""Kills a process at every step it takes: a child runs a piece of work and is ended by SIGKILL at its k-th step."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]

_CHILD = """
import sys
import django
django.setup()
from tests.projections import faults
import importlib
module, _, function = sys.argv[1].partition(":")
work = getattr(importlib.import_module(module), function)
faults.die_at(int(sys.argv[2]))
work(*sys.argv[3:])
"""


def killed_at_each_step(work: str, *arguments: str, first: int = 1, every: int = 1) -> Iterator[int]:
    """Runs `module:function(*arguments)` in a child that dies at its k-th SQL statement, for k = first,
    first + every, … until a child comes to its end. Yields k after each death, for the caller to look.

    Raises RuntimeError if a child ends in another way than by our signal.
    """
    step = first
    while not _came_to_its_end(work, arguments, step):
        yield step
        step += every


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


def _came_to_its_end(work: str, arguments: tuple[str, ...], step: int) -> bool:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "farehistory.settings"}
    child = subprocess.run(
        [sys.executable, "-c", _CHILD, work, str(step), *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if child.returncode not in (0, -signal.SIGKILL):
        raise RuntimeError(f"the child ended with {child.returncode}: {child.stderr}")
    return child.returncode == 0
