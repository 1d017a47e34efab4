"""Faults that last: told in full when they begin, in a line a minute while they go on, and when they are over."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import Final

from django.db import InterfaceError
from django.db import OperationalError as DjangoOperationalError
from kombu.exceptions import OperationalError as KombuOperationalError
from redis import RedisError

REMIND_SECONDS: Final = 60.0

ELSEWHERE: Final = (DjangoOperationalError, InterfaceError, RedisError, KombuOperationalError, OSError)
"""A server is away: a traceback would say nothing."""


@dataclass(slots=True)
class _Fault:
    kind: type[BaseException]
    told_at: float
    times: int = 1


class StandingFaults:
    """The faults of one process, by what they are about. One about a thing at a time; another kind is told anew."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._faults: dict[str, _Fault] = {}

    def note(self, about: str, error: BaseException) -> None:
        """Something failed, perhaps again."""
        now = time.monotonic()
        fault = self._faults.get(about)
        if fault is None or fault.kind is not type(error):
            self._faults[about] = _Fault(type(error), now)
            is_ours = not isinstance(error, ELSEWHERE)
            self._logger.error("%s failed: %s", about, error, exc_info=error if is_ours else None)
            return
        fault.times += 1
        if now - fault.told_at >= REMIND_SECONDS:
            fault.told_at = now
            self._logger.error("%s still fails, %s times so far: %s", about, fault.times, error)

    def over(self, about: str) -> None:
        """It went well. Costs nothing where nothing had failed."""
        fault = self._faults.pop(about, None)
        if fault is not None:
            self._logger.info("%s works again, after it had failed %s times", about, fault.times)
