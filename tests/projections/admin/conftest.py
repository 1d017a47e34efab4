from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from celery.signals import before_task_publish
from django.test import Client

from events import wakeup
from events.partitions import partition_of
from farehistory.celery import app
from projections import rebuild, runner
from projections.projectors.current_fare import CurrentFareProjector
from tests.builders import add, append, given, set_
from tests.projections.drift import planted_drift
from tests.staff import signed_in


@pytest.fixture(scope="session")
def viewer() -> Client:
    """A client that somebody of the group viewer has signed in with."""
    return signed_in("viewer")


@pytest.fixture(scope="session")
def operator() -> Client:
    """A client that somebody of the group operator has signed in with."""
    return signed_in("operator")


@pytest.fixture
def no_rebuild() -> Iterator[None]:
    """No rebuild of current fares is under way, neither before nor afterwards."""
    _end_rebuild()
    yield
    _end_rebuild()


@dataclass(frozen=True, slots=True)
class Sent:
    """A task that was handed to the workers."""

    task: str
    arguments: dict[str, Any]
    headers: dict[str, Any]


@pytest.fixture
def sent() -> Iterator[list[Sent]]:
    """The tasks that this process hands to the workers meanwhile, but wake-ups."""
    seen: list[Sent] = []

    def see(sender: str, body: Any, headers: dict[str, Any], **_: Any) -> None:
        if sender != wakeup.TASK:
            seen.append(Sent(sender, body[1], headers))

    before_task_publish.connect(see)
    yield seen
    before_task_publish.disconnect(see)


@pytest.fixture
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody answers where the broker should be."""
    for name in ("broker_write_url", "broker_url"):  # the first is the second where it is not set
        monkeypatch.setattr(app.conf, name, "redis://localhost:1/0")
    monkeypatch.setattr(app, "_pool", None)
    monkeypatch.setitem(app.amqp.__dict__, "_producer_pool", None)


@pytest.fixture
def set_aside_booking() -> Iterator[str]:
    """A booking that current fares could not take: its row is not where its next event begins."""
    view = CurrentFareProjector()
    booking = given(set_("14.00"))
    runner.drain(view, [partition_of(booking)])
    with planted_drift(booking, "version = 7, fare_minor = 1"):
        append(booking, add("toll", "5.00"))
        runner.drain(view, [partition_of(booking)])
        yield booking
    runner.drain(view, [partition_of(booking)])


def _end_rebuild() -> None:
    left = rebuild.unfinished(CurrentFareProjector.name)
    if left is not None:
        rebuild.cancel(left.pk, "a test")
