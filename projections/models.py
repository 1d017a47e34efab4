"""Django's view of the read side's tables, which `sql/ddl` makes and projectors write."""

from __future__ import annotations

from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.db import models

from events.money import from_minor


class CurrentFare(models.Model):
    """The fare of a booking after its last event, as the view has it."""

    booking_id = models.CharField(max_length=64, primary_key=True)
    partition = models.SmallIntegerField()
    version = models.IntegerField()
    fare_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    exponent = models.SmallIntegerField()
    components = ArrayField(models.CharField(max_length=48))
    component_amounts = ArrayField(models.BigIntegerField())
    first_recorded_at = models.DateTimeField()
    last_recorded_at = models.DateTimeField()
    last_occurred_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = '"projection"."current_fare"'
        default_permissions = ("view",)
        verbose_name = "fare"

    def __str__(self) -> str:
        return self.booking_id

    @property
    def fare(self) -> Decimal:
        return from_minor(self.fare_minor, self.exponent)

    @property
    def breakdown(self) -> dict[str, Decimal]:
        """Component name → amount, in the order in which they first appeared; sums to the fare."""
        amounts = (from_minor(minor, self.exponent) for minor in self.component_amounts)
        return dict(zip(self.components, amounts, strict=True))
