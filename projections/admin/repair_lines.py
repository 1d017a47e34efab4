"""Repairs as operators read them: how far, and what came of each booking."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db.models import Case, Count, Q, When
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from projections import repairs, tasks
from projections.admin import spans
from projections.models import Repair, RepairItem
from projections.wording import capitalised

SHOWN: Final = 200
"""Bookings on the page of a repair: those that failed before the others."""

Kind = Repair.Kind
Outcome = RepairItem.Outcome

_TITLES: Final = {
    Kind.RETRY: gettext_lazy("Retry of what was set aside"),
    Kind.PUT_RIGHT: gettext_lazy("Putting drift right"),
}
_DONE: Final = {Kind.RETRY: gettext_lazy("Taken back"), Kind.PUT_RIGHT: gettext_lazy("Put right")}
_NOTHING: Final = {
    Kind.RETRY: gettext_lazy("No longer set aside"),
    Kind.PUT_RIGHT: gettext_lazy("Was right already"),
}
_ONE: Final = {
    # kind and outcome of the only booking: how it is said
    (Kind.RETRY, Outcome.DONE): gettext_lazy("%(booking)s was taken back into %(projection)s."),
    (Kind.RETRY, Outcome.NOTHING_TO_DO): gettext_lazy(
        "%(booking)s is no longer set aside in %(projection)s."
    ),
    (Kind.RETRY, Outcome.FAILED): gettext_lazy("%(booking)s failed again in %(projection)s."),
    (Kind.PUT_RIGHT, Outcome.DONE): gettext_lazy("%(booking)s in %(projection)s is put right."),
    (Kind.PUT_RIGHT, Outcome.FAILED): gettext_lazy("%(booking)s in %(projection)s could not be put right."),
}


def under_way(kind: Repair.Kind) -> list[RepairLine]:
    """The repairs of this kind that have not ended."""
    return [RepairLine(repair) for repair in repairs.unfinished() if repair.kind == kind]


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One booking."""

    item: RepairItem
    kind: Kind

    @property
    def title(self) -> str:
        return capitalised(self.item.projection)

    @property
    def words(self) -> str:
        if self.item.done_at is None:
            return _("Tried again soon") if self.item.error else _("To do")
        return {
            Outcome.DONE: str(_DONE[self.kind]),
            Outcome.NOTHING_TO_DO: str(_NOTHING[self.kind]),
            Outcome.REBUILD_ONLY: _("Only a rebuild puts it right"),
            Outcome.FAILED: _("Failed"),
        }[Outcome(self.item.outcome)]

    @property
    def mood(self) -> str:
        if self.item.done_at is None:
            return "behind" if self.item.error else "plain"
        return "drift" if self.is_failed else "current"

    @property
    def is_failed(self) -> bool:
        return self.item.outcome in (Outcome.FAILED, Outcome.REBUILD_ONLY)


@dataclass(frozen=True)
class RepairLine:
    """One repair."""

    repair: Repair
    now: datetime = field(default_factory=timezone.now)

    @property
    def id(self) -> Any:
        return self.repair.pk

    @property
    def title(self) -> str:
        return str(_TITLES[self.kind])

    @property
    def kind(self) -> Kind:
        return Kind(self.repair.kind)

    @property
    def finished(self) -> bool:
        return self.repair.finished_at is not None

    @property
    def by(self) -> str:
        return self.repair.requested_by

    @property
    def started_at(self) -> datetime:
        return self.repair.started_at

    @property
    def took_text(self) -> str:
        return spans.span(((self.repair.finished_at or self.now) - self.repair.started_at).total_seconds())

    @property
    def percent(self) -> int:
        return 100 * self._figures["done"] // (self._figures["all"] or 1)

    @property
    def progress_text(self) -> str:
        """ "3 of 12 bookings"."""
        numbers = {"done": spans.count(self._figures["done"]), "all": spans.count(self._figures["all"])}
        text = ngettext("%(done)s of %(all)s booking", "%(done)s of %(all)s bookings", self._figures["all"])
        return text % numbers

    @cached_property
    def is_at_work(self) -> bool:
        """Whether a worker has it in hand, as far as can be told."""
        if self.finished:
            return False
        told = tasks.is_at_work(self.repair)
        return bool(self._figures["done"]) if told is None else told

    @property
    def state(self) -> str:
        if self.finished:
            return _("Some failed") if self._figures["failed"] else _("Done")
        return _("At work") if self.is_at_work else _("Waiting for a worker")

    @property
    def mood(self) -> str:
        if not self.finished:
            return "plain" if self.is_at_work else "behind"
        return "drift" if self._figures["failed"] else "current"

    @property
    def icon(self) -> str:
        icons = {"plain": "autorenew", "behind": "hourglass_empty", "drift": "error", "current": "check"}
        return icons[self.mood]

    @property
    def sentence(self) -> str:
        """What has come of it so far."""
        if not self.finished and not self.is_at_work:
            return _(
                "No worker has it in hand. One takes it up within seconds; if none does, see whether worker, beat"
                " and broker run."
            )
        if not self.finished:
            return _("The bookings are folded anew from version 1, one after the other; the page follows.")
        only = self.items[0].item if self._figures["all"] == 1 else None
        if only is not None and (self.kind, only.outcome) in _ONE:
            names = {"booking": only.booking_id, "projection": capitalised(only.projection)}
            return str(_ONE[self.kind, Outcome(only.outcome)]) % names
        return self.outcome

    @property
    def outcome(self) -> str:
        """ "11 taken back, 1 failed"."""
        return ", ".join(
            f"{spans.count(number)} {str(words).lower()}"
            for number, words in (
                (self._figures["mended"], _DONE[self.kind]),
                (self._figures["nothing"], _NOTHING[self.kind]),
                (self._figures["rebuild"], _("put right by a rebuild only")),
                (self._figures["failed"] - self._figures["rebuild"], _("failed")),
                (self._figures["all"] - self._figures["done"], _("to do")),
            )
            if number
        )

    @property
    def back(self) -> str:
        """The list that it was asked for from."""
        name = "projections_set_aside" if self.kind == Kind.RETRY else "projections_drift_changelist"
        return reverse(f"admin:{name}")

    @property
    def back_words(self) -> str:
        return _("Set aside") if self.kind == Kind.RETRY else _("Drift")

    @cached_property
    def items(self) -> list[ItemLine]:
        of_failed = Case(When(outcome__in=(Outcome.FAILED, Outcome.REBUILD_ONLY), then=0), default=1)
        return [ItemLine(item, self.kind) for item in self.repair.items.order_by(of_failed, "pk")[:SHOWN]]

    @property
    def more(self) -> str:
        """How many bookings are not shown, in figures; nothing if all are."""
        left = self._figures["all"] - SHOWN
        return spans.count(left) if left > 0 else ""

    @cached_property
    def _figures(self) -> dict[str, int]:
        failed = Q(outcome__in=(Outcome.FAILED, Outcome.REBUILD_ONLY))
        return self.repair.items.aggregate(
            all=Count("pk"),
            done=Count("pk", filter=Q(done_at__isnull=False)),
            mended=Count("pk", filter=Q(outcome=Outcome.DONE)),
            nothing=Count("pk", filter=Q(outcome=Outcome.NOTHING_TO_DO)),
            rebuild=Count("pk", filter=Q(outcome=Outcome.REBUILD_ONLY)),
            failed=Count("pk", filter=failed),
        )
