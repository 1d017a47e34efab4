"""A run that brings fares in from a file, or takes events of the ledger out into one. Its row stays as the record."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.db import models
from django.db.models import Q


class Transfer(models.Model):
    """One import or export: who asked for what, how far it is, what came of it.

    It goes on in steps. What a step has done, and `step` itself, are written in one statement that demands that nobody
    else has moved the row meanwhile: a step whose process died is done again from where it began.
    """

    class Kind(models.TextChoices):
        IMPORT = "import"
        EXPORT = "export"

    class State(models.TextChoices):
        CHECKING = "checking"
        CHECKED = "checked", "checked, waiting for a decision"
        RUNNING = "running"
        DONE = "done"
        CANCELLED = "cancelled"
        FAILED = "failed"

    DRIVEN = (State.CHECKING, State.RUNNING)
    """In these it goes on by itself."""
    ENDED = (State.DONE, State.CANCELLED, State.FAILED)

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    kind = models.CharField(max_length=6, choices=Kind.choices)
    state = models.CharField(max_length=9, choices=State.choices)
    asked = models.JSONField(
        default=dict, help_text="how the file is read, or which events are taken out and how"
    )

    file_name = models.CharField(max_length=255, blank=True)
    file_size = models.BigIntegerField(
        null=True, help_text="in bytes; none: not known yet, or there is no file"
    )
    file_sha256 = models.CharField(max_length=64, blank=True)
    file_removed_at = models.DateTimeField(null=True)
    folder_removed_at = models.DateTimeField(
        null=True, help_text="since when nothing is left of its files, also not the lists of rows"
    )

    step = models.BigIntegerField(default=0, help_text="how many steps are done for good")
    attempts = models.SmallIntegerField(default=0, help_text="how often the next step was begun")
    reached = models.JSONField(default=dict, help_text="where the next step begins")
    done = models.BigIntegerField(
        default=0, help_text="of `whole`: bytes that were read, or events looked at"
    )
    whole = models.BigIntegerField(default=0)
    rows = models.BigIntegerField(default=0, help_text="read from the file, or written to it")
    check_counts = models.JSONField(null=True, help_text="what the dry run counted; none before its end")
    counts = models.JSONField(default=dict, help_text="what the present run has counted so far")

    requested_by = models.BigIntegerField(null=True)
    requested_by_name = models.CharField(max_length=150)
    confirmed_by = models.BigIntegerField(null=True, help_text="who let the import begin after its dry run")
    confirmed_by_name = models.CharField(max_length=150, blank=True)
    cancelled_by_name = models.CharField(max_length=150, blank=True)
    request_id = models.CharField(max_length=128, blank=True)

    started_at = models.DateTimeField(auto_now_add=True)
    moved_at = models.DateTimeField(auto_now_add=True)
    confirmed_at = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        default_permissions = ("view",)
        permissions = (
            ("import_fares", "Can import fares from files"),
            ("export_ledger", "Can export events of the ledger"),
            ("export_metadata", "Can export metadata with them"),
        )
        verbose_name = "import or export"
        verbose_name_plural = "imports and exports"
        indexes = (
            models.Index(fields=["-started_at", "-id"], name="transfer_latest"),
            models.Index(fields=["kind", "-started_at", "-id"], name="transfer_latest_of_kind"),
            models.Index(fields=["moved_at"], name="transfer_unfinished", condition=Q(finished_at=None)),
            models.Index(fields=["moved_at"], name="transfer_with_file", condition=Q(file_removed_at=None)),
            models.Index(
                fields=["moved_at"], name="transfer_with_folder", condition=Q(folder_removed_at=None)
            ),
        )
        constraints = (
            models.CheckConstraint(condition=Q(kind__in=["import", "export"]), name="transfer_kind_is_known"),
            models.CheckConstraint(
                condition=Q(state__in=["done", "cancelled", "failed"], finished_at__isnull=False)
                | Q(state__in=["checking", "checked", "running"], finished_at=None),
                name="transfer_ends_some_time",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.file_name or self.pk}"

    @property
    def is_driven(self) -> bool:
        """Whether it goes on by itself, or would if nobody had asked to cancel it."""
        return self.state in self.DRIVEN

    @property
    def has_ended(self) -> bool:
        return self.state in self.ENDED

    @property
    def is_dry(self) -> bool:
        """Whether its steps only look, and write nothing to the ledger."""
        return self.state == self.State.CHECKING

    @property
    def details(self) -> dict[str, Any]:
        """What the audit keeps of it beside who and when."""
        if self.kind == self.Kind.IMPORT:
            named = {"file": self.file_name, "size": self.file_size, "sha256": self.file_sha256}
            return {**named, **{name: self.asked.get(name) for name in ("form", "source")}}
        return {name: self.asked.get(name) for name in ("form", "filters", "with_metadata")}
