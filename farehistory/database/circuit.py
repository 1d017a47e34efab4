"""While PostgreSQL keeps silent, one caller at a time tries to reach it; the others are refused, and need not queue."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final

import psycopg
from psycopg.errors import ConnectionTimeout

REST_SECONDS: Final = 1.0
"""How long nobody tries after a connection could not be had in time."""

PATIENCE_SECONDS: Final = 0.1
"""How long others wait for what comes of a try: from a server that answers, that takes milliseconds."""

logger = logging.getLogger(__name__)


class NoAnswer(psycopg.OperationalError):
    """PostgreSQL was given up on, or was not asked, since it did not answer a moment ago."""


class Circuit:
    """Of one process. While PostgreSQL answers, it changes nothing.

    Whoever waited for an answer in vain has given his connection up, and raises a doubt. It refuses nobody who still
    has a connection: one statement that takes long proves nothing, and each thread finds out once at most. New
    connections are then made one at a time, and each is proven by a statement, since a pooler accepts what its server
    does not answer. The first that is proven ends the doubt.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """As in a process that has just begun."""
        self._changed = threading.Condition()
        self._in_doubt = False
        self._is_tried = False
        self._rests_until = 0.0

    def doubt(self) -> None:
        """A statement was not answered in time."""
        self._in_doubt = True

    @contextmanager
    def connecting(self) -> Iterator[bool]:
        """Goes around the making of a connection; yields whether it is to be proven. Raises NoAnswer at once, or
        after a moment, while others found or find out that there is none."""
        alone = self._in_doubt and self._is_mine_to_try()
        try:
            yield alone
        except (ConnectionTimeout, NoAnswer):
            self._found(silent=True, alone=alone)
            raise
        except BaseException:
            self._found(
                silent=False, alone=alone
            )  # it is away, full or wrongly addressed, and says so at once
            raise
        self._found(silent=False, alone=alone)

    def _is_mine_to_try(self) -> bool:
        """False where somebody else's try has ended the doubt meanwhile."""
        with self._changed:
            if self._is_tried:
                self._changed.wait_for(lambda: not self._is_tried, PATIENCE_SECONDS)
            if self._is_tried or monotonic() < self._rests_until:
                raise NoAnswer("PostgreSQL did not answer a moment ago, and was not asked again")
            self._is_tried = self._in_doubt
            return self._is_tried

    def _found(self, *, silent: bool, alone: bool) -> None:
        if not silent and not alone:
            return
        with self._changed:
            if silent != (self._rests_until > 0):
                logger.warning("PostgreSQL does not answer" if silent else "PostgreSQL answers again")
            self._in_doubt = silent
            self._rests_until = monotonic() + REST_SECONDS if silent else 0.0
            if alone:
                self._is_tried = False
                self._changed.notify_all()


circuit = Circuit()
# Its lock may have been held in another thread when this process was forked.
os.register_at_fork(after_in_child=circuit.reset)
