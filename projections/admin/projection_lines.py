"""Projections as operators read them: how far behind, whether anybody has to do something."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.admin.facts import Fact
from projections import status
from projections.admin import redis_figures, run_words, spans
from projections.admin.clockwork import Clockwork
from projections.admin.redis_figures import GroupLine
from projections.admin.run_lines import RunLine
from projections.admin.what_they_are import what_it_is
from projections.projectors import projector
from projections.status import PartitionStatus, Status
from projections.wording import capitalised

LATE_SECONDS: Final = 10.0
"""Further behind than this is told in amber: sweeps come every few seconds."""

RUNS: Final = 20

_ICONS: Final = {
    "current": "check",
    "plain": "autorenew",
    "behind": "update",
    "drift": "error",
    "paused": "pause",
    "waiting": "schedule",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One partition in the grid."""

    at: PartitionStatus
    now: datetime
    is_late: bool = False
    """Whether it is behind in a projection that is told in amber or red."""

    @property
    def partition(self) -> int:
        return self.at.partition

    @property
    def position_text(self) -> str:
        return spans.count(self.at.position)

    @property
    def behind_text(self) -> str:
        return _("%(number)s behind") % {"number": spans.count(self.at.lag)} if self.at.lag else ""

    @property
    def proven_text(self) -> str:
        if self.at.proven_at is None:
            return ""
        return _("last proven equal %(ago)s") % {"ago": spans.ago(self.at.proven_at, self.now)}


@dataclass(frozen=True, slots=True)
class Need:
    """Something that somebody should look at."""

    title: str
    """Of the projection."""
    text: str
    href: str
    is_lasting: bool = True
    """Whether it stays until a person acts; what is behind mends by itself, and a pause was meant."""


@dataclass(frozen=True)
class ProjectionLine:
    """One projection."""

    status: Status
    now: datetime = field(default_factory=timezone.now)

    @property
    def name(self) -> str:
        return self.status.name

    @property
    def title(self) -> str:
        return capitalised(self.status.name)

    @property
    def what(self) -> str:
        return what_it_is(self.status.name)

    @property
    def version(self) -> str:
        return run_words.version(self.status.version)

    @property
    def can_rebuild(self) -> bool:
        return self.status.has_tables

    @property
    def paused_at(self) -> datetime | None:
        return self.status.paused_at

    @property
    def set_aside(self) -> int:
        return self.status.set_aside

    @property
    def drift(self) -> int:
        return self.status.open_drift

    @property
    def lag_text(self) -> str:
        at = self.status
        if at.unknown_position:
            lag = _("not known")
        elif at.needs_rebuild and not at.lag_events:
            lag = _("stands still")
        elif not self._moves_by_itself and at.lag_events:
            lag = _("%(events)s to do") % {"events": spans.events(at.lag_events)}
        else:
            lag = spans.lag(at.lag_events, at.lag_seconds)
        return _("paused, %(lag)s") % {"lag": lag} if at.paused_at else lag

    @property
    def mood(self) -> str:
        """ "current" is good, "plain" needs nobody, "behind" wants a look, "drift" does not mend by itself."""
        at = self.status
        if at.needs_rebuild or at.unknown_position:
            return "drift"
        if at.paused_at:
            return "behind"
        if not at.lag_events:
            return "current"
        is_late = self._moves_by_itself and at.lag_seconds > LATE_SECONDS
        return "behind" if is_late else "plain"

    @property
    def wants_somebody(self) -> bool:
        """Whether it stays as it is until a person acts."""
        return any(need.is_lasting for need in self.needs)

    @property
    def needs(self) -> list[Need]:
        """What somebody should look at, and where."""
        at, own = self.status, reverse("admin:projections_projectionstate_change", args=[self.name])
        needs = []
        if at.needs_rebuild or at.unknown_position:
            needs.append(Need(self.title, self.stopped_text, own))
        if at.open_drift:
            text = ngettext("%(number)s row differs", "%(number)s rows differ", at.open_drift)
            needs.append(Need(self.title, text % {"number": spans.count(at.open_drift)}, self._drift_url))
        if at.set_aside:
            text = ngettext("%(number)s booking set aside", "%(number)s bookings set aside", at.set_aside)
            needs.append(Need(self.title, text % {"number": spans.count(at.set_aside)}, self._aside_url))
        if self.run is not None and self.run.is_waiting:
            needs.append(Need(self.title, _("a new version waits to be accepted"), self.run.url))
        if self.run is None and self.last_run is not None and self.last_run.has_failed:
            needs.append(Need(self.title, _("its last rebuild failed"), self.last_run.url))
        if at.paused_at:
            needs.append(Need(self.title, self.paused_text, own, is_lasting=False))
        elif self.mood == "behind" and not needs:  # what is set aside is what it is behind by
            needs.append(Need(self.title, self.lag_text, own, is_lasting=False))
        return needs

    @property
    def icon(self) -> str:
        if self.mood == "behind" and self.status.paused_at:
            return _ICONS["paused"]
        if self.mood == "plain" and not self._moves_by_itself:
            return _ICONS["waiting"]
        return _ICONS[self.mood]

    @property
    def paused_text(self) -> str:
        at = self.status
        if at.paused_at is None:
            return ""
        parts = {"who": at.paused_by or _("somebody"), "ago": spans.ago(at.paused_at, self.now)}
        return _("Paused by %(who)s, %(ago)s") % parts

    @property
    def stopped_text(self) -> str:
        """Why it does not move, or why it cannot be told where it is."""
        at = self.status
        cure = _("rebuild it") if at.has_tables else _("replay it")
        if at.needs_rebuild == status.OTHER_VERSION:
            parts = {"old": run_words.version(at.live_version), "new": self.version, "cure": cure}
            return (
                _("Stands still: its tables are of version %(old)s, the code is %(new)s; %(cure)s.") % parts
            )
        if at.needs_rebuild == status.FOREIGN_CHECKPOINT:
            return _("Stands still: it was computed from another ledger or epoch; %(cure)s.") % {"cure": cure}
        if at.unknown_position:
            return _("Where it is cannot be told: %(error)s") % {"error": at.unknown_position}
        if not self._moves_by_itself and at.lag_events:
            return _("On a schedule of its own")
        return ""

    @property
    def proven_at(self) -> datetime | None:
        return self.status.proven_at

    @property
    def proven_text(self) -> str:
        if not self.can_rebuild:
            return "–"
        return spans.ago(self.status.proven_at, self.now) if self.status.proven_at else _("not yet")

    @property
    def run(self) -> RunLine | None:
        """The rebuild that has not ended."""
        return RunLine(self.status.rebuild, self.now) if self.status.rebuild else None

    @property
    def last_run(self) -> RunLine | None:
        return RunLine(self.status.last_rebuild, self.now) if self.status.last_rebuild else None

    @property
    def notes(self) -> list[str]:
        """Figures that only this projection has."""
        if self.name == "fare_cache":
            return [redis_figures.hit_rate()]
        if self.name == "fare_stream":
            return [] if isinstance(self._groups, str) else redis_figures.in_one_line(self._groups)
        return []

    @property
    def groups(self) -> list[GroupLine]:
        return [] if isinstance(self._groups, str) else self._groups

    @property
    def groups_error(self) -> str:
        return self._groups if isinstance(self._groups, str) else ""

    @property
    def cells(self) -> list[Cell]:
        is_told = self.mood in ("behind", "drift")
        return [Cell(at, self.now, is_told and at.lag > 0) for at in self.status.partitions]

    @property
    def facts(self) -> list[Fact]:
        at = self.status
        facts = [
            Fact(
                _("Version"),
                self.version
                if at.live_version == at.version
                else f"{run_words.version(at.live_version)} → {self.version}",
            ),
            Fact(_("Events taken"), f"{spans.count(at.position)} / {spans.count(at.head)}"),
        ]
        if at.has_tables:
            facts += [
                Fact(_("Set aside"), spans.count(at.set_aside), href=self._aside_url),
                Fact(_("Open drift"), spans.count(at.open_drift), href=self._drift_url),
                Fact(_("Last proven equal"), self.proven_text, at=at.proven_at),
                Fact(_("Last drift check"), self._ago(at.checked_at), at=at.checked_at),
            ]
        return facts

    def _ago(self, at: datetime | None) -> str:
        return spans.ago(at, self.now) if at else _("not yet")

    @property
    def _aside_url(self) -> str:
        return reverse("admin:projections_set_aside") + f"?projection={self.name}"

    @property
    def _drift_url(self) -> str:
        return reverse("admin:projections_drift_changelist") + f"?projection={self.name}"

    @property
    def _moves_by_itself(self) -> bool:
        return projector(self.name).live

    @cached_property
    def _groups(self) -> list[GroupLine] | str:
        """Those of the stream; an error in words where Redis does not say."""
        if self.name != "fare_stream":
            return []
        return self.status.unknown_position or redis_figures.group_lines()


