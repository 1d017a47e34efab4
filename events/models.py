"""Django's view of the write side.

The tables of the ledger are made by `sql/ddl`, which holds their rules; the models here only read them.
"""

from __future__ import annotations

from typing import Any, NoReturn, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models

from events.corrections.models import Correction, CorrectionLimit, ReasonCode  # noqa: F401 - Django looks here
from events.transfers.models import Transfer  # noqa: F401 - Django looks here


class AppendOnly(TypeError):
    """Somebody tried to write through the ORM what is only ever added: by `events.ledger`, or `events.audit`."""


def _refused(*args: Any, **kwargs: Any) -> NoReturn:
    raise AppendOnly("fare events are appended by events.ledger, and never changed or deleted")


def _audit_refused(*args: Any, **kwargs: Any) -> NoReturn:
    raise AppendOnly("entries of the audit are added by events.audit, and never changed or deleted")


class FareEventQuerySet(models.QuerySet["FareEvent"]):
    create = get_or_create = update_or_create = bulk_create = bulk_update = update = delete = _refused


class FareEvent(models.Model):
    """A row of the ledger, for the admin. Services get `events.event.FareEvent`.

    Rules of the table, kept by the database: `sql/ddl/ledger_v1.sql` (keys and checks) and
    `sql/ddl/append_only_v1.sql` (triggers).
    """

    id = models.BigIntegerField(primary_key=True, editable=False)
    partition = models.SmallIntegerField()
    position = models.BigIntegerField()
    booking_id = models.CharField(max_length=64)
    version = models.IntegerField()
    transaction_id = models.UUIDField()
    type = models.CharField(max_length=3)
    component = models.CharField(max_length=48)
    currency = models.CharField(max_length=3)
    exponent = models.SmallIntegerField()
    amount = models.BigIntegerField(help_text="in minor units")
    fare = models.BigIntegerField(help_text="in minor units")
    change = models.BigIntegerField(help_text="in minor units")
    components = ArrayField(models.CharField(max_length=48))
    component_amounts = ArrayField(models.BigIntegerField())
    allow_negative = models.BooleanField()
    source = models.CharField(max_length=48)
    origin = models.CharField(max_length=10)
    corrects_version = models.IntegerField(null=True)
    correction_id = models.UUIDField(null=True)
    recorded_at = models.DateTimeField()
    occurred_at = models.DateTimeField(null=True)
    actor = models.CharField(max_length=128, null=True)
    description = models.CharField(max_length=500, null=True)
    request_id = models.CharField(max_length=128, null=True)
    key_id = models.CharField(max_length=32, null=True)

    objects = FareEventQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = '"ledger"."fare_event"'
        default_permissions = ("view",)

    save = delete = _refused

    def __str__(self) -> str:
        return f"{self.booking_id} v{self.version}"

    @classmethod
    def with_key(cls, key: int) -> Self | None:
        """The event of a Django key, which is position * 65536 + partition: found by the primary key's index."""
        position, partition = divmod(int(key), 65536)
        return cls.objects.filter(partition=partition, position=position).first()


class ApiKey(models.Model):
    """A service's key to the API. The secret itself is shown once and never stored."""

    source = models.CharField(
        max_length=48, help_text="the service that events appended with this key come from"
    )
    name = models.CharField(max_length=100, blank=True)
    key_id = models.CharField(max_length=32, unique=True, editable=False, help_text="the key's public part")
    secret_hash = models.BinaryField(max_length=32, editable=False)
    scopes = ArrayField(models.CharField(max_length=20))
    user_id = models.BigIntegerField(
        null=True,
        blank=True,
        help_text="the person whose rights it uses for corrections; none: it cannot decide",
    )
    components = ArrayField(
        models.CharField(max_length=48), null=True, blank=True, help_text="those it may write; absent: all"
    )
    rate_limit = models.IntegerField(
        null=True,
        blank=True,
        help_text="requests that it may make in FAREHISTORY_RATE_WINDOW; absent: the default",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="to the minute: it is noted at most once in one"
    )
    replaces = models.OneToOneField(
        "self",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="successor",
        help_text="the key that it was made for in a rotation; one at most, so two at once make one",
    )

    class Meta:
        verbose_name = "API key"
        permissions = (("bind_apikey", "Can make API keys that correct fares in somebody else's name"),)

    def __str__(self) -> str:
        return f"{self.source} {self.key_id}"


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    create = get_or_create = update_or_create = bulk_create = bulk_update = update = delete = _audit_refused


class AuditEntry(models.Model):
    """What one member of staff looked at or did, to be read.

    Added by `events.audit`; rules of the table, kept by the database: `sql/ddl/audit_v1.sql`.
    """

    id = models.BigIntegerField(primary_key=True, editable=False)
    at = models.DateTimeField()
    user_id = models.BigIntegerField(null=True)
    user_name = models.CharField(max_length=150)
    action = models.CharField(max_length=48)
    booking_id = models.CharField(max_length=64, null=True)
    details = models.JSONField()
    request_id = models.CharField(max_length=128, null=True)
    address = models.GenericIPAddressField(null=True)

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = '"ledger"."audit_entry"'
        default_permissions = ("view",)
        verbose_name = "audit entry"

    save = delete = _audit_refused

    def __str__(self) -> str:
        return f"{self.action} by {self.user_name or '-'}"
