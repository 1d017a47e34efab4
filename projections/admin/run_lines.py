"""Rebuilds as operators read them: what state, how far, what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.admin.facts import Fact
from projections import tasks
from projections.admin import run_words, spans
from projections.admin.drift_lines import DriftLine
from projections.models import Rebuild
from projections.rebuild import Progress, progress
from projections.wording import capitalised

State = Rebuild.State

SHOWN_DIFFERENCES: Final = 20

_LOOKS: Final = {
    # state: (words, icon, mood)
    State.BUILDING: (gettext_lazy("Computing"), "autorenew", "plain"),
    State.COMPARING: (gettext_lazy("Comparing"), "balance", "plain"),
    State.WAITING: (gettext_lazy("Waiting for acceptance"), "pan_tool", "behind"),
    State.SWAPPING: (gettext_lazy("Swapping in"), "swap_horiz", "plain"),
    State.DONE: (gettext_lazy("Swapped in"), "check", "current"),
    State.COMPARED: (gettext_lazy("Compared only"), "check", "current"),
    State.CANCELLED: (gettext_lazy("Cancelled"), "block", "plain"),
    State.FAILED: (gettext_lazy("Failed"), "error", "drift"),
}


@dataclass(frozen=True)
class RunLine:
    """One rebuild."""

    rebuild: Rebuild
    now: datetime = field(default_factory=timezone.now)

    @property
    def id(self) -> Any:
        return self.rebuild.pk

    @property
    def projection(self) -> str:
        return self.rebuild.projection

    @property
    def title(self) -> str:
        return capitalised(self.rebuild.projection)

    @property
    def finished(self) -> bool:
        return self.rebuild.finished

    @property
    def is_waiting(self) -> bool:
        return self.rebuild.state == State.WAITING and not self.is_cancelling

    @property
    def is_cancelling(self) -> bool:
        return self.rebuild.cancel_requested_at is not None and not self.finished

    @cached_property
    def is_at_work(self) -> bool | None:
        """Whether a worker has it in hand; None where that cannot be told."""
        return tasks.is_at_work(self.rebuild) if self._wants_a_worker else None

    @property
    def _wants_a_worker(self) -> bool:
        return not (self.finished or self.is_waiting or self.is_cancelling)

    @property
    def words(self) -> str:
        if self.is_cancelling:
            return _("Being cancelled")
        if self.is_at_work is False:
            return _("Waiting for a worker")
        if self.rebuild.is_partial and self.rebuild.state == State.SWAPPING:
            return _("Putting right")
        if self.rebuild.is_partial and self.rebuild.state == State.DONE:
            return _("Put right in place") if self.rebuild.differences else _("Nothing to put right")
        return str(self._look[0])

    @property
    def link_words(self) -> str:
        """What leads from its projection to a run that has not ended."""
        if self.is_waiting:
            return _("A new version is ready")
        return _("Its rebuild") if self.is_cancelling else _("Being rebuilt")

    @property
    def icon(self) -> str:
        return "hourglass_empty" if self.is_at_work is False else self._look[1]

    @property
    def has_failed(self) -> bool:
        return self.rebuild.state == State.FAILED

    @property
    def url(self) -> str:
        return reverse("admin:projections_rebuild_change", args=[self.rebuild.pk])

    @property
    def mood(self) -> str:
        """How it looks: "current" is good, "behind" wants somebody, "drift" is wrong."""
        found = self.rebuild.differences and self.was_compared and not self.is_expected
        return "behind" if found or self.is_at_work is False else self._look[2]

    @cached_property
    def is_expected(self) -> bool:
        """Whether its differences are to a version before, so that nothing was wrong."""
        return self.rebuild.drift.filter(is_expected=True).exists()

    @property
    def _look(self) -> tuple[Any, str, str]:
        return _LOOKS[State(self.rebuild.state)]

    @property
    def outcome(self) -> str:
        """State and differences in a few words, for lists."""
        if not self.rebuild.was_compared or (self.rebuild.is_partial and not self.rebuild.differences):
            return self.words
        return f"{self.words}, {run_words.differences(self.rebuild.differences)}"

    @property
    def was_compared(self) -> bool:
        return self.rebuild.was_compared and self.finished

    @property
    def differences(self) -> int:
        return self.rebuild.differences

    @property
    def differences_words(self) -> str:
        shown = len(self.drift)
        if shown < self.rebuild.differences:
            return _("%(differences)s, the first %(shown)d of them") % {
                "differences": capitalised(run_words.differences(self.rebuild.differences)),
                "shown": shown,
            }
        return capitalised(run_words.differences(self.rebuild.differences))

    @cached_property
    def drift(self) -> list[DriftLine]:
        found = self.rebuild.drift.order_by("pk")[:SHOWN_DIFFERENCES]
        return [DriftLine(row, self.now) for row in found]

    @property
    def more_drift(self) -> bool:
        return self.rebuild.differences > SHOWN_DIFFERENCES

    @property
    def by(self) -> str:
        return self.rebuild.requested_by or _("the schedule")

    @property
    def at(self) -> datetime:
        return self.rebuild.finished_at or self.rebuild.started_at

    @property
    def ago(self) -> str:
        return spans.ago(self.at, self.now)

    @property
    def started_at(self) -> datetime:
        return self.rebuild.started_at

    @property
    def events_text(self) -> str:
        return spans.count(self.rebuild.events)

    @property
    def took_text(self) -> str:
        return spans.span(((self.rebuild.finished_at or self.now) - self.rebuild.started_at).total_seconds())

    @property
    def swap_text(self) -> str:
        return "–" if self.rebuild.swap_ms is None else _("%(ms).1f ms") % {"ms": self.rebuild.swap_ms}

    @property
    def error(self) -> str:
        return self.rebuild.error

    @property
    def sentence(self) -> str:
        """What the state means for those who read the view."""
        if self.is_at_work is False:
            return _(
                "No worker has it in hand. One takes it up within seconds, from where it is; if none does, see"
                " whether worker, beat and broker run. Everybody reads the present view."
            )
        said = run_words.sentence(self.rebuild, self.title, is_expected=self.is_expected)
        if self._wants_a_worker and self.is_at_work is None:
            return f"{said} {_('Whether a worker has it in hand cannot be told: Redis does not answer.')}"
        return said

    @property
    def facts(self) -> list[Fact]:
        run = self.rebuild
        ended = [Fact(_("Ended"), at=run.finished_at)] if run.finished_at else []
        return [
            Fact(_("Projection"), _("%(title)s, version %(version)s") % self._named),
            Fact(_("Asked for by"), self.by),
            Fact(_("Began"), at=run.started_at),
            *ended,
            Fact(_("Took") if ended else _("Running for"), self.took_text),
            Fact(_("Partitions"), run_words.partitions_text(run.partitions)),
            Fact(_("Events"), self.events_text),
            Fact(_("Kind"), run_words.kind(run)),
            *([Fact(_("Readers could wait"), self.swap_text)] if run.swap_ms is not None else []),
            *([Fact(_("Request id"), run.request_id)] if run.request_id else []),
        ]

    @property
    def _named(self) -> dict[str, str]:
        return {"title": self.title, "version": run_words.version(self.rebuild.version)}

    @property
    def percent(self) -> int | None:
        """How far the step at hand has got; None for a step that has no length."""
        if self.rebuild.state == State.BUILDING:
            return int(self._progress.percent)
        if self.rebuild.state == State.COMPARING:
            return 100 * self._progress.partitions_compared // (self._progress.partitions or 1)
        return None

    @property
    def progress_text(self) -> str:
        """ "45,000 of 120,000 events · 31,000 a second · 3 s left"."""
        if self.rebuild.state == State.BUILDING:
            return " · ".join(run_words.building(self._progress))
        if self.rebuild.state == State.COMPARING:
            return _("%(done)s of %(all)s partitions compared") % {
                "done": self._progress.partitions_compared,
                "all": self._progress.partitions,
            }
        return ""

    @cached_property
    def _progress(self) -> Progress:
        return progress(self.rebuild)
