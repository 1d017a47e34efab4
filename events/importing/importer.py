"""Batches of rows through the ledger, one outcome per row.

A batch holds whole rows, so all events of a row go to the ledger in one call and, being of one booking, in
one commit. Before that call the ledger is asked once what it has of the batch's bookings: a row that
contradicts a fare already there, or takes back one that is not there, is refused whole.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, Protocol
from uuid import UUID

from django.db import ProgrammingError, connection

from events import ledger
from events.checks import LedgerNotInForce, demand_ledger_in_force
from events.errors import LedgerError, TransactionIdReused, Unavailable
from events.event import Origin
from events.foreseeing import Foreseen
from events.importing.known import TRIP_NOT_FOUND, Known, known_of, objection
from events.importing.rehearsal import Rehearsal
from events.importing.rows import ImportFailed, Outcome, PlannedRow, RefusedRow, Row
from events.importing.tally import Tally
from events.new_event import NewEvent

BATCH_EVENTS: Final = 12_800
"""Events per batch: 200 for each of 64 partitions, and a few megabytes of memory."""

MAX_WAITING: Final = 20_000
"""Voids that wait for their trip until the files end; beyond that they are settled with what is known."""

_WAITS: Final = (0.5, 1, 2, 4, 8)
"""Seconds before an append that the database could not answer is sent again."""

Answer = ledger.Appended | Foreseen | LedgerError


class Observer(Protocol):
    """Is told what became of each row, and after each batch how far the import is."""

    def row_settled(self, row: Row, outcome: Outcome, code: str, reason: str) -> None: ...

    def batch_done(self, tally: Tally) -> None: ...


@dataclass
class Importer:
    """One run. `run` may be called once."""

    source: str
    observer: Observer
    rehearsal: Rehearsal | None = None
    """What answers in a dry run, in the ledger's place."""
    should_stop: Callable[[], bool] = lambda: False
    """Asked between batches."""
    request_id: str | None = None
    """Kept with the events. One of a piece of work that may have to be done again, after its process died, must be
    that piece's own: what is in already under it was written by an earlier try, and is counted as imported."""
    most_waiting: int = MAX_WAITING
    """How many voids may wait for their trip."""
    tally: Tally = field(default_factory=Tally)
    failure: ImportFailed | None = None
    """Why reading or writing ended before the files did; what was settled until then stands in the tally."""
    waiting: list[PlannedRow] = field(default_factory=list)
    """Voids that have not found their trip yet."""
    known: dict[str, Known] = field(default_factory=dict)
    """Of the bookings of the batch at hand."""
    _counted: set[tuple[str, UUID | str]] = field(default_factory=set)
    """Booking and transaction ids of what was counted as new, where a request id tells tries apart."""
    away: Unavailable | None = None
    """Set once the database has not answered for too long: nothing is asked of it after that."""

    def run(self, rows: Iterable[Row]) -> Tally:
        """Settles every row until the end, a stop or a failure, and returns the tally.

        A thread settles one batch while the next is read and planned: the database works meanwhile. Raises
        ImportFailed, before anything is read, if the database is away.
        """
        _demand_database()
        settler = ThreadPoolExecutor(1, thread_name_prefix="import")
        try:
            under_way: Future[None] | None = None
            for batch in self._batches(rows):
                if under_way is not None:
                    under_way.result()
                    self.observer.batch_done(self.tally)
                under_way = settler.submit(self.settle, batch)
                if self.failure is not None or self.should_stop():
                    break
            if under_way is not None:
                under_way.result()
            settler.submit(self._end).result()
        finally:
            # It is still at work only if the reading broke off, as by a second Ctrl-C: that is not to wait.
            settler.shutdown(wait=False)
        self.observer.batch_done(self.tally)
        return self.tally

    def _batches(self, rows: Iterable[Row]) -> Iterator[list[Row]]:
        batch: list[Row] = []
        events = 0
        try:
            for row in rows:
                self.tally.row_read(row)
                batch.append(row)
                events += len(row.events) if isinstance(row, PlannedRow) else 1
                if events >= BATCH_EVENTS:
                    yield batch
                    batch, events = [], 0
        except ImportFailed as error:
            self.failure = error
        if batch:
            yield batch

    def _end(self) -> None:
        """In the settler's thread, whose connection nobody else would close."""
        try:
            self._settle_waiting()
        finally:
            connection.close()

    def _settle_waiting(self) -> None:
        """Voids whose trip has not come. If not all was read, it may be in what was not."""
        waiting, self.waiting = self.waiting, []
        if self.failure is None and not self.should_stop():
            self.settle(waiting, may_wait=False)
            return
        for row in waiting:
            self._settled(row, Outcome.REFUSED, "not_reached", "the import ended before its trip was read")

    def settle(self, rows: Sequence[Row], *, may_wait: bool = True) -> None:
        """One batch. `may_wait`: whether voids whose trip is nowhere go to `waiting`; else they are refused.

        Voids come after the rest of a batch: in the files they stand before the trip they take back. Where the
        database is away for too long, `away` and `failure` say so.
        """
        for row in rows:
            if isinstance(row, RefusedRow):
                self._settled(row, Outcome.REFUSED, row.code, row.reason)
        planned = [row for row in rows if isinstance(row, PlannedRow)]
        try:
            self._look_up(planned)
        except Unavailable as error:
            self._fail(error)
            for row in planned:
                self._settled(row, Outcome.REFUSED, error.code, error.detail)
            return
        planned.sort(key=lambda row: row.reverses is not None)
        accepted = [row for row in planned if self._fits(row, may_wait)]
        if accepted:
            self._append(accepted)

    def _look_up(self, batch: Sequence[PlannedRow]) -> None:
        if self.away is not None:
            raise self.away
        look_up = known_of if self.rehearsal is None else self.rehearsal.known_of
        asked = {row.booking_id for row in batch if row.whole_fare}
        for wait in _WAITS:
            try:
                self.known = look_up(asked)
                return
            except Unavailable:
                _pause(wait)
        self.known = look_up(asked)

    def _fits(self, row: PlannedRow, may_wait: bool) -> bool:
        """Whether the row can go to the ledger now. If not, it is settled as refused, or waits for its trip."""
        known = self.known.setdefault(row.booking_id, Known())
        refusal = objection(row, known)
        if refusal is None:
            known.take(row)  # later rows of the batch see this one as known
            return True
        if refusal.code == TRIP_NOT_FOUND and may_wait and len(self.waiting) < self.most_waiting:
            self.waiting.append(row)
        else:
            self._settled(row, Outcome.REFUSED, refusal.code, refusal.reason)
        return False

    def _append(self, rows: Sequence[PlannedRow]) -> None:
        answers = iter(self._answers([event for row in rows for event in row.events]))
        for row in rows:
            of_row = list(islice(answers, len(row.events)))
            refusals = [answer for answer in of_row if isinstance(answer, LedgerError)]
            new = sum(not isinstance(answer, LedgerError) and self._is_new(answer) for answer in of_row)
            if refusals:
                outcome = Outcome.PARTLY if new else Outcome.REFUSED
                self._settled(row, outcome, refusals[0].code, _reason(row, refusals[0]), events=new)
            else:
                self._settled(row, Outcome.IMPORTED if new else Outcome.REPLAYED, events=new)

    def _is_new(self, answer: ledger.Appended | Foreseen) -> bool:
        if self.request_id is None or isinstance(answer, Foreseen):
            return not answer.replayed
        event = answer.event
        key = (event.booking_id, event.transaction_id)
        is_new = not answer.replayed or (event.request_id == self.request_id and key not in self._counted)
        if is_new:
            self._counted.add(key)
        return is_new

    def _answers(self, events: Sequence[NewEvent]) -> list[Answer]:
        """An answer per event. What the database could not answer is sent again, for a while."""
        answers: list[Answer] = list(self._send(events))
        for wait in _WAITS:
            unanswered = [i for i, answer in enumerate(answers) if isinstance(answer, Unavailable)]
            if not unanswered:
                return answers
            _pause(wait)
            for i, answer in zip(unanswered, self._send([events[i] for i in unanswered]), strict=True):
                answers[i] = answer
        for answer in answers:
            if isinstance(answer, Unavailable):
                self._fail(answer)
        return answers

    def _send(self, events: Sequence[NewEvent]) -> Sequence[Answer]:
        try:
            if self.rehearsal is not None:
                return self.rehearsal.append_many(events)
            return ledger.append_many(
                events, source=self.source, origin=Origin.IMPORT, request_id=self.request_id
            )
        except Unavailable as error:
            return [error] * len(events)

    def _fail(self, error: Unavailable) -> None:
        self.away = error
        self.failure = ImportFailed(
            f"{error.detail}. Run the import again: what is in already is not repeated."
        )

    def _settled(
        self, row: Row, outcome: Outcome, code: str = "", reason: str = "", *, events: int = 0
    ) -> None:
        self.tally.settled(row, outcome, events)
        self.observer.row_settled(row, outcome, code, reason)


def _reason(row: PlannedRow, refusal: LedgerError) -> str:
    """The ledger's words, unless they are about an id that the user never saw."""
    return (isinstance(refusal, TransactionIdReused) and row.if_id_reused) or refusal.detail


def _demand_database() -> None:
    try:
        demand_ledger_in_force()
        known_of([])
    except LedgerNotInForce as error:
        raise ImportFailed(f"the ledger's rules are not in force: {error}") from error
    except Unavailable as error:
        raise ImportFailed(f"no database: {error.detail}") from error
    except ProgrammingError as error:
        raise ImportFailed("the database has no ledger yet: run manage.py migrate first") from error
    finally:
        connection.close()


def _pause(seconds: float) -> None:
    """A broken connection would stay broken: the next use opens another."""
    connection.close()
    time.sleep(seconds)
