"""The peer: what an application writes with Django's ORM by itself. Import it once Django is set up.

A booking row with the current fare, locked by select_for_update, and an event row per change, in one transaction.
It keeps versions and transaction ids; it has no hashes, no positions and no append-only rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from typing import Any, ClassVar

from django.db import connections, models, transaction

from benchmarks.clients import Call
from benchmarks.workload import PER_BOOKING, Change, booking, new_booking_id
from farehistory.embedded.state import APPLICATION


class Booking(models.Model):
    booking_id = models.CharField(primary_key=True, max_length=64)
    version = models.IntegerField()
    currency = models.CharField(max_length=3)
    fare = models.DecimalField(max_digits=18, decimal_places=2)
    components = models.JSONField()

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        app_label = "benchmarks"
        db_table = "bench_booking"

    def __str__(self) -> str:
        return self.booking_id


class Event(models.Model):
    booking = models.ForeignKey(Booking, on_delete=models.PROTECT)
    version = models.IntegerField()
    transaction_id = models.UUIDField()
    type = models.CharField(max_length=3)
    component = models.CharField(max_length=48)
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    fare = models.DecimalField(max_digits=18, decimal_places=2)
    metadata = models.JSONField()
    recorded_at = models.DateTimeField()

    booking_id: str
    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        app_label = "benchmarks"
        db_table = "bench_event"
        constraints = [
            models.UniqueConstraint(fields=["booking", "version"], name="bench_event_version"),
            models.UniqueConstraint(fields=["booking", "transaction_id"], name="bench_event_transaction"),
        ]

    def __str__(self) -> str:
        return f"{self.booking_id} {self.version}"


def make_tables(events: int, hot: str) -> None:
    """Both tables with about so many events, and the hot booking."""
    owner = connections["owner"]
    with owner.schema_editor() as editor:
        editor.create_model(Booking)
        editor.create_model(Event)
        editor.execute(f"GRANT SELECT, INSERT, UPDATE ON bench_booking, bench_event TO {APPLICATION}")
        editor.execute(f"GRANT USAGE ON SEQUENCE bench_event_id_seq TO {APPLICATION}")
    filled = [list(booking(new_booking_id())) for _ in range(max(1, events // PER_BOOKING))]
    opened = [*(history[-1] for history in filled), next(booking(hot))]
    Booking.objects.using("owner").bulk_create([_booking_after(change) for change in opened], batch_size=1000)
    rows = (_event(change, change.fare) for history in filled for change in history)
    while batch := list(islice(rows, 1000)):
        Event.objects.using("owner").bulk_create(batch)
    with owner.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE bench_booking, bench_event")
    owner.close()


def client(changes: Iterator[Change], hot: str | None) -> Call:
    """The call of one client process: the next change, of a booking of its own or of the hot one."""

    def call() -> bool:
        change = next(changes)
        if hot is None and change.version == 1:
            _open(change)
        else:
            _read_modify_write(hot or change.booking_id, change)
        return True

    return call


def _open(change: Change) -> None:
    with transaction.atomic():
        _booking_after(change).save(force_insert=True)
        _event(change, change.fare).save(force_insert=True)


def _read_modify_write(booking_id: str, change: Change) -> None:
    with transaction.atomic():
        fare = Booking.objects.select_for_update().get(pk=booking_id)
        if fare.event_set.filter(transaction_id=change.transaction_id).exists():
            return
        moved = _money(change.change)
        before = Decimal(fare.components.get(change.component, "0"))
        fare.version += 1
        fare.fare += moved
        fare.components[change.component] = str(before + moved)
        event = _event(change, change.fare)
        event.booking_id, event.version, event.fare = booking_id, fare.version, fare.fare
        event.save(force_insert=True)
        fare.save(update_fields=["version", "fare", "components"])


def _booking_after(change: Change) -> Booking:
    amounts = zip(change.components, change.component_amounts, strict=True)
    return Booking(
        booking_id=change.booking_id,
        version=change.version,
        currency="SGD",
        fare=_money(change.fare),
        components={name: str(_money(amount)) for name, amount in amounts},
    )


def _event(change: Change, fare: int) -> Event:
    return Event(
        booking_id=change.booking_id,
        version=change.version,
        transaction_id=change.transaction_id,
        type=change.type,
        component=change.component,
        amount=_money(change.amount),
        fare=_money(fare),
        metadata={"service": "pricing", "zone": 12, "distance_km": 7.25, "quote_id": "q-20260503-140500-77"},
        recorded_at=datetime.now(UTC),
    )


def _money(minor: int) -> Decimal:
    return Decimal(minor).scaleb(-2)
