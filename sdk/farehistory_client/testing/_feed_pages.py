"""Pages of the fake's feed, made as the platform makes them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from farehistory_client.testing._cursors import Cursor
from farehistory_client.testing._ledger import Ledger, Recorded
from farehistory_client.testing._problems import Refusal

Place = Cursor | datetime | str | None
"""A cursor; a time; "tail"; None: the start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which events are answered: those that meet each list that is given."""

    component: Sequence[str] | None = None
    source: Sequence[str] | None = None
    type: Sequence[str] | None = None

    def take(self, event: Recorded) -> bool:
        return (
            (self.component is None or event.wanted.component in self.component)
            and (self.source is None or event.source in self.source)
            and (self.type is None or event.wanted.type in self.type)
        )


def page(
    ledger: Ledger,
    ledger_id: str,
    epoch: int,
    place: Place,
    *,
    partitions: Sequence[int] | None,
    limit: int,
    filters: Filters,
    withheld: Collection[tuple[int, int]],
) -> dict[str, Any]:
    """The answer. Raises Refusal for a cursor that cannot be read on from."""
    heads = {partition: len(ledger.logs.get(partition, ())) for partition in range(ledger.partitions)}
    cursor = _cursor(ledger, place, ledger_id, epoch, heads, partitions)
    read = sorted(cursor.positions if partitions is None else partitions)
    _require_known(cursor, ledger_id, epoch, heads, read)
    upto = _shares(cursor, read, limit, heads)
    events = [
        event
        for partition, last in upto.items()
        for event in ledger.logs[partition][cursor.positions[partition] : last]
        if filters.take(event) and (partition, event.position) not in withheld
    ]
    ranges = [
        {"partition": partition, "after": cursor.positions[partition], "upto": upto[partition]}
        for partition in sorted(upto)
    ]
    following = cursor
    if upto:
        begin = next((each for each in read if each > list(upto)[-1]), read[0])
        following = replace(cursor, begin=begin, positions={**cursor.positions, **upto})
    return {
        "results": [event.document() for event in events],
        "next": str(following),
        "caught_up": all(following.positions[partition] == heads[partition] for partition in read),
        "ranges": ranges,
        "wait_refused": False,
    }


def _cursor(
    ledger: Ledger,
    place: Place,
    ledger_id: str,
    epoch: int,
    heads: Mapping[int, int],
    partitions: Sequence[int] | None,
) -> Cursor:
    """The place as a cursor, which covers the partitions that are asked for if it is a new one."""
    if isinstance(place, Cursor):
        return place
    covered = heads if partitions is None else partitions
    positions = dict.fromkeys(covered, 0)
    if place == "tail":
        positions = {partition: heads[partition] for partition in covered}
    elif isinstance(place, datetime):
        logs = {partition: ledger.logs.get(partition, []) for partition in covered}
        positions = {n: sum(event.recorded_at < place for event in log) for n, log in logs.items()}
    return Cursor(ledger_id, epoch, 0, positions)


def _require_known(
    cursor: Cursor, ledger_id: str, epoch: int, heads: Mapping[int, int], read: Sequence[int]
) -> None:
    missing = [partition for partition in read if partition not in cursor.positions]
    if missing:
        raise Refusal("cursor_invalid", f"the cursor does not cover partition {missing[0]}")
    if cursor.ledger != ledger_id:
        raise Refusal("cursor_invalid", "the cursor is of another ledger")
    if cursor.epoch != epoch:
        raise Refusal(
            "cursor_invalid", f"the cursor is of epoch {cursor.epoch}, the ledger is in epoch {epoch}"
        )
    for partition, position in cursor.positions.items():
        if position > heads[partition]:
            detail = (
                f"the cursor is at position {position} of partition {partition}, beyond the end of its log"
            )
            raise Refusal("cursor_invalid", detail)


def _shares(cursor: Cursor, read: Sequence[int], limit: int, heads: Mapping[int, int]) -> dict[int, int]:
    """The last position that is examined of each partition, in their turn."""
    turn = [each for each in read if each >= cursor.begin] + [each for each in read if each < cursor.begin]
    upto: dict[int, int] = {}
    for partition in turn:
        examined = min(limit, heads[partition] - cursor.positions[partition])
        if examined:
            upto[partition] = cursor.positions[partition] + examined
            limit -= examined
    return upto
