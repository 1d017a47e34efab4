"""NYC TLC trip records → rows with one booking's whole fare, in US dollars and New York time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final
from uuid import uuid5
from zoneinfo import ZoneInfo

from events.importing.amounts import MISSING, is_missing, money, plain_number
from events.importing.files import Source, csv_rows, header_of, named, other_encoding
from events.importing.layouts import Layout, layout_of
from events.importing.planning import NAMESPACE, plan
from events.importing.rows import FareRow, ImportFailed, Place, RefusedRow, Row, RowRefused
from events.importing.times import instant, local_time

CURRENCY: Final = "USD"
EXPONENT: Final = 2
ZONE: Final = ZoneInfo("America/New_York")


def read(source: Source) -> Iterator[Row]:
    """Every row of a trip file, planned or refused. Raises ImportFailed if the file is of another kind."""
    rows = csv_rows(source)
    layout = _layout(source, header_of(source, rows))
    for place, fields in rows:
        try:
            if isinstance(fields, RowRefused):
                raise fields
            row: Row = plan(fare_row(layout, place, fields))
        except RowRefused as refused:
            total = None if isinstance(fields, RowRefused) else _stated_total(layout, fields)
            stray = "" if isinstance(fields, RowRefused) else other_encoding(fields)
            row = RefusedRow(
                place=place,
                code=refused.code,
                reason=refused.reason + stray,
                currency=CURRENCY,
                total=total,
            )
        yield row


def fare_row(layout: Layout, place: Place, fields: Sequence[str]) -> FareRow:
    """What one row says. The fare counts as due at drop-off. Raises RowRefused, naming the column."""
    _check_width(layout, fields)
    pickup = local_time(fields[layout.pickup], "the pick-up time")
    dropoff = local_time(fields[layout.dropoff], "the drop-off time")
    began = instant(pickup, ZONE) if dropoff < pickup else None
    trip = [
        layout.service,
        str(pickup),
        str(dropoff),
        *(str(plain_number(fields[i])) for i in layout.identity),
    ]
    identity = uuid5(NAMESPACE, "tlc|" + "|".join(trip))
    base = _money(layout, fields, layout.base_fare)
    if base is None:
        raise RowRefused("missing_value", f"{layout.columns[layout.base_fare].strip()} is missing")
    extras = [(name, amount) for name, i in layout.extras if (amount := _money(layout, fields, i))]
    metadata = {
        name: plain_number(fields[i]) for name, i in layout.metadata if fields[i].lower() not in MISSING
    }
    return FareRow(
        place=place,
        booking_id=f"tlc-{layout.service}-{pickup:%Y%m%d-%H%M%S}-{identity.hex[:12]}",
        identity=identity,
        currency=CURRENCY,
        base=base,
        extras=extras,
        stated_total=None if layout.total is None else _money(layout, fields, layout.total),
        occurred_at=instant(dropoff, ZONE, not_before=began),
        metadata={"service": layout.service, "pickup": str(pickup), "dropoff": str(dropoff), **metadata},
    )


def _layout(source: Source, header: Sequence[str]) -> Layout:
    try:
        layout = layout_of(header)
    except ImportFailed as error:
        raise ImportFailed(f"{source.name}: {error}") from None
    if layout.unknown:
        source.notes.append(f"columns that are not known, kept as metadata: {named(layout.unknown)}")
    return layout


def _check_width(layout: Layout, fields: Sequence[str]) -> None:
    """Some years end their rows with more commas than the header has. Values between them are refused."""
    width = len(layout.columns)
    if len(fields) < width or any(field.strip() for field in fields[width:]):
        raise RowRefused("wrong_width", f"the row has {len(fields)} values, the header {width} columns")


def _money(layout: Layout, fields: Sequence[str], column: int) -> Decimal | None:
    try:
        return money(fields[column], EXPONENT)
    except RowRefused as refused:
        raise RowRefused(refused.code, f"{layout.columns[column].strip()}: {refused.reason}") from None


def _stated_total(layout: Layout, fields: Sequence[str]) -> Decimal | None:
    """The total of a row that was refused, for the sums; None if it has none that can be read."""
    column = layout.base_fare if layout.total is None else layout.total
    if column >= len(fields) or is_missing(fields[column]):
        return None
    try:
        return money(fields[column], EXPONENT)
    except RowRefused:
        return None
