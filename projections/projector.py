"""What a projector is: a view of the ledger, moved by a page of events at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from projections import sql

LIVE: Final = "projection"
"""The schema of the tables that are read."""

NEXT: Final = "projection_next"
"""The schema of the tables that a rebuild fills."""

KEPT: Final = "projection_old"
"""The schema of the tables that the last swap took out."""

CHECK: Final = "projection_check"
"""The schema in which the drift monitor folds bookings anew; it rolls back."""


@dataclass(frozen=True, slots=True)
class Page:
    """The events of one partition with after < position <= upto."""

    partition: int
    after: int
    upto: int
    schema: str = LIVE
    """Where the tables are that it moves."""
    bookings: tuple[str, ...] | None = None
    """Only the events of these bookings; None: of all that are not set aside."""


class Projector(ABC):
    """One view, or one consumer with effects elsewhere. `apply` runs inside the transaction that moves the
    checkpoint, on whole pages: set-based."""

    name: ClassVar[str]
    version: str = "1"
    """Raised when the same events would give other rows: the tables are then rebuilt before they are moved."""
    tables: tuple[str, ...] = ()
    """Its tables, made by `sql/tables/<name>.sql` in any schema; none for a consumer."""
    by_booking: bool = True
    """Whether its tables have a row or rows per booking, in a column booking_id: one can then be folded anew."""
    follows: str | None = None
    """The projection that it must not overtake; None: the ledger alone."""
    live: bool = True
    """Whether every wake-up moves it; otherwise only a schedule of its own does."""
    page_events: int = 1000
    """Events of one transaction: short enough for every time limit, long enough for set-based work to pay."""

    @abstractmethod
    def apply(self, page: Page) -> None:
        """Moves the view by this page. Raises OutOfStep if the view is not where the page begins."""

    def positions(self, recorded: dict[int, int]) -> dict[int, int]:
        """Where it is in each partition, if somebody else knows better than the checkpoints recorded."""
        return recorded

    def rewind(self, partition: int, after: int) -> None:  # noqa: B027 - most have nothing to do
        """Told that its checkpoint is set back to `after`, in the transaction that does so."""

    @property
    def sets_aside(self) -> bool:
        """Whether a booking that it cannot take is set aside, so that the others go on; or all wait."""
        return bool(self.tables)

    def table_statements(self) -> str:
        """What makes its tables, with :"schema" for the schema."""
        return sql.statement(f"tables/{self.name}")

    def execute(self, cursor: Any, statement: str, page: Page, **more: Any) -> None:
        """Runs `sql/<statement>.sql` on a page: :page are its events, :"schema" where the tables are."""
        text = sql.on_page(
            statement,
            schema=page.schema,
            aside=NEXT if page.schema == NEXT else LIVE,
            of_bookings=page.bookings is not None,
        )
        bounds = {"partition": page.partition, "after": page.after, "upto": page.upto}
        which = {"projection": self.name} if page.bookings is None else {"bookings": list(page.bookings)}
        cursor.execute(text, bounds | which | more)


class OutOfStep(RuntimeError):
    """A view is not at the version that a page continues from. Nothing was moved."""
