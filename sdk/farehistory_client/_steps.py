"""The core does no I/O: a call is a generator of steps, which a client carries out and answers.

So the synchronous and the asynchronous client cannot differ but in how they send, sleep and call.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from farehistory_client._wire import Answer, Request

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Send:
    """Is answered with an `Answer`, or with `NoAnswer`."""

    request: Request
    within: float
    """Seconds for this try."""


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The connection failed, or the time was over: what became of the request is not known."""

    error: Exception
    was_sent: bool = True
    """False where there was no connection to send it on."""
    ends: bool = False
    """Whether no other try will be answered either."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Is answered after so many seconds, with how many of them were left out."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Ask:
    """A function of the caller's. Is answered with what it returns; of an asynchronous client it may be a coroutine."""

    function: Callable[[Any], Any]
    argument: Any


Step: TypeAlias = Send | Wait | Ask
Steps: TypeAlias = Generator[Step, Any, T]

Reply: TypeAlias = Answer | NoAnswer
