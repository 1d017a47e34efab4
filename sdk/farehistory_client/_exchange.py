"""One request, until it has an answer that is one: what is sent again, and what an error leaves open."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from farehistory_client import _json
from farehistory_client._errors import (
    BatchRefused,
    CurrencyMismatch,
    FareHistoryError,
    Problem,
    TransactionIdReused,
    Unanswered,
    Unsettled,
    VersionConflict,
)
from farehistory_client._retry import RETRIED, Spending
from farehistory_client._steps import NoAnswer, Reply, Send, Steps, Wait
from farehistory_client._wire import UNREADABLE, Answer, Body, Request

T = TypeVar("T")

logger = logging.getLogger("farehistory_client")

LEAST: Final = 0.01
"""Seconds of a try that begins as the time is up."""


@dataclass(slots=True)
class Doubt:
    """Whether a write may have been carried out by a try that was not answered."""

    may_be_done: bool = False


def exchange(
    request: Request, read: Callable[[Answer], T], timeout: float, spending: Spending, doubt: Doubt
) -> Steps[T]:
    """The first answer that is one and can be read, if it is a success; the very same request until then.

    `timeout`: seconds for one try. Raises what the last try came to: with the request, if any of its tries may have
    been carried out.
    """
    if spending.seconds_left <= 0:
        raise Unanswered(f"{request.method} {request.path} was not sent: the time for it is over")
    while True:
        within = max(LEAST, min(timeout, spending.seconds_left))
        reply: Reply = yield Send(request, within + request.waits)
        outcome = _outcome(request, reply, read)
        if not isinstance(outcome, FareHistoryError):
            if spending.is_over():
                logger.warning(
                    "%s %s is answered again, after %.0f s", request.method, request.path, spending.passed
                )
            return outcome
        error = outcome
        doubt.may_be_done = doubt.may_be_done or not _says_not_done(reply, error)
        wait = spending.wait_after_failure(_retry_after(reply)) if _is_retried(reply) else None
        if wait is not None:
            level = logging.WARNING if spending.is_to_be_told(wait) else logging.INFO
            logger.log(level, "%s; again in %.2f s; no answer for %.0f s", error, wait, spending.passed)
            spending.left_out((yield Wait(wait)))
        if wait is None or spending.seconds_left <= 0:
            if doubt.may_be_done and not _is_last_word_on(request, error):
                error.unsettled = unsettled_of(request)
            raise error


def _is_retried(reply: Reply) -> bool:
    """Also a success that cannot be read: an answer that was lost on its way, or another's."""
    if isinstance(reply, NoAnswer):
        return not reply.ends
    return reply.status in RETRIED or reply.is_success


def _retry_after(reply: Reply) -> float | None:
    return reply.retry_after if isinstance(reply, Answer) else None


def _outcome(request: Request, reply: Reply, read: Callable[[Answer], T]) -> T | FareHistoryError:
    if isinstance(reply, Answer):
        if not reply.is_of(request):
            return reply.problem()
        try:
            return read(reply)
        except UNREADABLE as reason:
            return Unanswered(f"the answer {reply.status} is no answer of the platform's: {reason!r}")
    error = Unanswered(f"{request.method} {request.path}: {reply.error!r}")
    error.__cause__ = reply.error
    return error


def _says_not_done(reply: Reply, error: FareHistoryError) -> bool:
    """Whether this try, by itself, cannot have been carried out."""
    if isinstance(reply, NoAnswer):
        return not reply.was_sent
    return isinstance(error, Problem) and reply.status < 500


def _is_last_word_on(request: Request, error: FareHistoryError) -> bool:
    if request.body is None or not isinstance(error, Problem):
        return False
    asked = _json.loads(request.body)
    if not isinstance(error, BatchRefused):
        return is_last_word(error, asked)
    items = asked["items"]
    return error.index < len(items) and is_last_word(
        error.problem, items[error.index], taken_back=error.index
    )


def is_last_word(refusal: Problem, asked: Body, *, taken_back: int = 0) -> bool:
    """Whether the platform has judged what was asked for, for ever: had an earlier try been written, this one were a
    replay, and one that is still on its way will be refused as well. What depends on the fare as it is can pass; so
    can a version that the booking has not reached. `taken_back`: changes that the fare it tells of may have had."""
    if isinstance(refusal, VersionConflict):
        expected = asked["expected_version"]
        return isinstance(expected, int) and expected < refusal.current.version - taken_back
    return isinstance(refusal, (TransactionIdReused, CurrencyMismatch))


def unsettled_of(request: Request) -> Unsettled | None:
    """What settles a write."""
    return Unsettled(request.path, request.body) if request.writes and request.body is not None else None
