"""Corrections as they are kept, and what an operator decides about them.

The rules of a correction's row stand in `sql/ddl/corrections_v1.sql`, which makes its table beside the ledger;
the model only reads and writes it. Limits and reason codes are Django's own tables, edited in the admin.
"""

from __future__ import annotations

from decimal import Decimal

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from events.money import from_minor


class Kind(models.TextChoices):
    """In which form the change was asked for."""

    EVENT = "event", _("a change of its own")
    CONTRA = "contra", _("cancels an event")
    SHOULD_BE = "should_be", _("the fare should be")


class State(models.TextChoices):
    PROPOSED = "proposed", _("waiting")
    APPROVED = "approved", _("approved")
    REJECTED = "rejected", _("rejected")
    WITHDRAWN = "withdrawn", _("withdrawn")


class Needs(models.TextChoices):
    """Who must approve."""

    NOBODY = "nobody", _("no second person")
    SECOND_PERSON = "second_person", _("a second person")
    LEAD = "lead", _("a lead")


class Correction(models.Model):
    """A fare put right, or to be put right: proposed by one person, decided by another.

    Its id is the transaction id of the event that it appends. Only the state moves, once; nothing is deleted.
    The table's key is (partition, id); whoever writes names both. Users are ids without a constraint, with the
    name that they had, so that a correction reads the same when they are gone.
    """

    id = models.UUIDField(primary_key=True)
    partition = models.SmallIntegerField()
    booking_id = models.CharField(max_length=64)
    corrects_version = models.IntegerField(help_text="the event that is put right")
    kind = models.CharField(max_length=9, choices=Kind)
    # The event as it was proposed. That of a fare which should be X is computed anew if the fare has moved.
    type = models.CharField(max_length=3)
    component = models.CharField(max_length=48)
    amount_minor = models.BigIntegerField()
    allow_negative = models.BooleanField()
    target_minor = models.BigIntegerField(
        null=True, help_text="what the fare should be, if that was asked for"
    )
    currency = models.CharField(max_length=3)
    exponent = models.SmallIntegerField()
    reason_code = models.CharField(max_length=48)
    customer_reason = models.CharField(
        max_length=500, help_text="the code's text for the customer, as it was"
    )
    reason = models.TextField(help_text="in the maker's words, for colleagues")
    evidence = models.CharField(max_length=1000, help_text="a link, or empty")
    seen_version = models.IntegerField(help_text="the fare that the maker saw")
    seen_fare_minor = models.BigIntegerField()
    needs = models.CharField(max_length=13, choices=Needs)
    needs_reason = models.CharField(max_length=300, help_text="why, in words")
    proposed_by = models.BigIntegerField(help_text="a user's id")
    proposed_by_name = models.CharField(max_length=150)
    proposed_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State, default=State.PROPOSED)
    decided_by = models.BigIntegerField(null=True, help_text="a user's id")
    decided_by_name = models.CharField(max_length=150, default="")
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.TextField(default="")
    event_version = models.IntegerField(null=True, help_text="of the event that it appended")

    class Meta:
        managed = False
        db_table = '"ledger"."correction"'
        default_permissions = ("view", "add")
        permissions = (
            ("approve_correction", "Can approve and reject corrections"),
            ("approve_large_correction", "Can approve corrections that need a lead"),
        )

    def __str__(self) -> str:
        return f"correction of {self.booking_id} v{self.corrects_version}"

    @property
    def amount(self) -> Decimal:
        return from_minor(self.amount_minor, self.exponent)

    @property
    def target(self) -> Decimal | None:
        return None if self.target_minor is None else from_minor(self.target_minor, self.exponent)

    @property
    def seen_fare(self) -> Decimal:
        return from_minor(self.seen_fare_minor, self.exponent)

    @property
    def is_expired(self) -> bool:
        """Whether it waits, but can no longer be approved."""
        return self.state == State.PROPOSED and timezone.now() > self.expires_at

    @property
    def is_waiting(self) -> bool:
        """Whether it can still be approved."""
        return self.state == State.PROPOSED and not self.is_expired


class CorrectionLimit(models.Model):
    """From which amount on corrections in a currency need a second person, and from which a lead.

    A currency without a row: a second person always, and never a lead.
    """

    currency = models.CharField(
        max_length=3,
        unique=True,
        validators=[RegexValidator(r"\A[A-Z]{3}\Z", _("A currency is three capital letters, such as SGD."))],
    )
    free_up_to = models.DecimalField(
        _("without a second person, up to"),
        max_digits=20,
        decimal_places=4,
        default=Decimal(0),
        validators=[MinValueValidator(Decimal(0))],
        help_text=_(
            "Of one booking all together, and of one person in one day (UTC). 0: a second person always."
        ),
    )
    lead_above = models.DecimalField(
        _("only by a lead, above"),
        max_digits=20,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
        help_text=_("Of one correction. Empty: whoever may approve may approve any amount."),
    )

    class Meta:
        default_permissions = ("view", "add", "change", "delete")
        ordering = ["currency"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(free_up_to__gte=0)
                & (models.Q(lead_above=None) | models.Q(lead_above__gte=models.F("free_up_to"))),
                name="correction_limits_in_order",
                violation_error_message=_(
                    "The amount that needs a lead cannot be below the one that is free."
                ),
            )
        ]

    def __str__(self) -> str:
        return self.currency


class ReasonCode(models.Model):
    """Why fares are corrected: a code to count by, a label for staff, and what the customer is told."""

    code = models.CharField(
        max_length=48,
        unique=True,
        validators=[
            RegexValidator(r"\A[a-z][a-z0-9_]{0,47}\Z", _("Letters a-z, digits and _, as in toll_twice."))
        ],
    )
    label = models.CharField(max_length=100, help_text=_("for staff, in the list to choose from"))
    text = models.CharField(
        _("text for the customer"), max_length=500, help_text=_("a sentence; it is kept with the fare event")
    )
    is_active = models.BooleanField(
        _("can be chosen"), default=True, help_text=_("Corrections that have it keep it.")
    )

    class Meta:
        default_permissions = ("view", "add", "change")
        ordering = ["label"]

    def __str__(self) -> str:
        return self.label
