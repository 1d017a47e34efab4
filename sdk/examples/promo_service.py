"""A promo service: follows the feed, and takes something off every ride that is dear enough, while the budget lasts.

    FAREHISTORY_URL=http://127.0.0.1:8000 FAREHISTORY_KEY=fh_… python promo_service.py

The key needs feed:read beside fares:read and fares:append. PROMO_DATABASE names a file of SQLite (none: in memory).
What was promised and the place in the feed are kept there in one transaction, so that a crash in between loses
nothing and promises nothing twice.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from farehistory_client import TAIL, Change, Client, Fare, FareEvent, FareHistoryError, FeedPage, Retries

CODE = "TWOOFF"
OFF = Decimal("2.00")
FROM = Decimal("15.00")
BUDGET = 10_000

PATIENT = Retries(attempts=1000, within=300.0)
"""Nobody waits for this service: it sits out a restart of the platform."""

TABLES = """
CREATE TABLE IF NOT EXISTS place (one INTEGER PRIMARY KEY CHECK (one = 1), cursor TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS voucher (booking TEXT PRIMARY KEY, given INTEGER NOT NULL DEFAULT 0);
"""


def opened(path: str) -> sqlite3.Connection:
    database = sqlite3.connect(path)
    database.executescript(TABLES)
    return database


def cursor_of(database: sqlite3.Connection) -> str:
    row = database.execute("SELECT cursor FROM place").fetchone()
    return str(row[0]) if row else TAIL


def promise(database: sqlite3.Connection, page: FeedPage) -> None:
    """A voucher for each ride of the page that is dear enough, and how far we have read: both, or neither."""
    with database:
        for event in page.events:
            if is_wanted(event) and spent(database) < BUDGET:
                database.execute("INSERT OR IGNORE INTO voucher (booking) VALUES (?)", [event.booking_id])
        database.execute("INSERT OR REPLACE INTO place VALUES (1, ?)", [page.cursor])


def is_wanted(event: FareEvent) -> bool:
    return event.currency == "SGD" and event.fare >= FROM


def spent(database: sqlite3.Connection) -> int:
    return int(database.execute("SELECT count(*) FROM voucher").fetchone()[0])


def give(fares: Client, database: sqlite3.Connection, bookings: Iterable[str]) -> None:
    """After the promise, so that it can be done again: a promo that is in the fare already is not given once more."""
    for booking in bookings:

        def redeem(fare: Fare | None, booking: str = booking) -> Change | None:
            if fare is None or "promo" in fare.components or fare.amount < FROM:
                return None
            return Change.sub(
                "promo",
                OFF,
                description=f"{CODE}: {OFF} off",
                metadata={"promo_code": CODE},
                transaction_id=uuid5(NAMESPACE_URL, f"{CODE}:{booking}"),
            )

        for appended in fares.update(booking, redeem, whole=True):
            print(f"{booking}: {OFF} off, now {appended.event.fare}", flush=True)
        with database:
            database.execute("UPDATE voucher SET given = 1 WHERE booking = ?", [booking])


def promised(database: sqlite3.Connection) -> list[Any]:
    return [booking for (booking,) in database.execute("SELECT booking FROM voucher WHERE NOT given")]


def main() -> None:
    database = opened(os.environ.get("PROMO_DATABASE", ":memory:"))
    url, key = os.environ["FAREHISTORY_URL"], os.environ["FAREHISTORY_KEY"]
    with Client(url, key, retries=PATIENT) as fares:
        give(fares, database, promised(database))
        after = cursor_of(database)
        for page in fares.feed_pages(after=after, component=["base_fare"], type=["SET"]):
            promise(database, page)
            give(fares, database, promised(database))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
    except FareHistoryError as error:
        sys.exit(f"The promo service ends: {error}")
