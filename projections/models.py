"""Django's models of the read side.

The views' own tables are made by `sql/tables` and written by projectors; their models only read them. What is
known about projections, rebuilds and drift, and what was issued, is kept in Django's own tables.
"""

from __future__ import annotations

import uuid
from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.db import models

from events import partitions
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


class ProjectionState(models.Model):
    """What people and rebuilds decided about a projection."""

    name = models.CharField(max_length=48, primary_key=True)
    generation = models.BigIntegerField(default=1, help_text="raised when its rows change without an event")
    paused_at = models.DateTimeField(null=True)
    paused_by = models.CharField(max_length=150, blank=True)

    class Meta:
        default_permissions = ("view", "change")
        permissions = (("retry_setaside", "Can retry what was set aside"),)
        verbose_name = "projection"

    def __str__(self) -> str:
        return self.name


class Rebuild(models.Model):
    """A computation of a projection anew, beside the live one: compared, then swapped in."""

    class State(models.TextChoices):
        BUILDING = "building"
        COMPARING = "comparing"
        WAITING = "waiting", "waiting for acceptance"
        SWAPPING = "swapping"
        DONE = "done"
        COMPARED = "compared", "compared only"
        CANCELLED = "cancelled"
        FAILED = "failed"

    UNFINISHED = (State.BUILDING, State.COMPARING, State.WAITING, State.SWAPPING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    projection = models.CharField(max_length=48)
    version = models.CharField(max_length=200)
    partitions = ArrayField(models.SmallIntegerField(), help_text="those that are rebuilt")
    state = models.CharField(max_length=12, choices=State, default=State.BUILDING)
    dry_run = models.BooleanField(default=False)
    accept = models.BooleanField(default=False, help_text="swap a new version in whatever differs")
    requested_by = models.CharField(max_length=150, blank=True)
    request_id = models.CharField(max_length=128, blank=True)
    cancel_requested_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    events = models.BigIntegerField(default=0, help_text="in the logs when it began")
    differences = models.BigIntegerField(default=0)
    swap_ms = models.FloatField(null=True, help_text="how long readers could have waited")
    error = models.TextField(blank=True)

    class Meta:
        default_permissions = ("view", "add", "change")
        constraints = [
            models.UniqueConstraint(
                fields=["projection"],
                condition=models.Q(state__in=["building", "comparing", "waiting", "swapping"]),
                name="one_unfinished_rebuild",
            )
        ]
        indexes = [models.Index(fields=["projection", "-started_at"], name="rebuild_latest")]

    def __str__(self) -> str:
        return f"rebuild of {self.projection}"

    @property
    def finished(self) -> bool:
        return self.state not in self.UNFINISHED

    @property
    def is_partial(self) -> bool:
        """Whether it is of some partitions only: rows are put right where they are, and nothing is swapped."""
        return len(self.partitions) < partitions.count()

    @property
    def was_compared(self) -> bool:
        """Whether all of it was compared, so that its differences are the whole truth."""
        return self.state in (self.State.WAITING, self.State.SWAPPING, self.State.DONE, self.State.COMPARED)


class Drift(models.Model):
    """A row of a view that was not what the ledger says."""

    projection = models.CharField(max_length=48)
    partition = models.SmallIntegerField()
    table = models.CharField(max_length=63)
    key = models.JSONField()
    booking_id = models.CharField(max_length=64, null=True)  # noqa: DJ001 - a row of no booking
    stored = models.JSONField(null=True, help_text="the row as it was; none if it was missing")
    rebuilt = models.JSONField(null=True, help_text="the row as the ledger gives it; none if it gives none")
    first_version = models.IntegerField(null=True, help_text="the first version at which they differ")
    found_at = models.DateTimeField(auto_now_add=True)
    rebuild = models.ForeignKey(
        Rebuild,
        null=True,
        on_delete=models.CASCADE,
        related_name="drift",
        help_text="none: the drift monitor",
    )
    is_expected = models.BooleanField(default=False, help_text="a difference to a new version, no drift")
    put_right_at = models.DateTimeField(null=True)
    found_again = models.BooleanField(
        default=False,
        db_default=False,
        help_text="a later finding about the same row takes its place on the list",
    )

    class Meta:
        default_permissions = ("view", "change")
        verbose_name_plural = "drift"
        indexes = [
            models.Index(fields=["projection", "-found_at"], name="drift_latest"),
            models.Index(
                fields=["projection", "partition", "booking_id"],
                condition=models.Q(put_right_at=None, is_expected=False, found_again=False),
                name="drift_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.projection}: {self.booking_id or self.key}"


class DriftWalk(models.Model):
    """How far the drift monitor has walked through one partition of a view, and when it was last proven equal."""

    projection = models.CharField(max_length=48)
    partition = models.SmallIntegerField()
    after = models.CharField(max_length=64, blank=True, help_text="the last booking that was checked")
    started_at = models.DateTimeField()
    drift_found = models.BooleanField(default=False, help_text="in this walk")
    checked = models.BigIntegerField(default=0, help_text="bookings checked in this walk")
    checked_at = models.DateTimeField(null=True, help_text="when anything in it was last checked")
    proven_at = models.DateTimeField(
        null=True, help_text="when the last walk or rebuild began that found no drift, or put it right"
    )

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["projection", "partition"], name="one_walk_a_partition")
        ]

    def __str__(self) -> str:
        return f"{self.projection} {self.partition}"


class Repair(models.Model):
    """Bookings of views that somebody asked to be folded anew, one by one, by a worker."""

    class Kind(models.TextChoices):
        RETRY = "retry", "taken back in after it was set aside"
        PUT_RIGHT = "put_right", "put right after it had drifted"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=9, choices=Kind)
    requested_by = models.CharField(max_length=150, blank=True)
    request_id = models.CharField(max_length=128, blank=True)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["-started_at"], name="repair_latest"),
            models.Index(
                fields=["started_at"], condition=models.Q(finished_at=None), name="repair_unfinished"
            ),
        ]

    def __str__(self) -> str:
        return f"repair {self.pk}"


