"""Runs as operators and auditors read them: what it is, how far, what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events.admin.facts import Fact
from events.admin.transfers import run_words, urls
from events.importing.rows import Outcome
from events.models import Transfer
from events.money import exponent_of
from events.transfers import driving, limits
from events.transfers.counts import READ, Counts

State = Transfer.State

_LOOKS: Final = {
    # state: (words, icon, mood)
    State.CHECKING: (gettext_lazy("Being checked"), "troubleshoot", "plain"),
    State.CHECKED: (gettext_lazy("Waits for a decision"), "pan_tool", "behind"),
    State.RUNNING: (gettext_lazy("Under way"), "autorenew", "plain"),
    State.DONE: (gettext_lazy("Done"), "check", "current"),
    State.CANCELLED: (gettext_lazy("Cancelled"), "block", "plain"),
    State.FAILED: (gettext_lazy("Failed"), "error", "drift"),
}


@dataclass(frozen=True, slots=True)
class CurrencyLine:
    """What was counted in one currency."""

    currency: str
    read: str
    accepted: str
    duplicate: str
    refused: str
    total: str
    """What the accepted rows state."""
    events_sum: str
    """What their events come to."""


@dataclass(frozen=True, slots=True)
class RowGroup:
    """Rows of one outcome, the first of them, and how many there are."""

    title: str
    what_it_means: str
    rows: list[dict[str, Any]]
    count: int

    @property
    def has_difference(self) -> bool:
        """Whether any row has a total that is not the sum of its amounts."""
        return any(row["difference"] for row in self.rows)

    @property
    def more_text(self) -> str:
        """How many are not shown; nothing if all are."""
        more = self.count - len(self.rows)
        return f"{more:,}" if more > 0 else ""


@dataclass(frozen=True)
class RunLine:
    """One run. `viewer`: who looks; without, nothing is offered."""

    run: Transfer
    viewer: Any = None
    now: datetime = field(default_factory=timezone.now)

    @property
    def id(self) -> UUID:
        return self.run.pk

    @property
    def is_import(self) -> bool:
        return self.run.kind == Transfer.Kind.IMPORT

    @property
    def file_name(self) -> str:
        return self.run.file_name

    @property
    def title(self) -> str:
        words = _("Import of %(file)s") if self.is_import else _("Export %(file)s")
        return words % {"file": self.run.file_name}

    @property
    def kind_words(self) -> str:
        return _("Import") if self.is_import else _("Export")

    @property
    def what(self) -> str:
        """What was asked for, in a few words."""
        if self.is_import:
            return run_words.form_of_import(self.run.asked["form"])
        return run_words.filters(self.run.asked["filters"]) or _("the whole ledger")

    @property
    def words(self) -> str:
        if self.is_cancelling:
            return _("Being cancelled")
        if self.is_stalled:
            return _("Waiting for a worker")
        if self.is_waiting and not self.accepted:
            return _("Checked, nothing to import")
        if self.run.state == State.DONE and self.is_import and self.counts.refused:
            return _("Done, some rows refused")
        if self.run.state == State.DONE and not self.is_import and self.run.asked.get("direct"):
            return _("Sent")
        return str(self._look[0])

    @property
    def icon(self) -> str:
        return "hourglass_empty" if self.is_stalled else self._look[1]

    @property
    def mood(self) -> str:
        if self.is_stalled:
            return "behind"
        is_partly = self.run.state == State.DONE and self.is_import and self.counts.refused
        return "behind" if is_partly else self._look[2]

    @property
    def _look(self) -> tuple[Any, str, str]:
        return _LOOKS[State(self.run.state)]

    @property
    def has_ended(self) -> bool:
        """Nothing moves it any more but a person."""
        return not self.run.is_driven

    @property
    def is_cancelling(self) -> bool:
        return self.run.cancel_requested_at is not None and not self.run.has_ended

    @property
    def is_waiting(self) -> bool:
        return self.run.state == State.CHECKED

    @property
    def is_stalled(self) -> bool:
        """It should go on, and nothing was seen of it for so long that it is taken up anew."""
        return self.run.is_driven and self.now - self.run.moved_at > driving.STALLED

    @property
    def sentence(self) -> str:
        return run_words.stalled() if self.is_stalled else run_words.sentence(self.run, self.counts)

    @property
    def error(self) -> str:
        return self.run.error

    @property
    def is_retrying(self) -> bool:
        """A step failed, and is tried again."""
        return bool(self.run.error) and self.run.is_driven

    @property
    def percent(self) -> int | None:
        if not self.run.is_driven:
            return None
        return min(99, 100 * self.run.done // self.run.whole) if self.run.whole else 0

    @property
    def progress_text(self) -> str:
        if self.is_import:
            return _("%(rows)s read") % {"rows": run_words.rows(self.run.rows)}
        return _("%(done)s of %(whole)s events looked at · %(rows)s written") % {
            "done": f"{self.run.done:,}",
            "whole": f"{self.run.whole:,}",
            "rows": f"{self.run.rows:,}",
        }

    @property
    def rows_text(self) -> str:
        return f"{self.run.rows:,}"

    @property
    def by(self) -> str:
        return self.run.requested_by_name

    @property
    def started_at(self) -> datetime:
        return self.run.started_at

    @cached_property
    def counts(self) -> Counts:
        """Of the run itself once it has begun, of its dry run before."""
        return Counts.of(self._kept)

    @property
    def _kept(self) -> dict[str, Any]:
        return self.run.check_counts or {} if self.is_waiting or self._discarded else self.run.counts

    @property
    def _discarded(self) -> bool:
        """Ended after its dry run, without having begun."""
        return self.run.has_ended and self.run.confirmed_at is None and self.run.check_counts is not None

    @property
    def is_dry(self) -> bool:
        """Whether the counts are of what would be."""
        return self.run.confirmed_at is None

    @property
    def accepted(self) -> int:
        return self.counts.rows(Outcome.IMPORTED)

    @property
    def duplicate(self) -> int:
        return self.counts.rows(Outcome.REPLAYED)

    @property
    def refused(self) -> int:
        return self.counts.refused

    @property
    def was_counted(self) -> bool:
        return self.is_import and bool(self.counts.sums)

    @property
    def tiles(self) -> list[tuple[str, str, str]]:
        """Number, what it counts, what that means."""
        return run_words.tiles(self.accepted, self.duplicate, self.refused, is_dry=self.is_dry)

    @property
    def currencies(self) -> list[CurrencyLine]:
        return [self._currency(currency) for currency in self.counts.currencies]

    def _currency(self, currency: str) -> CurrencyLine:
        rows = {what: self.counts.of_currency(currency, what).rows for what in (READ, *Outcome)}
        accepted = self.counts.of_currency(currency, Outcome.IMPORTED)
        return CurrencyLine(
            currency or _("none given"),
            f"{rows[READ]:,}",
            f"{rows[Outcome.IMPORTED]:,}",
            f"{rows[Outcome.REPLAYED]:,}",
            f"{rows[Outcome.REFUSED] + rows[Outcome.PARTLY]:,}",
            _amount(accepted.total, currency),
            _amount(accepted.events_sum, currency),
        )

    @property
    def groups(self) -> list[RowGroup]:
        """The first rows of each kind that somebody may want to look at."""
        groups = run_words.groups(is_dry=self.is_dry)
        numbers = {
            Outcome.PARTLY: self.counts.rows(Outcome.PARTLY),
            Outcome.REFUSED: self.counts.rows(Outcome.REFUSED),
            Outcome.REPLAYED: self.duplicate,
            Outcome.IMPORTED: self.counts.differing,
        }
        found = (
            RowGroup(title, what, self._first(outcome), numbers[outcome])
            for outcome, (title, what) in groups.items()
        )
        return [group for group in found if group.rows]

    def _first(self, outcome: Outcome) -> list[dict[str, Any]]:
        found = (each for each in self._kept.get("first", []) if each["outcome"] == outcome.value)
        return [{**each, "difference_text": _difference(each)} for each in found]

    @property
    def notes(self) -> list[str]:
        return list(self._kept.get("notes", []))

    @property
    def row_list(self) -> int:
        """Bytes of the list of rows that are not plainly in; 0 if there is none."""
        if self.run.confirmed_at is None or self.run.folder_removed_at is not None:
            return 0
        return int(self.run.counts.get("report", 0))

    @property
    def check_row_list(self) -> int:
        """The same of the dry run."""
        if self.run.folder_removed_at is not None:
            return 0
        kept = self.run.check_counts or (self.run.counts if self.run.confirmed_at is None else {})
        return int(kept.get("report", 0))

    @property
    def lists_until(self) -> datetime | None:
        """When the lists go."""
        return None if self.run.finished_at is None else self.run.moved_at + limits.lists_kept()

    @property
    def has_refused_file(self) -> bool:
        """Whether the refused rows can be taken out of its file, to be put right: while that is there, and not huge."""
        is_there = self.has_ended and self.run.file_removed_at is None
        is_small = (self.run.file_size or 0) <= limits.largest_upload()
        lists = self.row_list if self.run.confirmed_at else self.check_row_list
        may = self.viewer is not None and self.viewer.has_perm(urls.MAY_IMPORT)
        return bool(self.is_import and is_there and is_small and lists and self.refused and may)

    @property
    def has_export(self) -> bool:
        """Whether there is a file to download."""
        is_done = not self.is_import and self.run.state == State.DONE
        return is_done and self.run.file_removed_at is None and not self.run.asked.get("direct")

    @property
    def missing_permission(self) -> str:
        """What the viewer lacks for downloading it."""
        needed = [
            urls.MAY_EXPORT,
            *([urls.MAY_EXPORT_METADATA] if self.run.asked.get("with_metadata") else []),
        ]
        return next((each for each in needed if not self.viewer.has_perm(each)), "")

    @property
    def expires_at(self) -> datetime | None:
        """When its file goes."""
        return None if self.run.finished_at is None else self.run.finished_at + limits.files_kept()

    @property
    def can_confirm(self) -> bool:
        return self.is_waiting and self.accepted > 0 and self.viewer.has_perm(urls.MAY_IMPORT)

    @property
    def confirm_words(self) -> str:
        return ngettext("Import %(rows)s row", "Import %(rows)s rows", self.accepted) % {
            "rows": f"{self.accepted:,}"
        }

    @property
    def can_cancel(self) -> bool:
        needed = urls.MAY_IMPORT if self.is_import else urls.MAY_EXPORT
        return not self.run.has_ended and not self.is_cancelling and self.viewer.has_perm(needed)

    @property
    def cancel_words(self) -> str:
        return _("Do not import") if self.is_waiting else _("Cancel")

    @property
    def again_url(self) -> str:
        """The form, filled in as it was."""
        if self.is_import:
            return ""
        asked = {**self.run.asked["filters"], "form": self.run.asked["form"]}
        if self.run.asked["with_metadata"]:
            asked["with_metadata"] = True
        return f"{reverse(f'admin:{urls.EXPORT}')}?{urlencode(sorted(asked.items()))}"

    @property
    def facts(self) -> list[Fact]:
        return run_words.facts(self.run)


def _amount(amount: Decimal, currency: str) -> str:
    """With all decimals of its currency; with those that it has where that is none, or has fewer."""
    try:
        exponent = exponent_of(currency)
    except ValueError:
        exponent = 0
    places = max(exponent, -int(amount.as_tuple().exponent))
    return f"{amount:,.{places}f}".replace("-", "\N{MINUS SIGN}")


def _difference(row: dict[str, Any]) -> str:
    """By how much the total that it states is off: "USD -2.75", with a real minus."""
    return (
        f"{row['currency']} {row['difference']}".replace("-", "\N{MINUS SIGN}") if row["difference"] else ""
    )