@dataclass(frozen=True, slots=True)
class ProjectionsPage:
    """All projections, and one sentence on whether all is well."""

    lines: list[ProjectionLine]
    error: str = ""
    clockwork: Clockwork | None = None
    """None where it could not be read either."""

    @property
    def mood(self) -> str:
        if self.error or self.fault or self._wanting_somebody:
            return "drift"
        return "behind" if self._late else "current"

    @property
    def icon(self) -> str:
        return {"drift": "error", "behind": "update", "current": "check_circle"}[self.mood]

    @property
    def verdict(self) -> str:
        if self.error:
            return _("How the projections are cannot be read: %(error)s") % {"error": self.error}
        if self._wanting_somebody:
            needs = _("Needs you: %(names)s") % {"names": ", ".join(self._wanting_somebody)}
            return f"{self.fault} {needs}".strip()
        if self.fault:
            return self.fault
        if self._late:
            return _("Behind or paused: %(names)s") % {"names": ", ".join(self._late)}
        return _("All projections follow the ledger.")

    @property
    def summary(self) -> str:
        """The verdict where `needs` is told beside it."""
        if self.fault:
            return self.fault
        if self._wanting_somebody:
            return _("Needs you")
        return _("Behind or paused") if self._late else self.verdict

    @property
    def needs(self) -> list[Need]:
        """What somebody should look at, what lasts before what may pass."""
        found = [need for line in self.lines for need in line.needs]
        return sorted(found, key=lambda need: not need.is_lasting)

    @property
    def fault(self) -> str:
        """What keeps all of them from moving."""
        return self.clockwork.fault if self.clockwork else ""

    @property
    def note(self) -> str:
        """Which schedules are switched off."""
        return self.clockwork.off_text if self.clockwork else ""

    @property
    def _wanting_somebody(self) -> list[str]:
        return [line.title for line in self.lines if line.wants_somebody]

    @property
    def _late(self) -> list[str]:
        return [line.title for line in self.lines if line.mood == "behind"]