class RepairItem(models.Model):
    """One booking of a repair, and what came of it."""

    class Outcome(models.TextChoices):
        DONE = "done"
        NOTHING_TO_DO = "nothing", "was right already"
        REBUILD_ONLY = "rebuild", "only a rebuild puts it right"
        FAILED = "failed"

    repair = models.ForeignKey(Repair, on_delete=models.CASCADE, related_name="items")
    projection = models.CharField(max_length=48)
    booking_id = models.CharField(max_length=64)
    outcome = models.CharField(max_length=7, choices=Outcome, blank=True)
    error = models.TextField(blank=True)
    tries = models.IntegerField(default=0)
    done_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["repair", "projection", "booking_id"], name="one_item_a_booking_of_a_repair"
            )
        ]

    def __str__(self) -> str:
        return f"{self.booking_id} in {self.projection}"


class Receipt(models.Model):
    """A receipt as it was issued: never changed, replaced by a later one."""

    class Reason(models.TextChoices):
        QUIET = "quiet", "the booking had not changed for a while"
        REQUEST = "request", "asked for"

    pk = models.CompositePrimaryKey("partition", "booking_id", "sequence")
    partition = models.SmallIntegerField()
    booking_id = models.CharField(max_length=64)
    sequence = models.IntegerField()
    version = models.IntegerField(help_text="of the fare that it states")
    document = models.JSONField()
    issued_at = models.DateTimeField()
    reason = models.CharField(max_length=8, choices=Reason)

    class Meta:
        default_permissions = ("view", "add")
        constraints = [
            models.UniqueConstraint(
                fields=["partition", "booking_id", "version"], name="one_receipt_a_version"
            )
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        return f"{self.booking_id}-R{self.sequence}"
