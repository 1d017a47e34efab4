"""The status of the projections as a terminal shows it."""

from __future__ import annotations

from datetime import datetime

from rich.table import Table

from projections.models import Rebuild
from projections.set_aside import SetAside
from projections.status import FOREIGN_CHECKPOINT, OTHER_VERSION, Status
from projections.terminal_tables import counted, written


def overview(statuses: list[Status]) -> str:
    """A line for each projection, then what somebody should look at."""
    table = Table("projection", "behind", "set aside", "drift", "last proven equal", "last rebuild")
    for each in statuses:
        table.add_row(
            each.name,
            _lag(each),
            _count(each.set_aside),
            _count(each.open_drift) if each.has_tables else "",
            _proven(each),
            _rebuild(each.last_rebuild),
        )
    notes = [f"{each.name}: {note}" for each in statuses for note in _notes(each)]
    return "\n".join([written(table, may_go="last rebuild"), *([""] if notes else []), *notes])


def by_partition(statuses: list[Status]) -> str:
    """A line for each partition of each projection."""
    table = Table("projection", "partition", "position", "head", "behind", "last proven equal")
    for status in statuses:
        for each in status.partitions:
            numbers = (f"{number:,}" for number in (each.partition, each.position, each.head, each.lag))
            table.add_row(status.name, *numbers, _time(each.proven_at) if status.has_tables else "")
    return written(table)


def set_aside_list(rows: list[SetAside]) -> str:
    """Two lines for each booking that is set aside: ids whole, so that they can be copied, and the error."""
    return "\n".join(
        f"{each.projection} {each.booking_id}, from event {each.partition}:{each.position} on,"
        f" since {_time(each.set_aside_at)}, tried {_times(each.tries)}\n    {each.error}"
        for each in rows
    )


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number:,} times"


def _lag(of: Status) -> str:
    if not of.lag_events:
        return "–"
    # Tenths are of no interest in what takes minutes, and a line has 80 characters.
    seconds = f"{of.lag_seconds:,.1f}" if of.lag_seconds < 1000 else f"{of.lag_seconds:,.0f}"
    return f"{counted(of.lag_events, 'event')}, {seconds} s"


def _count(number: int) -> str:
    return f"{number:,}" if number else "–"


def _proven(of: Status) -> str:
    return "" if not of.has_tables else _time(of.proven_at) if of.proven_at else "not yet"


def _rebuild(rebuild: Rebuild | None) -> str:
    if rebuild is None:
        return ""
    differed = f", {rebuild.differences:,} differed" if rebuild.was_compared else ""
    return f"{_time(rebuild.finished_at)} {rebuild.state}{differed}"


def _notes(of: Status) -> list[str]:
    notes = []
    if of.paused_at:
        notes.append(f"paused since {_time(of.paused_at)} by {of.paused_by}")
    if of.needs_rebuild:
        again = f"rebuild {of.name} --accept" if of.has_tables else f"projections replay {of.name} --after 0"
        notes.append(f"stands still, {_WHY[of.needs_rebuild].format(of)}: manage.py {again}")
    if of.unknown_position:
        notes.append(f"where it truly is cannot be told: {of.unknown_position}")
    if of.rebuild and of.progress:
        notes.append(f"rebuild {of.rebuild.pk} is {of.rebuild.state}, {of.progress.percent:.0f} %")
    return notes


_WHY = {
    OTHER_VERSION: "its version is {0.live_version}, this code's is {0.version}",
    FOREIGN_CHECKPOINT: "it was computed from another ledger or epoch, or is beyond a log's end",
}


def _time(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}" if at else ""
