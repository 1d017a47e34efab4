"""What the walks over all addresses walk on: something that exists in each of their places."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)

from events import api_keys
from events.corrections.models import CorrectionLimit, ReasonCode
from events.partitions import partition_of
from events.transfers.models import Transfer
from projections import control, runner
from projections.models import Rebuild, Repair
from projections.projectors import PROJECTORS
from projections.receipts import issue
from tests.api_client import api  # noqa: F401 - a fixture
from tests.builders import add, given, set_
from tests.events.corrections import desk
from tests.security.admin_addresses import EXPECTED, address_of
from tests.staff import staff


@pytest.fixture(autouse=True)
def passwords_are_hashed_quickly(settings: Any) -> None:
    """Hundreds of log-ins are tried here, and hashing is slow on purpose."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="module")
def booking() -> Iterator[str]:
    """A booking with a receipt, which the views know."""
    booking = given(set_("14.00"), add("toll", "5.00", metadata={"gate": "AYE"}))
    for one in PROJECTORS:
        runner.drain(one, [partition_of(booking)])
    issue(booking)
    yield booking


@pytest.fixture(scope="module")
def values(booking: str) -> Iterator[dict[str, str]]:
    """What stands in the places of an address: by route, or by the name of the place."""
    person, group = staff(), Group.objects.create(name=f"group-{uuid4().hex[:8]}")
    interval = IntervalSchedule.objects.create(every=9, period="days")
    clocked = ClockedSchedule.objects.create(clocked_time=timezone.now())
    rows = {
        "auth/user": person,
        "auth/group": group,
        "events/correctionlimit": CorrectionLimit.objects.create(currency="WST", free_up_to=1),
        "events/reasoncode": ReasonCode.objects.create(code=f"c{uuid4().hex[:8]}", label="One", text="One."),
        "django_celery_beat/intervalschedule": interval,
        "django_celery_beat/crontabschedule": CrontabSchedule.objects.create(minute="7", hour="7"),
        "django_celery_beat/solarschedule": SolarSchedule.objects.create(
            event="sunrise", latitude=1, longitude=1
        ),
        "django_celery_beat/clockedschedule": clocked,
        "django_celery_beat/periodictask": PeriodicTask.objects.create(
            name=f"task-{uuid4().hex[:8]}", task="projections.sweep", interval=interval, enabled=False
        ),
    }
    run = Rebuild.objects.create(
        pk=uuid4(),
        projection="current_fare",
        partitions=[0],
        state=Rebuild.State.CANCELLED,
        finished_at=timezone.now(),
    )
    repair = Repair.objects.create(kind=Repair.Kind.RETRY, finished_at=timezone.now(), requested_by="a test")
    transfer = Transfer.objects.create(
        kind=Transfer.Kind.EXPORT,
        state=Transfer.State.CANCELLED,
        finished_at=timezone.now(),
        asked={"form": "csv", "filters": {}, "with_metadata": False, "ranges": []},
    )
    key, _text = api_keys.create("walked", ["fares:read"])
    correction = desk.waiting(desk.contra(desk.toll_charged_twice()))
    yield {
        **{f"admin/{name}/": str(row.pk) for name, row in rows.items()},
        "admin/projections/currentfare/": booking,
        "version": "2",
        "sequence": "1",
        "name": "current_fare",
        "projection": "daily_totals",
        "rebuild_id": str(run.pk),
        "repair_id": str(repair.pk),
        "run_id": str(transfer.pk),
        "form": "csv",
        "key_id": key.key_id,
        "id": str(correction.pk),
        "content_type_id": "1",
        "url": "nothing/at/all/",
    }
    control.resume("current_fare")
    for made in (run, repair, transfer):
        made.delete()
    for row in reversed(rows.values()):
        row.delete()


@pytest.fixture(scope="module")
def addresses(values: dict[str, str]) -> dict[str, str]:
    return {route: address_of(route, values) for route in EXPECTED}
