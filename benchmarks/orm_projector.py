"""The peer: the same view moved row by row with Django's ORM, an event and its checkpoint in a transaction each."""

from __future__ import annotations

import time
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import connections, models, transaction

from events.models import FareEvent
from farehistory.embedded.state import APPLICATION


class FareRow(models.Model):
    booking_id = models.CharField(primary_key=True, max_length=64)
    version = models.IntegerField()
    fare_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    exponent = models.SmallIntegerField()
    components = ArrayField(models.CharField(max_length=48))
    component_amounts = ArrayField(models.BigIntegerField())
    first_recorded_at = models.DateTimeField()
    last_recorded_at = models.DateTimeField()
    last_occurred_at = models.DateTimeField()

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        app_label = "benchmarks"
        db_table = "bench_fare"

    def __str__(self) -> str:
        return self.booking_id


class FareCheckpoint(models.Model):
    partition = models.SmallIntegerField(primary_key=True)
    position = models.BigIntegerField(default=0)

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        app_label = "benchmarks"
        db_table = "bench_checkpoint"

    def __str__(self) -> str:
        return str(self.partition)


def make_tables() -> None:
    owner = connections["owner"]
    with owner.schema_editor() as editor:
        editor.create_model(FareRow)
        editor.create_model(FareCheckpoint)
        editor.execute(
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON bench_fare, bench_checkpoint TO {APPLICATION}"
        )
    owner.close()


def rate(partitions: range, events: int) -> float:
    """Events per second, of the first so many of these partitions, into empty tables."""
    FareRow.objects.all().delete()
    FareCheckpoint.objects.all().delete()
    FareCheckpoint.objects.bulk_create(FareCheckpoint(partition=number) for number in partitions)
    began = time.perf_counter()
    rows = FareEvent.objects.filter(partition__in=partitions).order_by("partition", "position")[:events]
    for event in rows.iterator():
        _take(event)
    return events / (time.perf_counter() - began)


def _take(event: FareEvent) -> None:
    with transaction.atomic():
        checkpoint = FareCheckpoint.objects.select_for_update().get(pk=event.partition)
        if event.version == 1:
            _row_after(event, FareRow(booking_id=event.booking_id, first_recorded_at=event.recorded_at)).save(
                force_insert=True
            )
        else:
            _row_after(event, FareRow.objects.get(pk=event.booking_id, version=event.version - 1)).save()
        checkpoint.position = event.position
        checkpoint.save()


def _row_after(event: FareEvent, row: FareRow) -> FareRow:
    row.version = event.version
    row.fare_minor = event.fare
    row.currency, row.exponent = event.currency, event.exponent
    row.components, row.component_amounts = event.components, event.component_amounts
    row.last_recorded_at = event.recorded_at
    row.last_occurred_at = event.occurred_at or event.recorded_at
    return row
